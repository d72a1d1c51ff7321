"""How many cores the drawing uses."""

import os


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def use_all_cores() -> None:
    """One torch thread per core, unless OMP_NUM_THREADS says otherwise. Pictures are the same with any number."""
    if "OMP_NUM_THREADS" not in os.environ:
        import torch

        torch.set_num_threads(cores())
