"""Training-free shared attention: the page's self-attention also looks at earlier pages.

After StoryDiffusion (Zhou et al. 2024) and ConsiStory (Tewel et al. 2024), in causal form. What is kept of a page is its
picture and its words; while a later page is drawn, the kept picture is noised to the same time and runs through the same
layers, whose keys and values the new page attends to. So what is remembered depends on finished pictures alone (a given
first picture works as one that was drawn, and a book that is resumed goes on as it would have), and its size neither on
the number of steps nor, with the window, on the length of the story.
"""

from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks
from lianhuan.memory.window import Window, cast_of
from lianhuan.models.context import Cast, Context, References


@dataclass(frozen=True)
class SharedAttentionConfig:
    """How much is looked at.

    Attributes:
        window: earlier pages looked at for each character on stage: the first with it and the latest ones; at least 1.
        strength: in 0..1, the weight of a look at them against one at the page itself; 0 switches the method off.
    """

    window: int = 2
    strength: float = 1.0


@dataclass(frozen=True)
class _Page:
    """What is kept of a page of B stories."""

    latents: Tensor
    noise: Tensor
    tokens: Tensor
    mask: Tensor
    cast: tuple[Cast, ...]
    extra: Tensor | None


class SharedAttentionMemory:
    """Implements `lianhuan.memory.Memory` with the state {"pages": tuple of pages, "count": frames so far}."""

    name = "shared-attention"
    fingerprint = ""
    gives: frozenset[Input] = frozenset({"references"})
    casts: Looks | None = None

    def __init__(self, config: SharedAttentionConfig | None = None):
        self.config = config or SharedAttentionConfig()
        if not 0 <= self.config.strength <= 1:
            raise ValueError("strength must be in 0..1")
        self.window = Window(self.config.window)

    def start(self, stories: int) -> State:  # noqa: ARG002 - the protocol's form
        """No pages."""
        return {"pages": (), "count": 0}

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """The context with the pages to look at; those of a null branch have no words."""
        if not state["pages"] or not self.config.strength:
            return context
        pages: tuple[_Page, ...] = state["pages"]
        used, chosen = self.window.choose(pages, context)
        if not used:
            return context
        there = chosen.to(context.mask.device)[..., None]
        if branch == "uncond":
            tokens = context.tokens[:, None].expand(-1, len(used), -1, -1)
            mask = context.mask[:, None].expand(-1, len(used), -1)
            extras = [context.extra] * len(used)
        else:
            length = max(page.mask.shape[1] for page in used)
            tokens = torch.stack([_longer(page.tokens, length) for page in used], dim=1)
            mask = torch.stack([_longer(page.mask[..., None], length)[..., 0] for page in used], dim=1)
            extras = [page.extra for page in used]
        references = References(
            latents=torch.stack([page.latents for page in used], dim=1),
            noise=torch.stack([page.noise for page in used], dim=1),
            tokens=tokens,
            mask=mask & there,
            strength=context.tokens.new_full((len(tokens),), self.config.strength),
            extra=_stacked(extras),
        )
        return replace(context, references=references)

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """Keep the page, and of earlier pages those that can still be chosen."""
        rng = torch.Generator().manual_seed(state["count"])
        noise = torch.randn(latents.shape[1:], generator=rng).to(latents).expand_as(latents)
        pages = (
            *state["pages"],
            _Page(latents, noise, context.tokens, context.mask, cast_of(context), context.extra),
        )
        kept: dict[str, Any] = {"pages": self.window.kept(pages), "count": state["count"] + 1}
        return kept


def _longer(tokens: Tensor, length: int) -> Tensor:
    """(B, length, D) tokens from (B, L, D), with nothing at their end."""
    return nn.functional.pad(tokens, (0, 0, 0, length - tokens.shape[1]))


def _stacked(extras: list[Tensor | None]) -> Tensor | None:
    there = [extra for extra in extras if extra is not None]
    return torch.stack(there, dim=1) if there else None
