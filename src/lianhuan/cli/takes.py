"""`lianhuan takes`: the pictures that were drawn for a page."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from lianhuan.cli.pages import Folder
from lianhuan.cli.terminal import print_json

if TYPE_CHECKING:
    from lianhuan.book import Book


def takes(
    folder: Folder,
    page: Annotated[
        str | None,
        typer.Option(metavar="N|ID", help="Number of the page, from 1, or id of its scene; default: all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the takes as JSON.")] = False,
) -> None:
    """List the pictures that were drawn for the pages of a book, the oldest first; a * marks the one that is shown."""
    from lianhuan.book import Book

    book = Book.open(folder)
    ids = [record.id for record in book.file.scenes] if page is None else [book.find(page).id]
    pages = [_described(book, scene_id) for scene_id in ids]
    if as_json:
        print_json(pages)
        return
    for one in pages:
        notes = (["locked"] if one["locked"] else []) + ([one["stale"]] if one["stale"] else [])
        print(": ".join([f"page {one['page']} ({one['scene']})", *([", ".join(notes)] if notes else [])]))
        for take in one["takes"]:
            mark = "*" if take["picked"] else " "
            words = "" if take["caption"] in (one["words"], None) else f"  {take['caption']}"
            print(f"{mark}{take['number']:3}  {take['path']}  seed {take['seed']} take {take['take']}{words}")


def _described(book: "Book", scene_id: str) -> dict[str, Any]:
    from lianhuan.book import list_takes

    return {
        "page": book.number(scene_id),
        "scene": scene_id,
        "locked": book.page(scene_id).locked,
        "stale": book.file.stale(book.page(scene_id)),
        "words": book.page(scene_id).words,
        "takes": [
            {
                "number": take.number,
                "path": take.path,
                "picked": take.picked,
                **{key: take.recipe.get(key) for key in ("seed", "take", "caption")},
            }
            for take in list_takes(book, scene_id)
        ],
    }
