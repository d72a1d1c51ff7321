"""Find a memory by name."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianhuan import memory as kinds
from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Engine, Generator, Input
from lianhuan.generators.load import generator_kind, model_folder
from lianhuan.late import needing_openvino, needing_torch
from lianhuan.memory.base import Memory, NoMemory
from lianhuan.models.files import load_weights, read_config

if TYPE_CHECKING:
    from lianhuan.memory.ar_ldm import ARLDMMemory
    from lianhuan.memory.lstm import LSTMMemory

_UNTRAINED = {
    "none": "NoMemory",
    "shared-attention": "SharedAttentionMemory",
    "reference": "ReferenceMemory",
    "copy-paste": "CopyPasteMemory",
}
MEMORIES: dict[str, frozenset[Input]] = {
    "none": frozenset(),
    "lstm": frozenset({"tokens"}),
    "ar-ldm": frozenset({"tokens"}),
    "shared-attention": frozenset({"references"}),
    "reference": frozenset({"examples"}),
    "copy-paste": frozenset({"picture"}),
}
"""Names of the memories, as the command line knows them, with what each adds to a context: what its class `gives`."""
LIGHT = ("none", "lstm")
"""Those that the light engine has."""


def load_memory(name: str, model: str | Path, device: str = "cpu", *, engine: Engine = "torch") -> Memory:
    """A memory for the model in a folder (or "storybook"), in evaluation mode.

    Args:
        name: one of `MEMORIES`, or several with "+" between them.
        model: the model's folder, or "storybook".
        device: where it computes.
        engine: that of the generator.

    Raises:
        CheckpointError: no such memory, memories that do not go together, one that the model or the engine cannot draw
            with, or the model's folder does not hold it.
        MissingDependency: the engine is not installed.
    """
    names = [part.strip() for part in name.split("+")]
    for part in names:
        if part not in MEMORIES:
            raise CheckpointError(f"no memory is called {part!r}; there are: {', '.join(MEMORIES)}")
    if engine == "light":
        return _light(name, model)
    with needing_torch():
        parts = [_load(part, model, device) for part in names]
        return parts[0] if len(parts) == 1 else kinds.Stack(parts)


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


def check_engine(memory: Memory, generator: Generator) -> None:
    """Check that a memory computes with what a generator computes with.

    Args:
        memory: its `engine` is "torch" unless it says another one; the memory that remembers nothing goes with all.
        generator: what draws.

    Raises:
        CheckpointError: they do not go together.
    """
    engine: Engine = getattr(memory, "engine", "torch")
    if engine != generator.engine and not isinstance(memory, NoMemory):
        raise CheckpointError(
            f"the memory {memory.name!r} was loaded for the engine {engine!r}, and {generator.name} for {generator.engine!r}; "
            "load both with the same one"
        )


def _load(name: str, model: str | Path, device: str) -> Memory:
    accepts = generator_kind(model).accepts
    check_accepted(name, MEMORIES[name], str(model), accepts)
    if name in _UNTRAINED:
        untrained: Memory = getattr(kinds, _UNTRAINED[name])()
        return untrained
    folder = _trained(name, model, accepts)
    try:
        memory = _new(name, read_config(folder))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(memory, folder)
    return memory.to(device)


def _new(name: str, sizes: dict[str, Any]) -> "LSTMMemory | ARLDMMemory":
    if name == "lstm":
        from lianhuan.memory.lstm import LSTMMemory, LSTMMemoryConfig

        return LSTMMemory(LSTMMemoryConfig(**sizes))
    from lianhuan.memory.ar_ldm import ARLDMMemory, ARLDMMemoryConfig

    return ARLDMMemory(ARLDMMemoryConfig(**sizes))


def _light(name: str, model: str | Path) -> Memory:
    if name not in LIGHT:
        raise CheckpointError(
            f"the light engine has no memory {name!r}, only {', '.join(LIGHT)}; take the engine 'torch'"
        )
    if name == NoMemory.name:
        return NoMemory()
    with needing_openvino():
        from lianhuan.memory.light_lstm import LightLSTMMemory

        return LightLSTMMemory(_trained(name, model, frozenset({"tokens"})))


def _trained(name: str, model: str | Path, accepts: frozenset[Input]) -> Path:
    """The folder of a trained memory."""
    folder = model_folder(model) / "memory" / name
    if not folder.is_dir():
        raise CheckpointError(
            f"{model} holds no trained {name!r} memory ({folder} is missing); memories that need no training: "
            f"{', '.join(other for other in _UNTRAINED if MEMORIES[other] <= accepts)}"
        )
    return folder
