"""A picture book that can be drawn and exported: the book folder with its conductor."""

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from PIL import Image

from lianhuan import book as folders
from lianhuan.conductor.events import Event, PageDone, Planned
from lianhuan.conductor.illustrate import illustrate
from lianhuan.errors import ExportError
from lianhuan.generators import Generator
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
            settings=folders.Settings(steps=plan.settings["steps"], guidance=plan.settings["guidance"]),
        )
        for event in stream:
            book.keep(event)
        return book

    def keep(self, event: Event) -> None:
        """Store a finished page as a take and show it; a locked page stays as it is, a given picture is locked."""
        if isinstance(event, PageDone) and not self._kept(event.scene_id):
            with self.editing():
                self.pick(event.scene_id, self.add_take(event.scene_id, event.image, event.recipe))
                if event.given:
                    self.lock(event.scene_id)

    def known(self, scene_id: str, recipe: Mapping[str, Any]) -> Image.Image | None:
        """The finished picture of a scene: the one that a locked page shows, or one drawn by exactly this recipe."""
        path = self._kept(scene_id) or self.finished(scene_id, recipe)
        return None if path is None else load_picture(self.folder / path)

    def _kept(self, scene_id: str) -> str | None:
        page = self.page(scene_id)
        return page.picked if page.locked else None

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
    book: Book, generator: Generator, memory: Memory, *, first_frame: Image.Image | None = None
) -> Iterator[Event]:
    """Draw the pages of `book` that are missing or whose words, stage or settings changed; each is kept when done.

    Yields:
        the events of `illustrate`.

    Raises:
        BookError: another program edits the book, or it cannot be written; finished pages stay.
    """
    with book.editing():
        file = book.file
        events = illustrate(
            book.story(),
            generator,
            memory=memory,
            seed=file.seed,
            steps=file.steps,
            guidance=file.guidance,
            first_frame=first_frame,
            known=book.known,
        )
        for event in events:
            book.keep(event)
            yield event


def _text(story: Story) -> str:
    """A source text in which every scene stands at its span; what lay between the scenes is white space."""
    text = ""
    for scene in story.scenes:
        text += " " * (scene.span[0] - len(text)) + scene.text
    return text
