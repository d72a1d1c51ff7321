"""The autoencoder of the embedded model.

Command:   lianhuan train recipes/autoencoder.py -o runs/storybook
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.train.parts import train_autoencoder


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 8 pictures; resumes from `folder`/autoencoder.safetensors."""
    config = TrainConfig(steps=steps or 2000, learning_rate=1.2e-3, warmup=50, decay=0.4, weight_decay=0.0, ema=0.995)
    return train_autoencoder(folder, config, stories=6000, batch=8, resume=resume)
