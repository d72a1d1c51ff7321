"""The conductor: story + generator + memory + controls -> events, and the book that comes of them."""

from lianhuan.conductor.events import Event, Failed, Finished, PageDone, Planned, PortraitDone, Step, Told
from lianhuan.conductor.illustrate import draw_stories, illustrate, illustrate_many
from lianhuan.conductor.models import choose_engine, extras_of, load_models, with_cast
from lianhuan.conductor.redraw import Redraw, redraw
from lianhuan.conductor.storybook import Book, Drawing, draw_book, draw_books
from lianhuan.conductor.tale import Telling

__all__ = [
    "Book",
    "Drawing",
    "Event",
    "Failed",
    "Finished",
    "PageDone",
    "Planned",
    "PortraitDone",
    "Redraw",
    "Step",
    "Telling",
    "Told",
    "choose_engine",
    "draw_book",
    "draw_books",
    "draw_stories",
    "extras_of",
    "illustrate",
    "illustrate_many",
    "load_models",
    "redraw",
    "with_cast",
]
