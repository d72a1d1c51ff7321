"""`lianhuan pick`: show another take of a page."""

from typing import Annotated

import typer

from lianhuan.cli.pages import Folder, Page, say_exports


def pick(
    folder: Folder,
    take: Annotated[
        str, typer.Argument(metavar="TAKE", help="Its number in `lianhuan takes DIR --page N`, or its path.")
    ],
    page: Page,
) -> None:
    """Show another take of a page. All other pages stay as they are."""
    from lianhuan.book import Book, find_take

    book = Book.open(folder)
    record = book.find(page)
    path = find_take(book, record.id, take).path
    book.pick(record.id, path)
    print(book.folder / path)
    say_exports(book.folder)
