"""`lianhuan undo`: take back the last change of a book."""

from lianhuan.cli.pages import Folder, say_exports
from lianhuan.cli.terminal import say


def undo(folder: Folder) -> None:
    """Take back the last change of a drawn book: book.yaml is again what it was before it, byte for byte.

    Redrawing, picking, locking and drawing a changed book again can be undone, one after the other. All takes stay, and
    the book.yaml that is replaced is kept, too.
    """
    from lianhuan.book import Book

    book = Book.open(folder)
    before = {page.id: page.picked for page in book.file.scenes}
    kept = book.undo()
    say(f"book.yaml is what it was before the last change; the one it replaces is kept as {kept}")
    for page in book.file.scenes:
        if page.picked != before.get(page.id):
            say(f"page {book.number(page.id)} shows {page.picked} again")
    say_exports(book.folder)
