"""How many cores the drawing uses."""

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lianhuan.generators.base import Engine

MOST = 2
"""With three or more threads torch cuts some arrays at other places, and the last bits of a page may differ."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_cores(engine: "Engine" = "torch") -> None:
    """One torch thread per core, at most two, so that a book is the same on every machine; OMP_NUM_THREADS overrules it.

    The light engine sees to that itself.
    """
    if engine == "torch" and "OMP_NUM_THREADS" not in os.environ:
        import torch

        torch.set_num_threads(min(MOST, cores()))
