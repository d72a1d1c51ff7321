"""The embedded model from nothing, on the full world and at the size of a GPU.

Command:   lianhuan train recipes/storybook_gpu.py -o runs/storybook-gpu --resume
Hardware:  one data-centre GPU with bf16, 16 processor cores; not run yet, so duration and result are missing here.
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.models.few_steps import FewSteps
from lianhuan.train import eyes, finish, parts
from lianhuan.train.calibrate import calibrate
from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.world.vocabulary import FULL

STORIES = 20_000
LARGE = 6000
"""Stories whose pictures are drawn at 256 px."""


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """All parts; `steps` replaces the number of steps of each (to try the chain)."""
    for part in (autoencoder, reader, story, denoiser, decoder, few_steps, int8):
        yield from part(folder, resume=resume, steps=steps)


def autoencoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 64 pictures."""
    config = TrainConfig(
        steps=steps or 6000, learning_rate=1e-3, decay=0.4, weight_decay=0.0, ema=0.998, workers=8
    )
    return parts.train_autoencoder(folder, config, stories=LARGE, batch=64, resume=resume, world=FULL)


def reader(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 128 pictures."""
    config = TrainConfig(steps=steps or 3000, learning_rate=2e-3, decay=0.5, ema=0.99, workers=8)
    return eyes.train_reader(folder, config, stories=STORIES, batch=128, resume=resume, world=FULL)


def story(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Words and memory from labels alone, batches of 64 stories of 5 frames."""
    config = TrainConfig(steps=steps or 2000, learning_rate=1e-3, decay=0.3, ema=0.99, workers=8)
    return parts.train_story(folder, config, stories=STORIES, batch=64, resume=resume, world=FULL)


def denoiser(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Denoiser, words and both trained memories together, batches of 64 stories of 5 frames."""
    config = TrainConfig(
        steps=steps or 12_000, learning_rate=6e-4, warmup=500, decay=0.3, ema=0.999, workers=12
    )
    plan = parts.DenoiserPlan(widths=(96, 192, 352), memories=("lstm", "ar-ldm"), freeze_words=False)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=64, resume=resume, world=FULL)


def decoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The decoder for the latents that the denoiser draws, batches of 32 pictures of 256 px."""
    config = TrainConfig(
        steps=steps or 4000, learning_rate=8e-4, decay=0.4, weight_decay=0.0, ema=0.998, workers=8
    )
    return finish.train_decoder(
        folder, config, stories=LARGE, batch=32, sharp=1500, resume=resume, world=FULL
    )


def few_steps(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The denoiser that draws in three steps without guidance, batches of 32 stories of 5 frames."""
    config = TrainConfig(steps=steps or 2000, learning_rate=3e-4, decay=0.5, ema=0.995, workers=8)
    return finish.train_few_steps(
        folder, config, FewSteps(steps=3, guidance=4.5), stories=STORIES, batch=32, resume=resume, world=FULL
    )


def int8(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:  # noqa: ARG001 - takes no steps
    """The ranges in which the light engine computes with 8-bit numbers, from 24 drawn stories."""
    return calibrate(folder, stories=steps or 24, world=FULL)
