"""Choosing among several takes of a page (re-ranking: DALL-E, Ramesh et al. 2021, section 2.6)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, overload

import numpy as np
import numpy.typing as npt
from PIL import Image

from lianhuan.late import needing_extras
from lianhuan.metrics.copies import thumbnails

if TYPE_CHECKING:
    from lianhuan.models.clip import StoryClip

Scores = npt.NDArray[np.float64]
SelectorName = Literal["clip", "consistency", "both"]


@dataclass(frozen=True)
class Candidates(Sequence[Image.Image]):
    """The takes to choose from: a sequence of pictures, with what they are judged by.

    Attributes:
        pictures: the takes, in the order in which they were drawn.
        words: what they should show.
        earlier: the pictures, as shown, of the pages before this one that have somebody of its stage on theirs.
    """

    pictures: Sequence[Image.Image]
    words: str = ""
    earlier: Sequence[Image.Image] = ()

    def __len__(self) -> int:
        return len(self.pictures)

    @overload
    def __getitem__(self, index: int) -> Image.Image: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Image.Image]: ...
    def __getitem__(self, index: int | slice) -> Image.Image | Sequence[Image.Image]:
        return self.pictures[index]

    def __iter__(self) -> Iterator[Image.Image]:
        return iter(self.pictures)


Judge = Callable[[Candidates], Scores]
"""Scores candidates: one number for each, the larger the better."""


@dataclass(frozen=True)
class ClipScore:
    """Cosine of each picture and the words (CLIPScore: Hessel et al. 2021, without its factor and its clipping)."""

    clip: StoryClip

    def __call__(self, candidates: Candidates) -> Scores:
        """(N,) cosines."""
        import torch

        from lianhuan.metrics.features import picture_features

        with torch.inference_mode():
            words = self.clip.caption_features([candidates.words]).double().cpu().numpy()[0]
        return picture_features(candidates.pictures, self.clip) @ words


@dataclass(frozen=True)
class Consistency:
    """How well the colours of each picture agree with those of the earlier ones; 0 for all where there are none.

    Pictures are 32 x 32 patches, wherever they lie, for who is on two pages stands elsewhere and does something else.
    The score falls by the mean distance from a patch to the nearest colour in any earlier picture (a coat that was never
    seen), and by the mean distance from a patch of an earlier one to the nearest colour in this (somebody is missing).
    On true pictures of the story world it finds the hidden looks of the earlier pages among three others in .97 of 60 pages
    (chance .25), and the whole cast before a page without some of it in .91 of 35. Averaged features of a network are
    worse at that (.82), and a CLIP learns captions, which do not tell looks.
    """

    def __call__(self, candidates: Candidates) -> Scores:
        """(N,) distances in shares of the range of a colour, negative."""
        if not candidates.earlier:
            return np.zeros(len(candidates))
        before = [_colours(picture) for picture in candidates.earlier]
        return np.array([self._score(_colours(picture), before) for picture in candidates])

    def _score(self, here: Scores, before: Sequence[Scores]) -> float:
        apart = [_distances(here, colours) for colours in before]  # (1024, 1024) each
        new = np.min([table.min(1) for table in apart], axis=0).mean()
        missing = np.mean([table.min(0).mean() for table in apart])
        return -float(new + missing)


@dataclass(frozen=True)
class BestOf:
    """Chooses the picture with the best mean rank over some judges, of equally good ones the first.

    Ranks, because the judges' scales have nothing in common.
    """

    judges: Sequence[Judge]

    def __call__(self, candidates: Candidates) -> int:
        """The index of the chosen one."""
        return int(np.argmin(np.mean([_ranks(judge(candidates)) for judge in self.judges], axis=0)))


def selector(name: SelectorName, clip: StoryClip | None = None) -> BestOf:
    """The selector that the command line calls so.

    Args:
        name: "clip" for the words, "consistency" for the earlier pages, "both" for the mean of the ranks.
        clip: what compares pictures and words; the embedded one if None. "consistency" needs none.
    """
    if name == "consistency":
        return BestOf([Consistency()])
    with needing_extras():
        from lianhuan.models.clip import load_clip

        words = ClipScore(load_clip() if clip is None else clip)
    return BestOf([words] if name == "clip" else [words, Consistency()])


def _ranks(scores: Scores) -> npt.NDArray[np.int64]:
    """How many are better."""
    return (scores > scores[:, None]).sum(1)


def _colours(picture: Image.Image) -> Scores:
    """(1024, 3) mean colours in 0..1."""
    return thumbnails([picture]).astype(np.float64).reshape(-1, 3) / 255


def _distances(a: Scores, b: Scores) -> Scores:
    """(N, M) Euclidean distances of the rows of `a` (N, D) and `b` (M, D)."""
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.sqrt(squares.clip(min=0))
