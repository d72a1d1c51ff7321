"""Which earlier pages a page looks back at: for each character on stage, the first page with it and the latest ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Protocol, TypeVar

import torch
from torch import Tensor

from lianhuan.models.context import Cast, Context


class HasCast(Protocol):
    """A page that is kept of B stories; `cast` has the names on its stage in each."""

    @property
    def cast(self) -> tuple[Cast, ...]:
        """The names."""
        ...


Page = TypeVar("Page", bound=HasCast)


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

    def choose(self, pages: Sequence[Page], context: Context) -> tuple[list[Page], Tensor]:
        """What B stories look back at for the cast of `context`.

        Args:
            pages: those that are kept, oldest first.
            context: of the new page.

        Returns:
            the N pages that any story looks back at, and (B, N) bool: which of them each story looks back at.
        """
        wanted = [self._chosen(pages, row, names) for row, names in enumerate(cast_of(context))]
        table = torch.tensor([[i in one for i in range(len(pages))] for one in wanted], dtype=torch.bool)
        used = table.any(0)
        return list(compress(pages, used)), table[:, used]

    def kept(self, pages: Sequence[Page]) -> tuple[Page, ...]:
        """The pages that can still be chosen, in order."""
        keep = self._ends(list(range(len(pages))))
        for row in range(len(pages[0].cast)):
            for name in frozenset().union(*(page.cast[row] for page in pages)):
                keep |= self._chosen(pages, row, frozenset({name}))
        return tuple(pages[i] for i in sorted(keep))

    def _chosen(self, pages: Sequence[HasCast], row: int, names: Cast) -> set[int]:
        """The pages that story `row` looks at when `names` are on stage; any page if nobody is."""
        wanted: set[int] = set()
        for name in names:
            wanted |= self._ends([i for i, page in enumerate(pages) if name in page.cast[row]])
        if not names:
            wanted = self._ends(list(range(len(pages))))
        return wanted

    def _ends(self, found: list[int]) -> set[int]:
        return set(found[-1:] if self.size == 1 else found[:1] + found[1:][1 - self.size :])


def cast_of(context: Context) -> tuple[Cast, ...]:
    """The names on stage in each story of a page; empty where nothing is known."""
    return context.cast or (frozenset(),) * len(context.tokens)
