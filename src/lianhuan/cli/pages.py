"""What the verbs that change single pages have in common."""

from pathlib import Path
from typing import Annotated

import typer

from lianhuan.cli.terminal import say

Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the book.")]
Page = Annotated[str, typer.Option(metavar="N|ID", help="Number of the page, from 1, or id of its scene.")]


def say_exports(folder: Path) -> None:
    """Remind of the files for readers, which still show the book as it was."""
    if (folder / "exports").is_dir():
        say(f"`lianhuan export {folder}` writes its PDF, web page and sheet again")
