"""Claims about the training kit."""

import copy
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lianhuan.data.world import FRAMES, WorldPictures, focus_maps, says_sides, training_story, world_story
from lianhuan.errors import RecipeError
from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.ar_ldm import ARLDMMemoryConfig
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.denoiser import Denoiser, build_unet
from lianhuan.models.few_steps import FewSteps
from lianhuan.models.sizes import AutoencoderConfig, TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import NoisePath
from lianhuan.story import PageRequest, StageEntry
from lianhuan.testing.models import tiny_tokenizer
from lianhuan.train.autoencoder import AutoencoderObjective
from lianhuan.train.checkpoint import save_checkpoint
from lianhuan.train.decoder import DecoderObjective
from lianhuan.train.distill import DistillObjective
from lianhuan.train.ema import EMA
from lianhuan.train.loop import Objective, TrainConfig, TrainStep, learning_rate, plain_attention, train
from lianhuan.train.story import StoryHeads, StoryObjective
from lianhuan.train.story_data import CHANGES, PLAIN, Encoded, StoryData
from lianhuan.world.captions_en import _Teller
from lianhuan.world.scene import classes, labels
from lianhuan.world.stories import recaption
from lianhuan.world.vocabulary import FULL, SMALL, Vocabulary

CONFIG = TrainConfig(steps=6, learning_rate=1e-3, warmup=2, checkpoint_every=3, log_every=1)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> WorldPictures:
    return WorldPictures.render(tmp_path_factory.mktemp("world"), "train", 4, 128, workers=1)


def autoencoder(pictures: WorldPictures) -> AutoencoderObjective:
    torch.manual_seed(0)
    drawing = Autoencoder(AutoencoderConfig(4, 4, (16, 16)))
    focus = np.zeros((4, FRAMES, 16, 16, 2), dtype=np.uint8)
    return AutoencoderObjective(drawing, pictures, focus, batch=4, seed=0)


def story(pictures: WorldPictures, *, stage: int = 3, styles: bool = False) -> StoryObjective:
    torch.manual_seed(0)
    words = tiny_tokenizer()
    text = StoryTextEncoder(
        TextEncoderConfig(words.get_vocab_size(), 16, 32, 1, 2, stage=stage, styles=styles)
    )
    memories = [
        LSTMMemory(LSTMMemoryConfig(4, 32, 32, 16, summary_tokens=1 + stage)),
        ARLDMMemory(ARLDMMemoryConfig(4, width=32, heads=2, layers=1)),
    ]
    latents = torch.randn(4, FRAMES, 4, 16, 16)
    focus = np.zeros((4, FRAMES, 16, 16, 2), dtype=np.uint8)
    portraits = Encoded(torch.randn(4, stage, 4, 16, 16), focus[:, :stage])
    data = StoryData(
        Encoded(latents, focus), portraits, pictures, PageTokenizer(words, text.config), batch=2, seed=0
    )
    denoiser = Denoiser(build_unet(4, 32, (16, 32), 1 + stage), NoisePath.cosine(), "v_prediction")
    return StoryObjective(text, memories, data, denoiser)


def decoder(pictures: WorldPictures, sharp: int) -> DecoderObjective:
    telling = story(pictures)
    assert telling.denoiser is not None
    drawing = Autoencoder(AutoencoderConfig(4, 4, (16, 16)))
    return DecoderObjective(
        drawing,
        telling.denoiser.requires_grad_(False),
        telling.text,
        pictures,
        telling.data,
        batch=4,
        sharp=sharp,
    )


def losses(events: list[TrainStep]) -> list[float]:
    return [event.loss for event in events]


@pytest.mark.parametrize("build", [autoencoder, story])
def test_a_stopped_run_goes_on_as_if_it_had_not_been(build, pictures: WorldPictures, tmp_path: Path) -> None:
    whole = list(train("part", build(pictures), CONFIG, tmp_path / "whole"))
    run = train("part", build(pictures), CONFIG, tmp_path / "halves")
    first = [next(run) for _ in range(4)]  # stops one step after the checkpoint at 3
    run.close()
    rest = list(train("part", build(pictures), CONFIG, tmp_path / "halves", resume=True))
    assert [event.step for event in rest] == [4, 5, 6]
    assert losses(first) + losses(rest)[1:] == losses(whole)
    assert len(set(losses(whole))) == 6


