"""Find a memory by name."""

from pathlib import Path

from lianhuan.errors import CheckpointError
from lianhuan.generators.load import model_folder
from lianhuan.memory.base import Memory, NoMemory
from lianhuan.memory.lstm import LSTMMemory, LSTMMemoryConfig
from lianhuan.models.files import load_weights, read_config

MEMORIES = ("none", "lstm")
"""Names of the memories, as the command line knows them."""


def load_memory(name: str, model: str | Path) -> Memory:
    """The memory `name` trained for the model in a folder (or "storybook").

    Raises:
        CheckpointError: no such memory, or the model's folder does not hold it.
    """
    if name == "none":
        return NoMemory()
    if name != "lstm":
        raise CheckpointError(f"no memory is called {name!r}; there are: {', '.join(MEMORIES)}")
    folder = model_folder(model) / "memory" / name
    try:
        memory = LSTMMemory(LSTMMemoryConfig(**read_config(folder)))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(memory, folder)
    return memory
