"""Find a memory by name."""

from collections.abc import Callable
from pathlib import Path

from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Input
from lianhuan.generators.load import generator_kind, model_folder
from lianhuan.memory.ar_ldm import ARLDMMemory, ARLDMMemoryConfig
from lianhuan.memory.base import Memory, NoMemory
from lianhuan.memory.bridged import BridgedMemory, is_bridged, load_bridged
from lianhuan.memory.copy_paste import CopyPasteMemory
from lianhuan.memory.image_prompt import ImagePromptMemory
from lianhuan.memory.lstm import LSTMMemory, LSTMMemoryConfig
from lianhuan.memory.reference import ReferenceMemory
from lianhuan.memory.shared_attention import SharedAttentionMemory
from lianhuan.memory.stack import Stack
from lianhuan.models.files import load_weights, read_config

_UNTRAINED: dict[str, Callable[[], Memory]] = {
    kind.name: kind for kind in (NoMemory, SharedAttentionMemory, ReferenceMemory, CopyPasteMemory)
}
_TRAINED: dict[str, Callable[..., LSTMMemory | ARLDMMemory]] = {
    LSTMMemory.name: lambda **sizes: LSTMMemory(LSTMMemoryConfig(**sizes)),
    ARLDMMemory.name: lambda **sizes: ARLDMMemory(ARLDMMemoryConfig(**sizes)),
}
MEMORIES: dict[str, frozenset[Input]] = {
    kind.name: kind.gives
    for kind in (
        NoMemory,
        LSTMMemory,
        ARLDMMemory,
        SharedAttentionMemory,
        ImagePromptMemory,
        ReferenceMemory,
        CopyPasteMemory,
    )
}
"""Names of the memories, as the command line knows them, with what each adds to a context."""

ADAPTER = "ip_adapter"
"""Folder in a model's own where its IP-Adapter is looked for."""


def load_memory(name: str, model: str | Path, device: str = "cpu") -> Memory:
    """A memory for the model in a folder (or "storybook"), in evaluation mode.

    Args:
        name: one of `MEMORIES`, the folder of a memory that was trained beside a frozen Stable Diffusion model, or several
            with "+" between them. "image-prompt" takes the IP-Adapter of the folder `ip_adapter` in the model's,
            "image-prompt=PATH" that in another folder or file; there is no "+" in PATH.
        model: the model's folder, or "storybook".
        device: where it computes.

    Raises:
        CheckpointError: no such memory, memories that do not go together, one that the model cannot draw with, or the
            model's folder does not hold it.
    """
    names = [name] if is_bridged(name) else [part.strip() for part in name.split("+")]
    parts = [_load(part, model, device) for part in names]
    return parts[0] if len(parts) == 1 else Stack(parts)


def check_accepted(name: str, gives: frozenset[Input], model: str, accepts: frozenset[Input]) -> None:
    """Check that a model can draw with a memory.

    Args:
        name: of the memory.
        gives: what it adds to a context.
        model: name of the model.
        accepts: what may reach it.

    Raises:
        CheckpointError: it cannot; the message says which memories it can draw with.
    """
    if not gives <= accepts:
        fit = [other for other, adds in MEMORIES.items() if adds <= accepts]
        raise CheckpointError(
            f"{model} cannot draw with the memory {name!r}, for it does not accept {', '.join(sorted(gives - accepts))}; memories "
            f"that work with it: {', '.join(fit)}"
        )


def _load(called: str, model: str | Path, device: str) -> Memory:
    name, _, path = called.partition("=")
    beside = name not in MEMORIES and is_bridged(called)
    if name not in MEMORIES and not beside:
        raise CheckpointError(
            f"no memory is called {name!r}; there are: {', '.join(MEMORIES)}, and folders of memories trained beside a model"
        )
    accepts = generator_kind(model).accepts
    if beside:
        check_accepted(called, BridgedMemory.gives, str(model), accepts)
        return load_bridged(called, device)
    check_accepted(name, MEMORIES[name], str(model), accepts)
    if name == ImagePromptMemory.name:
        return _image_prompt(called, model_folder(model), path, device)
    if path:
        raise CheckpointError(f"the memory {name!r} takes no file; call it without ={path}")
    if name in _UNTRAINED:
        return _UNTRAINED[name]()
    folder = model_folder(model) / "memory" / name
    if not folder.is_dir():
        raise CheckpointError(
            f"{model} holds no trained {name!r} memory ({folder} is missing); memories that need no training: "
            f"{', '.join(other for other in _UNTRAINED if MEMORIES[other] <= accepts)}"
        )
    try:
        memory = _TRAINED[name](**read_config(folder))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(memory, folder)
    return memory.to(device)


def _image_prompt(called: str, model: Path, path: str, device: str) -> ImagePromptMemory:
    from lianhuan.generators.ip_adapter import load_ip_adapter  # slow: brings transformers

    where = Path(path) if path else model / ADAPTER
    if not path and not where.exists():
        raise CheckpointError(
            f"{model} holds no IP-Adapter ({where} is missing); name one: {ImagePromptMemory.name}=FOLDER or =FILE"
        )
    return ImagePromptMemory(load_ip_adapter(where, model, device), name=called)
