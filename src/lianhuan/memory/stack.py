"""Several memories at once."""

from collections.abc import Sequence

from torch import Tensor

from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, Memory, State
from lianhuan.models.context import Context


class Stack:
    """Memories that read one after another; each keeps its own state.

    Raises:
        CheckpointError: the memories cannot go together; the message says why.
    """

    def __init__(self, memories: Sequence[Memory]):
        names = [memory.name for memory in memories]
        if len({name.partition("=")[0] for name in names}) < len(names):
            raise CheckpointError(f"{'+'.join(names)}: a memory cannot be stacked on itself")
        if len(names) > 1 and "copy-paste" in names:
            raise CheckpointError(
                f"{'+'.join(names)}: a page that is pasted is not drawn, so nothing can join in"
            )
        self.memories = tuple(memories)
        self.name = "+".join(names)
        self.fingerprint = "".join(memory.fingerprint for memory in memories)
        self.gives: frozenset[Input] = frozenset().union(*(memory.gives for memory in memories))
        self.casts = next((memory.casts for memory in memories if memory.casts is not None), None)

    def start(self, stories: int) -> State:
        """The states of all."""
        return {memory.name: memory.start(stories) for memory in self.memories}

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """The context with what all of them remember."""
        for memory in self.memories:
            context = memory.read(state[memory.name], context, branch)
        return context

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """Every memory is given the frame."""
        return {m.name: m.write(state[m.name], context, latents) for m in self.memories}
