"""Claims about growing a run from a smaller world to a larger one."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lianhuan.errors import CheckpointError, RecipeError
from lianhuan.metrics.reader import Reader, load_reader
from lianhuan.models.denoiser import build_unet
from lianhuan.models.files import load_arrays
from lianhuan.models.known_words import load_known_words
from lianhuan.models.noisy_clip import NOISY_CLIP
from lianhuan.train import eyes, parts
from lianhuan.train.grow import grow, grown_reader, widen
from lianhuan.train.loop import TrainConfig
from lianhuan.train.words import known_words, sizes_for
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import FULL, MIDDLE, SMALL

CONFIG = TrainConfig(steps=1, learning_rate=0.0, log_every=1)


def test_a_grown_unet_draws_what_the_smaller_one_draws_whoever_stands_in_the_new_place() -> None:
    torch.manual_seed(0)
    small, grown = build_unet(4, 32, (16, 32), 4).eval(), build_unet(4, 32, (16, 32), 5).eval()
    widen(grown, small.state_dict())
    x, t, tokens, summary = (
        torch.randn(2, 4, 16, 16),
        torch.tensor([3, 700]),
        torch.randn(2, 6, 32),
        torch.randn(2, 160),
    )
    before = small(x, t, tokens, class_labels=summary[:, :128]).sample
    assert torch.equal(grown(x, t, tokens, class_labels=summary).sample, before)


def test_a_grown_reader_reads_every_old_label_as_before() -> None:
    torch.manual_seed(0)
    reader = load_reader()
    if reader.classes == classes(FULL):
        reader = Reader(classes(SMALL)).eval()
    grown = grown_reader(reader, FULL).eval()
    pictures = torch.rand(2, 3, 128, 128) * 2 - 1
    before, after = reader(pictures), grown(pictures)
    assert after.keys() == classes(FULL).keys()
    for name, logits in before.items():
        assert torch.allclose(after[name][:, : logits.shape[1]], logits, atol=1e-5), name


def test_a_grown_run_knows_its_words_and_trains_on_the_full_world(tmp_path: Path) -> None:
    small, full = tmp_path / "small", tmp_path / "full"
    list(parts.train_autoencoder(small, CONFIG, stories=2, batch=2, resume=False))
    list(eyes.train_reader(small, CONFIG, stories=2, batch=2, resume=False))
    list(parts.train_story(small, CONFIG, stories=2, batch=1, resume=False))
    with pytest.raises(
        RecipeError, match="another world"
    ):  # three places on the stage, too, but longer pages
        list(parts.train_story(small, CONFIG, stories=2, batch=1, resume=False, world=MIDDLE))
    plan = parts.DenoiserPlan(widths=(32, 32), freeze_words=True)
    list(parts.train_denoiser(small, CONFIG, plan, stories=2, batch=1, resume=False))
    list(eyes.train_clip(small, CONFIG, stories=2, batch=2, resume=False))
    list(eyes.train_noisy_clip(small, CONFIG, stories=2, batch=2, resume=False))
    grow(small, full, FULL)
    before, after = parts.trained_words(small), parts.trained_words(full)
    assert after.config == sizes_for(FULL, after.config.vocabulary, after.config.word_width)
    known = len(before.words.weight)
    assert torch.equal(after.words.weight[:known], before.words.weight)
    assert len(after.words.weight) > known, "the full world has more Chinese characters"
    for part in (eyes.train_reader, parts.train_story):
        assert [event.step for event in part(full, CONFIG, stories=2, batch=1, resume=False, world=FULL)] == [
            1
        ]
    list(parts.train_denoiser(full, CONFIG, plan, stories=2, batch=1, resume=False, world=FULL))
    list(eyes.train_clip(full, CONFIG, stories=2, batch=2, resume=False, world=FULL))
    list(eyes.train_noisy_clip(full, CONFIG, stories=2, batch=2, resume=False, world=FULL))
    seen, noisy = (
        [load_arrays(run / part) for run in (small, full)] for part in ("clip", f"model/{NOISY_CLIP}")
    )
    pictures = [{k: v for k, v in one.items() if k.startswith("pictures.")} for one in seen]
    for old, new in (pictures, noisy):
        assert old.keys() == new.keys()
        assert all(np.array_equal(old[name], new[name]) for name in old), "pictures are seen as before"
    first, both = (load_known_words(run / "model") for run in (small, full))
    assert first is not None
    assert both is not None
    for language, words in known_words(2, FULL).items():
        assert both.words[language] == words | first.words[language], "what it knew before counts, too"


def test_growing_a_folder_without_a_model_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="text_encoder"):
        grow(tmp_path / "none", tmp_path / "full", FULL)
