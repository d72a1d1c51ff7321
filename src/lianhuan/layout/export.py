"""A book folder in, files to read and to print out."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from lianhuan.book import Book, write_atomically
from lianhuan.errors import ExportError
from lianhuan.layout.html import render_html
from lianhuan.layout.pages import pages_of
from lianhuan.layout.pdf import render_pdf
from lianhuan.layout.sheet import render_contact_sheet

FORMATS = {"html": "index.html", "png": "contact-sheet.png", "pdf": "book.pdf"}
"""Formats and their file names under `exports/`, in the order in which they are written."""


def export_book(book: Book, formats: Iterable[str], *, fonts: Sequence[str | Path] = ()) -> dict[str, Path]:
    """Write the `formats` ("pdf", "html", "png") of `book` into its `exports/` folder; the files by format.

    Pages without a picture show an empty frame. `fonts` (files or folders) come before the book's own `fonts/`
    and the system's. HTML and PNG need no font, so they are written even when the PDF then cannot be.

    Raises:
        ExportError: unknown format, a picture that cannot be read, or no font for a script of the text.
        BookError: a file cannot be written.
    """
    wanted = set(formats)
    if unknown := wanted - FORMATS.keys():
        raise ExportError(f"unknown format {', '.join(sorted(unknown))}; choose from {', '.join(FORMATS)}")
    pages_of(book)  # a broken picture is an error before anything is written
    written = {}
    for name, filename in FORMATS.items():
        if name in wanted:
            path = book.folder / "exports" / filename
            write_atomically(path, _render(book, name, fonts))
            written[name] = path
    return written


def _render(book: Book, name: str, fonts: Sequence[str | Path]) -> bytes:
    if name == "html":
        return render_html(book).encode()
    if name == "png":
        return render_contact_sheet(book)
    return render_pdf(book, fonts=fonts)
