"""Noise that belongs to a page."""

import hashlib

import numpy as np
import numpy.typing as npt


def page_noise(seed: int, scene_id: str, take: int, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """Standard normal noise of one page, a pure function of its arguments.

    The same page gets the same noise at any batch size, in any order and in any process.
    """
    key = np.frombuffer(_digest(seed, scene_id, take)[:16], dtype=np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).standard_normal(shape, dtype=np.float32)


def page_seed(seed: int, scene_id: str, take: int) -> int:
    """A seed in 0 .. 2^63 - 1 for what draws a page's noise itself, a pure function of its arguments like `page_noise`."""
    return int.from_bytes(_digest(seed, scene_id, take)[:8], "little") >> 1


def _digest(seed: int, scene_id: str, take: int) -> bytes:
    return hashlib.sha256(f"{seed}\0{scene_id}\0{take}".encode()).digest()
