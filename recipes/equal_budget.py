"""An LSTM memory with exactly the training that the shipped AR-LDM memory has had, for a comparison at equal budget.

Command:   scripts/weights take runs/equal && lianhuan train recipes/storybook.py:heads -o runs/equal
           lianhuan train recipes/equal_budget.py -o runs/equal --resume

Run with the package of 2026-11-21, whose weights are of the small world; those of today are refused.
The memory is new but for its eye; the words are frozen; the denoiser is the shipped one and goes on learning.
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.train import parts
from lianhuan.train.loop import TrainConfig, TrainStep

STORIES = 6000
WIDTHS = (64, 160, 256)


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """450 steps alone, then 650 with the denoiser; `steps` replaces both."""
    yield from alone(folder, resume=resume, steps=steps)
    yield from together(folder, resume=resume, steps=steps)


def alone(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """From labels, batches of 32 stories of 5 frames."""
    config = TrainConfig(steps=steps or 450, learning_rate=1e-3, warmup=50, decay=0.5, ema=0.99)
    return parts.train_memory(
        folder, config, name="lstm", anew=True, stories=STORIES, batch=32, resume=resume
    )


def together(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """With the denoiser, batches of 10 stories of 5 frames."""
    config = TrainConfig(steps=steps or 650, learning_rate=5e-4, warmup=100, decay=0.4, ema=0.995)
    plan = parts.DenoiserPlan(name="together", widths=WIDTHS, freeze_words=True)
    return parts.train_denoiser(folder, config, plan, stories=STORIES, batch=10, resume=resume)
