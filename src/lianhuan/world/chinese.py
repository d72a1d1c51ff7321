# ruff: noqa: RUF001
"""The books of Chinese phrases: "plain" for the small world, "free" for the larger ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache

from lianhuan.world import phrases_zh as first
from lianhuan.world.phrasebook import Book, WordFile, Words
from lianhuan.world.scene import Prop
from lianhuan.world.vocabulary import LARGE


@dataclass(frozen=True, kw_only=True)
class Chinese(Book[str]):
    """A book whose `with_` stands before what is done, and whose props are with measure words.

    Attributes:
        drink: by the prop, how one drinks from it.
    """

    drink: Mapping[str, Words] = field(default_factory=dict)

    def using(self, action: str, prop: Prop) -> Words:
        """What `action` is called with, upon or beside `prop`."""
        return self.drink[prop.kind] if action == "drink" else super().using(action, prop)


@cache
def chinese(wording: str) -> Chinese:
    """The book called `wording`: "plain" or "free"."""
    return {"plain": _plain, "free": _free}[wording]()


def _plain() -> Chinese:
    return Chinese(
        plain=first.PLAIN,
        at_prop=first.AT_PROP,
        hold=first.HOLD | {"carry": first.CARRY},
        upon=first.UPON,
        nouns=first.NOUNS,
        where=first.WHERE,
        to=first.TO,
        time=first.TIME,
        openings=first.OPENINGS,
        links=first.LINKS,
        tails=first.TAILS,
        garments=first.GARMENTS,
    )


def _free() -> Chinese:
    more = WordFile("words_zh.json", "；", str)
    book = more.enlarge(chinese("plain"))
    return replace(
        book, at_large={**book.at_prop, **more.words("large")}, drink=more.words("drink"), large=LARGE
    )
