"""All pages of a book at a glance."""

import io

from PIL import Image, ImageDraw, ImageFont

from lianhuan.book import Book
from lianhuan.errors import ExportError
from lianhuan.images import MAX_PIXELS, PNG_LEVEL, contact_sheet, fit_square, load_picture
from lianhuan.layout.pages import Page, pages_of

TILE = 256
COLUMNS = 4


def render_contact_sheet(book: Book) -> bytes:
    """PNG bytes: the pictures of all pages in a grid, each above its page number; at most 64 million pixels.

    Raises:
        ExportError: the book has no pages, or a picture cannot be read.
    """
    pages = pages_of(book)
    if not pages:
        raise ExportError(f"{book.folder} has no pages to show")
    columns = COLUMNS if len(pages) <= 4 * COLUMNS else round(len(pages) ** 0.5)
    size = min(TILE, int((MAX_PIXELS / len(pages) / 1.5) ** 0.5))
    sheet = contact_sheet([_tile(page, size) for page in pages], columns, gap=size // 16)
    stream = io.BytesIO()
    sheet.save(stream, "PNG", compress_level=PNG_LEVEL)
    return stream.getvalue()


def _tile(page: Page, size: int) -> Image.Image:
    tile = Image.new("RGB", (size, size + size // 8), "white")
    if page.picture is None:
        ImageDraw.Draw(tile).rectangle((0, 0, size - 1, size - 1), fill="#f4efe4", outline="#c9bca6")
    else:
        tile.paste(fit_square(load_picture(page.picture), size))
    font = ImageFont.load_default(size // 11)
    ImageDraw.Draw(tile).text(
        (size / 2, size * 17 / 16), str(page.number), fill="#6b6154", font=font, anchor="mm"
    )
    return tile
