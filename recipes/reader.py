"""The reader of the bench.

Command:   lianhuan train recipes/reader.py -o runs/storybook
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.train.parts import train_reader


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 64 pictures."""
    config = TrainConfig(steps=steps or 1500, learning_rate=2e-3, decay=0.5, ema=0.99)
    return train_reader(folder, config, stories=6000, batch=64, resume=resume)
