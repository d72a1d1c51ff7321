"""Copy-paste rate: how many pages of a book are an earlier page over again.

Consistency alone is easy to have: paste the same picture on every page (ViStoryBench, Zhuang et al., 2025, ranks such a
baseline first). So the suite counts the pages that are too equal to an earlier one.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from lianhuan.metrics.statistics import Tally, TooLittleData

SIDE = 32
"""Side of the thumbnails that are compared, in pixels: small enough not to see grain or a second pass of the autoencoder."""

TOO_EQUAL = 7.0
"""Grey levels (0..255, root mean square) between two thumbnails below which a page is a copy.

Half a percent of the true pages of the first 6,000 stories of the training split lie as near to an earlier page of their
story (two pages in 400 tell exactly the same scene again; hardly any lies between 0 and 7); measured with `nearest_earlier`
and `threshold`.
"""

Thumbnails = npt.NDArray[np.float32]


def thumbnails(pictures: Sequence[Image.Image]) -> Thumbnails:
    """(pages, 32, 32, 3) pictures as small averages, 0..255."""
    small = [p.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX) for p in pictures]
    return np.stack([np.asarray(p, dtype=np.float32) for p in small])


def nearest_earlier(pages: Thumbnails) -> npt.NDArray[np.float64]:
    """For every page but the first, the root mean square distance to the nearest earlier page of the same book.

    Args:
        pages: (books, pages, 32, 32, 3) thumbnails.

    Returns:
        (books, pages - 1) grey levels.

    Raises:
        TooLittleData: the books have a single page.
    """
    flat = pages.reshape(*pages.shape[:2], -1).astype(np.float64)
    number = flat.shape[1]
    if number < 2:
        raise TooLittleData("a copy needs a page to copy from: the books have a single page")
    nearest = [
        np.sqrt(((flat[:, later, None] - flat[:, :later]) ** 2).mean(2)).min(1) for later in range(1, number)
    ]
    return np.stack(nearest, axis=1)


def threshold(nearest: npt.NDArray[np.float64], share: float = 0.005) -> float:
    """The distance that `share` of true pages, with these distances to an earlier one, fall below."""
    return float(np.quantile(nearest, share))


def copy_paste(pages: Thumbnails, too_equal: float = TOO_EQUAL) -> Tally:
    """Share of pages, of all but the first, that are too equal to an earlier page of their book.

    Args:
        pages: (books, pages, 32, 32, 3) thumbnails, see `thumbnails`.
        too_equal: distance below which a page is a copy.

    Raises:
        TooLittleData: the books have a single page.
    """
    copied = nearest_earlier(pages) < too_equal
    return Tally(copied.sum(1).astype(float), np.full(len(copied), float(copied.shape[1])))
