"""The book as a PDF, set by typst: square pages, a title page, picture above caption."""

import json
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import typst

from lianhuan.book import Book
from lianhuan.errors import ExportError
from lianhuan.layout.fonts import choose_fonts
from lianhuan.layout.pages import drop_controls, pages_of, primary_language


def render_pdf(book: Book, *, fonts: Sequence[str | Path] = ()) -> bytes:
    """`book` as a tagged PDF (PDF/UA-1) whose bytes depend only on the book, the fonts and the typst version.

    The words travel as JSON, so nothing in them is read as markup.

    Raises:
        ExportError: a picture cannot be read, no font covers the text, or typst refuses the book.
    """
    story = book.story()
    pages = pages_of(book)
    title = _breakable(drop_controls(" ".join(story.title.split())))
    language = primary_language(story)
    text = title + "".join(paragraph for page in pages for paragraph in page.paragraphs) + "0123456789"
    choice = choose_fonts(text, language, fonts, book.folder / "fonts")
    data = {
        "title": title,
        "language": language,
        "fonts": choice.families,
        "pages": [
            {
                "number": page.number,
                "paragraphs": [_breakable(paragraph) for paragraph in page.paragraphs],
                "alt": page.alt,
                "picture": page.picture and f"/{page.picture.relative_to(book.folder).as_posix()}",
            }
            for page in pages
        ],
    }
    template = resources.files("lianhuan.layout").joinpath("book.typ").read_bytes()
    compiler = typst.Compiler(
        template,
        root=book.folder,
        font_paths=typst.Fonts(True, True, list(choice.folders)),
        sys_inputs={"book": json.dumps(data, ensure_ascii=False)},
    )
    try:
        pdf = compiler.compile(format="pdf", pdf_standards=["ua-1"])
    except typst.TypstError as error:
        raise ExportError(f"the PDF cannot be made: {error.message}") from error
    assert isinstance(pdf, bytes)
    return pdf


def _breakable(text: str) -> str:
    """`text` with invisible break points in words of more than 40 letters, so that no line leaves the page."""
    return re.sub(r"[!-\u04ff]{40}(?=[!-\u04ff])", "\\g<0>\u200b", text)
