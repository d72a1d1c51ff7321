"""Words and memory of the embedded model, learnt from labels before the denoiser.

Command:   lianhuan train recipes/story.py -o runs/storybook
"""

from collections.abc import Iterator
from pathlib import Path

from lianhuan.train.loop import TrainConfig, TrainStep
from lianhuan.train.parts import train_story


def run(folder: Path, *, resume: bool = False, steps: int | None = None) -> Iterator[TrainStep]:
    """Batches of 16 stories of 5 frames."""
    config = TrainConfig(steps=steps or 1500, learning_rate=1e-3, decay=0.3, ema=0.99)
    return train_story(folder, config, stories=6000, batch=16, resume=resume)
