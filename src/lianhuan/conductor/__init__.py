"""The conductor: story + generator + memory + controls -> events, and the book that comes of them."""

from lianhuan.conductor.events import Event, PageDone, Planned, Step
from lianhuan.conductor.illustrate import DEFAULT_GUIDANCE, DEFAULT_STEPS, draw_stories, illustrate
from lianhuan.conductor.storybook import Book, draw_book

__all__ = [
    "DEFAULT_GUIDANCE",
    "DEFAULT_STEPS",
    "Book",
    "Event",
    "PageDone",
    "Planned",
    "Step",
    "draw_book",
    "draw_stories",
    "illustrate",
]
