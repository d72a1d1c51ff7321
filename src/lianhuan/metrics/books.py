"""Similarity of pages of real picture books, and how well such a measure tells one book from another.

A measure of consistency is worth something if two pages of one book are more alike for it than two pages of different
books by the same illustrator: style is the same in both, so characters and places must make the difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from lianhuan.metrics.statistics import Tally, TooLittleData

BINS = 4
"""Bins per colour channel of the colour histograms."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PageOrigins:
    """Where pages come from, each (pages,) of any numbers: equal number, equal thing.

    Attributes:
        book: the book of each page.
        illustrator: who drew it.
        picture: the picture on it; books repeat pictures.
    """

    book: npt.NDArray[np.int64]
    illustrator: npt.NDArray[np.int64]
    picture: npt.NDArray[np.int64]


def feature_similarity(features: Matrix) -> Matrix:
    """(pages, pages) cosines of features (pages, width)."""
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    return unit @ unit.T


def colour_similarity(histograms: Matrix) -> Matrix:
    """(pages, pages) overlap of colour histograms, 0..1: the sum of the smaller bins.

    Swain and Ballard, "Color Indexing" (1991). The naive measure: it sees colours only.
    """
    rows = [np.minimum(row, histograms).sum(1) for row in histograms]
    return np.stack(rows)


def colour_histograms(pictures: Sequence[Image.Image]) -> Matrix:
    """(pictures, 64) shares of the pixels of each picture by colour, four bins per channel."""
    return np.stack([_histogram(np.asarray(picture.convert("RGB"))) for picture in pictures])


def same_book_auc(similarity: Matrix, origins: PageOrigins) -> Tally:
    """How often two pages of a book are more alike than one of them and a page of another book by the same illustrator.

    Per book the area under the ROC curve, which is the probability that a random pair of its pages has a higher similarity
    than a random pair of one of its pages and one of another book by its illustrator (Hanley and McNeil, 1982; ties
    count half); 0.5 is chance. Every book that has both sorts of pairs counts once, and books are resampled.
    Pairs of one picture with itself do not count, and a picture that a book repeats counts once.

    Args:
        similarity: (pages, pages), more is more alike.
        origins: where the pages come from.

    Raises:
        TooLittleData: no book has two pictures and a sister by the same illustrator.
    """
    origins, kept = _once_a_book(origins)
    table = similarity[np.ix_(kept, kept)]
    distinct = origins.picture[:, None] != origins.picture
    same_book = origins.book[:, None] == origins.book
    same_hand = origins.illustrator[:, None] == origins.illustrator
    areas = []
    for book in np.unique(origins.book):
        here = origins.book == book
        within = table[here][:, here][np.triu(distinct[here][:, here], 1)]
        beside = table[here][(same_hand & ~same_book & distinct)[here]]
        if len(within) and len(beside):
            areas.append(_area(within, beside))
    if not areas:
        raise TooLittleData("no book has two different pictures and a sister book by the same illustrator")
    return Tally(np.array(areas), np.ones(len(areas)))


def _area(higher: Matrix, lower: Matrix) -> float:
    """Share of pairs in which a number of `higher` is above one of `lower`; ties count half."""
    order = np.sort(lower)
    below, up_to = np.searchsorted(order, higher, "left"), np.searchsorted(order, higher, "right")
    return float((below + up_to).mean() / (2 * len(order)))


def _once_a_book(origins: PageOrigins) -> tuple[PageOrigins, npt.NDArray[np.int64]]:
    """The pages without those that repeat a picture of their book, and their numbers."""
    keys = np.stack([origins.book, origins.picture], axis=1)
    kept = np.sort(np.unique(keys, axis=0, return_index=True)[1])
    return PageOrigins(origins.book[kept], origins.illustrator[kept], origins.picture[kept]), kept


def _histogram(pixels: npt.NDArray[np.uint8]) -> Matrix:
    bins = (pixels.astype(np.int64) * BINS) // 256
    colours = (bins[..., 0] * BINS + bins[..., 1]) * BINS + bins[..., 2]
    return np.bincount(colours.ravel(), minlength=BINS**3) / colours.size
