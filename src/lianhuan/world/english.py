"""The books of English phrases: "plain" for the first world, "free" for the full one."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from lianhuan.world import phrases_en as first
from lianhuan.world.phrases_en import Phrase, phrase
from lianhuan.world.sense import LIVE
from lianhuan.world.vocabulary import LARGE

Phrases = tuple[Phrase, ...]
Words = tuple[str, ...]

_SMALL_THINGS = re.compile("catch|grab|pick up|for {prop}")


@dataclass(frozen=True, kw_only=True)
class English:
    """Phrases by what they are for. Tables that are empty are those of things that the plain book never says.

    Attributes:
        plain, at_prop, at_large, hold, upon: what an action is called alone, beside a prop, beside one that is too large to
            be taken, with a prop in the hand, upon a prop; `upon` has "ride" too.
        nouns: what a prop is called; kinds: what a kind is called where it has more names than one.
        where, to, through: a place in, at or through which something happens.
        time: what opens the first sentence at another time of day; `when` the same of the weather, as a clause.
        openings, links: what opens the first, or another, sentence.
        tails, calm_tails: what ends a sentence; the calm ones go with sleep.
        garments: tops; wear: how a thing is put on.
        feels, with_: what a feeling is called, and how an action is done with it; cries: what one says then.
        sayings, asides: what is said, and told, of nothing that is to be seen.
        views: what opens a sentence of a picture from near or from far.
        large: props that are too large to be taken.
    """

    plain: Mapping[str, Phrases]
    at_prop: Mapping[str, Phrases]
    at_large: Mapping[str, Phrases]
    hold: Mapping[str, Phrases]
    upon: Mapping[str, Phrases]
    nouns: Mapping[str, Words]
    kinds: Mapping[str, Words]
    where: Mapping[str, Words]
    to: Mapping[str, Words]
    through: Mapping[str, Words]
    time: Mapping[str, Phrases]
    when: Mapping[str, Phrases]
    openings: Phrases
    links: Phrases
    tails: Words
    calm_tails: Words
    garments: Words
    wear: Mapping[str, Phrases]
    feels: Mapping[str, Words]
    with_: Mapping[str, Words]
    cries: Mapping[str, Words]
    sayings: Words
    asides: Phrases
    views: Mapping[str, Words]
    large: frozenset[str]

    def beside(self, action: str, prop: str) -> Phrases:
        """What `action` is called beside `prop`."""
        return (self.at_large if prop in self.large else self.at_prop)[action]

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
        at_large=first.AT_PROP,
        hold=first.HOLD | {"carry": first.CARRY},
        upon=first.UPON,
        nouns=first.NOUNS,
        kinds={},
        where=first.WHERE,
        to=first.TO,
        through=first.THROUGH,
        time={time: tuple(map(phrase, texts)) for time, texts in first.TIME.items()},
        when={},
        openings=tuple(map(phrase, first.OPENINGS)),
        links=tuple(map(phrase, first.LINKS)),
        tails=first.TAILS,
        calm_tails=first.CALM_TAILS,
        garments=first.GARMENTS,
        wear={},
        feels={},
        with_={},
        cries={},
        sayings=(),
        asides=(),
        views={},
        large=frozenset(),
    )


def _free() -> English:
    more: dict[str, Any] = json.loads(
        files("lianhuan.world").joinpath("words_en.json").read_text(encoding="utf-8")
    )

    def words(name: str) -> dict[str, Words]:
        return {key: _parts(text) for key, text in more[name].items()}

    def phrases(name: str) -> dict[str, Phrases]:
        return {key: tuple(map(phrase, texts)) for key, texts in words(name).items()}

    book = english("plain")
    at_prop = {**book.at_prop, **phrases("at_prop")}
    return replace(
        book,
        plain={**book.plain, **phrases("plain")},
        at_prop=at_prop,
        at_large={action: tuple(filter(_suits_large, said)) for action, said in at_prop.items()},
        hold={**book.hold, **phrases("hold")},
        upon={**book.upon, **phrases("upon")},
        nouns={**book.nouns, **words("nouns")},
        kinds=words("kinds"),
        where={**book.where, **words("where")},
        to={**book.to, **words("to")},
        through={**book.through, **words("through")},
        time=phrases("time"),
        when=phrases("when"),
        openings=tuple(map(phrase, _parts(more["openings"]))),
        links=tuple(map(phrase, _parts(more["links"]))),
        tails=_parts(more["tails"]),
        garments=_parts(more["garments"]),
        wear=phrases("wear"),
        feels=words("feels"),
        with_=words("with"),
        cries=words("cries"),
        sayings=_parts(more["sayings"]),
        asides=tuple(map(phrase, _parts(more["asides"]))),
        views={"near": _parts(more["near"]), "far": _parts(more["far"])},
        large=LARGE - LIVE | {"whale", "shark", "dragon"},
    )


def _suits_large(said: Phrase) -> bool:
    return not _SMALL_THINGS.search(said.past[0])


def _parts(text: str) -> Words:
    return tuple(part.strip() for part in text.split(";"))
