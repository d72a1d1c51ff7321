"""Books of phrases in any language, and how the larger one is read from a file of words."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any, Generic, TypeVar

from lianhuan.world.scene import Prop
from lianhuan.world.sense import RIDDEN

P = TypeVar("P")
B = TypeVar("B", bound="Book[Any]")

Words = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Book(Generic[P]):
    """Phrases by what they are for; `P` is a phrase of the language. Empty tables are of things that the book never says.

    Attributes:
        plain, at_prop, at_large, hold, upon: what an action is called alone, beside a prop, beside one that is too large to
            be taken, with a prop in the hand, upon a prop; `upon` has "ride" too.
        nouns: what a prop is called.
        where, to: a place in or to which something happens.
        time: what opens the first sentence at another time of day; `when` the same of the weather, as a clause.
        openings, links: what opens the first, or another, sentence.
        tails: what ends a sentence.
        garments: tops; wear: how a thing is put on.
        feels, with_: what a feeling is called, and how an action is done with it; cries: what one says then.
        sayings, asides: what is said, and told, of nothing that is to be seen.
        views: what opens a sentence of a picture from near or from far.
        large: props that are too large to be taken.
    """

    plain: Mapping[str, tuple[P, ...]]
    at_prop: Mapping[str, tuple[P, ...]]
    at_large: Mapping[str, tuple[P, ...]] = field(default_factory=dict)
    hold: Mapping[str, tuple[P, ...]]
    upon: Mapping[str, tuple[P, ...]]
    nouns: Mapping[str, Words]
    where: Mapping[str, Words]
    to: Mapping[str, Words]
    time: Mapping[str, tuple[P, ...]]
    when: Mapping[str, tuple[P, ...]] = field(default_factory=dict)
    openings: tuple[P, ...]
    links: tuple[P, ...]
    tails: Words
    garments: Words
    wear: Mapping[str, tuple[P, ...]] = field(default_factory=dict)
    feels: Mapping[str, Words] = field(default_factory=dict)
    with_: Mapping[str, Words] = field(default_factory=dict)
    cries: Mapping[str, Words] = field(default_factory=dict)
    sayings: Words = ()
    asides: tuple[P, ...] = ()
    views: Mapping[str, Words] = field(default_factory=dict)
    large: frozenset[str] = frozenset()

    def using(self, action: str, prop: Prop) -> tuple[P, ...]:
        """What `action` is called with, upon or beside `prop`."""
        if prop.where == "under":
            return self.upon["ride" if action == "sit" and prop.kind in RIDDEN else action]
        if prop.where == "held":
            return self.hold[action]
        return (self.at_large if prop.kind in self.large else self.at_prop)[action]


class WordFile(Generic[P]):
    """The file of words `name`; `mark` stands between the words of one entry, `phrase` makes a phrase of one of them."""

    def __init__(self, name: str, mark: str, phrase: Callable[[str], P]) -> None:
        text = files("lianhuan.world").joinpath(name).read_text(encoding="utf-8")
        self._entries: dict[str, Any] = json.loads(text)
        self._mark, self._phrase = mark, phrase

    def words(self, name: str) -> dict[str, Words]:
        """The table `name`."""
        return {key: self._parts(text) for key, text in self._entries[name].items()}

    def phrases(self, name: str) -> dict[str, tuple[P, ...]]:
        """The table `name`, of phrases."""
        return {key: tuple(map(self._phrase, texts)) for key, texts in self.words(name).items()}

    def enlarge(self, book: B) -> B:
        """`book` with the words of this file, but for the tables that one language alone has, and large props."""
        return replace(
            book,
            plain={**book.plain, **self.phrases("plain")},
            at_prop={**book.at_prop, **self.phrases("at_prop")},
            hold={**book.hold, **self.phrases("hold")},
            upon={**book.upon, **self.phrases("upon")},
            nouns={**book.nouns, **self.words("nouns")},
            where={**book.where, **self.words("where")},
            to={**book.to, **self.words("to")},
            time=self.phrases("time"),
            when=self.phrases("when"),
            openings=self._said("openings"),
            links=self._said("links"),
            tails=self._list("tails"),
            garments=self._list("garments"),
            wear=self.phrases("wear"),
            feels=self.words("feels"),
            with_=self.words("with"),
            cries=self.words("cries"),
            sayings=self._list("sayings"),
            asides=self._said("asides"),
            views={view: self._list(view) for view in ("near", "far")},
        )

    def _list(self, name: str) -> Words:
        return self._parts(self._entries[name])

    def _said(self, name: str) -> tuple[P, ...]:
        return tuple(map(self._phrase, self._list(name)))

    def _parts(self, text: str) -> Words:
        return tuple(part.strip() for part in text.split(self._mark))
