"""The protocol of all memories, and the memory that remembers nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Protocol

from lianhuan.generators.base import Input
from lianhuan.memory.looks import Looks
from lianhuan.models.context import Context

if TYPE_CHECKING:
    from torch import Tensor

Branch = Literal["cond", "uncond"]
State = Mapping[str, Any]
"""What a memory knows after some frames of B stories: a plain value, with B rows, never changed in place."""


class Memory(Protocol):
    """What crosses from one frame to the next, for B stories side by side. `name` says how the command line calls it.

    `fingerprint` names its weights and settings, if it has any that the model's own fingerprint does not name.
    `gives` declares what it adds to a context, so what a generator must accept. One that `casts` is shown everybody alone, in a
    portrait, before their first page; of those whose look nobody tells, portraits and pages are told one by lot from what `casts` names.
    The state is a value: to redraw a page, read with the state before it; to continue a given first picture, write it.
    """

    name: str
    fingerprint: str
    gives: frozenset[Input]
    casts: Looks | None

    def start(self, stories: int) -> State:
        """The state before the first frame."""
        ...

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """The context of the next frame with what is remembered; pure. The "uncond" branch is each method's own null."""
        ...

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """The state after a frame.

        Args:
            state: the state before the frame.
            context: the frame's context as the text encoder gave it, with the finished picture in `images`; a portrait is no
                frame of the story.
            latents: (B, C, H, W) latents of the finished picture.
        """
        ...


class NoMemory:
    """The baseline: every frame is drawn from its own words."""

    name = "none"
    fingerprint = ""
    gives: frozenset[Input] = frozenset()
    casts: Looks | None = None

    def start(self, stories: int) -> State:  # noqa: ARG002 - the protocol's form
        """Nothing."""
        return {}

    def read(self, state: State, context: Context, branch: Branch) -> Context:  # noqa: ARG002 - the protocol's form
        """The context as it is."""
        return context

    def write(self, state: State, context: Context, latents: Tensor) -> State:  # noqa: ARG002 - the protocol's form
        """Nothing to add."""
        return state
