"""A book is a folder: `story.txt`, `book.yaml` and the pictures under `takes/`."""

from lianhuan.book.files import write_atomically
from lianhuan.book.folder import Book, differing_pages
from lianhuan.book.picture import read_recipe
from lianhuan.book.schema import BookFile, PageRecord, Settings

__all__ = ["Book", "BookFile", "PageRecord", "Settings", "differing_pages", "read_recipe", "write_atomically"]
