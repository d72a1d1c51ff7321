"""Claims about memories that are trained beside a Stable Diffusion model which stays as it is."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from checkpoint_runs import LONG, SHORT, page
from frozen_runs import (
    CONFIG,
    coloured_latents,
    encoded,
    listening,
    memory_beside,
    objective,
    train_in_a_process,
    train_in_processes,
    write_stories,
)
from lianhuan import load_generator
from lianhuan.data.stories import BROKEN
from lianhuan.errors import RecipeError
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.memory.bridged import KINDS, BridgedMemory
from lianhuan.memory.load import fit
from lianhuan.models.context import Context
from lianhuan.testing.contracts import check_memory
from lianhuan.train.checkpoint import load_checkpoint, save_checkpoint
from lianhuan.train.ema import EMA
from lianhuan.train.encoded import EncodedStories
from lianhuan.train.frozen import FrozenBatch, read_words, story_losses, tell
from lianhuan.train.loop import TrainStep, train


@pytest.fixture(scope="module")
def stories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_stories(tmp_path_factory.mktemp("stories"))


@pytest.fixture(scope="module")
def sd1(generators: dict[str, StableDiffusion]) -> StableDiffusion:
    return generators["sd1"]


@pytest.fixture(scope="module")
def data(sd1: StableDiffusion, stories: Path, tmp_path_factory: pytest.TempPathFactory) -> EncodedStories:
    return encoded(sd1, stories, tmp_path_factory.mktemp("data"))


def losses(events: list[TrainStep]) -> list[float]:
    return [event.loss for event in events]


def awake(memory: BridgedMemory) -> BridgedMemory:
    """The memory with weights where a new one has zeros, so that it does something."""
    torch.manual_seed(5)
    for p in memory.parameters():
        if not p.any():
            torch.nn.init.normal_(p, std=0.3)
    return memory.eval().requires_grad_(False)


class TestBeside:
    @pytest.mark.parametrize("kind", KINDS)
    def test_it_keeps_the_contract_of_memories(self, generator: StableDiffusion, kind: str) -> None:
        memory = awake(memory_beside(generator, kind))

        def pages(count: int, seed: int) -> tuple[Context, torch.Tensor]:
            captions = [f"Mia ran {seed}", "Leo slept", "They met"][:count]
            rows = [
                torch.randn(4, 8, 8, generator=torch.Generator().manual_seed(9 * seed + i)) for i in range(3)
            ]
            return generator.encode([page(i, c) for i, c in enumerate(captions)]), torch.stack(rows[:count])

        check_memory(memory, pages)

    def test_a_new_lstm_memory_changes_nothing_and_the_null_stays_the_base_s(
        self, generator: StableDiffusion
    ) -> None:
        memory = memory_beside(generator, "lstm", rank=2).eval()
        words, null = generator.encode([page()]), generator.null(1)
        state = memory.write(memory.start(1), words, torch.randn(1, 4, 8, 8))
        assert torch.equal(memory.read(state, words, "cond").tokens, words.tokens)
        x = torch.randn(1, 4, 8, 8)
        drawing = fit(generator, memory).denoiser
        assert torch.equal(drawing(x, 400, words), generator.denoiser(x, 400, words))
        awake(memory)
        assert not torch.equal(memory.read(state, words, "cond").tokens, words.tokens)
        assert torch.equal(memory.read(state, null, "uncond").tokens, null.tokens)
        assert not torch.equal(drawing(x, 400, words), generator.denoiser(x, 400, words))

    def test_changes_share_the_weights_of_the_base(self, sd1: StableDiffusion) -> None:
        drawing = fit(sd1, memory_beside(sd1, "lstm", rank=2))
        own = {name: p for name, p in sd1.denoiser.named_parameters()}
        assert all(p is own[name] for name, p in drawing.denoiser.named_parameters())
        assert drawing is not sd1

    def test_history_is_read_with_its_mask(self, sd1: StableDiffusion) -> None:
        """What the mask hides does not reach the picture; what it shows does."""
        words, x = sd1.encode([page()]), torch.randn(1, 4, 8, 8)
        more = torch.cat([words.tokens, torch.randn(1, 9, words.tokens.shape[2])], dim=1)
        for shown in (False, True):
            mask = torch.cat([words.mask, torch.full((1, 9), shown)], dim=1)
            found = sd1.denoiser(x, 300, Context(more, mask))
            assert torch.allclose(found, sd1.denoiser(x, 300, words), atol=1e-5) != shown

    @pytest.mark.parametrize("kind", KINDS)
    def test_pages_of_any_length_follow_one_another(self, sd1: StableDiffusion, kind: str) -> None:
        """A prompt of two chunks between short ones; what is added to make blocks equally long is hidden."""
        memory = awake(memory_beside(sd1, kind))
        told = [sd1.encode([page(caption=caption)]) for caption in (SHORT, LONG, SHORT)]
        state = memory.start(1)
        for context in told:
            found = memory.read(state, context, "cond")
            assert torch.isfinite(sd1.denoiser(torch.zeros(1, 4, 8, 8), 500, found)).all()
            state = memory.write(state, context, torch.ones(1, 4, 8, 8))
        assert told[1].tokens.shape[1] == 2 * told[0].tokens.shape[1]
        if kind == "ar-ldm":
            assert state["mask"].sum(2).tolist() == [[4 + 77, 4 + 2 * 77, 4 + 77]]

    def test_ar_ldm_s_null_has_black_pictures(self, sd1: StableDiffusion) -> None:
        memory = awake(memory_beside(sd1, "ar-ldm"))
        assert memory.inner.black.any()
        null, words = sd1.null(1), sd1.encode([page()])
        found = []
        for seed in (0, 1):
            seen = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(seed))
            state = memory.write(memory.start(1), words, seen)
            found.append([memory.read(state, c, b) for c, b in ((words, "cond"), (null, "uncond"))])
        assert found[0][0].tokens.shape == found[0][1].tokens.shape
        assert not torch.equal(found[0][0].tokens, found[1][0].tokens)
        assert torch.equal(found[0][1].tokens, found[1][1].tokens)
        memory.inner.black.add_(1)
        assert not torch.equal(memory.read(state, null, "uncond").tokens, found[1][1].tokens)


class TestTraining:
    @pytest.mark.parametrize(("kind", "rank"), [("lstm", 0), ("lstm", 2), ("ar-ldm", 2)])
    def test_a_stopped_run_goes_on_bit_for_bit(
        self, sd1: StableDiffusion, data: EncodedStories, tmp_path: Path, kind: str, rank: int
    ) -> None:
        before = {name: p.clone() for name, p in sd1.denoiser.named_parameters()}
        whole = objective(sd1, data, kind, rank=rank)
        events = list(train("part", whole, CONFIG, tmp_path / "whole"))
        run = train("part", objective(sd1, data, kind, rank=rank), CONFIG, tmp_path / "halves")
        first = [next(run) for _ in range(4)]  # stops one step after the checkpoint at 3
        run.close()
        rest_of = objective(sd1, data, kind, rank=rank)
        rest = list(train("part", rest_of, CONFIG, tmp_path / "halves", resume=True))
        assert losses(first) + losses(rest)[1:] == losses(events)
        for name, value in whole.module.state_dict().items():
            assert torch.equal(value, rest_of.module.state_dict()[name])
        assert all(torch.equal(before[name], p) for name, p in sd1.denoiser.named_parameters())

    def test_it_learns_what_only_pictures_tell(self, folders: dict[str, Path], tmp_path: Path) -> None:
        """What a story looks like is in no word: half of what helps is gone when another story's pictures are fed back."""
        base = listening(load_generator(folders["sd2"]))
        data = coloured_latents()
        work = objective(base, data, "lstm")
        config = replace(CONFIG, steps=80, warmup=5, log_every=80, checkpoint_every=80, ema=0.9)
        list(train("part", work, replace(config, learning_rate=1e-2), tmp_path))
        alone = story_losses(base, None, data, frames=2)
        own, other, none = (
            story_losses(base, work.memory, data, frames=2, feed=feed) for feed in ("own", "other", "none")
        )
        assert sum(own) < 0.75 * sum(alone)
        assert sum(own) < 0.9 * sum(other)
        assert sum(own) < 0.95 * sum(none)

    def test_the_guess_teaches_to_look(self, sd1: StableDiffusion, tmp_path: Path) -> None:
        """Colours that no word tells are guessed from what the memory adds; without its share of the loss they are not."""
        data = coloured_latents()
        config = replace(CONFIG, steps=60, checkpoint_every=60)
        found = []
        for weight in (0.0, 1.0):
            events = train(f"guess-{weight}", objective(sd1, data, "lstm", guess=weight), config, tmp_path)
            wrong = [event.figures["guess"] for event in events]
            found.append(sum(wrong[40:]) / 20)
        nothing = float(data.latents.float().square().mean())
        assert found[1] < 0.7 * nothing
        assert found[0] > 0.9 * nothing

    def test_a_single_picture_has_nothing_to_guess(self, sd1: StableDiffusion) -> None:
        work = objective(sd1, coloured_latents(), "ar-ldm")
        one = FrozenBatch(torch.ones(1, 4, 8, 8), ("Mia.",))
        loss, figures = work.loss(one, 0, torch.device("cpu"))
        assert torch.isfinite(loss)
        assert figures["guess"] == 0

    def test_frames_one_after_another_give_the_same_gradient(
        self, sd1: StableDiffusion, data: EncodedStories
    ) -> None:
        found = []
        for checkpointing in (False, True):
            work = objective(sd1, data, "ar-ldm", rank=2, checkpointing=checkpointing)
            loss, _ = work.loss(work.batch(1), 1, torch.device("cpu"))
            loss.backward()
            assert work.generator.denoiser.unet.is_gradient_checkpointing == checkpointing
            found.append(
                [
                    float(loss.detach()),
                    *(p.grad.norm() for p in work.module.parameters() if p.grad is not None),
                ]
            )
        assert len(found[0]) > 40
        torch.testing.assert_close(torch.tensor(found[0]), torch.tensor(found[1]), rtol=1e-3, atol=1e-6)
        assert not sd1.denoiser.unet.is_gradient_checkpointing

    def test_accumulated_batches_are_one_step(
        self, sd1: StableDiffusion, data: EncodedStories, tmp_path: Path
    ) -> None:
        """The logged loss is the mean of the batches', and the step follows their mean gradient."""
        config = replace(CONFIG, steps=1, warmup=1, accumulate=3, clip=1e9)
        work = objective(sd1, data, "lstm", rank=2)
        (event,) = train("part", work, config, tmp_path)
        again = objective(sd1, data, "lstm", rank=2)
        alone = [again.loss(again.batch(n), n, torch.device("cpu"))[0] / 3 for n in range(3)]
        for loss in alone:
            loss.backward()
        assert event.loss == pytest.approx(sum(float(loss.detach()) for loss in alone), rel=1e-5)
        assert len({float(loss.detach()) for loss in alone}) == 3
        kept = load_file(tmp_path / "part.safetensors")
        trained = [p for p in again.module.parameters() if p.requires_grad]
        for number, p in enumerate(trained):
            first = kept.get(f"optimizer.{number}.exp_avg")
            assert (first is None) == (p.grad is None)
            if first is not None:
                torch.testing.assert_close(first, 0.1 * p.grad, rtol=1e-3, atol=1e-7)

    def test_the_scale_of_fp16_is_kept(self, tmp_path: Path) -> None:
        module = torch.nn.Linear(2, 2)
        optimizer, ema = torch.optim.AdamW(module.parameters()), EMA(module, 0.9)
        path = tmp_path / "part.safetensors"
        save_checkpoint(path, module, optimizer, ema, 1, torch.amp.GradScaler("cpu", init_scale=8.0))
        scaler = torch.amp.GradScaler("cpu")
        assert load_checkpoint(path, module, optimizer, ema, scaler) == 1
        assert scaler.get_scale() == 8.0

    @pytest.mark.parametrize("precision", ["bf16", "fp16"])
    def test_half_precision_is_near_the_full_one(
        self, sd1: StableDiffusion, data: EncodedStories, tmp_path: Path, precision: str
    ) -> None:
        full = losses(list(train("part", objective(sd1, data, "lstm"), CONFIG, tmp_path / "full")))
        config = replace(CONFIG, precision=precision)
        half = losses(list(train("part", objective(sd1, data, "lstm"), config, tmp_path / precision)))
        assert half != full
        assert half == pytest.approx(full, rel=0.05)
        run = train("part", objective(sd1, data, "lstm"), config, tmp_path / "stopped")
        first = [next(run) for _ in range(3)]
        run.close()
        rest = list(train("part", objective(sd1, data, "lstm"), config, tmp_path / "stopped", resume=True))
        assert losses(first) + losses(rest) == half

    def test_a_tenth_is_drawn_from_nothing_where_there_is_something_to_learn(
        self, sd1: StableDiffusion, data: EncodedStories
    ) -> None:
        assert [objective(sd1, data, *kind).drop for kind in (("lstm",), ("ar-ldm",))] == [0.0, 0.1]
        memory = memory_beside(sd1, "lstm", rank=2)
        told = tell(sd1, memory, read_words(sd1, ["a", "b"]), torch.zeros(2, 4, 8, 8), [False, True])
        assert torch.equal(told[1].tokens, sd1.null(1).tokens)
        assert objective(sd1, data, "lstm", rank=2).drop == 0.1

    def test_two_processes_do_what_one_does(
        self, folders: dict[str, Path], stories: Path, tmp_path: Path
    ) -> None:
        """Losses and weights to 1e-4: only the order of summing differs."""
        alone = train_in_a_process(folders["sd1"], stories, tmp_path / "one")
        both = train_in_processes(folders["sd1"], stories, tmp_path / "two", 2)
        assert (alone["count"], both[0]["count"], both[1]["losses"]) == (1, 2, [])
        assert both[0]["losses"] == pytest.approx(alone["losses"], rel=1e-4)
        assert [one["weights"] for one in both] == pytest.approx([alone["weights"]] * 2, rel=1e-4)
        assert both[0]["weights"] == both[1]["weights"]

    def test_batches_that_cannot_be_shared_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from lianhuan.train.processes import Processes

        three = Processes(torch.device("cpu"), rank=1, count=3)
        assert list(three.share(2, 6)) == [13, 16]
        with pytest.raises(RecipeError, match="cannot be shared by 3"):
            three.share(0, 4)


def test_broken_pictures_are_left_out_and_counted(sd1: StableDiffusion, tmp_path: Path) -> None:
    home = write_stories(tmp_path / "stories", stories=2)
    (home / "story-0" / "1.png").write_bytes(b"no picture")
    for _ in range(2):  # the second time it is read back
        data = encoded(sd1, home, tmp_path / "data")
        assert data.left_out == {BROKEN: 1}
        assert [len(frames) for frames in data.captions] == [2, 3]
        assert torch.equal(data.story(1), data.latents[2:].float())
    for path in home.rglob("*.png"):
        path.write_bytes(b"no picture")
    with pytest.raises(RecipeError, match="can be read"):
        encoded(sd1, home, tmp_path / "other")
