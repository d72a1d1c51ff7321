"""`lianhuan recast`: another look for a character."""

from typing import Annotated

import typer

from lianhuan.cli.pages import Folder
from lianhuan.cli.terminal import say


def recast(
    folder: Folder,
    name: Annotated[str, typer.Option(metavar="NAME", help="Who, as the cast of the book has it.")],
    look: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="What the character looks like, as 'red top'."),
    ] = None,
) -> None:
    """Give a character another look: its portrait is drawn anew, in the words of --look if there are some.

    `lianhuan illustrate DIR` then draws the portrait and the pages with the character; `lianhuan undo` takes it back.
    """
    from lianhuan.book import Book

    book = Book.open(folder)
    told = {} if look is None else {"look": look.strip()}
    with book.editing():
        book.change_cast(name, take=book.member(name).take + 1, **told)
    numbers = [str(book.number(page.id)) for page in book.file.scenes if name in page.on_stage]
    say(f"{name} has another look from now on (pages {', '.join(numbers) or 'none'})")
    say(f"`lianhuan illustrate {folder}` draws the pages that show it")
