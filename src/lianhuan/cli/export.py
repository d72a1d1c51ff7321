"""`lianhuan export`: write a book for readers."""

from pathlib import Path
from typing import Annotated

import typer

from lianhuan.cli.terminal import print_json, say


def export(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the book.")],
    pdf: Annotated[bool, typer.Option("--pdf", help="The book as a PDF.")] = False,
    html: Annotated[bool, typer.Option("--html", help="The book as a web page.")] = False,
    png: Annotated[bool, typer.Option("--png", help="All pages on one sheet.")] = False,
    font: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Font file or folder to prefer; may be repeated."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the paths as JSON.")] = False,
) -> None:
    """Write the book in DIR as PDF, web page or sheet.

    The files go to its exports folder, in the formats named or in all; their paths are printed.
    """
    from lianhuan.book import Book
    from lianhuan.layout import FORMATS, export_book

    book = Book.open(folder)
    missing = sum(page.picked is None for page in book.file.scenes)
    if missing:
        say(
            f"{missing} of {len(book.file.scenes)} pages have no picture yet: `lianhuan illustrate {folder}` draws them"
        )
    named = {kind for kind, wanted in (("pdf", pdf), ("html", html), ("png", png)) if wanted}
    made = export_book(book, named or FORMATS, fonts=font or ())
    if as_json:
        print_json({kind: str(path) for kind, path in made.items()})
    else:
        print("\n".join(map(str, made.values())))
