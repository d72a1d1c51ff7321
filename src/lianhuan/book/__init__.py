"""A book is a folder: `story.txt`, `book.yaml` and the pictures under `takes/`."""

from lianhuan.book.files import write_atomically
from lianhuan.book.pages import CAST, Book, differing_pages
from lianhuan.book.picture import read_recipe
from lianhuan.book.schema import BookFile, PageRecord, Settings, hashes
from lianhuan.book.takes import Take, find_take, list_takes

__all__ = [
    "CAST",
    "Book",
    "BookFile",
    "PageRecord",
    "Settings",
    "Take",
    "differing_pages",
    "find_take",
    "hashes",
    "list_takes",
    "read_recipe",
    "write_atomically",
]
