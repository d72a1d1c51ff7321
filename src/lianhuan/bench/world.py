"""The bench of the story world: do the pictures show what the story says, and do hidden looks stay?"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from PIL import Image
from torch import Tensor

from lianhuan.bench.books import story_pictures
from lianhuan.errors import CheckpointError
from lianhuan.images import fit_square
from lianhuan.metrics.statistics import Tally, estimate
from lianhuan.metrics.world import NOBODY, SLOTS, Labels, Wanted, chance, score
from lianhuan.tensors import to_tensor
from lianhuan.world.draw import draw
from lianhuan.world.scene import CLASSES, WorldStory, labels

SUITE = "world-1"
SIZE = 128
"""Side of the pictures that a reader sees."""

Scores = dict[str, dict[str, float]]
"""Metric name -> {"mean", "low", "high", "n"}; a metric that these stories cannot measure is left out."""


class ReadsPictures(Protocol):
    """What names the labels of pictures; see `lianhuan.metrics.reader.Reader`."""

    classes: dict[str, int]

    def read(self, pictures: Tensor) -> dict[str, Tensor]:
        """Label name -> (B,) classes of pictures (B, 3, 128, 128) in [-1, 1]."""
        ...


def bench_world(
    folders: Mapping[str, Path],
    tales: Sequence[WorldStory],
    reader: ReadsPictures,
    *,
    seed: int,
    split: str,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """The whole result as plain JSON.

    Args:
        folders: method name -> folder of its books.
        tales: the stories that the books tell.
        reader: what reads the pictures.
        seed: seed of the drawing, and of the resampling of intervals.
        split: which stories of the world they are.
        settings: how the books were drawn.

    Returns:
        suite, stories, seed, split, settings; "methods" with the scores of each; "chance" and "ceiling" with those of
        the true pictures, judged by another story's and by their own; "reader" with its accuracy on the true pictures.

    Raises:
        BookError: a book is missing, unfinished, or tells another story.
        CheckpointError: the reader names other labels than the world's.
        ValueError: there are fewer than two stories.
    """
    want = wanted(tales)
    truth = read_truth(tales, reader)
    return {
        "suite": SUITE,
        "stories": len(tales),
        "seed": seed,
        "split": split,
        "settings": dict(settings),
        "methods": {name: score_books(folder, tales, reader, seed=seed) for name, folder in folders.items()},
        "chance": _estimates(chance(want, truth), seed),
        "ceiling": _estimates(score(want, truth), seed),
        "reader": reader_accuracy(want, truth),
    }


def score_books(folder: Path, tales: Sequence[WorldStory], reader: ReadsPictures, *, seed: int = 0) -> Scores:
    """Every metric for the books of one method, which tell `tales`; errors as `bench_world`."""
    seen = _read((story_pictures(folder, tale) for tale in tales), reader)
    return _estimates(score(wanted(tales), seen), seed)


def read_truth(tales: Sequence[WorldStory], reader: ReadsPictures) -> Labels:
    """What the reader sees in the true pictures of the stories.

    Raises:
        CheckpointError: the reader names other labels than the world's.
    """
    return _read(([draw(frame.graph, SIZE) for frame in tale.frames] for tale in tales), reader)


def reader_accuracy(want: Wanted, truth: Labels) -> dict[str, float]:
    """For each label, how often the reader is right on true pictures; labels of a slot count where somebody stands."""
    counted = {name: table != NOBODY for name, table in want.labels.items()}
    return {
        name: float((truth[name] == want.labels[name])[where].mean())
        for name, where in counted.items()
        if where.any()
    }


def wanted(tales: Sequence[WorldStory]) -> Wanted:
    """What the pictures of the stories should show; all stories have the same number of frames."""
    graphs = [[labels(frame.graph) for frame in tale.frames] for tale in tales]
    who = np.full((len(tales), len(tales[0].frames), SLOTS), NOBODY)
    changed = np.zeros(who.shape, dtype=bool)
    for row, tale in enumerate(tales):
        numbers = {name: number for number, name in enumerate(tale.names_zh)}
        for page, frame in enumerate(tale.frames):
            dressed = {name for name, _ in frame.changes}
            for slot, name in enumerate(frame.on_stage):
                who[row, page, slot] = numbers[name]
                changed[row, page, slot] = name in dressed
    table = {name: np.array([[frame[name] for frame in row] for row in graphs]) for name in CLASSES}
    return Wanted(table, who, changed)


def _read(books: Iterable[Sequence[Image.Image]], reader: ReadsPictures) -> Labels:
    if reader.classes != CLASSES:
        raise CheckpointError(
            "the reader was trained on another vocabulary than this version's; train it again"
        )
    rows = []
    for pictures in books:
        seen = reader.read(to_tensor([fit_square(picture, SIZE) for picture in pictures]))
        rows.append({name: classes.numpy() for name, classes in seen.items()})
    return {name: np.stack([row[name] for row in rows]) for name in CLASSES}


def _estimates(tallies: Mapping[str, Tally], seed: int) -> Scores:
    return {name: asdict(estimate(tally, seed)) for name, tally in tallies.items() if tally.total.any()}
