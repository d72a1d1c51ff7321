"""The generator and the memory that a book names."""

from collections.abc import Iterable
from pathlib import Path

from lianhuan.book import Book
from lianhuan.generators import Compute, Extras, Generator, load_generator
from lianhuan.generators.adapted import with_characters
from lianhuan.generators.load import embedded_kind
from lianhuan.memory import Memory
from lianhuan.memory.load import load_memory
from lianhuan.models.adapter import Adapter
from lianhuan.story import Character


def load_models(book: Book, compute: Compute | None = None) -> tuple[Generator, Memory]:
    """What `book` is drawn with.

    Args:
        book: which names it.
        compute: what it computes with; None for a CPU.

    Raises:
        CheckpointError: the generator, what is added to it, the memory or a learnt character is not there, or damaged.
        DeviceError: the memory of the device is too small.
    """
    file, how = book.file, compute or Compute()
    extras = Extras(file.config, file.vae, file.loras, file.embeddings)
    generator = with_cast(load_generator(file.generator, extras, how), file.cast)
    return generator, load_memory(file.memory, file.generator, how.device)


def with_cast(generator: Generator, cast: Iterable[Character]) -> Generator:
    """`generator`, or a copy of it that knows the learnt characters of `cast`.

    Raises:
        CheckpointError: a learnt character is not there, damaged, or was learnt with another model, or the generator is
            not of the embedded kind.
    """
    learnt = {member.name: Adapter.load(Path(member.adapter)) for member in cast if member.adapter}
    return with_characters(embedded_kind(generator, "learnt characters"), learnt) if learnt else generator
