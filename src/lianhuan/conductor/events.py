"""What happens while a story is drawn."""

import collections.abc
from collections.abc import Hashable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from PIL import Image

from lianhuan.errors import LianhuanError
from lianhuan.generators import Control, Generator
from lianhuan.models.context import Context
from lianhuan.story import PageRequest, Story


@dataclass(frozen=True)
class Planned:
    """The story is read and will be drawn with `settings` (seed, generator, engine, extras, memory, steps ...)."""

    story: Story
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Step:
    """Step `number` of `total` (from 1) of page `page` (from 1) is done."""

    page: int
    number: int
    total: int


@dataclass(frozen=True)
class PageDone:
    """Page `page` (from 1) has its picture; `recipe` is all that decides how it is drawn now.

    `reused` says that it was there already, `given` that the caller brought it; neither was drawn.
    """

    page: int
    scene_id: str
    image: Image.Image
    recipe: Mapping[str, Any]
    reused: bool = False
    given: bool = False


@dataclass(frozen=True)
class PortraitDone:
    """The character `name` has its portrait: it is remembered so, and shown on no page.

    `recipe` and `reused` are as those of a page; its "scene_id" is "cast/" with the name behind it.
    """

    name: str
    image: Image.Image
    recipe: Mapping[str, Any]
    reused: bool = False


Event = Planned | Step | PageDone | PortraitDone


@dataclass(frozen=True)
class Finished:
    """All pages of a story are done."""


@dataclass(frozen=True)
class Failed:
    """A story cannot be drawn further, `error` says why; its finished pages stay."""

    error: LianhuanError | OSError


@dataclass(frozen=True)
class Told:
    """What happens to one of several stories.

    Attributes:
        story: its number in the order in which they were given, from 0.
        event: as for a story alone; the last one is `Finished` or `Failed`.
    """

    story: int
    event: Event | Finished | Failed


@dataclass(frozen=True)
class Ready:
    """Page `page` (from 1) knows all that it remembers and waits for its picture.

    Who draws it puts the picture, or the error, into `picture` before the story goes on. Pages with equal `weights`
    are drawn by the same networks. A `portrait` is drawn before the page, which shows its character first, and without telling
    its steps.
    """

    page: int
    request: PageRequest
    contexts: Mapping[str, Context]
    controls: Sequence[Control]
    generator: Generator
    weights: Hashable
    portrait: bool = False
    picture: Future[Image.Image] = field(default_factory=Future)


Pages = collections.abc.Generator[Event | Ready, None, None]
"""The events of a story whose pages somebody else draws."""


def renumbered(events: Iterable[Event | Ready], pages: Sequence[int]) -> Pages:
    """Events of a story that holds only the `pages` with these numbers of a book, told with the book's numbers."""
    for event in events:
        if isinstance(event, (Planned, PortraitDone)):
            yield event
        else:
            yield replace(event, page=pages[event.page - 1])
