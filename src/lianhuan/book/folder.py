"""A book folder, opened: its text and its `book.yaml`."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from lianhuan.book.files import LOCK, TEMPORARY, lock, remove_leftovers, unwritable, write_atomically
from lianhuan.book.history import can_be_undone, past, remember
from lianhuan.book.schema import BookFile, PageRecord, Settings, from_yaml, new_file, to_yaml
from lianhuan.errors import BookError
from lianhuan.story import Character, Story

TEXT = "story.txt"
YAML = "book.yaml"


class Folder:
    """A book folder, opened. The folder is the truth: what the user edits in `book.yaml` is seen on the next write.

    Attributes:
        folder: where the book lives.
        file: what `book.yaml` holds.
        source_text: the untouched story.
    """

    def __init__(self, folder: Path, file: BookFile, source_text: str) -> None:
        self.folder = folder
        self.file = file
        self.source_text = source_text
        self._stamp = _stamp(folder / YAML)
        self._editing = False
        self._remembered = False

    @classmethod
    def create(
        cls,
        folder: str | Path,
        story: Story,
        *,
        source_text: str,
        seed: int,
        generator: str,
        memory: str,
        settings: Settings,
    ) -> Self:
        """The book of `story` in `folder`, which is made, or is empty, or holds the same story already.

        An existing book of the same text keeps all that was drawn and edited; `seed`, `generator`, `memory`, `settings`
        and the story's style, if it has one, replace its own.

        Raises:
            BookError: the folder is a file, holds other things, another story or other scenes, or is not writable.
        """
        folder = Path(folder)
        file = new_file(story, seed=seed, generator=generator, memory=memory, settings=settings)
        if (folder / YAML).exists():
            book = cls.open(folder)
            book._must_tell(story, source_text)
            changes = {"seed": seed, "generator": generator, "memory": memory, **dict(settings)}
            changes |= {"style": story.style} if story.style else {}
            if book.file != book.file.model_copy(update=changes):
                book.change_book(**changes)
            return book
        _must_be_free(folder, source_text)
        write_atomically(folder / TEXT, source_text.encode())
        write_atomically(folder / YAML, to_yaml(file).encode())
        return cls.open(folder)

    @classmethod
    def open(cls, folder: str | Path) -> Self:
        """The book in `folder`; leftovers of programs that were killed are removed.

        Raises:
            BookError: there is no book, it is damaged, or a newer program wrote it; names the file and the line.
        """
        folder = Path(folder)
        if not (folder / YAML).is_file():
            raise BookError(
                f"{folder} is not a book (it has no {YAML}); make one with `lianhuan illustrate STORY -o DIR`"
            )
        file = _read_file(folder / YAML)
        if not (folder / TEXT).is_file():
            raise BookError(f"{folder / TEXT} is missing; put the text of the story back there")
        remove_leftovers(folder)
        return cls(folder, file, _read_text(folder / TEXT))

    def story(self) -> Story:
        """The story with everything that the user edited."""
        return self.file.story()

    def page(self, scene_id: str) -> PageRecord:
        """The record of one scene.

        Raises:
            BookError: the book has no such scene.
        """
        for page in self.file.scenes:
            if page.id == scene_id:
                return page
        raise BookError(
            f"{self.folder} has no scene {scene_id!r}; it has {', '.join(p.id for p in self.file.scenes)}"
        )

    def find(self, page: int | str) -> PageRecord:
        """The record of a page.

        Args:
            page: its number, from 1, or the id of its scene.

        Raises:
            BookError: the book has no such page.
        """
        pages = self.file.scenes
        by_id = next((record for record in pages if record.id == page), None)
        if by_id is not None:
            return by_id
        if not str(page).isdecimal() or not 1 <= int(page) <= len(pages):
            raise BookError(f"{self.folder} has no page {page}; it has the pages 1 to {len(pages)}")
        return pages[int(page) - 1]

    def number(self, scene_id: str) -> int:
        """The number of the page of a scene, from 1.

        Raises:
            BookError: the book has no such scene.
        """
        return self.file.scenes.index(self.page(scene_id)) + 1

    @contextmanager
    def editing(self) -> Iterator[None]:
        """Hold the book for writing; inside, it is up to date with the folder. May be nested.

        Raises:
            BookError: another program holds it (the message says which), or the folder is not writable.
        """
        if self._editing:
            yield
            return
        with lock(self.folder):
            self._editing, self._remembered = True, False
            try:
                self._refresh()
                yield
            finally:
                self._editing = False

    def undo(self) -> Path:
        """Bring `book.yaml` back, byte for byte, to what it was before the last change made to a drawn book.

        Takes stay. Edits by hand made since then go, too: the file that is replaced is kept, and its path returned.

        Raises:
            BookError: there is nothing to undo, the old file is damaged, or `book.yaml` cannot be written.
        """
        with self.editing():
            now = (self.folder / YAML).read_bytes()
            states = past(self.folder, now)
            if not states:
                raise BookError(f"{self.folder}: there is nothing to undo")
            file = _read_file(states[0].path)
            write_atomically(states[0].undone, now)
            write_atomically(self.folder / YAML, states[0].path.read_bytes())
            states[0].path.unlink()
            self.file, self._stamp = file, _stamp(self.folder / YAML)
            return states[0].undone

    def change_cast(self, name: str, **values: Any) -> None:
        """Write other values of a member of the cast.

        Args:
            name: as the cast has it.
            values: names and values of a `Character`.

        Raises:
            BookError: nobody in the cast has this name, or `book.yaml` cannot be written.
        """
        with self.editing():
            self.member(name)
            cast = (c.model_copy(update=values) if c.name == name else c for c in self.file.cast)
            self.change_book(cast=tuple(cast))

    def member(self, name: str) -> Character:
        """The member of the cast with this name.

        Raises:
            BookError: nobody has it.
        """
        cast = {member.name: member for member in self.file.cast}
        if name not in cast:
            raise BookError(
                f"nobody in this story is called {name!r}; its cast is {', '.join(cast) or 'empty'}"
            )
        return cast[name]

    def change_book(self, **values: Any) -> None:
        """Write other values of the whole book, whatever else `book.yaml` holds by now.

        Raises:
            BookError: `book.yaml` cannot be written.
        """
        self._update(lambda old: old.model_copy(update=values))

    def change_pages(self, values: Mapping[str, Mapping[str, Any]]) -> None:
        """Write other values into the records of scenes, all at once, whatever else `book.yaml` holds by now.

        Args:
            values: scene id -> names and values of a `PageRecord`.

        Raises:
            BookError: no such scene, or `book.yaml` cannot be written.
        """
        for scene_id in values:
            self.page(scene_id)

        def changed(file: BookFile) -> BookFile:
            pages = tuple(page.model_copy(update=values.get(page.id, {})) for page in file.scenes)
            return file.model_copy(update={"scenes": pages})

        self._update(changed)

    def _must_tell(self, story: Story, source_text: str) -> None:
        """Raise unless this book is made from `source_text`, cut into the same scenes."""
        hint = (
            f"use another folder, or run `lianhuan illustrate {self.folder}` to draw the book that is there"
        )
        if self.source_text != source_text:
            raise BookError(f"{self.folder} is the book of another text; {hint}")
        if [scene.span for scene in story.scenes] != [page.span for page in self.file.scenes]:
            raise BookError(f"{self.folder} holds this story cut into other scenes; {hint}")

    def _refresh(self) -> None:
        """Read `book.yaml` again if someone changed it."""
        stamp = _stamp(self.folder / YAML)
        if stamp != self._stamp:
            self.file, self._stamp = _read_file(self.folder / YAML), stamp

    def _update(self, change: Callable[[BookFile], BookFile]) -> None:
        """Apply `change` to what `book.yaml` holds now and write it; the first time in an editing it can be undone."""
        with self.editing():
            self._refresh()
            old, new = self.file, change(self.file)
            if new == old:
                return
            if not self._remembered and can_be_undone(old, new):
                remember(self.folder, (self.folder / YAML).read_bytes())
                self._remembered = True
            write_atomically(self.folder / YAML, to_yaml(new).encode())
            self.file, self._stamp = new, _stamp(self.folder / YAML)


def _stamp(path: Path) -> tuple[int, int, int]:
    """Changes whenever the file at `path` is written."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino


def _read_text(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError as error:
        raise BookError(
            f"{path} is damaged: not UTF-8 text ({error.reason} at byte {error.start})"
        ) from error
    except OSError as error:
        raise BookError(f"{path} cannot be read ({error.strerror})") from error


def _read_file(path: Path) -> BookFile:
    try:
        return from_yaml(_read_text(path))
    except BookError as error:
        raise BookError(f"{path}: {error}") from error


def _must_be_free(folder: Path, source_text: str) -> None:
    """Raise unless a new book may be put into `folder`. A story.txt alone is a book that was killed while being made."""
    if folder.exists() and not folder.is_dir():
        raise BookError(f"{folder} is a file; name a folder for the book")
    try:
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise unwritable(folder, error) from error
    names = {name for name in names if name != LOCK and not name.startswith(TEMPORARY)}
    begun = names == {TEXT} and (folder / TEXT).read_bytes() == source_text.encode()
    if names and not begun:
        raise BookError(
            f"{folder} is not empty and holds no book; name a new or an empty folder, so that nothing is lost"
        )
