"""Pages, captions and fonts: a book as PDF, HTML page and PNG contact sheet."""

from lianhuan.layout.export import FORMATS, export_book
from lianhuan.layout.html import render_html
from lianhuan.layout.pages import alt_text
from lianhuan.layout.pdf import render_pdf
from lianhuan.layout.sheet import render_contact_sheet

__all__ = ["FORMATS", "alt_text", "export_book", "render_contact_sheet", "render_html", "render_pdf"]
