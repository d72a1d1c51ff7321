"""What happens while a story is drawn."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PIL import Image

from lianhuan.story import Story


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


Event = Planned | Step | PageDone


def renumbered(events: Iterable[Event], pages: Sequence[int]) -> Iterator[Event]:
    """Events of a story that holds only the `pages` with these numbers of a book, told with the book's numbers."""
    for event in events:
        yield event if isinstance(event, Planned) else replace(event, page=pages[event.page - 1])
