"""Find a memory by name."""

from collections.abc import Callable
from pathlib import Path

from lianhuan.errors import CheckpointError
from lianhuan.generators.load import model_folder
from lianhuan.memory.ar_ldm import ARLDMMemory, ARLDMMemoryConfig
from lianhuan.memory.base import Memory, NoMemory
from lianhuan.memory.copy_paste import CopyPasteMemory
from lianhuan.memory.lstm import LSTMMemory, LSTMMemoryConfig
from lianhuan.memory.shared_attention import SharedAttentionMemory
from lianhuan.memory.stack import Stack
from lianhuan.models.files import load_weights, read_config

_UNTRAINED: dict[str, Callable[[], Memory]] = {
    kind.name: kind for kind in (NoMemory, SharedAttentionMemory, CopyPasteMemory)
}
_TRAINED: dict[str, Callable[..., LSTMMemory | ARLDMMemory]] = {
    LSTMMemory.name: lambda **sizes: LSTMMemory(LSTMMemoryConfig(**sizes)),
    ARLDMMemory.name: lambda **sizes: ARLDMMemory(ARLDMMemoryConfig(**sizes)),
}
MEMORIES = ("none", "lstm", "ar-ldm", "shared-attention", "copy-paste")
"""Names of the memories, as the command line knows them."""


def load_memory(name: str, model: str | Path, device: str = "cpu") -> Memory:
    """A memory for the model in a folder (or "storybook"), in evaluation mode.

    Args:
        name: one of `MEMORIES`, or several with "+" between them.
        model: the model's folder, or "storybook".
        device: where it computes.

    Raises:
        CheckpointError: no such memory, memories that do not go together, or the model's folder does not hold it.
    """
    parts = [_load(part.strip(), model, device) for part in name.split("+")]
    return parts[0] if len(parts) == 1 else Stack(parts)


def _load(name: str, model: str | Path, device: str) -> Memory:
    if name in _UNTRAINED:
        return _UNTRAINED[name]()
    if name not in _TRAINED:
        raise CheckpointError(f"no memory is called {name!r}; there are: {', '.join(MEMORIES)}")
    folder = model_folder(model) / "memory" / name
    if not folder.is_dir():
        raise CheckpointError(
            f"{model} holds no trained {name!r} memory ({folder} is missing); memories that need no training: "
            f"{', '.join(_UNTRAINED)}"
        )
    try:
        memory = _TRAINED[name](**read_config(folder))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(memory, folder)
    return memory.to(device)
