"""A picture book that can be drawn and exported: the book folder with its conductor."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from PIL import Image

from lianhuan import book as folders
from lianhuan.conductor.events import Event, PageDone, Pages, Planned, PortraitDone, Ready, Told
from lianhuan.conductor.models import load_models
from lianhuan.conductor.redraw import Redraw, Select, redraw
from lianhuan.conductor.tale import weights_of
from lianhuan.conductor.tell import tell
from lianhuan.conductor.together import BATCH, drawn, together
from lianhuan.errors import ExportError
from lianhuan.generators import Compute, Control, Generator
from lianhuan.images import load_picture
from lianhuan.layout import FORMATS, export_book
from lianhuan.memory import Memory
from lianhuan.story import Story


class Book(folders.Book):
    """A book folder that collects drawn pages and exports itself."""

    @classmethod
    def collect(cls, events: Iterable[Event], folder: str | Path | None = None) -> Self:
        """Run `illustrate` to its end and keep every page.

        Args:
            events: what `lianhuan.illustrate` yields.
            folder: where the book shall live; None for a new temporary folder.

        Raises:
            BookError: the folder cannot hold the book.
        """
        stream = iter(events)
        plan = next(stream)
        if not isinstance(plan, Planned):
            raise TypeError("collect() wants the events of illustrate(), from the first one on")
        target = Path(tempfile.mkdtemp(prefix="lianhuan-")) if folder is None else Path(folder)
        book = cls.create(
            target,
            plan.story,
            source_text=_text(plan.story),
            seed=plan.settings["seed"],
            generator=plan.settings["generator"],
            memory=plan.settings["memory"],
            settings=folders.Settings(
                **{name: plan.settings[name] for name in folders.Settings.model_fields}
            ),
        )
        book.change_book(weights=plan.settings["weights"], **asdict(plan.settings["extras"]))
        for event in stream:
            book.keep(event)
        return book

    def keep(self, event: Event) -> None:
        """Store a finished page as a take and show it; a settled page stays as it is, a given picture is locked.

        Portraits go to the folder `cast`.
        """
        if isinstance(event, PortraitDone) and not event.reused:
            self.add_portrait(event.image, event.recipe)
        if not isinstance(event, PageDone):
            return
        locked = self.page(event.scene_id).locked
        stays = None if event.given and not locked else self.settled(event.scene_id, event.recipe)
        if stays is None:
            self.change_pages({event.scene_id: {**self.taken(event), "locked": locked or event.given}})

    def taken(self, event: PageDone) -> dict[str, Any]:
        """Store a finished page as a take; returns what the page's record says once it shows it.

        The hashes are those of the recipe, so that an edit made while the page was drawn makes it stale.
        """
        path = self.add_take(event.scene_id, event.image, event.recipe)
        return {"picked": path, **folders.hashes(event.recipe)}

    def known(self, scene_id: str, recipe: Mapping[str, Any]) -> Image.Image | None:
        """The finished picture of a scene: that of a settled page, or one drawn by exactly this recipe; or such a portrait."""
        if scene_id.startswith(folders.CAST):
            return self.portrait(recipe)
        path = self.settled(scene_id, recipe) or self.finished(scene_id, recipe)
        return None if path is None else load_picture(self.folder / path)

    def redraw(
        self,
        page: int | str,
        *,
        prompt: str | None = None,
        seed: int | None = None,
        candidates: int = 1,
        select: Select | None = None,
        controls: Sequence[Control] = (),
        then_following: bool = False,
        compute: Compute | None = None,
    ) -> Self:
        """Draw a page anew with the generator and the memory that the book names; see `lianhuan.conductor.Redraw`.

        `compute` is what it computes with, None for a CPU.

        Returns:
            the book, with the new picture.

        Raises:
            BookError: no such page, it is locked or has no picture yet, or another program edits the book.
            CheckpointError: the generator or the memory is not there.
        """
        wish = Redraw(page, prompt, seed, candidates, select, controls, then_following)
        for _ in redraw(self, *load_models(self, compute), wish):
            pass
        return self

    def export(self, path: str | Path | None = None, *, fonts: Iterable[str | Path] = ()) -> dict[str, Path]:
        """Write the book for readers.

        Args:
            path: None writes every format into the book's `exports/`; a path that ends in .pdf or .png writes a copy
                of that format there.
            fonts: font files to prefer.

        Raises:
            ExportError: no such format, or no font has the letters of the text.
        """
        if path is None:
            return export_book(self, set(FORMATS), fonts=[Path(f) for f in fonts])
        target = Path(path)
        kind = target.suffix.lower().lstrip(".")
        if kind not in {"pdf", "png"}:
            raise ExportError(
                f"{target}: can write .pdf and .png files; export() without a path writes all formats"
            )
        made = export_book(self, {kind}, fonts=[Path(f) for f in fonts])[kind]
        folders.write_atomically(target, made.read_bytes())
        return {kind: target}


def draw_book(
    book: Book,
    generator: Generator,
    memory: Memory,
    *,
    first_frame: Image.Image | None = None,
    only_stale: bool = False,
) -> Iterator[Event]:
    """Draw the pages of `book` that are missing or stale, in order; each is kept when done.

    A page is stale if its words, its stage or its settings changed since it was drawn or picked. All other pages keep
    their pictures, and each page remembers the pages before it as they are shown.

    Args:
        book: what to draw.
        generator: what draws; the book names it from now on.
        memory: what crosses from page to page; the book names it from now on.
        first_frame: a given picture of the first page.
        only_stale: leave out the pages that have no picture yet.

    Yields:
        the events of `illustrate`.

    Raises:
        BookError: another program edits the book, or it cannot be written; finished pages stay.
    """
    return drawn(_pages(Drawing(book, generator, memory, first_frame, only_stale)))


@dataclass(frozen=True)
class Drawing:
    """A book and how it is drawn; `draw_book` says what the attributes are."""

    book: Book
    generator: Generator
    memory: Memory
    first_frame: Image.Image | None = None
    only_stale: bool = False


def draw_books(drawings: Iterable[Drawing], *, batch: int = BATCH) -> Iterator[Told]:
    """Draw several books side by side, see `lianhuan.conductor.illustrate_many`; each as `draw_book` draws it.

    Args:
        drawings: the books, no two in one folder; load the generator and the memory once for all.
        batch: how many books are open at a time, so the most pages in one call of a generator.

    Yields:
        the events of `draw_book`, each with the number of its book, and `Finished` or `Failed` as the last of each book.

    Raises:
        ValueError: `batch` is not positive.
    """
    return together(map(_pages, drawings), batch)


def _pages(drawing: Drawing) -> Pages:
    """The events of a book, kept page by page, with a `Ready` for each page that has to be drawn."""
    book, generator, memory = drawing.book, drawing.generator, drawing.memory
    with book.editing():
        named = {"generator": generator.name, "weights": weights_of(generator, memory), "memory": memory.name}
        book.change_book(**named, **asdict(generator.extras))
        scenes = [page.scene() for page in book.file.scenes if page.picked or not drawing.only_stale]
        for event in tell(book, generator, memory, scenes, book.known, first_frame=drawing.first_frame):
            if not isinstance(event, Ready):
                book.keep(event)
            yield event


def _text(story: Story) -> str:
    """A source text in which every scene stands at its span; what lay between the scenes is white space."""
    text = ""
    for scene in story.scenes:
        text += " " * (scene.span[0] - len(text)) + scene.text
    return text
