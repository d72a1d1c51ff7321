"""Draw one page of a book anew, and what follows it if that is wanted."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from lianhuan.book import CAST, PageRecord, list_takes
from lianhuan.conductor.events import PageDone, PortraitDone, Step
from lianhuan.conductor.select import Candidates
from lianhuan.conductor.tale import Recipe
from lianhuan.conductor.tell import tell
from lianhuan.conductor.together import drawn
from lianhuan.errors import BookError
from lianhuan.generators import Control, Generator
from lianhuan.images import load_picture
from lianhuan.memory import Memory
from lianhuan.story import Scene

if TYPE_CHECKING:
    from lianhuan.conductor.storybook import Book

Select = Callable[[Candidates], int]
"""Chooses among candidates, a sequence of pictures: returns the index of the one to show."""


@dataclass(frozen=True)
class Redraw:
    """How a page is drawn anew.

    Attributes:
        page: its number, from 1, or the id of its scene.
        prompt: words for the generator from now on, "" for the caption; None leaves the page's own.
        seed: seed of this page from now on, its takes counted from 0; None draws the page's next take.
        candidates: how many takes are drawn.
        select: chooses the one that is shown, see `lianhuan.conductor.select`; None shows the first.
        controls: what else bends the drawing of this page.
        then_following: whether the unlocked pages after it are drawn again, so that they remember the new page.
    """

    page: int | str
    prompt: str | None = None
    seed: int | None = None
    candidates: int = 1
    select: Select | None = None
    controls: Sequence[Control] = ()
    then_following: bool = False


def redraw(book: "Book", generator: Generator, memory: Memory, wish: Redraw) -> Iterator[Step | PageDone]:
    """Draw a page anew, from what memory knows of the pages before it as they are shown.

    All other pages stay as they are, unless the following ones are wanted, too: those keep their seeds and takes, so
    that only what they remember differs. Pages without a picture are left out. `book.yaml` is written once, at the end:
    a redraw that is stopped leaves the book as it was, and its finished takes beside the others.

    Yields:
        the steps and the pictures of all candidates, then of the following pages.

    Raises:
        BookError: no such page, it is locked or has no picture yet, a wrong wish, another program edits the book, or it
            cannot be written.
    """
    with book.editing():
        page = _page(book, wish)
        shown = [record for record in book.file.scenes if record.picked is not None]
        before = shown[: shown.index(page)]
        after = shown[shown.index(page) + 1 :]
        fixed = _shown(before)
        tried: list[tuple[Scene, Mapping[str, Any]]] = []
        images: list[Image.Image] = []
        for scene in _attempts(book, page, wish):
            scenes = [*_scenes(before), scene]
            for event in _draw(book, generator, memory, scenes, fixed, wish.controls):
                if isinstance(event, PageDone):
                    tried.append((scene, book.taken(event)))
                    images.append(event.image)
                yield event
        offered = _candidates(book, images, tried[0][0], before)
        scene, values = tried[0 if wish.select is None else wish.select(offered)]
        changes = {page.id: {**_wished(wish, scene), **values}}
        if wish.then_following:
            scenes = [*_scenes(before), scene, *_scenes(after)]
            fixed |= {page.id: values["picked"]} | _shown(record for record in after if record.locked)
            for event in _draw(book, generator, memory, scenes, fixed):
                if isinstance(event, PageDone):
                    changes[event.scene_id] = book.taken(event)
                yield event
        book.change_pages(changes)


def _page(book: "Book", wish: Redraw) -> PageRecord:
    """The page that is wished for.

    Raises:
        BookError: it cannot be drawn anew.
    """
    if wish.candidates < 1:
        raise BookError(f"{wish.candidates} candidates cannot be drawn; ask for 1 or more")
    page = book.find(wish.page)
    book.must_be_drawn(page.id)
    book.must_be_unlocked(page.id)
    return page


def _attempts(book: "Book", page: PageRecord, wish: Redraw) -> list[Scene]:
    """The scene of each candidate: the same but for the number of its take."""
    scene = page.scene()
    if wish.prompt is not None:
        scene = scene.model_copy(update={"prompt": wish.prompt.strip() or None})
    if wish.seed is not None:
        scene, first = scene.model_copy(update={"seed": wish.seed}), 0
    else:
        seed = book.file.seed if page.seed is None else page.seed
        recipes = [take.recipe for take in list_takes(book, page.id)]
        numbers = [recipe["take"] for recipe in recipes if recipe.get("seed") == seed and "take" in recipe]
        first = max([page.take, *numbers]) + 1
    return [scene.model_copy(update={"take": first + i}) for i in range(wish.candidates)]


def _candidates(
    book: "Book", images: Sequence[Image.Image], scene: Scene, before: Iterable[PageRecord]
) -> Candidates:
    """The takes of a scene with its words and the earlier pages that share somebody with it."""
    sharing = [page.picked for page in before if set(page.on_stage) & set(scene.on_stage)]
    earlier = [load_picture(book.folder / str(path)) for path in sharing]
    return Candidates(images, scene.prompt or scene.text, earlier)


def _wished(wish: Redraw, scene: Scene) -> dict[str, Any]:
    """What the record of the page says from now on."""
    wished = {"prompt": wish.prompt, "seed": wish.seed, "take": scene.take}
    return {key: getattr(scene, key) for key, value in wished.items() if value is not None}


def _draw(
    book: "Book",
    generator: Generator,
    memory: Memory,
    scenes: Sequence[Scene],
    fixed: Mapping[str, str],
    controls: Sequence[Control] = (),
) -> Iterator[Step | PageDone]:
    """Tell `scenes`; the pages in `fixed` (scene id -> take) are remembered as they are, the others drawn.

    A take that was drawn by the same recipe before is found again, unless `controls` bend the drawing.
    """

    def known(scene_id: str, recipe: Recipe) -> Image.Image | None:
        if scene_id.startswith(CAST):
            return book.portrait(recipe)
        path = fixed.get(scene_id) or (None if controls else book.finished(scene_id, recipe))
        return None if path is None else load_picture(book.folder / path)

    for event in drawn(tell(book, generator, memory, scenes, known, controls=controls)):
        if isinstance(event, PortraitDone):
            book.keep(event)
        elif isinstance(event, Step) or (isinstance(event, PageDone) and event.scene_id not in fixed):
            yield event


def _scenes(pages: Iterable[PageRecord]) -> list[Scene]:
    return [page.scene() for page in pages]


def _shown(pages: Iterable[PageRecord]) -> dict[str, str]:
    return {page.id: str(page.picked) for page in pages}
