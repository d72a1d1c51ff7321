"""The embedded model from nothing, at the size of a GPU.

Command:   lianhuan train recipes/storybook_gpu.py -o runs/storybook-gpu --resume
Hardware:  one data-centre GPU with bf16, 16 processor cores; not run yet, so duration and result are missing here.
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.train import parts
from lianhuan.train.loop import TrainConfig, TrainStep

STORIES = 20_000


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """All parts; `steps` replaces the number of steps of each (to try the chain)."""
    for part in (autoencoder, reader, story, denoiser):
        yield from part(folder, resume=resume, steps=steps)


def autoencoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 64 pictures."""
    config = TrainConfig(
        steps=steps or 6000, learning_rate=1e-3, decay=0.4, weight_decay=0.0, ema=0.998, workers=8
    )
    return parts.train_autoencoder(folder, config, stories=STORIES, batch=64, resume=resume)


def reader(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 128 pictures."""
    config = TrainConfig(steps=steps or 3000, learning_rate=2e-3, decay=0.5, ema=0.99, workers=8)
    return parts.train_reader(folder, config, stories=STORIES, batch=128, resume=resume)


def story(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Words and memory from labels alone, batches of 64 stories of 5 frames."""
    config = TrainConfig(steps=steps or 2000, learning_rate=1e-3, decay=0.3, ema=0.99, workers=8)
    return parts.train_story(folder, config, stories=STORIES, batch=64, resume=resume)


def denoiser(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Denoiser, words and both trained memories together, batches of 64 stories of 5 frames."""
    config = TrainConfig(
        steps=steps or 12_000, learning_rate=6e-4, warmup=500, decay=0.3, ema=0.999, workers=12
    )
    plan = parts.DenoiserPlan(widths=(96, 192, 352), memories=("lstm", "ar-ldm"), freeze_words=False)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=64, resume=resume)
