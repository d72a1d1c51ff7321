"""Torch's share of the cores."""

import os
from typing import TYPE_CHECKING

from lianhuan.threads import threads

if TYPE_CHECKING:
    from lianhuan.generators.base import Engine


def use_cores(engine: "Engine" = "torch") -> None:
    """Let torch compute on `lianhuan.threads.threads`; with OMP_NUM_THREADS it does so by itself, and the light engine anyway."""
    if engine == "torch" and "OMP_NUM_THREADS" not in os.environ:
        import torch

        torch.set_num_threads(threads())
