"""Our own CLIP: its loss, its training, its files; text-image alignment on its features."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lianhuan.data.world import FRAMES, WorldPictures
from lianhuan.errors import CheckpointError
from lianhuan.metrics.alignment import alignment, retrieval
from lianhuan.metrics.features import picture_features
from lianhuan.metrics.statistics import TooLittleData, estimate
from lianhuan.models.clip import ClipConfig, StoryClip, contrastive_loss, load_clip, save_clip
from lianhuan.tensors import to_images
from lianhuan.testing.models import tiny_tokenizer
from lianhuan.train.clip import ClipObjective
from lianhuan.train.loop import TrainConfig, train


def tiny_clip() -> StoryClip:
    torch.manual_seed(0)
    words = tiny_tokenizer()
    return StoryClip(ClipConfig(words.get_vocab_size(), 16, 16, 1, 2, 60, (8, 16, 16), 16), words)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> WorldPictures:
    return WorldPictures.render(tmp_path_factory.mktemp("world"), "train", 4, 128, workers=1)


def _objective(pictures: WorldPictures) -> ClipObjective:
    return ClipObjective(tiny_clip(), pictures, stories=2, seed=0)


def _units(*shape: int) -> torch.Tensor:
    rng = np.random.default_rng(shape)
    return torch.nn.functional.normalize(torch.from_numpy(rng.standard_normal(shape)), dim=-1)


def test_the_loss_is_the_formula_and_symmetric():
    a, b = _units(2, 4, 6)
    table = np.exp(7 * a.numpy() @ b.numpy().T)
    rows, columns = (np.diag(table) / table.sum(axis) for axis in (1, 0))
    expected = -(np.log(rows).mean() + np.log(columns).mean()) / 2
    assert float(contrastive_loss(a, b, torch.tensor(7.0))) == pytest.approx(expected)
    assert float(contrastive_loss(b, a, torch.tensor(7.0))) == pytest.approx(expected)
    assert float(contrastive_loss(a, a, torch.tensor(100.0))) < 0.05


def test_the_scale_starts_at_one_over_007_and_stops_at_100():
    clip = tiny_clip()
    assert float(clip.scale.detach()) == pytest.approx(1 / 0.07)
    with torch.no_grad():
        clip.log_scale.fill_(20)
    assert float(clip.scale.detach()) == 100


def test_features_have_length_one_and_see_words_and_pictures(pictures: WorldPictures):
    clip = tiny_clip().eval()
    with torch.no_grad():
        words = clip.caption_features(["Mia sleeps.", "A cat runs in the rain.", "Mia sleeps."])
        x = torch.rand(2, 3, 128, 128) * 2 - 1
        seen = clip.features(x)
    for found in (words, seen):
        torch.testing.assert_close(found.norm(dim=1), torch.ones(len(found)))
    torch.testing.assert_close(words[0], words[2])
    assert not torch.allclose(words[0], words[1], atol=1e-3)
    assert not torch.allclose(seen[0], seen[1], atol=1e-3)
    np.testing.assert_allclose(picture_features(to_images(x), clip), seen, atol=0.02)


def test_what_fills_a_short_caption_up_is_not_read():
    clip = tiny_clip().eval()
    with torch.no_grad():
        before = clip.caption_features(["Mia sleeps."])
        clip.text.words.weight[clip.words.pad] += 5
        torch.testing.assert_close(clip.caption_features(["Mia sleeps."]), before)


def test_training_batches_are_a_pure_function_of_seed_and_step(pictures: WorldPictures):
    first, again = _objective(pictures).batch(3), _objective(pictures).batch(3)
    other = ClipObjective(tiny_clip(), pictures, stories=2, seed=1).batch(3)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not torch.equal(first[0], other[0])
    assert not torch.equal(first[0], _objective(pictures).batch(4)[0])
    assert first[0].shape == (2 * FRAMES, 3, 128, 128)
    assert len(first[1]) == 2 * FRAMES


def test_every_weight_learns_and_one_batch_is_learnt_by_heart(pictures: WorldPictures):
    objective = _objective(pictures)
    batch = objective.batch(0)
    optimizer = torch.optim.AdamW(objective.module.parameters(), lr=1e-3)
    losses = []
    for step in range(140):
        loss, figures = objective.loss(batch, 0, torch.device("cpu"))
        loss.backward()
        if step == 0:
            idle = {n for n, p in objective.module.named_parameters() if p.grad is None or not p.grad.any()}
        optimizer.step()
        optimizer.zero_grad()
        losses.append(float(loss.detach()))
    assert idle <= {"text.skip.weight", "text.skip.bias"}  # the first summary token goes around it
    assert losses[-1] < 0.4 * losses[0]
    assert float(figures["found"]) > 0.5


def test_a_stopped_run_goes_on_as_if_it_had_not_been(pictures: WorldPictures, tmp_path: Path):
    config = TrainConfig(steps=4, learning_rate=1e-3, warmup=1, checkpoint_every=2, log_every=1)
    whole = [event.loss for event in train("clip", _objective(pictures), config, tmp_path / "whole")]
    run = train("clip", _objective(pictures), config, tmp_path / "halves")
    first = [next(run).loss, next(run).loss, next(run).loss]
    run.close()
    rest = train("clip", _objective(pictures), config, tmp_path / "halves", resume=True)
    assert first[:2] + [event.loss for event in rest] == whole


def test_a_saved_model_is_the_same(tmp_path: Path):
    clip = tiny_clip()
    save_clip(clip, tmp_path)
    again = load_clip(tmp_path)
    captions = ["Mia sleeps.", "A cat runs."]
    with torch.no_grad():
        torch.testing.assert_close(
            again.caption_features(captions), clip.eval().caption_features(captions), atol=5e-3, rtol=0
        )
    assert again.config == clip.config
    assert not again.training


@pytest.mark.parametrize(
    "damage", ["config.json", "model.safetensors", "tokenizer.json", "settings", "pickle"]
)
def test_a_missing_or_damaged_model_is_a_clear_error(tmp_path: Path, damage: str):
    save_clip(tiny_clip(), tmp_path)
    if damage == "settings":
        (tmp_path / "config.json").write_text('{"vocabulary": 3}')
    elif damage == "pickle":
        (tmp_path / "model.safetensors").rename(tmp_path / "model.pth")
    else:
        (tmp_path / damage).unlink()
    with pytest.raises(CheckpointError, match=str(tmp_path)):
        load_clip(tmp_path)


def test_alignment_is_the_mean_cosine():
    pictures = np.array([[[2.0, 0], [0, 3]], [[1, 1], [1, 0]]])
    captions = np.array([[[5.0, 0], [0, -1]], [[1, 0], [1, 0]]])
    tally = alignment(pictures, captions)
    assert tally.hits.tolist() == pytest.approx([1 - 1, np.sqrt(0.5) + 1])
    assert tally.total.tolist() == [2, 2]


def test_retrieval_is_sure_on_matching_features_and_at_chance_on_others():
    rng = np.random.default_rng(1)
    captions = rng.standard_normal((200, 5, 8))
    assert estimate(retrieval(3 * captions, captions)).mean == 1
    lost = estimate(retrieval(rng.standard_normal((200, 5, 8)), captions))
    assert lost.low < 0.2 < lost.high
    assert estimate(retrieval(np.roll(captions, 1, axis=1), captions)).mean == 0


def test_a_caption_that_is_told_twice_is_half_right():
    captions = np.array([[[1.0, 0], [1, 0], [0, 1]]])
    assert retrieval(captions, captions).hits.tolist() == [0.5 + 0.5 + 1]
    with pytest.raises(TooLittleData, match="a single frame"):
        retrieval(captions[:, :1], captions[:, :1])
