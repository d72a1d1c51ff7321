"""From a page request to word ids: the caption, then the place, then who is on stage."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from lianhuan.story import PageRequest

if TYPE_CHECKING:
    from torch import Tensor

SUMMARY_TOKENS = 4
"""Leading tokens of every context: one for the page as a whole, one for each of three places on the stage."""
SEGMENTS = 2 + 3
"""Segment ids: 0 caption, 1 place, 2.. the characters on stage in order."""


class PageTokenizer:
    """Turns page requests into padded word ids with segments.

    Args:
        tokenizer: a WordPiece tokenizer of the `tokenizers` library with a [PAD] token.
        max_length: words of a page beyond this number are cut, first from the end of the caption.
    """

    def __init__(self, tokenizer: Tokenizer, max_length: int):
        self.tokenizer = tokenizer
        self.max_length = max_length
        self.pad: int = tokenizer.token_to_id("[PAD]")  # type: ignore[assignment]  # None without [PAD]: NumPy refuses it

    def __call__(self, requests: Sequence[PageRequest]) -> "tuple[Tensor, Tensor, Tensor]":
        """Word ids, segments (both (B, L) int64) and mask ((B, L) bool, True = keep), as torch tensors.

        L is always `max_length`, so that a page has the same numbers in any batch.
        """
        import torch

        ids, segments, mask = self.arrays(requests)
        return torch.from_numpy(ids), torch.from_numpy(segments), torch.from_numpy(mask)

    def arrays(
        self, requests: Sequence[PageRequest]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """The same as NumPy arrays, without torch."""
        ids = np.full((len(requests), self.max_length), self.pad, dtype=np.int64)
        segments = np.zeros_like(ids)
        for row, request in enumerate(requests):
            words, kinds = self._page(request)
            ids[row, : len(words)] = words
            segments[row, : len(kinds)] = kinds
        return ids, segments, ids != self.pad

    def _page(self, request: PageRequest) -> tuple[list[int], list[int]]:
        stage = [(1, request.place or "")]
        stage += [(2 + i, f"{e.name} {e.kind} {e.look}") for i, e in enumerate(request.stage[: SEGMENTS - 2])]
        tail = [(word, segment) for segment, text in stage for word in self._words(text)][
            : self.max_length // 2
        ]
        head = [(word, 0) for word in self._words(request.caption)][: self.max_length - len(tail)]
        pairs = head + tail
        return [word for word, _ in pairs], [segment for _, segment in pairs]

    def _words(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids
