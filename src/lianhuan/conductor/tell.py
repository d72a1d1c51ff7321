"""Draw scenes of a book as one story."""

from collections.abc import Sequence

from PIL import Image

from lianhuan.book import Book
from lianhuan.conductor.events import Pages, renumbered
from lianhuan.conductor.illustrate import pages_of
from lianhuan.conductor.tale import Known, Telling
from lianhuan.generators import Control, Generator
from lianhuan.memory import Memory
from lianhuan.story import Scene


def tell(
    book: Book,
    generator: Generator,
    memory: Memory,
    scenes: Sequence[Scene],
    known: Known,
    *,
    first_frame: Image.Image | None = None,
    controls: Sequence[Control] = (),
) -> Pages:
    """The events of `pages_of` for `scenes` of `book`, by the book's settings and with its page numbers.

    Args:
        book: whose story and settings they are.
        generator: what draws.
        memory: what crosses from page to page.
        scenes: what is told, in order; their words may differ from those in the book.
        known: finds pages that are finished already.
        first_frame: a given picture of the first scene.
        controls: what bends the drawing of every page that is drawn.
    """
    file = book.file
    telling = Telling(
        book.story().model_copy(update={"scenes": tuple(scenes)}),
        generator,
        memory=memory,
        seed=file.seed,
        **dict(file.settings()),
        first_frame=first_frame,
        known=known,
        controls=controls,
        home=book.folder,
    )
    return renumbered(pages_of(telling), [book.number(scene.id) for scene in scenes])
