"""Which earlier pages a page looks back at: for each character on stage, the first page with it and the latest ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lianhuan.models.context import Cast, Context

Casts = Sequence[tuple[Cast, ...]]
"""For each page that is kept, oldest first, the names on its stage in each story."""


@dataclass(frozen=True)
class Window:
    """Chooses pages, so that what is kept grows with the cast and not with the story.

    Attributes:
        size: pages for each character: the first with it and the latest ones; the latest alone for a size of 1.

    Raises:
        ValueError: `size` is below 1.
    """

    size: int

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"a window of {self.size} pages holds nothing")

    def table(self, casts: Casts, context: Context) -> Tensor:
        """(B, pages) bool: which of the pages each of B stories looks back at, for the cast of `context`."""
        rows = enumerate(cast_of(context))
        chosen = [self._chosen(casts, row, names) for row, names in rows]
        return torch.tensor([[i in wanted for i in range(len(casts))] for wanted in chosen], dtype=torch.bool)

    def of_use(self, casts: Casts) -> list[int]:
        """The pages that can still be chosen, in order."""
        keep = self._ends(list(range(len(casts))))
        for row in range(len(casts[0])):
            for name in frozenset().union(*(cast[row] for cast in casts)):
                keep |= self._chosen(casts, row, frozenset({name}))
        return sorted(keep)

    def _chosen(self, casts: Casts, row: int, names: Cast) -> set[int]:
        """The pages that story `row` looks at when `names` are on stage; any page if nobody is."""
        wanted: set[int] = set()
        for name in names:
            wanted |= self._ends([i for i, cast in enumerate(casts) if name in cast[row]])
        if not names:
            wanted = self._ends(list(range(len(casts))))
        return wanted

    def _ends(self, found: list[int]) -> set[int]:
        return set(found[-1:] if self.size == 1 else found[:1] + found[1:][1 - self.size :])


def cast_of(context: Context) -> tuple[Cast, ...]:
    """The names on stage in each story of a page; empty where nothing is known."""
    return context.cast or (frozenset(),) * len(context.tokens)
