"""Distances between two sets of pictures, in the features of a network: are the drawn ones like the true ones, as a whole?

Both take features (stories, frames, width), see `lianhuan.metrics.features`. Row s of both sets tells the same story; whole
stories are resampled, in both sets at once.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import poly_kernel

from lianhuan.metrics.statistics import Estimate, TooLittleData

RESAMPLES = 200
"""Fewer than for shares: every resample is a matrix to decompose."""

Features = npt.NDArray[np.float64]


def frechet_distance(
    true: Features, drawn: Features, *, seed: int = 0, resamples: int = RESAMPLES
) -> Estimate:
    """Frechet distance of the two normal distributions: |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)).

    Heusel et al., "GANs Trained by a Two Time-Scale Update Rule Converge to a Local Nash Equilibrium" (2017), in the
    features that are given. It falls with the number of pictures, so compare figures of equally many only; for the same
    reason a resample, in which stories repeat, has a larger one, and the interval is the spread of the resamples around
    their mean, laid around the distance.

    Args:
        true: (stories, frames, width) features of the true pictures.
        drawn: (stories, frames, width) of the drawn ones; the number of frames may differ.
        seed: seed of the resampling.
        resamples: how often stories are drawn with replacement.

    Raises:
        TooLittleData: there are fewer than two stories, or a set has no more pictures than features.
    """
    stories, width = _stories(true, drawn)
    fewest = min(true[..., 0].size, drawn[..., 0].size)
    if fewest <= width:
        raise TooLittleData(
            f"a Frechet distance of {width} features needs more than {width} pictures, not {fewest}"
        )
    sets = torch.from_numpy(true).double(), torch.from_numpy(drawn).double()
    metric = FrechetInceptionDistance(feature=_Given(width)).set_dtype(torch.float64)

    def distance(picks: npt.NDArray[np.int64]) -> float:
        metric.reset()
        for features, real in zip(sets, (True, False), strict=True):
            metric.update(features[torch.from_numpy(picks)].flatten(0, 1), real=real)
        return max(0.0, float(metric.compute()))

    found = _with_interval(distance, stories, drawn[..., 0].size, seed, resamples)
    return Estimate(found.mean, max(0.0, found.low), found.high, found.n)


def kernel_distance(
    true: Features, drawn: Features, *, seed: int = 0, resamples: int = RESAMPLES
) -> Estimate:
    """Squared maximum mean discrepancy with the kernel (x y / width + 1)^3, without bias: it may fall below zero.

    The kernel is that of Binkowski et al., "Demystifying MMD GANs" (2018); the estimate is the one for paired samples of
    Gretton et al., "A Kernel Two-Sample Test" (2012), lemma 6, with a story as the unit: frames of one story are never
    compared with each other nor with the true pictures of that story. It needs fewer pictures than a Frechet distance and
    does not depend on their number. Arguments as of `frechet_distance`.

    Raises:
        TooLittleData: there are fewer than two stories.
    """
    stories, _ = _stories(true, drawn)
    kernel = _story_kernel(true, true) + _story_kernel(drawn, drawn)
    mixed = _story_kernel(true, drawn)
    table = kernel - mixed - mixed.T  # (stories, stories)
    np.fill_diagonal(table, 0)

    def distance(picks: npt.NDArray[np.int64]) -> float:
        weights = np.bincount(picks, minlength=stories).astype(float)
        return float(weights @ table @ weights / (weights.sum() ** 2 - (weights**2).sum()))

    return _with_interval(distance, stories, drawn[..., 0].size, seed, resamples)


class _Given(nn.Module):
    """Stands where torchmetrics expects a network: the features are there already."""

    def __init__(self, width: int):
        super().__init__()
        self.num_features = width

    def forward(self, features: Tensor) -> Tensor:
        return features


def _stories(true: Features, drawn: Features) -> tuple[int, int]:
    """How many stories there are, and how many features."""
    if true.ndim != 3 or drawn.ndim != 3 or (len(true), true.shape[2]) != (len(drawn), drawn.shape[2]):
        raise ValueError(
            f"features of the same stories (stories, frames, width) belong here, not {true.shape} and {drawn.shape}"
        )
    if len(true) < 2:
        raise TooLittleData(f"a distance between sets needs at least 2 stories, not {len(true)}")
    return len(true), true.shape[2]


def _story_kernel(a: Features, b: Features) -> npt.NDArray[np.float64]:
    """(stories, stories) mean kernel between the pictures of two stories."""
    one, other = (torch.from_numpy(x).double().flatten(0, 1) for x in (a, b))
    table: npt.NDArray[np.float64] = poly_kernel(one, other).numpy()
    return table.reshape(*a.shape[:2], *b.shape[:2]).mean(axis=(1, 3))


def _with_interval(
    distance: Callable[[npt.NDArray[np.int64]], float], stories: int, pictures: int, seed: int, resamples: int
) -> Estimate:
    """`distance` of all stories, with the middle 95 % of resamples, shifted so that their mean lies on it."""
    value = distance(np.arange(stories))
    picks = np.random.default_rng(seed).integers(stories, size=(resamples, stories))
    picks = picks[(picks != picks[:, :1]).any(1)]  # one story alone is no sample
    spread = np.array([distance(row) for row in picks])
    low, high = value + np.percentile(spread, [2.5, 97.5]) - spread.mean()
    return Estimate(value, float(low), float(high), pictures)
