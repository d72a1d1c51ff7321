"""The embedded model on a larger world, from weights of a smaller one in `runs/small`, or of the same, on two CPU cores.

Command:   lianhuan train recipes/storybook_grown.py -o runs/grown   (`scripts/weights take runs/small`: to go on from the package's)
           lianhuan train recipes/storybook_grown.py:memories -o runs/grown --resume   (one part; those before it must be there)
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.models.edges import STORYBOOK_LAYERS
from lianhuan.models.few_steps import FewSteps
from lianhuan.train import eyes, finish, parts
from lianhuan.train.calibrate import calibrate
from lianhuan.train.grow import grow
from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.world.vocabulary import MIDDLE

WORLD = MIDDLE
"""The next larger world. (The full one at once was tried: two cores are too slow for so much that is new, see `LOG.md`, 2026-11-21.)"""
STORIES = 8000
READ = 16000
"""Stories whose pictures the reader learns to read: of 8,000 it knew more than of others (`LOG.md`)."""
LARGE = 1500
"""Stories whose pictures are drawn at 256 px."""
WIDTHS = (64, 160, 256)
WEIGHT = 0.1
"""Of what cannot be read against the loss of distillation."""
SMALLER = "runs/small"


def run(
    folder: Path, *, resume: bool = False, steps: int | None = None, smaller: str = SMALLER
) -> Iterator[TrainStep]:
    """All parts; `steps` replaces the number of steps of each (to try the chain); the run in `smaller` is grown first.

    The encoder stays, and with it what the denoiser knows.
    """
    if not (folder / "model").exists():
        grow(Path(smaller), folder, WORLD)
    for part in (heads, story, denoiser, history, memories):
        yield from part(folder, resume=resume, steps=steps)
    yield from few_steps(folder, resume=resume, steps=steps, before=f"{smaller}/model")
    for part in (latent_reader, reward, reader, clip, noisy_clip, sketch, decoder, int8):
        yield from part(folder, resume=resume, steps=steps)


def heads(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The heads, for weights that came without (the package's), batches of 16 stories of 5 frames."""
    config = TrainConfig(steps=steps or 60, learning_rate=1e-2, warmup=10, ema=0.9)
    return parts.train_heads(folder, config, stories=STORIES, batch=16, resume=resume, world=WORLD)


def story(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Words and LSTM memory from labels alone, batches of 16 stories of 5 frames."""
    config = TrainConfig(steps=steps or 700, learning_rate=8e-4, warmup=50, decay=0.4, ema=0.99)
    return parts.train_story(folder, config, stories=STORIES, batch=16, resume=resume, world=WORLD)


def denoiser(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The LSTM memory with the denoiser, batches of 10 stories of 5 frames."""
    config = TrainConfig(
        steps=steps or 2400,
        learning_rate=8e-4,
        decay=0.0,
        ema=0.995,
        checkpoint_every=100,
    )
    plan = parts.DenoiserPlan(widths=WIDTHS, freeze_words=True)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=10, resume=resume, world=WORLD)


def history(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The memory of AR-LDM alone, from labels, batches of 16 stories of 5 frames."""
    config = TrainConfig(steps=steps or 200, learning_rate=8e-4, warmup=20, decay=0.5, ema=0.99)
    return parts.train_memory(
        folder, config, name="ar-ldm", stories=STORIES, batch=16, resume=resume, world=WORLD
    )


def memories(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Both memories in turns with the denoiser, batches of 10 stories of 5 frames."""
    config = TrainConfig(
        steps=steps or 800,
        learning_rate=7e-4,
        decay=0.8,
        ema=0.995,
        checkpoint_every=100,
    )
    plan = parts.DenoiserPlan(name="memories", widths=WIDTHS, memories=("lstm", "ar-ldm"), freeze_words=True)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=10, resume=resume, world=WORLD)


def few_steps(
    folder: Path, *, resume: bool = False, steps: int | None = None, before: str = f"{SMALLER}/model"
) -> Iterator[TrainStep]:
    """The denoiser that draws in three steps without guidance, batches of 10 stories of 5 frames.

    It starts with what the one of the model `before` has learnt beyond its denoiser.
    """
    config = TrainConfig(
        steps=steps or 150, learning_rate=4e-4, warmup=20, decay=0.5, ema=0.98, checkpoint_every=50
    )
    return finish.train_few_steps(
        folder,
        config,
        FewSteps(steps=3, guidance=4.5),
        stories=STORIES,
        batch=10,
        resume=resume,
        world=WORLD,
        before=Path(before),
    )


def latent_reader(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """What reads noised latents, for `reward` alone, batches of 128 pictures."""
    config = TrainConfig(steps=steps or 1200, learning_rate=1.5e-3, warmup=30, decay=0.5, ema=0.99)
    return eyes.train_latent_reader(folder, config, stories=STORIES, batch=128, resume=resume, world=WORLD)


def reward(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The denoiser of few steps further, by what can be read in what it draws, batches of 8 stories of 5 frames."""
    config = TrainConfig(
        steps=steps or 400,
        learning_rate=3e-4,
        warmup=20,
        decay=0.6,
        ema=0.98,
        checkpoint_every=50,
        log_every=25,
    )
    return finish.train_reward(
        folder, config, weight=WEIGHT, stories=STORIES, batch=8, resume=resume, world=WORLD
    )


def decoder(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The decoder for the latents that the denoiser draws, batches of 8 pictures of 256 px.

    Last of the parts that read latents: they are kept under the autoencoder's fingerprint, and after it would be made anew.
    """
    config = TrainConfig(
        steps=steps or 1300, learning_rate=6e-4, warmup=30, decay=0.5, weight_decay=0.0, ema=0.99
    )
    return finish.train_decoder(folder, config, stories=LARGE, batch=8, sharp=500, resume=resume, world=WORLD)


def reader(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 64 pictures."""
    config = TrainConfig(steps=steps or 2000, learning_rate=1.5e-3, warmup=30, decay=0.5, ema=0.99)
    return eyes.train_reader(folder, config, stories=READ, batch=64, resume=resume, world=WORLD)


def clip(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The CLIP that judges and re-ranks, batches of 12 stories of 5 frames."""
    config = TrainConfig(steps=steps or 350, learning_rate=5e-4, warmup=50, decay=0.5, ema=0.99)
    return eyes.train_clip(folder, config, stories=STORIES, batch=12, resume=resume, world=WORLD)


def noisy_clip(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The eye by which the CLIP guides a drawing, batches of 64 pictures."""
    config = TrainConfig(steps=steps or 400, learning_rate=1e-3, warmup=50, decay=0.5, ema=0.99)
    return eyes.train_noisy_clip(folder, config, stories=STORIES, batch=64, resume=resume, world=WORLD)


def sketch(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """The predictor of sketch guidance, batches of 3 stories of 5 frames."""
    config = TrainConfig(steps=steps or 350, learning_rate=1e-3, weight_decay=0.0, ema=0.99)
    return finish.train_sketch(
        folder, config, layers=STORYBOOK_LAYERS, stories=STORIES, batch=3, resume=resume, world=WORLD
    )


def int8(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:  # noqa: ARG001 - takes no steps
    """The ranges in which the light engine computes with 8-bit numbers, from 24 drawn stories; after all other parts."""
    return calibrate(folder, stories=steps or 24, world=WORLD)
