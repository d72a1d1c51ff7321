# ruff: noqa: RUF001
"""The books of Chinese phrases: "plain" for the first world, "free" for the full one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from lianhuan.world import phrases_zh as first
from lianhuan.world.vocabulary import LARGE

Words = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Chinese:
    """Phrases by what they are for, as in `lianhuan.world.english.English`.

    `with_` stands before what is done; `drink` says by the prop how one drinks from it; props are with measure words.
    """

    plain: Mapping[str, Words]
    at_prop: Mapping[str, Words]
    at_large: Mapping[str, Words]
    hold: Mapping[str, Words]
    drink: Mapping[str, Words]
    upon: Mapping[str, Words]
    nouns: Mapping[str, Words]
    where: Mapping[str, Words]
    to: Mapping[str, Words]
    time: Mapping[str, Words]
    when: Mapping[str, Words]
    openings: Words
    links: Words
    tails: Words
    garments: Words
    wear: Mapping[str, Words]
    feels: Mapping[str, Words]
    with_: Mapping[str, Words]
    cries: Mapping[str, Words]
    sayings: Words
    asides: Words
    views: Mapping[str, Words]
    large: frozenset[str]

    def beside(self, action: str, prop: str) -> Words:
        """What `action` is called beside `prop`."""
        return (self.at_large if prop in self.large else self.at_prop)[action]

    def holding(self, action: str, prop: str) -> Words:
        """What `action` is called with `prop` in the hand."""
        return self.drink[prop] if action == "drink" else self.hold[action]


@cache
def chinese(wording: str) -> Chinese:
    """The book called `wording`: "plain" or "free"."""
    return {"plain": _plain, "free": _free}[wording]()


def _plain() -> Chinese:
    return Chinese(
        plain=first.PLAIN,
        at_prop=first.AT_PROP,
        at_large=first.AT_PROP,
        hold=first.HOLD | {"carry": first.CARRY},
        drink={},
        upon=first.UPON,
        nouns=first.NOUNS,
        where=first.WHERE,
        to=first.TO,
        time=first.TIME,
        when={},
        openings=first.OPENINGS,
        links=first.LINKS,
        tails=first.TAILS,
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


def _free() -> Chinese:
    more: dict[str, Any] = json.loads(
        files("lianhuan.world").joinpath("words_zh.json").read_text(encoding="utf-8")
    )

    def words(name: str) -> dict[str, Words]:
        return {key: _parts(text) for key, text in more[name].items()}

    book = chinese("plain")
    at_prop = {**book.at_prop, **words("at_prop")}
    return replace(
        book,
        plain={**book.plain, **words("plain")},
        at_prop=at_prop,
        at_large={**at_prop, **words("large")},
        hold={**book.hold, **words("hold")},
        drink=words("drink"),
        upon={**book.upon, **words("upon")},
        nouns={**book.nouns, **words("nouns")},
        where={**book.where, **words("where")},
        to={**book.to, **words("to")},
        time=words("time"),
        when=words("when"),
        openings=_parts(more["openings"]),
        links=_parts(more["links"]),
        tails=_parts(more["tails"]),
        garments=_parts(more["garments"]),
        wear=words("wear"),
        feels=words("feels"),
        with_=words("with"),
        cries=words("cries"),
        sayings=_parts(more["sayings"]),
        asides=_parts(more["asides"]),
        views={"near": _parts(more["near"]), "far": _parts(more["far"])},
        large=LARGE,
    )


def _parts(text: str) -> Words:
    return tuple(part.strip() for part in text.split("；"))