def test_batches_made_ahead_are_the_same(pictures: WorldPictures, tmp_path: Path) -> None:
    plain = list(train("part", story(pictures), CONFIG, tmp_path / "plain"))
    ahead = list(train("part", story(pictures), replace(CONFIG, workers=1), tmp_path / "ahead"))
    assert losses(plain) == losses(ahead)


def test_the_finished_module_holds_the_average(pictures: WorldPictures, tmp_path: Path) -> None:
    objective = autoencoder(pictures)
    start = {name: p.clone() for name, p in objective.module.named_parameters()}
    list(train("part", objective, CONFIG, tmp_path))
    assert any(not torch.equal(start[name], p) for name, p in objective.module.named_parameters())
    assert not objective.module.training


def test_a_damaged_or_foreign_checkpoint_is_refused(pictures: WorldPictures, tmp_path: Path) -> None:
    (tmp_path / "part.safetensors").write_bytes(b"no tensors here")
    with pytest.raises(RecipeError, match="without --resume"):
        list(train("part", autoencoder(pictures), CONFIG, tmp_path, resume=True))
    other = torch.nn.Linear(2, 2)
    optimizer, scaler = torch.optim.AdamW(other.parameters()), torch.amp.GradScaler("cpu", enabled=False)
    save_checkpoint(tmp_path / "part.safetensors", other, optimizer, EMA(other, 0.9), 1, scaler)
    with pytest.raises(RecipeError, match="without --resume"):
        list(train("part", autoencoder(pictures), CONFIG, tmp_path, resume=True))


def test_memories_take_turns(pictures: WorldPictures) -> None:
    objective = story(pictures)
    for step, silent in ((0, "ar-ldm"), (1, "memory")):
        objective.module.zero_grad()
        loss, _ = objective.loss(objective.batch(step), step, torch.device("cpu"))
        loss.backward()
        moved = {n.split(".")[0] for n, p in objective.module.named_parameters() if p.grad is not None}
        assert {"text", "heads", "unet", "memory", "ar-ldm"} - moved == {silent}


def moved(objective: Objective, step: int = 0) -> set[str]:
    """The parts, and parts of parts, that one step's loss moves."""
    loss, _ = objective.loss(objective.batch(step), step, torch.device("cpu"))
    loss.backward()
    return {name.split(".")[0] for name, p in objective.module.named_parameters() if p.grad is not None}


@pytest.mark.parametrize(("sharp", "parts"), [(1, {"decoder"}), (0, {"decoder", "critic"})])
def test_the_critic_starts_when_it_is_told_to(pictures: WorldPictures, sharp: int, parts: set[str]) -> None:
    assert moved(decoder(pictures, sharp)) == parts


def test_critic_and_decoder_do_not_move_each_other(pictures: WorldPictures) -> None:
    """The critic's weights get the gradient of its own loss alone, and the decoder's none of it."""
    objective = decoder(pictures, sharp=0)
    objective.critic.requires_grad_(False)
    moved(objective)
    alone = [p.grad.clone() for p in objective.autoencoder.decoder.parameters()]
    both = decoder(pictures, sharp=0)
    moved(both)
    assert all(
        torch.equal(p.grad, old) for p, old in zip(both.autoencoder.decoder.parameters(), alone, strict=True)
    )
    objective = decoder(pictures, sharp=0)
    objective.autoencoder.decoder.requires_grad_(False)
    moved(objective)
    pairs = zip(both.critic.parameters(), objective.critic.parameters(), strict=True)
    assert all(torch.equal(p.grad, q.grad) for p, q in pairs)


