"""What a denoiser is conditioned on. The light engine puts NumPy arrays where others put tensors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Self

from lianhuan.late import Late
from lianhuan.models.prompts import Prompts, join_prompts

if TYPE_CHECKING:
    import torch
    from PIL import Image
    from torch import Tensor, nn
else:
    torch, nn = Late("torch"), Late("torch.nn")

Cast = frozenset[str]
MIXED = "pages drawn together must all look back in the same way"


@dataclass(frozen=True)
class References:
    """Earlier pages that the self-attention of B pages looks at, P of each, oldest first.

    Attributes:
        latents: (B, P, C, h, w) of the finished pictures.
        noise: (B, P, C, h, w) that stands on them while they are looked at.
        tokens: (B, P, L, D) tokens of their own words.
        mask: (B, P, L) bool of those words, True = keep; a page without any is not there and is not looked at.
        strength: (B,) in (0, 1], how much a look at them weighs against one at the page itself.
        extra: (B, P, E) what `Context.extra` says of them, if the network wants it.
    """

    latents: Tensor
    noise: Tensor
    tokens: Tensor
    mask: Tensor
    strength: Tensor
    extra: Tensor | None = None

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
            extra=None if self.extra is None else nn.functional.pad(self.extra, (0, 0, rows, 0)),
        )

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """References of all pages, in order; shorter ones are padded."""
        pages = max(part.mask.shape[1] for part in parts)
        length = max(part.mask.shape[2] for part in parts)
        even = [part.padded(pages, length) for part in parts]
        joined: dict[str, Any] = {
            f.name: _joined([getattr(part, f.name) for part in even]) for f in fields(cls)
        }
        return cls(**joined)


@dataclass(frozen=True)
class Examples:
    """Earlier pages that a network is given as pictures to go by, up to P for each of B pages, oldest first.

    Attributes:
        latents: (B, P, C, h, w) of the finished pictures.
        there: (B, P) bool, False where a page has fewer.
    """

    latents: Tensor
    there: Tensor


@dataclass(frozen=True)
class Told:
    """The words of B pages, for memories that ask which of them speak of whom.

    Attributes:
        tokens: (B, L, D) tokens of the words.
        mask: (B, L) bool, True = keep.
        names: for each page, the name of a character -> the numbers of the tokens that speak of it.
    """

    tokens: Tensor
    mask: Tensor
    names: tuple[Mapping[str, Sequence[int]], ...]

    @classmethod
    def join(cls, parts: Sequence[Self]) -> Self:
        """The words of all pages, in order; shorter ones are padded."""
        length = max(part.mask.shape[1] for part in parts)
        tokens = [nn.functional.pad(p.tokens, (0, 0, 0, length - p.tokens.shape[1])) for p in parts]
        masks = [nn.functional.pad(p.mask, (0, length - p.mask.shape[1])) for p in parts]
        return cls(torch.cat(tokens), torch.cat(masks), tuple(names for p in parts for names in p.names))


@dataclass(frozen=True)
class Context:
    """Conditioning of B pages.

    Attributes:
        tokens: (B, L, D) float tokens for cross-attention.
        mask: (B, L) bool, True = keep.
        cast: for each page, the names on its stage; empty where nothing is known.
        references: earlier pages to look at, if there are any.
        picture: (B, C, h, w) latents of a picture that is shown as it is; nothing is drawn then.
        extra: (B, E) what the denoiser is told beside the tokens: one vector of the words, and behind it six numbers
            (height and width of the original, top and left of the crop, height and width of the picture), as Stable
            Diffusion XL wants it.
        examples: earlier pages to go by as pictures, if there are any.
        prompts: pictures of characters for the cross-attention, if there are any.
        told: which words speak of whom, for memories; None where that is not known.
        images: the finished pictures of the pages, where a memory is told of them.
        portrait: whether the pictures that a memory is told of show the cast alone, and are no pages of the story.
    """

    tokens: Tensor
    mask: Tensor
    cast: tuple[Cast, ...] = ()
    references: References | None = None
    picture: Tensor | None = None
    extra: Tensor | None = None
    examples: Examples | None = None
    prompts: Prompts | None = None
    told: Told | None = None
    images: tuple[Image.Image, ...] = ()
    portrait: bool = False

    @classmethod
    def join(cls, contexts: Sequence[Context]) -> Self:
        """One context of all pages, in order; shorter ones are padded.

        Raises:
            ValueError: some pages have references, a picture to show or something extra, others have not; or a page has
                examples, for such pages are drawn one by one.
        """
        if any(c.examples is not None for c in contexts):
            raise ValueError("pages with examples to go by are drawn one by one")
        length = max(c.tokens.shape[1] for c in contexts)
        tokens = [nn.functional.pad(c.tokens, (0, 0, 0, length - c.tokens.shape[1])) for c in contexts]
        masks = [nn.functional.pad(c.mask, (0, length - c.mask.shape[1])) for c in contexts]
        references = [c.references for c in contexts if c.references is not None]
        if len(references) not in (0, len(contexts)):
            raise ValueError(MIXED)
        told = [c.told for c in contexts if c.told is not None]
        return cls(
            torch.cat(tokens),
            torch.cat(masks),
            tuple(names for c in contexts for names in c.cast),
            References.join(references) if references else None,
            _joined([c.picture for c in contexts]),
            _joined([c.extra for c in contexts]),
            prompts=join_prompts([c.prompts for c in contexts], [len(c.tokens) for c in contexts]),
            told=Told.join(told) if len(told) == len(contexts) else None,
            images=tuple(image for c in contexts for image in c.images),
        )

    def with_tokens(self, tokens: Tensor) -> Self:
        """The same context with other tokens of the same shape."""
        return replace(self, tokens=tokens)


def _joined(parts: Sequence[Tensor | None]) -> Tensor | None:
    """All parts behind one another, or None if there are none.

    Raises:
        ValueError: some are there, others not.
    """
    there = [part for part in parts if part is not None]
    if len(there) not in (0, len(parts)):
        raise ValueError(MIXED)
    return torch.cat(there) if there else None
