"""The conductor: story + generator + memory + controls -> events, and the book that comes of them."""

from lianhuan.conductor.events import Event, PageDone, Planned, Step
from lianhuan.conductor.illustrate import draw_stories, illustrate
from lianhuan.conductor.models import choose_engine, extras_of, load_models, with_cast
from lianhuan.conductor.redraw import Redraw, redraw
from lianhuan.conductor.storybook import Book, draw_book

__all__ = [
    "Book",
    "Event",
    "PageDone",
    "Planned",
    "Redraw",
    "Step",
    "choose_engine",
    "draw_book",
    "draw_stories",
    "extras_of",
    "illustrate",
    "load_models",
    "redraw",
    "with_cast",
]
