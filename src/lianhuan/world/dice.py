"""Cheap repeatable chance: uniform numbers drawn from a NumPy generator in blocks."""

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")
_BLOCK = 256


class Dice:
    """Chance that depends on `seed` alone; a scalar costs far less than a call into NumPy."""

    def __init__(self, *seed: int) -> None:
        self._generator = np.random.default_rng(seed)
        self._numbers: list[float] = []

    def random(self) -> float:
        """A number in [0, 1)."""
        if not self._numbers:
            self._numbers = self._generator.random(_BLOCK).tolist()
        return self._numbers.pop()

    def chance(self, share: float) -> bool:
        """True in `share` of the calls."""
        return self.random() < share

    def pick(self, items: Sequence[T]) -> T:
        """One of `items`, all equally likely."""
        return items[int(self.random() * len(items))]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """`count` different entries of `items` in random order."""
        pool = list(items)
        return [pool.pop(int(self.random() * len(pool))) for _ in range(count)]
