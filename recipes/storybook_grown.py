"""The embedded model on the full world, from the package's weights of the small one, on two CPU cores.

Command:   scripts/weights take runs/small && lianhuan train recipes/storybook_grown.py -o runs/grown
           lianhuan train recipes/storybook_grown.py:denoiser -o runs/grown --resume   (one part; those before it must be there)
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.models.edges import STORYBOOK_LAYERS
from lianhuan.models.few_steps import FewSteps
from lianhuan.train import finish, parts
from lianhuan.train.calibrate import calibrate
from lianhuan.train.grow import grow
from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.world.vocabulary import FULL

STORIES = 8000
READ = 20_000
"""Stories that the reader learns from; of 8,000 it named .93 of the labels, of unseen ones .86."""
LARGE = 2500
"""Stories whose pictures are drawn at 256 px."""
WIDTHS = (64, 160, 256)


def run(
    folder: Path, *, resume: bool = False, steps: int | None = None, smaller: str = "runs/small"
) -> Iterator[TrainStep]:
    """All parts; `steps` replaces the number of steps of each (to try the chain); the run in `smaller` is grown first."""
    if not (folder / "model").exists():
        grow(Path(smaller), folder, FULL)
    drawing = (autoencoder, story, memory, denoiser, history, memories)
    for part in (*drawing, decoder, few_steps, int8, sketch, reader, clip, noisy_clip):
        yield from part(folder, resume=resume, steps=steps)


def autoencoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 8 pictures of 256 px."""
    config = TrainConfig(steps=steps or 4500, learning_rate=8e-4, decay=0.5, weight_decay=0.0, ema=0.995)
    return parts.train_autoencoder(folder, config, stories=LARGE, batch=8, resume=resume, world=FULL)


def reader(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 64 pictures."""
    config = TrainConfig(steps=steps or 7000, learning_rate=2e-3, decay=0.4, ema=0.99)
    return parts.train_reader(folder, config, stories=READ, batch=64, resume=resume, world=FULL)


def story(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Words and LSTM memory from labels alone, batches of 16 stories of 5 frames."""
    config = TrainConfig(steps=steps or 1900, learning_rate=1e-3, decay=0.4, ema=0.99)
    return parts.train_story(folder, config, stories=STORIES, batch=16, resume=resume, world=FULL)


def memory(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The memory alone, from labels, batches of 32 stories of 5 frames."""
    config = TrainConfig(steps=steps or 900, learning_rate=1e-3, warmup=50, decay=0.5, ema=0.99)
    return parts.train_memory(
        folder, config, name="lstm", stories=STORIES, batch=32, resume=resume, world=FULL
    )


def denoiser(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Denoiser and memory together, batches of 10 stories of 5 frames."""
    config = TrainConfig(steps=steps or 7000, learning_rate=8e-4, warmup=150, decay=0.3, ema=0.998, workers=1)
    plan = parts.DenoiserPlan(widths=WIDTHS, freeze_words=True)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=10, resume=resume, world=FULL)


def history(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The memory of AR-LDM alone, from labels, batches of 32 stories of 5 frames."""
    config = TrainConfig(steps=steps or 450, learning_rate=1e-3, warmup=50, decay=0.5, ema=0.99)
    return parts.train_memory(
        folder, config, name="ar-ldm", stories=STORIES, batch=32, resume=resume, world=FULL
    )


def memories(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Both memories in turns with the denoiser, batches of 10 stories of 5 frames."""
    config = TrainConfig(steps=steps or 4000, learning_rate=8e-4, warmup=100, decay=0.4, ema=0.998, workers=1)
    plan = parts.DenoiserPlan(name="memories", widths=WIDTHS, memories=("lstm", "ar-ldm"), freeze_words=True)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=10, resume=resume, world=FULL)


def decoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The decoder for the latents that the denoiser draws, batches of 8 pictures of 256 px."""
    config = TrainConfig(
        steps=steps or 4000, learning_rate=6e-4, warmup=50, decay=0.4, weight_decay=0.0, ema=0.995
    )
    return finish.train_decoder(folder, config, stories=LARGE, batch=8, sharp=500, resume=resume, world=FULL)


def few_steps(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The denoiser that draws in three steps without guidance, batches of 10 stories of 5 frames."""
    config = TrainConfig(
        steps=steps or 700, learning_rate=4e-4, warmup=50, decay=0.5, ema=0.99, checkpoint_every=100
    )
    return finish.train_few_steps(
        folder, config, FewSteps(steps=3, guidance=4.5), stories=STORIES, batch=10, resume=resume, world=FULL
    )


def sketch(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The predictor of sketch guidance, batches of 3 stories of 5 frames."""
    config = TrainConfig(steps=steps or 1000, learning_rate=1e-3, weight_decay=0.0, ema=0.99)
    return finish.train_sketch(
        folder, config, layers=STORYBOOK_LAYERS, stories=STORIES, batch=3, resume=resume, world=FULL
    )


def clip(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The CLIP that judges and re-ranks, batches of 12 stories of 5 frames."""
    config = TrainConfig(steps=steps or 1000, learning_rate=5e-4, warmup=100, decay=0.5, ema=0.99)
    return parts.train_clip(folder, config, stories=STORIES, batch=12, resume=resume, world=FULL)


def noisy_clip(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The eye by which the CLIP guides a drawing, batches of 64 pictures."""
    config = TrainConfig(steps=steps or 2000, learning_rate=1e-3, warmup=100, decay=0.5, ema=0.99)
    return parts.train_noisy_clip(folder, config, stories=STORIES, batch=64, resume=resume, world=FULL)


def int8(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:  # noqa: ARG001 - takes no steps
    """The ranges in which the light engine computes with 8-bit numbers, from 24 drawn stories."""
    return calibrate(folder, stories=steps or 24, world=FULL)
