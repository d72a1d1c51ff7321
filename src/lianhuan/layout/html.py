"""The book as one HTML page that works from disk, without a network."""

from importlib import resources

import jinja2

from lianhuan.book import Book
from lianhuan.layout.pages import Page, pages_of, primary_language

RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


def render_html(book: Book) -> str:
    """`book` as HTML to be saved in its `exports/` folder, from where it points to the pictures.

    Raises:
        ExportError: a picture cannot be read.
    """
    story = book.story()
    source = resources.files("lianhuan.layout").joinpath("book.html").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    language = primary_language(story)
    pages = [(page, _address(page, book)) for page in pages_of(book)]
    return environment.from_string(source).render(
        title=story.title,
        language=story.language if language != "und" else language,
        direction="rtl" if language in RIGHT_TO_LEFT else "ltr",
        pages=pages,
        cover=next((address for _, address in pages if address), None),
    )


def _address(page: Page, book: Book) -> str | None:
    """The picture as seen from the `exports/` folder; takes have names that need no quoting."""
    return None if page.picture is None else f"../{page.picture.relative_to(book.folder).as_posix()}"
