"""`lianhuan unlock`: let a locked page be changed again."""

from lianhuan.cli.pages import Folder, Page
from lianhuan.cli.terminal import say


def unlock(folder: Folder, page: Page) -> None:
    """Let the picture of a locked page be changed again."""
    from lianhuan.book import Book

    book = Book.open(folder)
    record = book.find(page)
    book.unlock(record.id)
    say(f"page {book.number(record.id)} is not locked")
