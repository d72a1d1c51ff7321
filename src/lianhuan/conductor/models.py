"""The generator and the memory that a book names, and the engine that computes them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

from lianhuan.book import Book, BookFile
from lianhuan.errors import CheckpointError
from lianhuan.generators import Compute, Extras, Generator, load_generator
from lianhuan.generators.base import Engine
from lianhuan.generators.load import embedded_kind, is_embedded_kind
from lianhuan.late import how_to_install, installed, needing_extras
from lianhuan.memory import Memory
from lianhuan.memory.load import LIGHT, load_memory
from lianhuan.story import Character

EngineWish = Literal["auto", "light", "torch"]
"""An engine, or "auto": the light one wherever it can draw what is wanted."""


def load_models(
    book: Book, compute: Compute | None = None, *, engine: Engine | None = None
) -> tuple[Generator, Memory]:
    """What `book` is drawn with, on one engine.

    Args:
        book: which names it.
        compute: what it computes with; None for a CPU.
        engine: what computes; None for torch where it is installed or needed, else light.

    Raises:
        CheckpointError: the generator, what is added to it, the memory or a learnt character is not there, or damaged, or the
            engine cannot draw with them.
        DeviceError: the memory of the device is too small.
        MissingDependency: the engine is not installed.
    """
    file, how = book.file, compute or Compute()
    drawing = load_generator(file.generator, extras_of(file), how, engine=engine)
    generator = with_cast(drawing, file.cast)
    return generator, load_memory(file.memory, file.generator, how.device, engine=engine)


def extras_of(file: BookFile) -> Extras:
    """What a book adds to its generator."""
    return Extras(file.config, file.vae, file.loras, file.embeddings)


def choose_engine(
    wish: EngineWish,
    generator: str | Path,
    memory: str,
    *,
    learnt: bool = False,
    sketch: bool = False,
    options: Sequence[str] = (),
) -> Engine:
    """The engine that draws.

    Args:
        wish: what the user wants.
        generator: name or folder of the model.
        memory: name of the memory.
        learnt: whether a character of the story was learnt by `lianhuan adapt`.
        sketch: whether a sketch is followed, which needs gradients.
        options: names of what else is wanted and is torch's alone.

    Raises:
        CheckpointError: the light engine is wanted and cannot draw this; or there is no such model.
    """
    reasons = {
        f"{generator} is no model of the embedded kind": not is_embedded_kind(generator),
        f"it has no memory {memory!r}, only {', '.join(LIGHT)}": memory not in LIGHT,
        "it knows no learnt characters": learnt,
        "it cannot follow a sketch": sketch,
        f"it knows no {', '.join(options)}": bool(options),
        f"openvino is not installed ({how_to_install('openvino')})": not installed("openvino"),
    }
    reason = next((reason for reason, met in reasons.items() if met), None)
    if wish == "light" and reason:
        raise CheckpointError(f"the light engine cannot draw this: {reason}; take --engine torch")
    if wish != "auto":
        return wish
    return "torch" if reason else "light"


def with_cast(generator: Generator, cast: Iterable[Character]) -> Generator:
    """`generator`, or a copy of it that knows the learnt characters of `cast`.

    Raises:
        CheckpointError: a learnt character is not there, damaged, or was learnt with another model, or the generator is
            not of the embedded kind.
    """
    files = {member.name: Path(member.adapter) for member in cast if member.adapter}
    if not files:
        return generator
    with needing_extras():
        from lianhuan.generators.adapted import with_characters
        from lianhuan.models.adapter import Adapter

    learnt = {name: Adapter.load(path) for name, path in files.items()}
    return with_characters(embedded_kind(generator, "learnt characters"), learnt)
