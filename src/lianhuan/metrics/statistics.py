"""Shares with honest intervals: stories, not frames, are resampled, because frames of one story stand or fall together."""

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

RESAMPLES = 1000


class TooLittleData(ValueError):
    """There are too few stories or pictures for a figure to mean anything."""


@dataclass(frozen=True)
class Tally:
    """For each story, how often a thing was right out of how many times it could be; both (stories,) float64."""

    hits: npt.NDArray[np.float64]
    total: npt.NDArray[np.float64]

    def __add__(self, other: Self) -> "Tally":
        """Both tallies of the same stories taken together."""
        return Tally(self.hits + other.hits, self.total + other.total)


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval; `n` is the number of decisions, or of pictures, that it is taken from."""

    mean: float
    low: float
    high: float
    n: int


def estimate(tally: Tally, seed: int = 0) -> Estimate:
    """All hits over all decisions, with the percentile bootstrap interval over stories.

    1,000 times as many stories as there are get drawn with replacement; the interval holds the middle 95 % of their
    shares (Efron, "Bootstrap methods: another look at the jackknife", 1979). It has no width where every story agrees.

    Args:
        tally: what was right, story by story.
        seed: seed of the resampling.

    Raises:
        TooLittleData: there are fewer than two stories, or nothing in them could be right or wrong.
    """
    stories = len(tally.total)
    if stories < 2:
        raise TooLittleData(f"an interval over stories needs at least 2 stories, not {stories}")
    if tally.total.sum() == 0:
        raise TooLittleData("nothing to measure: none of the stories has such a thing")
    picks = np.random.default_rng(seed).integers(stories, size=(RESAMPLES, stories))
    hits, total = tally.hits[picks].sum(1), tally.total[picks].sum(1)
    shares = hits[total > 0] / total[total > 0]
    low, high = np.percentile(shares, [2.5, 97.5])
    mean = tally.hits.sum() / tally.total.sum()
    return Estimate(float(mean), float(low), float(high), round(tally.total.sum()))