def test_distillation_moves_the_student_alone(pictures: WorldPictures) -> None:
    telling = story(pictures)
    assert telling.denoiser is not None
    telling.module.requires_grad_(False)
    student = copy.deepcopy(telling.denoiser).requires_grad_(True)
    objective = DistillObjective(student, telling.denoiser, telling, FewSteps(steps=2, guidance=2.0), None)
    before = [p.clone() for p in telling.denoiser.parameters()]
    first = objective.loss(objective.batch(0), 0, torch.device("cpu"))[0]
    assert torch.equal(first, objective.loss(objective.batch(0), 0, torch.device("cpu"))[0])
    first.backward()
    assert any(p.grad is not None and p.grad.abs().max() > 0 for p in student.parameters())
    assert all(p.grad is None for p in telling.denoiser.parameters())
    assert all(torch.equal(p, q) for p, q in zip(telling.denoiser.parameters(), before, strict=True))


@pytest.mark.parametrize(("stage", "styles"), [(3, False), (4, True)])
def test_the_heads_of_the_full_world_learn_what_the_words_are_told(stage: int, styles: bool) -> None:
    """Its pictures are not needed: only its labels, and blank latents."""
    tales = [world_story("train", index, FULL) for index in range(4)]
    rows = [[labels(frame.graph, FULL) for frame in tale.frames] for tale in tales]
    table = {name: np.array([[row[name] for row in tale] for tale in rows]) for name in classes(FULL)}
    blank = np.zeros((4, FRAMES, 8, 8, 3), dtype=np.uint8)
    objective = story(WorldPictures("train", blank, table, FULL), stage=stage, styles=styles)
    batch = objective.batch(0)
    assert batch.seen.shape == (2, FRAMES, stage)
    loss, figures = objective.loss(batch, 0, torch.device("cpu"))
    assert torch.isfinite(loss)
    assert {"view", "emotion", "worn", "seen_worn"} <= figures.keys()
    assert ("style" in figures) is styles
    assert objective.heads.heads["prop"].out_features == 1 + len(FULL.props)
    assert {"view", "emotion", "worn", "style"}.isdisjoint(StoryHeads(TextEncoderConfig(1)).heads)


def test_training_pages_of_the_full_world_name_the_style_of_the_book() -> None:
    styles = set()
    for index in range(25):
        pages = training_story("train", index, np.random.default_rng(0), world=FULL).pages
        style = world_story("train", index, FULL).frames[0].graph.style
        assert {page.style for page in pages} == {"" if style == "flat" else style}
        styles |= {page.style for page in pages}
    assert styles == {"", "wash", "paper", "crayon"}


def test_focus_is_where_characters_and_the_prop_are(tmp_path: Path) -> None:
    maps = focus_maps(tmp_path, "train", 20, 16, workers=1)
    seen = set()
    for index, story_maps in enumerate(maps):
        for frame, (people, thing) in zip(
            world_story("train", index).frames, np.moveaxis(story_maps, 3, 1), strict=True
        ):
            assert people.max() == 255
            assert not people[0].any()
            prop = frame.graph.prop
            assert (prop is not None) == bool(thing.any())
            if prop is not None and prop.where in ("left", "right"):
                side = thing[:, :4] if prop.where == "left" else thing[:, 12:]
                assert side.sum() == thing.sum()
                seen.add(prop.where)
    assert seen == {"left", "right"}


def test_learning_rate_is_a_trapezoid() -> None:
    config = TrainConfig(steps=100, learning_rate=1.0, warmup=10, decay=0.5)
    assert learning_rate(config, 0) == pytest.approx(0.1)
    assert learning_rate(config, 30) == 1.0
    assert learning_rate(config, 75) == pytest.approx(0.5)
    assert learning_rate(config, 99) == pytest.approx(0.02)


def test_ema_follows_its_formula() -> None:
    module = torch.nn.Linear(1, 1, bias=False)
    ema = EMA(module, decay=0.5)
    start = float(module.weight.detach())
    with torch.no_grad():
        module.weight.fill_(start + 1)
    ema.update(module)
    assert float(ema.shadow["weight"].detach()) == pytest.approx(start + 1 - min(0.5, 2 / 11))


