"""Page by page: which of the wanted labels does a picture show?"""

from collections.abc import Mapping
from dataclasses import dataclass
from string import digits

import numpy as np
import numpy.typing as npt

from lianhuan.bench.world import Scored
from lianhuan.metrics.world import NOBODY, Labels, Wanted
from lianhuan.world.scene import class_names

LOOKS = ("top", "head", "worn")
"""Labels of actors that the text does not tell."""

WORDS = {"top": "clothes", "head": "hair or fur", "worn": "thing worn"}
"""What people call the labels with other names."""


@dataclass(frozen=True)
class Miss:
    """A label that is wrong: what should be seen and what is."""

    label: str
    wanted: str
    seen: str


@dataclass(frozen=True)
class PageVerdict:
    """How a drawn page does.

    Attributes:
        method: name of the method that drew it.
        take: number of the take.
        story: place of its story in the run.
        page: number of the page, from 0.
        judged: number of wanted labels.
        misses: those that are wrong.
    """

    method: str
    take: int
    story: int
    page: int
    judged: int
    misses: tuple[Miss, ...]

    @property
    def score(self) -> float:
        """Share of the wanted labels that are right."""
        return 1 - len(self.misses) / self.judged


def verdicts(scored: Scored, method: str) -> list[PageVerdict]:
    """A verdict on every drawn page of one method, worst first."""
    names = class_names(scored.run.tales[0].world)
    found = [
        _verdict(wanted, seen, names, (method, take, story, page))
        for take, seen in enumerate(scored.seen[method])
        for wanted in [expected(scored.wanted, seen)]
        for story, page in np.ndindex(wanted["place"].shape)
        if page >= scored.run.task.given
    ]
    return sorted(found, key=lambda verdict: verdict.score)


def expected(wanted: Wanted, seen: Labels) -> Labels:
    """The labels that every page should show, -1 where any is right.

    The text decides place, time, weather, number, prop, kinds and actions, and the colour of new clothes. Other looks
    are those that page 1 shows of the same actor.
    """
    table = {name: classes.copy() for name, classes in wanted.labels.items()}
    looks = [look for look in LOOKS if f"{look}0" in table]
    for slot in range(wanted.who.shape[2]):
        kinds = table[f"kind{slot}"]
        kinds[kinds == 0] = NOBODY  # the number of actors says that already
        for look in looks:
            table[f"{look}{slot}"] = np.full_like(kinds, NOBODY)
    for story, who in enumerate(wanted.who):
        for actor in np.unique(who[who != NOBODY]):
            _expect_looks(table, wanted, seen, story, who == actor)
    return table


def _expect_looks(
    table: Labels, wanted: Wanted, seen: Labels, story: int, here: npt.NDArray[np.bool_]
) -> None:
    """Fill in the looks of the actor that stands in the slots `here` (frames, slots) of a story."""
    first = np.flatnonzero(here[0])
    dressed = np.logical_or.accumulate((here & wanted.changed[story]).any(1))
    for page, slot in np.argwhere(here):
        if dressed[page]:
            table[f"top{slot}"][story, page] = wanted.labels[f"top{slot}"][story, page]
        if not page or not len(first) or not seen[f"kind{first[0]}"][story, 0]:
            continue
        for look in ("head",) if dressed[page] else ("top", "head"):
            table[f"{look}{slot}"][story, page] = seen[f"{look}{first[0]}"][story, 0]


def _verdict(
    wanted: Labels, seen: Labels, names: Mapping[str, tuple[str, ...]], at: tuple[str, int, int, int]
) -> PageVerdict:
    story, page = at[2:]
    judged = [name for name in wanted if wanted[name][story, page] != NOBODY]
    pairs = ((name, wanted[name][story, page], _visible(seen, name, story, page)) for name in judged)
    misses = [
        Miss(_label(name), _name(names, name, want), _name(names, name, see))
        for name, want, see in pairs
        if want != see
    ]
    return PageVerdict(*at, len(judged), tuple(misses))


def _visible(seen: Labels, name: str, story: int, page: int) -> int:
    """What is seen; of an actor who is not seen, nothing is."""
    slot = name[-1]
    hidden = slot.isdigit() and not name.startswith("kind") and not seen[f"kind{slot}"][story, page]
    return NOBODY if hidden else int(seen[name][story, page])


def _label(name: str) -> str:
    label = name.rstrip(digits)
    return label if label == name else f"{WORDS.get(label, label)} of actor {int(name[-1]) + 1}"


def _name(names: Mapping[str, tuple[str, ...]], label: str, number: int) -> str:
    return "nobody" if number == NOBODY else names[label.rstrip(digits)][number]
