"""`lianhuan lock`: keep a page as it is."""

from lianhuan.cli.pages import Folder, Page
from lianhuan.cli.terminal import say


def lock(folder: Folder, page: Page) -> None:
    """Keep the picture of a page: it is never drawn again, and no other is picked, until `lianhuan unlock`."""
    from lianhuan.book import Book

    book = Book.open(folder)
    record = book.find(page)
    book.lock(record.id)
    say(f"page {book.number(record.id)} is locked")
