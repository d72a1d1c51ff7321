"""Find a memory by name."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianhuan import memory as kinds
from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Engine, Generator, Input
from lianhuan.generators.load import generator_kind, model_folder
from lianhuan.late import installed, needing_extras
from lianhuan.memory.base import Memory, NoMemory
from lianhuan.memory.looks import read_looks
from lianhuan.models.files import CONFIG, load_weights, read_config

if TYPE_CHECKING:
    from lianhuan.memory.ar_ldm import ARLDMMemory
    from lianhuan.memory.image_prompt import ImagePromptMemory
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
    "image-prompt": frozenset({"prompts"}),
    "reference": frozenset({"examples"}),
    "copy-paste": frozenset({"picture"}),
}
"""Names of the memories, as the command line knows them, with what each adds to a context: what its class `gives`."""
LIGHT = ("none", "lstm")
"""Those that the light engine has."""

ADAPTER = "ip_adapter"
"""Folder in a model's own where its IP-Adapter is looked for."""


def load_memory(name: str, model: str | Path, device: str = "cpu", *, engine: Engine | None = None) -> Memory:
    """A memory for the model in a folder (or "storybook"), in evaluation mode.

    Args:
        name: one of `MEMORIES`, the folder of a memory that was trained beside a frozen Stable Diffusion model, or several
            with "+" between them. "image-prompt" takes the IP-Adapter of the folder `ip_adapter` in the model's,
            "image-prompt=PATH" that in another folder or file; there is no "+" in PATH.
        model: the model's folder, or "storybook".
        device: where it computes.
        engine: that of the generator; None for torch where it is installed or needed, else light.

    Raises:
        CheckpointError: no such memory, memories that do not go together, one that the model or the engine cannot draw
            with, or the model's folder does not hold it.
        MissingDependency: the engine is not installed.
    """
    names = [name] if is_bridged(name) else [part.strip() for part in name.split("+")]
    for part in names:
        _check_known(part)
    if engine is None:
        engine = "torch" if installed("torch") or name not in LIGHT else "light"
    if engine == "light":
        return _light(name, model)
    with needing_extras():
        parts = [_load(part, model, device) for part in names]
        return parts[0] if len(parts) == 1 else kinds.Stack(parts)


def is_bridged(name: str) -> bool:
    """Whether `name` is the folder of a memory that was trained beside a frozen model."""
    return (Path(name) / CONFIG).is_file()


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


def fit(generator: Generator, memory: Memory) -> Generator:
    """What draws with `memory`: `generator`, or a copy of it with the changes that a memory beside it has learnt.

    Args:
        generator: what draws.
        memory: its `engine` is "torch" unless it says another one; the memory that remembers nothing goes with all.

    Raises:
        CheckpointError: they compute with different engines, or such a memory was trained beside another family.
    """
    engine: Engine = getattr(memory, "engine", "torch")
    if engine != generator.engine and not isinstance(memory, NoMemory):
        raise CheckpointError(
            f"the memory {memory.name!r} was loaded for the engine {engine!r}, and {generator.name} for {generator.engine!r}; "
            "load both with the same one"
        )
    if generator.engine == "light":
        return generator
    from lianhuan.memory.bridged import BridgedMemory

    for part in memory.memories if isinstance(memory, kinds.Stack) else (memory,):
        if isinstance(part, BridgedMemory):
            generator = part.fitted(generator)
    return generator


def _check_known(called: str) -> None:
    name = called.partition("=")[0]
    if name not in MEMORIES and not is_bridged(called):
        raise CheckpointError(
            f"no memory is called {name!r}; there are: {', '.join(MEMORIES)}, and folders of memories trained beside a model"
        )


def _load(called: str, model: str | Path, device: str) -> Memory:
    name, _, path = called.partition("=")
    accepts = generator_kind(model).accepts
    if name not in MEMORIES:
        from lianhuan.memory.bridged import BridgedMemory, load_bridged

        check_accepted(called, BridgedMemory.gives, str(model), accepts)
        return load_bridged(called, device)
    check_accepted(name, MEMORIES[name], str(model), accepts)
    if name == "image-prompt":
        return _image_prompt(called, model_folder(model), path, device)
    if path:
        raise CheckpointError(f"the memory {name!r} takes no file; call it without ={path}")
    if name in _UNTRAINED:
        untrained: Memory = getattr(kinds, _UNTRAINED[name])()
        return untrained
    folder = _trained(name, model, accepts)
    try:
        memory = _new(name, read_config(folder))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(memory, folder)
    if memory.casts is not None:
        memory.casts = read_looks(folder)
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
    with needing_extras():
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


def _image_prompt(called: str, model: Path, path: str, device: str) -> "ImagePromptMemory":
    from lianhuan.generators.ip_adapter import load_ip_adapter  # slow: brings transformers

    where = Path(path) if path else model / ADAPTER
    if not path and not where.exists():
        raise CheckpointError(
            f"{model} holds no IP-Adapter ({where} is missing); name one: image-prompt=FOLDER or =FILE"
        )
    return kinds.ImagePromptMemory(load_ip_adapter(where, model, device), name=called)
