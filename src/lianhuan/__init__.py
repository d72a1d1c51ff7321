"""lianhuan turns a story into a picture book whose characters, clothes and places stay the same from page to page."""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

_HOMES = {
    "Book": "lianhuan.conductor",
    "LSTMMemory": "lianhuan.memory",
    "LianhuanError": "lianhuan.errors",
    "NoMemory": "lianhuan.memory",
    "Story": "lianhuan.story",
    "illustrate": "lianhuan.conductor",
    "load_generator": "lianhuan.generators",
    "load_memory": "lianhuan.memory.load",
    "parse_story": "lianhuan.script",
    "read_story": "lianhuan.script",
}

__all__ = [
    "Book",
    "LSTMMemory",
    "LianhuanError",
    "NoMemory",
    "Story",
    "illustrate",
    "load_generator",
    "load_memory",
    "parse_story",
    "read_story",
]

if TYPE_CHECKING:
    from lianhuan.conductor import Book as Book
    from lianhuan.conductor.illustrate import illustrate as illustrate
    from lianhuan.errors import LianhuanError as LianhuanError
    from lianhuan.generators import load_generator as load_generator
    from lianhuan.memory import LSTMMemory as LSTMMemory, NoMemory as NoMemory
    from lianhuan.memory.load import load_memory as load_memory
    from lianhuan.script import parse_story as parse_story, read_story as read_story
    from lianhuan.story import Story as Story


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'lianhuan' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
