"""Real picture books: a folder with `books.jsonl`, one book a line, and the pictures that it names; read when asked for."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lianhuan.data.stories import Frame, Split, StorySet, must_have, story_set
from lianhuan.errors import BookError
from lianhuan.images import load_picture

BOOKS = "books.jsonl"
SPLITS: dict[int, Split] = {8: "validation", 9: "test"}
"""Split by the last digit of a book's number; all others are for training."""

_THUMB = 16
_EQUAL = 5.0
"""Grey levels between thumbnails of one picture, saved twice; different pictures of real books are more than 11 apart."""


class BookPage(BaseModel):
    """A page: one illustration with the text printed on it. `image` is the path of the picture."""

    model_config = ConfigDict(frozen=True)

    text: str
    text_zh: str | None = None
    image: Path

    def picture(self) -> Image.Image:
        """The picture as RGB, read from disk.

        Raises:
            PictureError: the file is missing or broken.
        """
        return load_picture(self.image)


class PictureBook(BaseModel):
    """A real book. Whoever shows a part of it names its title, author and illustrator."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(pattern=r"^\d+$")
    title: str
    title_zh: str | None = None
    author: str
    illustrator: str
    license: str
    cover: Path
    pages: tuple[BookPage, ...] = Field(min_length=1)

    @property
    def split(self) -> Split:
        """Never train on "validation" or "test"."""
        return SPLITS.get(int(self.id) % 10, "train")


def read_picturebooks(folder: Path, split: Split | None = None) -> list[PictureBook]:
    """The books of `folder`, of one split or all; pictures stay on disk until a page is asked for its own.

    Raises:
        BookError: there is no `books.jsonl`, a line of it is no book, or it names a picture outside the folder.
    """
    path = folder / BOOKS
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError as error:
        raise BookError(f"{folder} holds no picture books; {BOOKS} is missing there") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BookError(f"{path} cannot be read ({error})") from error
    books = [_book(line, folder, f"{path}, line {number}") for number, line in enumerate(lines, 1) if line]
    return [book for book in books if split is None or book.split == split]


def picturebook_stories(folder: Path, split: Split) -> StorySet:
    """The books of a split as stories; a page without text is left out and counted.

    Raises:
        BookError: as for `read_picturebooks`.
        PictureError: there is no book of this split.
    """
    told = (
        (
            book.id,
            [Frame((text,) if (text := page.text.strip()) else (), page.picture) for page in book.pages],
        )
        for book in read_picturebooks(folder, split)
    )
    return must_have(story_set(told), f"{folder}, {split}")


def picture_numbers(pictures: Sequence[Image.Image]) -> npt.NDArray[np.int64]:
    """(pictures,) numbers: pictures that are one and the same, whether in one book or two, get the same number.

    Books repeat pictures, and image banks lend one picture to many books, saved anew; so small averages are compared.
    """
    seen = np.empty((0, _THUMB, _THUMB, 3))
    numbers = []
    for picture in pictures:
        small = picture.convert("RGB").resize((_THUMB, _THUMB), Image.Resampling.BOX)
        thumb = np.asarray(small, dtype=float)
        apart = np.sqrt(((seen - thumb) ** 2).mean(axis=(1, 2, 3)))
        if len(seen) and apart.min() < _EQUAL:
            numbers.append(int(apart.argmin()))
        else:
            numbers.append(len(seen))
            seen = np.concatenate([seen, thumb[None]])
    return np.array(numbers, dtype=np.int64)


def _book(line: str, folder: Path, where: str) -> PictureBook:
    try:
        book = PictureBook.model_validate(json.loads(line))
    except (ValueError, ValidationError) as error:
        raise BookError(f"{where} is no book ({error})") from error
    pages = tuple(
        page.model_copy(update={"image": _inside(folder, page.image, where)}) for page in book.pages
    )
    return book.model_copy(update={"cover": _inside(folder, book.cover, where), "pages": pages})


def _inside(folder: Path, name: Path, where: str) -> Path:
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise BookError(f"{where} names {name}, which lies outside of {folder}")
    return path
