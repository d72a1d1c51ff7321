"""The takes of a page as people see them: numbered in the order in which they were drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lianhuan.book.pages import Book
from lianhuan.book.picture import recipe_in
from lianhuan.errors import BookError


@dataclass(frozen=True)
class Take:
    """One picture that was drawn for a page.

    Attributes:
        number: its place among the takes of its page, from 1, the oldest first.
        path: relative to the book folder.
        picked: whether the page shows it.
        recipe: all that made it; empty if it cannot be read.
    """

    number: int
    path: str
    picked: bool
    recipe: Mapping[str, Any]


def list_takes(book: Book, scene_id: str) -> list[Take]:
    """All takes of a scene, the oldest first.

    Raises:
        BookError: the book has no such scene.
    """
    paths = sorted(book.takes(scene_id), key=lambda path: ((book.folder / path).stat().st_mtime_ns, path))
    picked = book.page(scene_id).picked
    return [
        Take(number, path, path == picked, recipe_in(book.folder / path))
        for number, path in enumerate(paths, start=1)
    ]


def find_take(book: Book, scene_id: str, name: str) -> Take:
    """The take of a scene that `name` means: its number in `list_takes`, or its path.

    Raises:
        BookError: the scene has no such take.
    """
    takes = list_takes(book, scene_id)
    places = {(book.folder / name).resolve(), Path(name).resolve()}
    for take in takes:
        if str(take.number) == name or (book.folder / take.path).resolve() in places:
            return take
    page = book.number(scene_id)
    raise BookError(
        f"page {page} has no take {name}; `lianhuan takes {book.folder} --page {page}` lists its {len(takes)} takes"
    )
