"""Copy and paste: every page shows the picture of the first one. Perfectly consistent, and blind to the story.

The baseline that says what a consistency score alone is worth (ViStoryBench, 2025, ranks it first on consistency).
"""

from dataclasses import replace

from torch import Tensor

from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks
from lianhuan.models.context import Context


class CopyPasteMemory:
    """Implements `lianhuan.memory.Memory` with the state {"picture": (B, C, h, w)} of the first frame."""

    name = "copy-paste"
    fingerprint = ""
    gives: frozenset[Input] = frozenset({"picture"})
    casts: Looks | None = None

    def start(self, stories: int) -> State:  # noqa: ARG002 - the protocol's form
        """No picture."""
        return {}

    def read(self, state: State, context: Context, branch: Branch) -> Context:  # noqa: ARG002 - the protocol's form
        """The context of a page that shows the first picture."""
        return replace(context, picture=state.get("picture"))

    def write(self, state: State, context: Context, latents: Tensor) -> State:  # noqa: ARG002 - the protocol's form
        """Keep the first picture."""
        return state or {"picture": latents}
