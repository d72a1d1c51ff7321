"""Reference pictures: a network that can read pictures is given those of earlier pages with the same characters.

Nothing is trained or hooked: FLUX.1 Kontext and FLUX.2 were made to take pictures beside the words.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks
from lianhuan.memory.window import Window, cast_of
from lianhuan.models.context import Cast, Context, Examples


@dataclass(frozen=True)
class _Page:
    """What is kept of a page of B stories."""

    latents: Tensor
    cast: tuple[Cast, ...]


class ReferenceMemory:
    """Implements `lianhuan.memory.Memory` with the state {"pages": tuple of pages}.

    Args:
        window: pictures for each character on stage: the first page with it and the latest ones; at least 1.
    """

    name = "reference"
    fingerprint = ""
    gives: frozenset[Input] = frozenset({"examples"})
    casts: Looks | None = None

    def __init__(self, window: int = 2):
        self.window = Window(window)

    def start(self, stories: int) -> State:  # noqa: ARG002 - the protocol's form
        """No pages."""
        return {"pages": ()}

    def read(self, state: State, context: Context, branch: Branch) -> Context:  # noqa: ARG002 - the protocol's form
        """The context with the pages to go by."""
        pages: tuple[_Page, ...] = state["pages"]
        used, there = self.window.choose(pages, context)
        if not used:
            return context
        latents = torch.stack([page.latents for page in used], dim=1)
        return replace(context, examples=Examples(latents, there))

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """Keep the page, and of earlier pages those that can still be chosen."""
        pages = (*state["pages"], _Page(latents, cast_of(context)))
        return {"pages": self.window.kept(pages)}
