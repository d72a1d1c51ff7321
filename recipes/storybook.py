"""The embedded model from nothing, on two CPU cores.

Command:   lianhuan train recipes/storybook.py -o runs/storybook          (all parts, one after another)
           lianhuan train recipes/storybook.py:denoiser -o runs/storybook (one part; those before it must be there)
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.models.edges import STORYBOOK_LAYERS
from lianhuan.models.few_steps import FewSteps
from lianhuan.train import eyes, finish, parts
from lianhuan.train.calibrate import calibrate
from lianhuan.train.loop import TrainConfig, TrainStep

STORIES = 20_000
"""Drawn at 128 px. (The shipped model learnt from 6,000 for two thirds of its steps; at the end of that the loss was 4 % below that of unseen stories.)"""
LARGE = 2500
"""Stories whose pictures are drawn at 256 px."""
WIDTHS = (64, 160, 256)


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """All parts; `steps` replaces the number of steps of each (to try the chain)."""
    for part in (autoencoder, reader, story, memory, denoiser, decoder, few_steps, int8):
        yield from part(folder, resume=resume, steps=steps)


def autoencoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 8 pictures.

    2 cores of an AMD EPYC (bf16), about 20 minutes beside other work: 24.1 dB on its training pictures after 24k.
    """
    config = TrainConfig(
        steps=steps or 3000, learning_rate=1.2e-3, warmup=50, decay=0.4, weight_decay=0.0, ema=0.995
    )
    return parts.train_autoencoder(folder, config, stories=LARGE, batch=8, resume=resume)


def reader(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 64 pictures.

    Two cores, about 25 minutes: on 320 held-out pictures prop .984, every other label higher. (Run as 2,900 steps on 6,000
    stories and 3,100 more on 20,000.)
    """
    config = TrainConfig(steps=steps or 6000, learning_rate=2e-3, decay=0.4, ema=0.99)
    return eyes.train_reader(folder, config, stories=STORIES, batch=64, resume=resume)


def story(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Words and memory from labels alone, batches of 16 stories of 5 frames.

    Two cores, 12 minutes: action .96, prop 1.00, kind .90, remembered top .59 and head .42 on training batches.
    """
    config = TrainConfig(steps=steps or 1000, learning_rate=1e-3, decay=0.3, ema=0.99)
    return parts.train_story(folder, config, stories=STORIES, batch=16, resume=resume)


def memory(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The memory alone, from labels, batches of 32 stories of 5 frames.

    Two cores, 11 minutes: remembered top .84 and head .92 on stories with new paraphrases, from .62 of a memory without its matrix.
    """
    config = TrainConfig(steps=steps or 800, learning_rate=1e-3, warmup=50, decay=0.5, ema=0.99)
    return parts.train_memory(folder, config, name="lstm", stories=STORIES, batch=32, resume=resume)


def denoiser(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Denoiser, words and memory together, batches of 10 stories of 5 frames.

    Two cores, 1.25 s a step when nothing else runs; results in benchmarks/README.md. (Run as 3,000 steps without and 4,000
    with the weighting of characters and props, and 3,200 more once the memory had its matrix.)
    """
    config = TrainConfig(steps=steps or 10_200, learning_rate=8e-4, warmup=150, decay=0.3, ema=0.998)
    plan = parts.DenoiserPlan(widths=WIDTHS, freeze_words=True)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=10, resume=resume)


def heads(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The heads, for weights that came without (the package's), batches of 32 stories of 5 frames."""
    config = TrainConfig(steps=steps or 100, learning_rate=1e-2, warmup=10, ema=0.9)
    return parts.train_heads(folder, config, stories=STORIES, batch=32, resume=resume)


def history(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The memory of AR-LDM alone, from labels, batches of 32 stories of 5 frames.

    Two cores, 9 minutes: remembered top .82 to .86, head .85 to .91 on training batches.
    """
    config = TrainConfig(steps=steps or 450, learning_rate=1e-3, warmup=50, decay=0.5, ema=0.99)
    return parts.train_memory(folder, config, name="ar-ldm", stories=STORIES, batch=32, resume=resume)


def memories(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The memories that are compared, in turns with one denoiser, batches of 10 stories of 5 frames.

    Two cores, 32 minutes; results in benchmarks/README.md.
    """
    config = TrainConfig(steps=steps or 1300, learning_rate=5e-4, warmup=100, decay=0.4, ema=0.995)
    plan = parts.DenoiserPlan(name="memories", widths=WIDTHS, memories=("lstm", "ar-ldm"), freeze_words=True)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=10, resume=resume)


def clip(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The CLIP that judges and re-ranks, batches of 12 stories of 5 frames.

    Not run to its end; two cores, 0.6 s a step.
    """
    config = TrainConfig(steps=steps or 1500, learning_rate=5e-4, warmup=100, decay=0.5, ema=0.99)
    return eyes.train_clip(folder, config, stories=STORIES, batch=12, resume=resume)


def noisy_clip(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The eye by which the CLIP guides a drawing, batches of 64 pictures.

    Two cores, 0.3 s a step.
    """
    config = TrainConfig(steps=steps or 2000, learning_rate=1e-3, warmup=100, decay=0.5, ema=0.99)
    return eyes.train_noisy_clip(folder, config, stories=STORIES, batch=64, resume=resume)


def sketch(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The predictor of sketch guidance as its document has it (Adam, 3,000 steps of 16 pictures), here of 3 stories of 5.

    Two cores, 0.45 s a step. (Run as 1,000 steps, with `--steps`.)
    """
    config = TrainConfig(steps=steps or 3000, learning_rate=1e-3, weight_decay=0.0, ema=0.99)
    return finish.train_sketch(
        folder, config, layers=STORYBOOK_LAYERS, stories=STORIES, batch=3, resume=resume
    )


def decoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The decoder for the latents that the denoiser draws, batches of 8 pictures of 256 px.

    One core, 0.5 s a step.
    """
    config = TrainConfig(
        steps=steps or 8000, learning_rate=6e-4, warmup=50, decay=0.4, weight_decay=0.0, ema=0.995
    )
    return finish.train_decoder(folder, config, stories=LARGE, batch=8, sharp=2400, resume=resume)


def few_steps(
    folder: Path, *, resume: bool = False, steps: int | None = None, before: str = ""
) -> Iterator[TrainStep]:
    """The denoiser that draws in three steps without guidance, from the one with guidance, batches of 10 stories of 5 frames.

    With `--set before=MODEL`, an older model that draws in few steps, 300 steps are enough.
    """
    config = TrainConfig(
        steps=steps or 1000, learning_rate=4e-4, warmup=50, decay=0.5, ema=0.99, checkpoint_every=100
    )
    return finish.train_few_steps(
        folder,
        config,
        FewSteps(steps=3, guidance=4.5),
        stories=STORIES,
        batch=10,
        resume=resume,
        before=Path(before) if before else None,
    )


def int8(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:  # noqa: ARG001 - takes no steps
    """The ranges in which the light engine computes with 8-bit numbers, from 24 drawn stories; after all other parts.

    Two cores, about 3 minutes.
    """
    return calibrate(folder, stories=steps or 24)
