"""The books of English phrases: "plain" for the small world, "free" for the larger ones."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from lianhuan.world import phrases_en as first
from lianhuan.world.phrasebook import Book, WordFile, Words
from lianhuan.world.phrases_en import Phrase, phrase
from lianhuan.world.sense import LIVE
from lianhuan.world.vocabulary import LARGE

_SMALL_THINGS = re.compile("catch|grab|pick up|for {prop}")


@dataclass(frozen=True, kw_only=True)
class English(Book[Phrase]):
    """A book whose phrases can be conjugated.

    Attributes:
        kinds: what a kind is called where it has more names than one.
        through: a place through which something happens.
        calm_tails: tails that go with sleep.
    """

    kinds: Mapping[str, Words] = field(default_factory=dict)
    through: Mapping[str, Words]
    calm_tails: Words

    def kind(self, kind: str) -> Words:
        """What `kind` is called."""
        return self.kinds.get(kind, (kind,))


@cache
def english(wording: str) -> English:
    """The book called `wording`: "plain" or "free"."""
    return {"plain": _plain, "free": _free}[wording]()


def _plain() -> English:
    return English(
        plain=first.PLAIN,
        at_prop=first.AT_PROP,
        hold=first.HOLD | {"carry": first.CARRY},
        upon=first.UPON,
        nouns=first.NOUNS,
        where=first.WHERE,
        to=first.TO,
        through=first.THROUGH,
        time={time: tuple(map(phrase, texts)) for time, texts in first.TIME.items()},
        openings=tuple(map(phrase, first.OPENINGS)),
        links=tuple(map(phrase, first.LINKS)),
        tails=first.TAILS,
        calm_tails=first.CALM_TAILS,
        garments=first.GARMENTS,
    )


def _free() -> English:
    more = WordFile("words_en.json", ";", phrase)
    book = more.enlarge(english("plain"))
    return replace(
        book,
        kinds=more.words("kinds"),
        through={**book.through, **more.words("through")},
        at_large={action: tuple(filter(_suits_large, said)) for action, said in book.at_prop.items()},
        large=LARGE - LIVE | {"whale", "shark", "dragon"},
    )


def _suits_large(said: Phrase) -> bool:
    return not _SMALL_THINGS.search(said.past[0])
