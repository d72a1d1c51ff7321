"""From a page request to word ids: the caption, then the place, the style, and who is on stage and puts on what."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.story import PageRequest

if TYPE_CHECKING:
    from torch import Tensor


class PageTokenizer:
    """Turns page requests into padded word ids with segments.

    Args:
        tokenizer: a WordPiece tokenizer of the `tokenizers` library with a [PAD] token.
        sizes: of the text encoder. Words of a page beyond its `max_length` are cut, first from the end of the caption.
    """

    def __init__(self, tokenizer: Tokenizer, sizes: TextEncoderConfig):
        self.tokenizer = tokenizer
        self.sizes = sizes
        self.pad: int = tokenizer.token_to_id("[PAD]")  # type: ignore[assignment]  # None without [PAD]: NumPy refuses it

    def __call__(self, requests: Sequence[PageRequest]) -> "tuple[Tensor, Tensor, Tensor]":
        """Word ids, segments (both (B, L) int64) and mask ((B, L) bool, True = keep), as torch tensors.

        L is always the longest, so that a page has the same numbers in any batch.
        """
        import torch

        ids, segments, mask = self.arrays(requests)
        return torch.from_numpy(ids), torch.from_numpy(segments), torch.from_numpy(mask)

    def arrays(
        self, requests: Sequence[PageRequest]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """The same as NumPy arrays, without torch."""
        ids = np.full((len(requests), self.sizes.max_length), self.pad, dtype=np.int64)
        segments = np.zeros_like(ids)
        for row, request in enumerate(requests):
            words, kinds = self._page(request)
            ids[row, : len(words)] = words
            segments[row, : len(kinds)] = kinds
        return ids, segments, ids != self.pad

    def _page(self, request: PageRequest) -> tuple[list[int], list[int]]:
        sizes, longest = self.sizes, self.sizes.max_length
        told = [(1, request.place or "")]
        if sizes.styles:
            told.append((sizes.segments - 1, request.style))
        for i, entry in enumerate(request.stage[: sizes.stage]):
            worn = (change.item for change in request.changes if change.character == entry.name)
            told.append((2 + i, " ".join((entry.name, entry.kind, entry.look, *worn))))
        tail = [(word, segment) for segment, text in told for word in self._words(text)][: longest // 2]
        head = [(word, 0) for word in self._words(request.caption)][: longest - len(tail)]
        pairs = head + tail
        return [word for word, _ in pairs], [segment for _, segment in pairs]

    def _words(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids
