"""A memory beside a Stable Diffusion model that stays as it is, learnt from stories of pictures; and such a model, tiny.

Command:   lianhuan train recipes/picturebooks.py -o runs/books --set base=models/stable-diffusion-v1-5 --set data=../shared/picturebooks
           torchrun --no-python --nproc-per-node 2 lianhuan train recipes/picturebooks.py -o runs/books --set base=... --set data=...
           lianhuan train recipes/picturebooks.py:base -o runs/base --set data=../shared/picturebooks
Hardware:  one GPU; AR-LDM at 512 px is meant for 40 GB. Not run on a GPU, nor with real weights; what was run is the tiny base, and
           memories beside it, on one core (benchmarks/README.md).

`base` is a folder in diffusers' layout of Stable Diffusion 1.x, 2.x or XL, or a hub name; `data` is any data set that
docs/guides/train.md names. `memory` is lstm or ar-ldm. `rank` above 0 adds low-rank changes of the base's attention.
The memory is in DIR/memory afterwards: `lianhuan illustrate story.txt -o book --generator BASE --memory DIR/memory`.

The part `base` learns a model of 64 px pictures from nothing, from single pictures and their words; it is in DIR/model
afterwards and draws brown and white patches, no more. It is for trying all this without the weights of others.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from lianhuan.errors import RecipeError
from lianhuan.train.base import BasePlan, train_base
from lianhuan.train.frozen import FrozenPlan, train_frozen
from lianhuan.train.loop import DataRead, TrainConfig, TrainStep

STEPS = 20_000
BASE_STEPS = 2_000


def run(  # noqa: PLR0913 - one argument per setting
    folder: Path,
    *,
    resume: bool = False,
    steps: int | None = None,
    base: str = "",
    data: str = "",
    memory: str = "lstm",
    rank: int = 0,
    width: int = 256,
    frames: int = 5,
    guess: float = 0.1,
    stories: int = 4,
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto",
) -> Iterator[TrainStep | DataRead]:
    """`stories` stories a step, one after another; with several processes a multiple of them."""
    if not base or not data:
        raise RecipeError("say beside what and on what: --set base=FOLDER --set data=FOLDER")
    config = TrainConfig(
        steps=steps or STEPS,
        learning_rate=1e-4,
        warmup=min(500, (steps or STEPS) // 10 + 1),
        ema=0.999,
        accumulate=stories,
        precision=precision,
    )
    plan = FrozenPlan(
        base=base,
        data=Path(data),
        memory=memory,
        rank=rank,
        width=width,
        frames=frames,
        guess=guess,
        checkpointing=True,
    )
    return train_frozen(folder, config, plan, resume=resume)


def base(
    folder: Path, *, resume: bool = False, steps: int | None = None, data: str = "", batch: int = 16
) -> Iterator[TrainStep | DataRead]:
    """A quarter of the steps for the autoencoder, the others for words and denoiser; `batch` pictures a step."""
    if not data:
        raise RecipeError("say on what: --set data=FOLDER")
    count = steps or BASE_STEPS
    first, then = (tiny(steps=max(1, n)) for n in (count // 4, count - count // 4))
    return train_base(folder, first, then, BasePlan(data=Path(data), batch=batch), resume=resume)


def tiny(steps: int) -> TrainConfig:
    """How networks of a few hundred thousand weights are trained: fast, and in full precision."""
    return TrainConfig(
        steps=steps, learning_rate=2e-3, warmup=20, ema=0.99, weight_decay=0.0, precision="fp32"
    )