def test_both_losses_fall_on_one_batch(pictures: WorldPictures) -> None:
    for objective in (autoencoder(pictures), story(pictures)):
        optimizer = torch.optim.AdamW(objective.module.parameters(), lr=3e-3)
        seen = []
        for _ in range(12):
            loss, _ = objective.loss(objective.batch(0), 0, torch.device("cpu"))
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            seen.append(float(loss.detach()))
        assert seen[-1] < 0.9 * seen[0]


def test_autoencoder_whitens(pictures: WorldPictures) -> None:
    module = autoencoder(pictures).autoencoder
    x = torch.from_numpy(np.array(pictures.pixels[0])).permute(0, 3, 1, 2).float() / 127.5 - 1
    module.whiten(x)
    with torch.no_grad():
        z = module.encode(x)
    torch.testing.assert_close(z.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(z.std((0, 2, 3)), torch.ones(4), atol=1e-4, rtol=0)
    assert module.decode(z).shape == x.shape


def test_training_pages_are_a_pure_function_with_all_or_nobody_on_stage() -> None:
    first = training_story("train", 5, np.random.default_rng(1)).pages
    assert first == training_story("train", 5, np.random.default_rng(1)).pages
    assert first != training_story("train", 5, np.random.default_rng(2)).pages
    told = world_story("train", 5)
    for request, frame in zip(first, told.frames, strict=True):
        assert len(request.stage) in (0, len(frame.graph.actors))


@pytest.mark.parametrize("world", [SMALL, FULL])
def test_captions_that_say_who_is_left_and_right_are_known(
    world: Vocabulary, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[bool] = []
    tell = _Teller._with_sides
    monkeypatch.setattr(_Teller, "_with_sides", lambda *given: (told.append(True), tell(*given))[1])
    for index in range(150):
        tale = world_story("train", index, world)
        told.clear()
        frames = recaption(tale, index).frames
        assert sum(says_sides(frame.caption_en) for frame in frames) == len(told), frames


def test_where_a_thing_lies_does_not_shuffle_the_stage() -> None:
    things = shuffled = 0
    for index in range(150):
        tale = world_story("train", index)
        pages = training_story("train", index, np.random.default_rng(index), drop_stage=0).pages
        for request, frame in zip(pages, tale.frames, strict=True):
            kept = [entry.kind for entry in request.stage] == [actor.kind for actor in frame.graph.actors]
            assert kept or says_sides(request.caption), request.caption
            things += re.search("left|right|左|右", request.caption) is not None
            shuffled += not kept
    assert things > 5 * shuffled > 0


def test_page_tokens_keep_the_stage_when_the_caption_is_long() -> None:
    tokenizer = PageTokenizer(tiny_tokenizer(), TextEncoderConfig(1, max_length=20))
    stage = (StageEntry(name="a", kind="b"), StageEntry(name="c", kind="d"))
    ids, segments, mask = tokenizer([PageRequest(scene_id="s", caption="x " * 50, place="e", stage=stage)])
    assert ids.shape == (1, 20)
    assert mask.all()
    assert segments[0].tolist() == [0] * 15 + [1, 2, 2, 3, 3]


def test_text_encoder_ignores_padding() -> None:
    torch.manual_seed(0)
    encoder = StoryTextEncoder(TextEncoderConfig(50, 16, 32, 1, 2)).eval()
    ids = torch.randint(1, 50, (1, 6))
    short = encoder(ids, torch.zeros_like(ids), torch.ones_like(ids, dtype=torch.bool))[0]
    padded = torch.cat([ids, torch.zeros(1, 4, dtype=torch.long)], dim=1)
    mask = torch.arange(10)[None] < 6
    long = encoder(padded, torch.zeros_like(padded), mask)[0]
    torch.testing.assert_close(long[:, :10], short, atol=1e-5, rtol=1e-4)


def full_data(folder: Path, *, stories: int, batch: int) -> StoryData:
    """Stories of the full world with random latents."""
    pictures = WorldPictures.render(folder, "train", stories, 16, workers=1, world=FULL)
    words = tiny_tokenizer()
    sizes = TextEncoderConfig(words.get_vocab_size(), 16, 32, 1, 2, stage=4, styles=True)
    focus = np.zeros((stories, FRAMES, 16, 16, 2), dtype=np.uint8)
    latents = torch.randn(stories, FRAMES, 4, 16, 16)
    portraits = Encoded(torch.randn(stories, 4, 4, 16, 16), focus[:, :4])
    return StoryData(Encoded(latents, focus), portraits, pictures, PageTokenizer(words, sizes), batch, 0)


def test_what_is_asked_for_is_what_the_picture_then_shows_and_keeps(tmp_path: Path) -> None:
    data = full_data(tmp_path, stories=40, batch=40)
    batch = data.batch(0)
    top, worn = (
        torch.stack([batch.labels[f"{name}{i}"] for i in range(4)], dim=2) for name in ("top", "worn")
    )
    tops, things = (batch.asked > 0) & (batch.asked <= 8), batch.asked > 8
    assert tops.any()
    assert things.any()
    assert torch.equal(top[tops], batch.asked[tops] - 1)
    assert torch.equal(worn[things], batch.asked[things] - 8)
    assert batch.changed[batch.asked > 0].all()
    assert batch.seen[batch.changed & (batch.asked == 0)].all(), "what was put on before was on a page before"


def test_a_changed_look_counts_more_than_one_that_stays(pictures: WorldPictures) -> None:
    objective = story(pictures)
    batch = objective.batch(0)
    seen = torch.ones_like(batch.seen)
    some = replace(batch, seen=seen, changed=torch.zeros_like(seen))
    every = replace(batch, seen=seen, changed=seen)
    half = torch.zeros_like(seen)
    half[:, 0] = True
    first = replace(batch, seen=seen, changed=half)
    losses = [float(objective.loss(b, 0, torch.device("cpu"))[0].detach()) for b in (some, every, first)]
    assert losses[0] == pytest.approx(losses[1])
    assert losses[0] != pytest.approx(losses[2])


def test_plain_attention_is_attention_and_ends_where_it_is_left() -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 4, 9, 8, requires_grad=True) for _ in range(3))
    mask = torch.zeros(2, 1, 9, 9)
    mask[1, :, :, 5:] = -torch.inf
    allowed = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    fused = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    with plain_attention(torch.device("cpu")):
        assert not torch.backends.cuda.flash_sdp_enabled()
        plain = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    assert torch.backends.cuda.flash_sdp_enabled()
    assert torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed() == allowed
    assert torch.allclose(fused, plain, atol=1e-6)
    ways = [torch.autograd.grad(out.square().sum(), (q, k, v)) for out in (fused, plain)]
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(*ways, strict=True))


def test_plain_stories_and_those_with_changes_are_learnt_more_often(tmp_path: Path) -> None:
    data = full_data(tmp_path, stories=60, batch=2)
    tales = [world_story("train", index, FULL) for index in range(60)]
    plain = np.array([tale.frames[0].graph.style == "flat" for tale in tales])
    changes = np.array([any(frame.changes for frame in tale.frames) for tale in tales])
    share = np.where(plain, PLAIN, 1.0) * np.where(changes, CHANGES, 1.0)
    share /= share.sum()
    assert changes.any()
    assert not changes.all()
    batches = [data.batch(step) for step in range(300)]
    drawn = torch.cat([batch.labels["style"][:, 0] == 0 for batch in batches]).float().mean()
    asking = torch.cat([(batch.asked > 0).flatten(1).any(1) for batch in batches])
    assert float(drawn) == pytest.approx(share[plain].sum(), abs=0.06)
    assert float(asking.float().mean()) == pytest.approx(share[changes].sum(), abs=0.06)
