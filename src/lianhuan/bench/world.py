"""The bench of the story world: do the pictures show what the story says, and do hidden looks stay?"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import reduce
from operator import add
from typing import Any, Protocol

import numpy as np
from PIL import Image
from torch import Tensor, inference_mode

from lianhuan.bench.books import story_pictures
from lianhuan.bench.run import Run
from lianhuan.bench.task import Task
from lianhuan.errors import CheckpointError
from lianhuan.metrics.alignment import alignment, retrieval
from lianhuan.metrics.copies import copy_paste, thumbnails
from lianhuan.metrics.distances import Features, frechet_distance, kernel_distance
from lianhuan.metrics.features import FeatureNetwork, picture_features
from lianhuan.metrics.statistics import Estimate, Tally, TooLittleData, estimate
from lianhuan.metrics.suite import SUITE
from lianhuan.metrics.world import (
    NOBODY,
    Labels,
    Wanted,
    chance,
    score,
)
from lianhuan.world.draw import draw
from lianhuan.world.scene import WorldStory, classes, labels
from lianhuan.world.vocabulary import COLOURS, SMALL, Vocabulary

Scores = dict[str, dict[str, float]]
"""Metric name -> {"mean", "low", "high", "n"}; a metric that these stories cannot measure is left out."""


class ReadsPictures(FeatureNetwork, Protocol):
    """What names the labels of pictures; see `lianhuan.metrics.reader.Reader`."""

    classes: dict[str, int]

    def look(self, pictures: Sequence[Image.Image]) -> dict[str, Tensor]:
        """Label name -> (B,) classes of pictures of any size."""
        ...


class MatchesWords(FeatureNetwork, Protocol):
    """What puts pictures and captions into one space; see `lianhuan.models.clip.StoryClip`."""

    def caption_features(self, captions: Sequence[str]) -> Tensor:
        """(B, width) features of captions."""
        ...


@dataclass(frozen=True)
class Sight:
    """What is seen in the pictures of some stories.

    Attributes:
        labels: name -> (stories, frames) classes.
        features: (stories, frames, width).
        copies: pages that are an earlier one over again.
        meaning: (stories, frames, width) of the same space as captions, None without a model that knows both.
    """

    labels: Labels
    features: Features
    copies: Tally
    meaning: Features | None


@dataclass(frozen=True)
class Scored:
    """A run with what the reader saw in its pictures, and its result as plain JSON.

    Attributes:
        run: the books.
        wanted: what they should show.
        seen: method name -> what the reader saw, for each take.
        result: see `bench_world`.
    """

    run: Run
    wanted: Wanted
    seen: Mapping[str, Sequence[Labels]]
    result: dict[str, Any]


def bench_world(
    run: Run,
    reader: ReadsPictures,
    *,
    seed: int,
    split: str,
    settings: Mapping[str, Any],
    clip: MatchesWords | None = None,
) -> Scored:
    """Read and score all books of a run.

    Its result has suite, stories, seed, split, settings; "methods" with the scores of each; "chance" and "ceiling" with
    those of the true pictures, judged by another story's and by their own; "reader" with its accuracy on the true
    pictures. Given pages are not scored, but drawn looks are compared with them.

    Args:
        run: the books.
        reader: what reads the pictures.
        seed: seed of the drawing, and of the resampling of intervals.
        split: which stories of the world they are.
        settings: how the books were drawn.
        clip: judges the alignment of pictures and captions; None leaves it out.

    Raises:
        BookError: a book is missing, unfinished, or tells another story.
        CheckpointError: the reader names other labels than the world's.
        ValueError: there are fewer than two stories.
    """
    want, tales = wanted(run.tales), run.tales
    world = tales[0].world
    words = None if clip is None else _caption_features(tales, clip)
    truth = look_at(_true_pictures(tales, reader), reader, clip, world)
    seen = {
        name: [
            look_at((story_pictures(folder, tale) for tale in tales), reader, clip, world) for folder in takes
        ]
        for name, takes in run.folders.items()
    }
    result = {
        "suite": SUITE,
        "stories": len(tales),
        "seed": seed,
        "split": split,
        "settings": {"task": str(run.task), "frames": run.frames, "seeds": run.takes, **settings},
        "methods": {
            name: _scores(want, takes, words, run.task, seed) | _distances(truth, takes, run.task, seed)
            for name, takes in seen.items()
        },
        "chance": _estimates(_chance(want, truth, words, run.task), seed),
        "ceiling": _scores(want, [truth], words, run.task, seed),
        "reader": reader_accuracy(want, truth.labels),
    }
    return Scored(run, want, {name: [one.labels for one in takes] for name, takes in seen.items()}, result)


def one_result(scored: Sequence[Scored]) -> dict[str, Any]:
    """The results of several runs as one JSON object.

    One run gives its plain result. Several tasks give {"tasks": {task: ...}}, several lengths of stories
    {"frames": {"8": ...}}, both {"tasks": {task: {"frames": {"8": ...}}}}; the innermost are plain results.
    """
    tasks = {one.run.task: [other for other in scored if other.run.task is one.run.task] for one in scored}
    if len(tasks) > 1:
        return {"tasks": {str(task): one_result(runs) for task, runs in tasks.items()}}
    if len(scored) > 1:
        return {"frames": {str(one.run.frames): one.result for one in scored}}
    return scored[0].result


def look_at(
    books: Iterable[Sequence[Image.Image]],
    reader: ReadsPictures,
    clip: MatchesWords | None = None,
    world: Vocabulary = SMALL,
) -> Sight:
    """What the reader, and `clip`, see in the pictures of some stories of `world`; all have the same number of pages.

    Raises:
        CheckpointError: the reader names other labels than the world's.
    """
    if reader.classes != classes(world):
        raise CheckpointError(
            "the reader was trained on another vocabulary than this version's; train it again"
        )
    rows, features, small, meaning = [], [], [], []
    for pictures in books:
        rows.append({name: classes.numpy() for name, classes in reader.look(pictures).items()})
        features.append(picture_features(pictures, reader))
        small.append(thumbnails(pictures))
        if clip is not None:
            meaning.append(picture_features(pictures, clip))
    table = {name: np.stack([row[name] for row in rows]) for name in reader.classes}
    copies = copy_paste(np.stack(small))
    return Sight(table, np.stack(features), copies, np.stack(meaning) if meaning else None)


def read_truth(tales: Sequence[WorldStory], reader: ReadsPictures) -> Labels:
    """What the reader sees in the true pictures of the stories; errors as `look_at`."""
    return look_at(_true_pictures(tales, reader), reader, world=tales[0].world).labels


def reader_accuracy(want: Wanted, truth: Labels) -> dict[str, float]:
    """For each label, how often the reader is right on true pictures; labels of a slot count where somebody stands."""
    counted = {name: table != NOBODY for name, table in want.labels.items()}
    return {
        name: float((truth[name] == want.labels[name])[where].mean())
        for name, where in counted.items()
        if where.any()
    }


def wanted(tales: Sequence[WorldStory]) -> Wanted:
    """What the pictures of the stories should show; all stories are of one world and have the same number of frames."""
    world = tales[0].world
    graphs = [[labels(frame.graph, world) for frame in tale.frames] for tale in tales]
    who = np.full((len(tales), len(tales[0].frames), world.max_actors), NOBODY)
    changed = np.zeros(who.shape, dtype=bool)
    for row, tale in enumerate(tales):
        numbers = {name: number for number, name in enumerate(tale.names_zh)}
        for page, frame in enumerate(tale.frames):
            dressed = {name for name, what in frame.changes if what in COLOURS}
            for slot, name in enumerate(frame.on_stage):
                who[row, page, slot] = numbers[name]
                changed[row, page, slot] = name in dressed
    table = {name: np.array([[frame[name] for frame in row] for row in graphs]) for name in graphs[0][0]}
    return Wanted(table, who, changed)


def _true_pictures(tales: Sequence[WorldStory], reader: ReadsPictures) -> Iterable[list[Image.Image]]:
    return ([draw(frame.graph, reader.size) for frame in tale.frames] for tale in tales)


def _caption_features(tales: Sequence[WorldStory], clip: MatchesWords) -> Features:
    with inference_mode():
        rows = [clip.caption_features([frame.caption_en for frame in tale.frames]) for tale in tales]
    return np.stack([row.double().numpy() for row in rows])


def _scores(want: Wanted, takes: Sequence[Sight], words: Features | None, task: Task, seed: int) -> Scores:
    """The metrics that are means over pages or pairs of them; takes of a story count together."""
    tallies = [
        {
            **score(want, sight.labels, task.given),
            **_matches(sight, words, task),
            "copy_paste": sight.copies,
        }
        for sight in takes
    ]
    return _estimates({name: reduce(add, (one[name] for one in tallies)) for name in tallies[0]}, seed)


def _chance(want: Wanted, truth: Sight, words: Features | None, task: Task) -> dict[str, Tally]:
    """What `_scores` gives when every story is judged by another story's pictures, see `lianhuan.metrics.world.chance`."""
    return {
        **chance(want, truth.labels, task.given),
        **_matches(truth, None if words is None else np.roll(words, 1, axis=0), task),
    }


def _matches(sight: Sight, words: Features | None, task: Task) -> dict[str, Tally]:
    """How well drawn pages match their captions."""
    if words is None or sight.meaning is None:
        return {}
    pictures, captions = sight.meaning[:, task.given :], words[:, task.given :]
    found = {"alignment": alignment(pictures, captions)}
    if captions.shape[1] > 1:
        found["retrieval"] = retrieval(pictures, captions)
    return found


def _distances(truth: Sight, takes: Sequence[Sight], task: Task, seed: int) -> Scores:
    """How far the drawn pages are from the true ones as a whole."""
    true = truth.features[:, task.given :]
    drawn = np.concatenate([sight.features[:, task.given :] for sight in takes], axis=1)
    measures: dict[str, Callable[..., Estimate]] = {"frechet": frechet_distance, "kernel": kernel_distance}
    found = {}
    for name, measure in measures.items():
        with suppress(TooLittleData):
            found[name] = asdict(measure(true, drawn, seed=seed))
    return found


def _estimates(tallies: Mapping[str, Tally], seed: int) -> Scores:
    return {name: asdict(estimate(tally, seed)) for name, tally in tallies.items() if tally.total.any()}
