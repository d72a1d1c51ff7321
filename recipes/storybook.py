"""Everything of the embedded model from nothing: autoencoder, reader, words and memory, denoiser.

Command:   lianhuan train recipes/storybook.py -o runs/storybook
Hardware:  2 CPU cores; for a GPU see storybook_gpu.py
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.train.parts import train_autoencoder, train_denoiser, train_reader, train_story

STORIES = 6000
WIDTHS = (64, 160, 256)


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """All parts, one after another; `steps` replaces the number of steps of each (to try the chain)."""

    def config(usual: int, learning_rate: float, **settings: float) -> TrainConfig:
        return TrainConfig(steps=steps or usual, learning_rate=learning_rate, **settings)

    picture = config(3000, 1.2e-3, warmup=50, decay=0.4, weight_decay=0.0, ema=0.995)
    yield from train_autoencoder(folder, picture, stories=STORIES, batch=8, resume=resume)
    yield from train_reader(folder, config(1500, 2e-3, decay=0.5, ema=0.99), stories=STORIES, batch=64, resume=resume)
    yield from train_story(folder, config(450, 1e-3, decay=0.3, ema=0.99), stories=STORIES, batch=16, resume=resume)
    draw = config(4000, 8e-4, warmup=150, decay=0.3, ema=0.998)
    yield from train_denoiser(folder, draw, stories=STORIES, batch=10, widths=WIDTHS, resume=resume)
