"""What a denoiser is conditioned on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class Context:
    """Conditioning of B pages.

    Attributes:
        tokens: (B, L, D) float tokens for cross-attention.
        mask: (B, L) bool, True = keep.
    """

    tokens: Tensor
    mask: Tensor

    @classmethod
    def join(cls, contexts: "Sequence[Context]") -> Self:
        """One context of all pages, in order; all of one length."""
        return cls(torch.cat([c.tokens for c in contexts]), torch.cat([c.mask for c in contexts]))

    def with_tokens(self, tokens: Tensor) -> Self:
        """The same context with other tokens of the same shape."""
        return replace(self, tokens=tokens)
