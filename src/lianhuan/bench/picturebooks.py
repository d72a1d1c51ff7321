"""Are measures of consistency worth something? Tried on real picture books, where the answer is known."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lianhuan.bench.world import Scores
from lianhuan.data.picturebooks import PictureBook, picture_numbers, read_picturebooks
from lianhuan.errors import BookError
from lianhuan.metrics.books import (
    Matrix,
    PageOrigins,
    colour_histograms,
    colour_similarity,
    feature_similarity,
    same_book_auc,
)
from lianhuan.metrics.features import FeatureNetwork, picture_features
from lianhuan.metrics.statistics import TooLittleData, estimate
from lianhuan.metrics.suite import SUITE

THUMB = 64
"""Side of the small pictures in which repeated ones are looked for, in pixels."""
CHANCE = 0.5


def bench_picturebooks(
    folder: Path, networks: Mapping[str, FeatureNetwork], *, split: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """How well each measure tells two pages of one book from pages of two books by the same illustrator.

    Args:
        folder: real books, see `lianhuan.data.picturebooks`.
        networks: name of a measure -> the network whose features it compares; "colour" is always measured beside them.
        split: "train", "validation" or "test"; None for all books.
        seed: seed of the resampling of intervals.

    Returns:
        suite, split, seed; numbers of "books", "pages" and "illustrators"; "metrics" -> name -> area under the ROC curve as
        mean, low, high, n (books that have a sister by the same hand). Chance is 0.5.

    Raises:
        BookError: there are no such books, or fewer than two have a sister book by the same illustrator.
        PictureError: a picture cannot be read.
    """
    books = [book for book in read_picturebooks(folder) if split in (None, book.split)]
    if not books:
        raise BookError(f"{folder} ({split or 'all splits'}) has too few books: none")
    origins, features = _read(books, networks)
    similarities = {
        "colour": colour_similarity(features["colour"]),
        **{name: feature_similarity(features[name]) for name in networks},
    }
    try:
        areas = {
            name: asdict(estimate(same_book_auc(table, origins), seed))
            for name, table in similarities.items()
        }
    except TooLittleData as error:
        raise BookError(f"{folder} ({split or 'all splits'}) has too few books: {error}") from error
    return {
        "suite": SUITE,
        "split": split or "all",
        "seed": seed,
        "books": len(books),
        "pages": sum(len(book.pages) for book in books),
        "illustrators": len({book.illustrator for book in books}),
        "metrics": areas,
    }


def markdown_areas(result: Mapping[str, Any]) -> str:
    """The result as a Markdown table: one row per measure."""
    areas: Scores = result["metrics"]
    shelf = f"{result['books']} books ({result['split']}), {result['pages']} pages, {result['illustrators']} illustrators"
    lines = [
        f"{shelf}. Area under the ROC curve [95 % interval over books]; {CHANCE} is chance.",
        "",
        "| measure | area | books |",
        "|---|---|---|",
    ]
    lines += [
        f"| {name} | {area['mean']:.3f} [{area['low']:.3f}, {area['high']:.3f}] | {area['n']} |"
        for name, area in areas.items()
    ]
    return "\n".join(lines) + "\n"


def _read(
    books: Sequence[PictureBook], networks: Mapping[str, FeatureNetwork]
) -> tuple[PageOrigins, dict[str, Matrix]]:
    """Where all pages come from and, name by name, their features; one book is in memory at a time."""
    rows: dict[str, list[Matrix]] = {name: [] for name in ("colour", *networks)}
    small: list[Image.Image] = []
    for book in books:
        pictures = [page.picture() for page in book.pages]
        small += [picture.resize((THUMB, THUMB), Image.Resampling.BOX) for picture in pictures]
        rows["colour"].append(colour_histograms(pictures))
        for name, network in networks.items():
            rows[name].append(picture_features(pictures, network))
    hands = list(dict.fromkeys(book.illustrator for book in books))
    pages = [len(book.pages) for book in books]
    origins = PageOrigins(
        book=np.repeat(np.arange(len(books)), pages),
        illustrator=np.repeat([hands.index(book.illustrator) for book in books], pages),
        picture=picture_numbers(small),
    )
    return origins, {name: np.concatenate(found) for name, found in rows.items()}
