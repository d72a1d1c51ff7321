"""How well pictures of world stories show what they should, from labels alone.

All functions compare class indices: the wanted ones, known exactly, with those that a reader sees in the pictures
(tables of (stories, frames), see `lianhuan.world.scene.labels`). An actor that the reader does not see (kind 0 in its
slot) has no action and no look: it counts as wrong, and never as consistent.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import numpy.typing as npt

from lianhuan.metrics.statistics import Tally

Table = npt.NDArray[np.int64]
Labels = Mapping[str, Table]
"""Label name -> (stories, frames) class indices."""
NOBODY = -1


@dataclass(frozen=True)
class Wanted:
    """What the pictures should show.

    Attributes:
        labels: the exact labels.
        who: (stories, frames, slots) number of the actor in each slot, -1 for nobody; numbers are per story.
        changed: (stories, frames, slots) whether the text puts new clothes on that actor in that frame.
    """

    labels: Labels
    who: Table
    changed: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Pairs:
    """Looks that should be the same, as (pairs,) arrays.

    Attributes:
        story: where the pair comes from.
        group: pairs of one group may be compared across stories.
        first: the class that should be seen.
        later: the class that is seen.
    """

    story: Table
    group: Table
    first: Table
    later: Table


def score(wanted: Wanted, seen: Labels, given: int = 0) -> dict[str, Tally]:
    """Every metric of the suite.

    Args:
        wanted: what the pictures should show.
        seen: what they show.
        given: so many pages of each story were not drawn: they are not judged, but later looks are compared with them.
    """
    pages = page_scores(_later(wanted.labels, given), _later(seen, given))
    return {**pages, **look_scores(wanted, seen, matched)}


def chance(wanted: Wanted, seen: Labels, given: int = 0) -> dict[str, Tally]:
    """What `score` gives when every story is judged by another story's pictures.

    Pages are compared with those of the next story. Looks are compared with those of all other stories, so that the
    level does not depend on who happens to stand in which slot; hair and fur with characters of the same kind only,
    because the kind is told.
    """
    other = {name: np.roll(table, -1, axis=0) for name, table in seen.items()}
    pages = page_scores(_later(wanted.labels, given), _later(other, given))
    return {**pages, **look_scores(wanted, seen, across)}


def page_scores(wanted: Labels, seen: Labels) -> dict[str, Tally]:
    """The metrics of single pictures."""
    whole = {name: label_accuracy(wanted, seen, name) for name in ("place", "time", "weather", "count")}
    return {
        "character_f1": character_f1(wanted, seen),
        "frame_accuracy": frame_accuracy(wanted, seen),
        **whole,
        "presence": presence(wanted, seen),
        "action": slot_accuracy(wanted, seen, "action"),
        "prop": prop_accuracy(wanted, seen),
        "prop_presence": prop_presence(wanted, seen),
    }


def look_scores(wanted: Wanted, seen: Labels, compare: Callable[[Pairs, int], Tally]) -> dict[str, Tally]:
    """The metrics of hidden looks; `compare` is `matched` or `across`.

    "top", "head" and "consistency" are against page 1, "pairwise" between any two pages. "change" is the share of asked
    changes that happen, "drift" that of unasked ones: less is better.
    """
    stories = len(wanted.who)

    def share(find: Callable[[Wanted, Labels, str], Pairs], name: str) -> Tally:
        return compare(find(wanted, seen, name), stories)

    top, head = share(look_pairs, "top"), share(look_pairs, "head")
    return {
        "top": top,
        "head": head,
        "consistency": top + head,
        "pairwise": share(any_pairs, "top") + share(any_pairs, "head"),
        "change": compare(change_pairs(wanted, seen), stories),
        "drift": unequal(share(next_pairs, "top") + share(next_pairs, "head")),
    }


# ---- single pictures


def character_f1(wanted: Labels, seen: Labels) -> Tally:
    """Micro-averaged F1 over the sets of character kinds on stage, frame by frame: 2 TP / (2 TP + FP + FN).

    The metric of the story-visualisation line: Maharana, Hannan, Bansal, "Improving Generation and Evaluation of Visual
    Stories via Semantic Consistency" (2021), on the task of Li et al., "StoryGAN" (2019).
    """
    want, see = _kind_sets(wanted, seen)
    both = 2 * (want & see).sum((1, 2))
    return Tally(both.astype(float), (want.sum((1, 2)) + see.sum((1, 2))).astype(float))


def frame_accuracy(wanted: Labels, seen: Labels) -> Tally:
    """Share of frames whose set of kinds is exactly right (same source as `character_f1`)."""
    want, see = _kind_sets(wanted, seen)
    return _tally((want == see).all(2))


def label_accuracy(wanted: Labels, seen: Labels, name: str) -> Tally:
    """Share of frames with the right class of a label of the whole picture."""
    return _tally(wanted[name] == seen[name])


def slot_accuracy(wanted: Labels, seen: Labels, name: str) -> Tally:
    """Share of actors whose label is right in their slot, left to right."""
    want = _slots(wanted, name)
    return _tally(want == _visible(seen, name), want != NOBODY)


def presence(wanted: Labels, seen: Labels) -> Tally:
    """Share of frames in which somebody is seen in exactly the right slots, whoever it is."""
    return _tally(((_slots(wanted, "kind") > 0) == (_slots(seen, "kind") > 0)).all(2))


def prop_accuracy(wanted: Labels, seen: Labels) -> Tally:
    """Share of the right prop, over frames that have one."""
    return _tally(wanted["prop"] == seen["prop"], wanted["prop"] > 0)


def prop_presence(wanted: Labels, seen: Labels) -> Tally:
    """Share of frames that show a prop, whichever, where there is one, and none where there is none."""
    return _tally((wanted["prop"] > 0) == (seen["prop"] > 0))


# ---- looks across pages


def look_pairs(wanted: Wanted, seen: Labels, name: str) -> Pairs:
    """The look `name` ("top" or "head") that is seen of an actor on page 1, and again on a later page of the same book.

    Pairs are made of every actor on page 1 and every later page where the actor is on stage again, until the text
    changes its clothes. The comparison is with the drawn page 1, not with the world's secret look: the text does not
    say it, so any look is right as long as it stays.
    """
    visible, kinds = _visible(seen, name), _slots(wanted.labels, "kind")
    rows = []
    for story, slot in np.argwhere(wanted.who[:, 0] != NOBODY):
        here = wanted.who[story] == wanted.who[story, 0, slot]
        changed = (here & wanted.changed[story]).any(1)
        unchanged = here & ~np.logical_or.accumulate(changed)[:, None]
        first = visible[story, 0, slot]
        rows += [
            (story, kinds[story, 0, slot], first, visible[story, page, place])
            for page, place in np.argwhere(unchanged)
            if page
        ]
    return _pairs(rows)


def any_pairs(wanted: Wanted, seen: Labels, name: str) -> Pairs:
    """The look `name` of an actor on any two pages of a book between which the text leaves it alone.

    "head" is never changed by the text, "top" is compared among the pages with the same clothes. Every page counts as
    much as the first: the definition of self-similarity of ViStoryBench (Zhuang et al., 2025) and of the pairwise
    character similarity of StoryDiffusion (Zhou et al., 2024), on labels instead of features.
    """
    return _kept_pairs(wanted, seen, name, lambda pages: combinations(pages, 2))


def next_pairs(wanted: Wanted, seen: Labels, name: str) -> Pairs:
    """The look `name` of an actor on two consecutive pages that it is on, where the text leaves it alone from one to the other.

    The pairs that differ are drift: changes that nobody asked for, beside another actor's intended one or beside one's own
    (new clothes leave the hair as it was). An actor that is not seen has drifted, too, so that drawing nobody is no way
    out. Together with `change_pairs` it judges both sides of an intended change (our definition).
    """
    return _kept_pairs(wanted, seen, name, pairwise)


def change_pairs(wanted: Wanted, seen: Labels) -> Pairs:
    """The colour that the text puts on an actor, and the one that is seen from then on."""
    visible, tops = _visible(seen, "top"), _slots(wanted.labels, "top")
    return _pairs(
        [
            (story, 0, tops[story, page, slot], visible[story, page, slot])
            for story, spots, outfits in _appearances(wanted)
            for page, slot in spots[outfits > 0]
        ]
    )


def matched(pairs: Pairs, stories: int) -> Tally:
    """How many pairs of each story are equal."""
    equal = (pairs.first == pairs.later) & (pairs.later != NOBODY)
    return Tally(_per_story(pairs, equal, stories), _per_story(pairs, np.ones(len(equal)), stories))


def across(pairs: Pairs, stories: int) -> Tally:
    """How often what is seen equals the first of pairs of the same group in other stories: the level of chance."""
    if not len(pairs.story):
        return Tally(np.zeros(stories), np.zeros(stories))
    first, later = pairs.first - NOBODY, pairs.later - NOBODY
    table = np.zeros((stories, pairs.group.max() + 1, max(first.max(), later.max()) + 1))
    np.add.at(table, (pairs.story, pairs.group, first), 1)
    others = table.sum(0)[pairs.group] - table[pairs.story, pairs.group]  # (pairs, classes)
    number = others.sum(1)
    equal = np.where(later > 0, others[np.arange(len(later)), later], 0)
    share = equal / np.maximum(number, 1)
    return Tally(_per_story(pairs, share, stories), _per_story(pairs, number > 0, stories))


def unequal(tally: Tally) -> Tally:
    """The share of what is not a hit."""
    return Tally(tally.total - tally.hits, tally.total)


# ---- helpers


def _later(labels: Labels, given: int) -> Labels:
    return {name: classes[:, given:] for name, classes in labels.items()}


def _tally(right: npt.NDArray[np.bool_], judged: npt.NDArray[np.bool_] | None = None) -> Tally:
    counted = np.ones_like(right) if judged is None else judged
    axes = tuple(range(1, right.ndim))
    return Tally((right & counted).sum(axes).astype(float), counted.sum(axes).astype(float))


def _slots(labels: Labels, name: str) -> Table:
    keys = (f"{name}{slot}" for slot in range(len(labels)))
    return np.stack([labels[key] for key in keys if key in labels], axis=2)


def _visible(seen: Labels, name: str) -> Table:
    return np.where(_slots(seen, "kind") > 0, _slots(seen, name), NOBODY)


def _kind_sets(wanted: Labels, seen: Labels) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    want, see = _slots(wanted, "kind"), _slots(seen, "kind")
    kinds = np.arange(1, max(want.max(), see.max(), 1) + 1)
    return (want[..., None] == kinds).any(2), (see[..., None] == kinds).any(2)


def _appearances(wanted: Wanted) -> Iterator[tuple[int, Table, Table]]:
    """Actor by actor: its story, its (n, 2) pages and slots in order, and (n,) how often its clothes had been changed by then."""
    for story, who in enumerate(wanted.who):
        for actor in np.unique(who[who != NOBODY]):
            here = who == actor
            outfits = np.cumsum((here & wanted.changed[story]).any(1))
            spots = np.argwhere(here)
            yield story, spots, outfits[spots[:, 0]]


def _kept_pairs(
    wanted: Wanted, seen: Labels, name: str, choose: Callable[[range], Iterable[tuple[int, int]]]
) -> Pairs:
    """The chosen pairs of an actor's appearances between which its look `name` should not change."""
    visible, kinds = _visible(seen, name), _slots(wanted.labels, "kind")
    rows = []
    for story, spots, outfits in _appearances(wanted):
        looks = visible[story, spots[:, 0], spots[:, 1]]
        kind = kinds[story, spots[0, 0], spots[0, 1]]
        rows += [
            (story, kind, looks[i], looks[j])
            for i, j in choose(range(len(spots)))
            if name != "top" or outfits[i] == outfits[j]
        ]
    return _pairs(rows)


def _pairs(rows: list[tuple[int, int, int, int]]) -> Pairs:
    table = np.array(rows, dtype=np.int64).reshape(-1, 4)
    return Pairs(*table.T)


def _per_story(pairs: Pairs, values: npt.NDArray[np.generic], stories: int) -> npt.NDArray[np.float64]:
    return np.bincount(pairs.story, values.astype(float), minlength=stories).astype(float)
