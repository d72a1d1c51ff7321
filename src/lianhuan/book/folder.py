"""A book folder, opened."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from PIL import Image

from lianhuan.book.files import LOCK, TEMPORARY, lock, remove_leftovers, unwritable, write_atomically
from lianhuan.book.picture import encode_take, read_recipe
from lianhuan.book.schema import BookFile, PageRecord, Settings, from_yaml, new_file, text_hash, to_yaml
from lianhuan.errors import BookError, PictureError
from lianhuan.story import Story

TEXT = "story.txt"
YAML = "book.yaml"


class Book:
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

        An existing book of the same text keeps all that was drawn and edited; `seed`, `generator`, `memory` and
        `settings` replace its own.

        Raises:
            BookError: the folder is a file, holds other things, another story or other scenes, or is not writable.
        """
        folder = Path(folder)
        file = new_file(story, seed=seed, generator=generator, memory=memory, settings=settings)
        if (folder / YAML).exists():
            book = cls.open(folder)
            book._must_tell(story, source_text)
            changes = {"seed": seed, "generator": generator, "memory": memory, **settings.model_dump()}
            if book.file != book.file.model_copy(update=changes):
                book._update(lambda old: old.model_copy(update=changes))
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
        file = _read_file(folder)
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

    def picture(self, scene_id: str) -> Path | None:
        """The file of the picked take, None while the page is not drawn.

        Raises:
            BookError: the book has no such scene, or its take lies outside the folder.
        """
        picked = self.page(scene_id).picked
        return None if picked is None else self._inside(picked)

    def stale(self) -> dict[str, str]:
        """Drawn pages whose words changed since, by scene id, with the reason."""
        return {
            page.id: "its words were edited after it was drawn"
            for page in self.file.scenes
            if page.picked is not None and page.text_hash != text_hash(page.words)
        }

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
            self._editing = True
            try:
                self._refresh()
                yield
            finally:
                self._editing = False

    def add_take(self, scene_id: str, image: Image.Image, recipe: Mapping[str, Any]) -> str:
        """Keep `image` as a take of a scene, with its `recipe` (a JSON object) inside; returns its relative path.

        The name is made from the bytes, so the same picture is kept once and no other is ever overwritten.
        A damaged file in its place is kept beside it, as `*.png.kept`.

        Raises:
            BookError: the book has no such scene, or the take cannot be written.
        """
        self.page(scene_id)
        data = encode_take(image, recipe)
        relative = f"takes/{scene_id}/{_name(data)}"
        path = self._inside(relative)
        if not path.exists():
            write_atomically(path, data)
        elif (there := path.read_bytes()) != data:  # damaged or painted over
            write_atomically(path.with_name(f"{_name(there)}.kept"), there)
            write_atomically(path, data)
        return relative

    def takes(self, scene_id: str) -> list[str]:
        """Relative paths of all takes of a scene, damaged ones included, sorted.

        Raises:
            BookError: the book has no such scene.
        """
        pictures = (self.folder / "takes" / self.page(scene_id).id).glob("*.png")
        return sorted(path.relative_to(self.folder).as_posix() for path in pictures)

    def pick(self, scene_id: str, path: str) -> None:
        """Show the take at the relative `path` on the page of a scene.

        Raises:
            BookError: no such scene, the scene has no such take, or `book.yaml` cannot be written.
        """
        takes = self.takes(scene_id)
        if path not in takes:
            raise BookError(f"scene {scene_id} has no take {path}; it has {', '.join(takes) or 'none yet'}")

        self._change_page(scene_id, picked=path, text_hash=text_hash(self.page(scene_id).words))

    def lock(self, scene_id: str) -> None:
        """Keep the picture of a scene as it is: drawing the book again leaves it alone.

        Raises:
            BookError: no such scene, or `book.yaml` cannot be written.
        """
        self._change_page(scene_id, locked=True)

    def finished(self, scene_id: str, recipe: Mapping[str, Any]) -> str | None:
        """The relative path of an undamaged take of a scene that was drawn by exactly this `recipe`, if there is one."""
        wanted = json.loads(json.dumps(recipe))
        for relative in self.takes(scene_id):
            data = (self.folder / relative).read_bytes()
            if relative.endswith(f"/{_name(data)}") and _recipe(data) == wanted:
                return relative
        return None

    def _inside(self, relative: str) -> Path:
        path = self.folder / relative
        if not path.resolve().is_relative_to(self.folder.resolve() / "takes"):
            raise BookError(
                f"{self.folder}: the take {relative} lies outside the book's takes folder; pick another one"
            )
        return path

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
            self.file, self._stamp = _read_file(self.folder), stamp

    def _change_page(self, scene_id: str, **values: Any) -> None:
        """Write other values into the record of one scene, whatever else `book.yaml` holds by now."""
        self.page(scene_id)

        def changed(file: BookFile) -> BookFile:
            pages = tuple(p.model_copy(update=values) if p.id == scene_id else p for p in file.scenes)
            return file.model_copy(update={"scenes": pages})

        self._update(changed)

    def _update(self, change: Callable[[BookFile], BookFile]) -> None:
        """Apply `change` to what `book.yaml` holds now and write it."""
        with self.editing():
            self._refresh()
            file = change(self.file)
            write_atomically(self.folder / YAML, to_yaml(file).encode())
            self.file, self._stamp = file, _stamp(self.folder / YAML)


def differing_pages(first: Book, second: Book) -> list[str]:
    """Ids of the scenes whose picked pictures differ in any byte, or that only one of the books has."""
    bytes_of = [
        {page.id: _picked_bytes(book, page.id) for page in book.file.scenes} for book in (first, second)
    ]
    ids = dict.fromkeys([*bytes_of[0], *bytes_of[1]])
    missing = object()
    return [i for i in ids if bytes_of[0].get(i, missing) != bytes_of[1].get(i, missing)]


def _picked_bytes(book: Book, scene_id: str) -> bytes | None:
    path = book.picture(scene_id)
    return path.read_bytes() if path is not None and path.is_file() else None


def _name(data: bytes) -> str:
    return f"{hashlib.sha256(data).hexdigest()[:16]}.png"


def _recipe(data: bytes) -> dict[str, Any] | None:
    try:
        return read_recipe(data)
    except PictureError:
        return None


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


def _read_file(folder: Path) -> BookFile:
    path = folder / YAML
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
