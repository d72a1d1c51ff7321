"""The STORY that verbs take: a file, stdin, or a book folder."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from lianhuan.story import Story

HELP = "Text or Markdown file in UTF-8, '-' for stdin, or the folder of a book."


def read_source(
    source: str, *, scenes: str | None, title: str | None, max_characters: int | None
) -> "tuple[Story, str]":
    """The story in a file or on stdin ("-"), and its untouched text.

    Raises:
        StoryError: it is missing, no UTF-8 text, empty or too long.
    """
    from lianhuan.script import MAX_CHARACTERS, decode_text, read_story

    data = sys.stdin.buffer.read() if source == "-" else None
    story = read_story(
        source if data is None else io.BytesIO(data),
        scenes=scenes or "sentence",
        title=title,
        max_characters=max_characters or MAX_CHARACTERS,
    )
    return story, decode_text(Path(source).read_bytes() if data is None else data, source)


def refuse_with_book(folder: str, **options: object) -> None:
    """Stop with a usage error if an option for reading a text was given together with a book folder."""
    for name, value in options.items():
        if value is not None:
            raise typer.BadParameter(
                f"--{name.replace('_', '-')} is for a new story; edit {Path(folder) / 'book.yaml'} instead"
            )
