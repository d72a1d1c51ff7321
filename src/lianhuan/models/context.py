"""What a denoiser is conditioned on."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Self

import torch
from torch import Tensor, nn

Cast = frozenset[str]


@dataclass(frozen=True)
class References:
    """Earlier pages that the self-attention of B pages looks at, P of each, oldest first.

    Attributes:
        latents: (B, P, C, h, w) of the finished pictures.
        noise: (B, P, C, h, w) that stands on them while they are looked at.
        tokens: (B, P, L, D) tokens of their own words.
        mask: (B, P, L) bool of those words, True = keep; a page without any is not there and is not looked at.
        strength: (B,) in (0, 1], how much a look at them weighs against one at the page itself.
    """

    latents: Tensor
    noise: Tensor
    tokens: Tensor
    mask: Tensor
    strength: Tensor

    def padded(self, pages: int, length: int) -> Self:
        """The same references with room for `pages` of `length` tokens."""
        rows, words = pages - self.mask.shape[1], length - self.mask.shape[2]
        pictures = (0, 0, 0, 0, 0, 0, rows, 0)
        return replace(
            self,
            latents=nn.functional.pad(self.latents, pictures),
            noise=nn.functional.pad(self.noise, pictures),
            tokens=nn.functional.pad(self.tokens, (0, 0, 0, words, rows, 0)),
            mask=nn.functional.pad(self.mask, (0, words, rows, 0)),
        )

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """References of all pages, in order; shorter ones are padded."""
        pages = max(part.mask.shape[1] for part in parts)
        length = max(part.mask.shape[2] for part in parts)
        even = [part.padded(pages, length) for part in parts]
        return cls(**{f.name: torch.cat([getattr(part, f.name) for part in even]) for f in fields(cls)})


@dataclass(frozen=True)
class Context:
    """Conditioning of B pages.

    Attributes:
        tokens: (B, L, D) float tokens for cross-attention.
        mask: (B, L) bool, True = keep.
        cast: for each page, the names on its stage; empty where nothing is known.
        references: earlier pages to look at, if there are any.
        picture: (B, C, h, w) latents of a picture that is shown as it is; nothing is drawn then.
    """

    tokens: Tensor
    mask: Tensor
    cast: tuple[Cast, ...] = ()
    references: References | None = None
    picture: Tensor | None = None

    @classmethod
    def join(cls, contexts: "Sequence[Context]") -> Self:
        """One context of all pages, in order; shorter ones are padded.

        Raises:
            ValueError: some pages have references or a picture to show, others have not.
        """
        length = max(c.tokens.shape[1] for c in contexts)
        tokens = [nn.functional.pad(c.tokens, (0, 0, 0, length - c.tokens.shape[1])) for c in contexts]
        masks = [nn.functional.pad(c.mask, (0, length - c.mask.shape[1])) for c in contexts]
        references = [c.references for c in contexts if c.references is not None]
        pictures = [c.picture for c in contexts if c.picture is not None]
        if len(references) not in (0, len(contexts)) or len(pictures) not in (0, len(contexts)):
            raise ValueError("pages drawn together must all look back in the same way")
        return cls(
            torch.cat(tokens),
            torch.cat(masks),
            tuple(names for c in contexts for names in c.cast),
            References.join(references) if references else None,
            torch.cat(pictures) if pictures else None,
        )

    def with_tokens(self, tokens: Tensor) -> Self:
        """The same context with other tokens of the same shape."""
        return replace(self, tokens=tokens)
