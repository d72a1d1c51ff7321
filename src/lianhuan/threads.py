"""How many cores the drawing uses."""

import os

MOST = 2
"""With three or more threads torch cuts some arrays at other places, and the last bits of a page may differ."""


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threads() -> int:
    """One thread per core, at most two, so that a book is the same on every machine; OMP_NUM_THREADS overrules it."""
    wish = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(wish) if wish.isdigit() and int(wish) > 0 else min(MOST, cores())
