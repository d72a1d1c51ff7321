"""What happens while a story is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

from lianhuan.story import Story


@dataclass(frozen=True)
class Planned:
    """The story is read and will be drawn with `settings` (seed, generator, memory, steps, guidance)."""

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
    """Page `page` (from 1) has its picture; `recipe` is all that made it.

    `reused` says that it was there already, `given` that the caller brought it; neither was drawn.
    """

    page: int
    scene_id: str
    image: Image.Image
    recipe: Mapping[str, Any]
    reused: bool = False
    given: bool = False


Event = Planned | Step | PageDone
