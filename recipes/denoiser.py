"""The denoiser of the embedded model, with its words and memory.

Command:   lianhuan train recipes/denoiser.py -o runs/storybook
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.train.parts import train_denoiser


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 10 stories of 5 frames."""
    config = TrainConfig(steps=steps or 5000, learning_rate=8e-4, warmup=150, decay=0.3, ema=0.998)
    return train_denoiser(folder, config, stories=6000, batch=10, widths=(64, 160, 256), freeze_words=True, resume=resume)
