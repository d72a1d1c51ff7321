"""What a denoiser is conditioned on."""

from dataclasses import dataclass, replace

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

    def with_tokens(self, tokens: Tensor) -> "Context":
        """The same context with other tokens of the same shape."""
        return replace(self, tokens=tokens)
