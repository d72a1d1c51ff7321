"""One book or several: where they live, how their drawing is told, what becomes of those that fail."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from lianhuan.cli.stories import style_line, unseen_line
from lianhuan.cli.terminal import Progress, fail, print_json, progress, say
from lianhuan.errors import LianhuanError

if TYPE_CHECKING:
    from lianhuan.conductor import Book, Drawing, Event, Planned


def places(sources: Sequence[str], out: Path | None) -> list[Path | None]:
    """The folder of each book, None for the default: several stories live in `out`, each named after its file.

    Raises:
        typer.BadParameter: `out` is missing, or cannot hold them; two books would be one; a name is no good for a folder.
    """
    if len(sources) == 1:
        return [out]
    if "-" in sources:
        raise typer.BadParameter("'-' is one story; several are given as files")
    found = [None if Path(source).is_dir() else _place(source, out) for source in sources]
    if out is not None:
        _check_shelf(out, holds_any=any(found))
    taken: dict[str, str] = {}
    for source, place in zip(sources, found, strict=True):
        folder = str((place or Path(source)).resolve())
        name = unicodedata.normalize("NFC", folder).casefold()  # some file systems know no capitals
        if name in taken:
            raise typer.BadParameter(
                f"{taken[name]} and {source} would both be the book {place or source}; rename one of them, or draw it alone"
            )
        taken[name] = source
    return found


def _check_shelf(out: Path, *, holds_any: bool) -> None:
    if not holds_any:
        raise typer.BadParameter("these are books and are drawn where they are; leave -o away")
    if (out / "book.yaml").exists():
        raise typer.BadParameter(f"{out} is a book itself; name a folder that shall hold the books")
    if out.exists() and not out.is_dir():
        raise typer.BadParameter(f"{out} is a file; name a folder that shall hold the books")


def _place(source: str, out: Path | None) -> Path:
    if out is None:
        raise typer.BadParameter("say where the books shall live: -o DIR")
    name = Path(source).stem
    if not name.isprintable() or name.startswith(".") or name.endswith((".", " ")):
        raise typer.BadParameter(
            f"{source!r}: {name!r} is no good name for the folder of a book; rename the file"
        )
    return out / name


@dataclass
class Shelf:
    """The books of one command.

    Attributes:
        several: whether one that fails leaves the others; the only one fails with its own error.
        fonts: font files or folders to prefer.
        as_json: whether the result is JSON.
    """

    several: bool
    fonts: Sequence[Path]
    as_json: bool
    _made: dict[str, dict[str, str]] = field(default_factory=dict)
    _failed: dict[str, str] = field(default_factory=dict)

    @contextmanager
    def may_fail(self, source: str, tell: Callable[[str], None] = say) -> Iterator[None]:
        """Tell what a user can cause to go wrong with one of several stories, and keep it for the end."""
        try:
            yield
        except (LianhuanError, OSError) as error:
            if not self.several:
                raise
            self._failed[source] = str(error)
            tell(str(error) if source in str(error) else f"{source}: {error}")

    def draw(self, drawings: "Mapping[str, Drawing]", batch: int | None) -> None:
        """Draw the books, each named by its story, export each when it is drawn, and print where they are.

        Raises:
            typer.Exit: some have failed; the others are finished.
        """
        from lianhuan.conductor import Failed, Finished, draw_books
        from lianhuan.conductor.together import BATCH

        sources = list(drawings)
        tales = [_Tale(one.book, f"{one.book.folder.name}: " * self.several) for one in drawings.values()]
        with progress(sum(tale.pages * tale.steps for tale in tales)) as shown:
            for told in draw_books(drawings.values(), batch=batch or BATCH):
                source, tale, event = sources[told.story], tales[told.story], told.event
                if isinstance(event, Failed):
                    with self.may_fail(source, shown.milestone):
                        raise event.error
                elif isinstance(event, Finished):
                    with self.may_fail(source, shown.milestone):
                        made = tale.book.export(fonts=self.fonts)
                        self._made[source] = {kind: str(path) for kind, path in made.items()}
                else:
                    tale.tell(event, shown)
                    shown.at(sum(one.done for one in tales), tale.now)
        self._report({source: str(drawing.book.folder) for source, drawing in drawings.items()})

    def _report(self, folders: Mapping[str, str]) -> None:
        books = [{"book": folders[source]} | self._made[source] for source in folders if source in self._made]
        if self.as_json and self.several:
            failed = [{"story": source, "error": error} for source, error in self._failed.items()]
            print_json({"books": books, "failed": failed})
        elif self.as_json:
            print_json(books[0])
        else:
            for book in books:
                print(f"{book['pdf']}\n{book['html']}")
        if self._failed:
            total = len(books) + len(self._failed)
            fail(
                f"{len(self._failed)} of {total} books not finished: {', '.join(self._failed)}; why is said above"
            )
            raise typer.Exit(1)


class _Tale:
    """What is told of the drawing of one book, each line after its `name` where there are several."""

    def __init__(self, book: "Book", name: str):
        self.book, self.name = book, name
        self.pages, self.steps = len(book.file.scenes), book.file.steps
        self.done = 0.0
        self.now = ""

    def tell(self, event: "Event", shown: Progress) -> None:
        from lianhuan.conductor import Planned, PortraitDone, Step

        if isinstance(event, Planned):
            self._plan(event, shown)
            return
        if isinstance(event, PortraitDone):
            if not event.reused:
                shown.milestone(f"{self.name}portrait of {event.name} drawn")
            return
        self.now = f"{self.name}page {event.page} of {self.pages}"
        if isinstance(event, Step):
            self.done = self.steps * (event.page - 1 + event.number / event.total)
            return
        self.done = self.steps * event.page
        shown.milestone(f"{self.now} {'kept' if event.reused or event.given else 'drawn'}")

    def _plan(self, plan: "Planned", shown: Progress) -> None:
        how, book = plan.settings, self.book
        with_what = (
            f"with {how['generator']}, memory {how['memory']}, engine {how['engine']}, seed {how['seed']}"
        )
        shown.milestone(f"{self.name}{plan.story.title}: {self.pages} pages {with_what}")
        for limit in (unseen_line, style_line):
            if line := limit(book.file.generator, plan.story):
                shown.milestone(f"{self.name}{line}")
        for scene_id, reason in book.stale().items():
            shown.milestone(f"{self.name}page {book.number(scene_id)}: {reason}")
