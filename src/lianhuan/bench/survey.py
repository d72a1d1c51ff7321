"""A blind survey: people compare two sets of books, story by story, without knowing which is which."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import Field, ValidationError

from lianhuan.bench.books import drawn_pages
from lianhuan.bench.web import embedded, render
from lianhuan.book import Book, write_atomically
from lianhuan.errors import BookError, SurveyError
from lianhuan.images import load_picture
from lianhuan.story import Value

PAGE, KEY = "index.html", "key.json"
LARGEST = 384
"""Side of the pictures in the page, in pixels."""


class Question(StrEnum):
    """What is asked of every pair of books, after the human evaluation of AR-LDM (Pan et al., 2022)."""

    QUALITY = "quality"
    RELEVANCE = "relevance"
    CONSISTENCY = "consistency"


WORDING = {
    Question.QUALITY: "Which pictures are better drawn?",
    Question.RELEVANCE: "Which pictures show better what the words say?",
    Question.CONSISTENCY: "Where do characters and places stay more the same from page to page?",
}


class SideOfA(Value):
    """Where the book of side A stands in one comparison; `a` and `b` are the folders of the two books."""

    a_is: Literal["left", "right"]
    a: str
    b: str


class SurveyKey(Value):
    """What `key.json` holds: which side is which. The page does not have it.

    Attributes:
        survey: name that the page writes into its votes; made from the pictures and their order.
        a: name of the first set of books.
        b: name of the second.
        comparisons: number in the page, from "1" -> who stands where.
    """

    schema_version: Literal[1] = 1
    survey: str
    a: str
    b: str
    comparisons: dict[str, SideOfA] = Field(min_length=1)


@dataclass(frozen=True)
class Comparison:
    """The books of A and B that tell the same story, side by side; `swapped` if the one of B stands on the left."""

    books: tuple[Book, Book]
    swapped: bool

    @property
    def sides(self) -> tuple[Book, Book]:
        """The left book and the right one."""
        a, b = self.books
        return (b, a) if self.swapped else (a, b)


def write_survey(a: Path, b: Path, folder: Path, *, seed: int = 0, stories: int | None = None) -> SurveyKey:
    """Write a survey that compares the books in the folders `a` and `b` into `folder`: `index.html` and `key.json`.

    The page is one file with all pictures in it; give it to people, and keep the key.

    Args:
        a: folder of book folders.
        b: folder of as many, which tell the same stories.
        folder: where the survey goes.
        seed: decides the order of the stories, and which side is left (half of the time A, as nearly as can be).
        stories: compare only so many, drawn at random; None for all.

    Raises:
        BookError: a folder holds no books, a book is not drawn to its end, or cannot be read.
        SurveyError: the books tell other stories, or `folder` holds another survey.
    """
    pairs = _pairs(a, b)
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(pairs))[:stories]
    swapped = rng.permutation(np.arange(len(order)) % 2)
    comparisons = [Comparison(pairs[i], bool(turn)) for i, turn in zip(order, swapped, strict=True)]
    names = (a.resolve().name, b.resolve().name)
    key = SurveyKey(
        survey=_fingerprint(comparisons),
        a=names[0] if names[0] != names[1] else str(a),
        b=names[1] if names[0] != names[1] else str(b),
        comparisons={
            str(number): SideOfA(
                a_is="right" if one.swapped else "left",
                a=str(one.books[0].folder),
                b=str(one.books[1].folder),
            )
            for number, one in enumerate(comparisons, start=1)
        },
    )
    if (folder / KEY).exists() and read_key(folder).survey != key.survey:
        raise SurveyError(f"{folder} holds another survey, whose votes need its key; name another folder")
    page = render(
        "survey.html",
        survey=key.survey,
        questions=WORDING,
        stories=[(one.books[0].file.language, list(_rows(one))) for one in comparisons],
    )
    write_atomically(folder / KEY, (key.model_dump_json(indent=1) + "\n").encode())
    write_atomically(folder / PAGE, page.encode())
    return key


def read_key(folder: Path) -> SurveyKey:
    """The key of the survey in `folder`.

    Raises:
        SurveyError: there is none, or it is damaged.
    """
    path = folder / KEY
    try:
        return SurveyKey.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise SurveyError(
            f"{folder} holds no survey ({KEY} is missing); make one with `lianhuan bench survey`"
        ) from error
    except ValidationError as error:
        raise SurveyError(
            f"{path} is damaged ({error.errors()[0]['msg']}); write the survey again"
        ) from error


def _pairs(a: Path, b: Path) -> list[tuple[Book, Book]]:
    """The books of `a`, each with the one of `b` that tells the same story."""
    first, second = _books(a), _books(b)
    if len(first) != len(second):
        raise SurveyError(f"{a} holds {len(first)} books and {b} {len(second)}; compare equally many")
    pairs = list(zip(sorted(first, key=_captions), sorted(second, key=_captions), strict=True))
    for one, other in pairs:
        if _captions(one) != _captions(other):
            raise SurveyError(
                f"{one.folder} and {other.folder} tell other stories; compare books of the same stories"
            )
    return pairs


def _books(folder: Path) -> list[Book]:
    if not folder.is_dir():
        raise BookError(
            f"{folder} is no folder; name a folder of books, as `lianhuan bench world` leaves them"
        )
    books = [Book.open(path.parent) for path in sorted(folder.glob("*/book.yaml"))]
    if not books:
        raise BookError(f"{folder} holds no book folders")
    return books


def _captions(book: Book) -> list[str]:
    return [page.caption for page in book.file.scenes]


def _rows(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    """Words, left picture and right picture of every page."""
    left, right = (drawn_pages(book) for book in comparison.sides)
    for words, *sides in zip(_captions(comparison.books[0]), left, right, strict=True):
        one, other = (embedded(load_picture(path), LARGEST, exact=True) for path in sides)
        yield words, one, other


def _fingerprint(comparisons: Sequence[Comparison]) -> str:
    """A name of these pictures in this order."""
    digest = hashlib.sha256()
    for comparison in comparisons:
        for path in (path for book in comparison.sides for path in drawn_pages(book)):
            digest.update(hashlib.sha256(load_picture(path).tobytes()).digest())
    return digest.hexdigest()[:16]
