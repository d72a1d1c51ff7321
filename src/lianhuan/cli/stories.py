"""The STORY that verbs take: a file, stdin, or a book folder."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from lianhuan.script.unseen import Unseen
    from lianhuan.story import Story

HELP = "Text or Markdown file in UTF-8, '-' for stdin, or the folder of a book."
WORDS = 12
"""Words of a line for people."""


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


def unseen_by(generator: str, story: "Story") -> "tuple[Unseen, ...] | None":
    """The words of `story` that the model has never seen; None if it has no list of those that it has.

    Raises:
        CheckpointError: the model's list is damaged.
    """
    from lianhuan.models.known_words import load_known_words
    from lianhuan.script.unseen import unseen_words

    vocabulary = load_known_words(generator)
    return None if vocabulary is None else unseen_words(story, vocabulary)


def unseen_line(generator: str, story: "Story") -> str:
    """One line that names the words which the model has never seen, each with its pages; "" if there is none."""
    number = {scene.id: str(i) for i, scene in enumerate(story.scenes, start=1)}
    unseen = unseen_by(generator, story) or ()
    words = [f"{one.word} (page {', '.join(number[id_] for id_ in one.scenes)})" for one in unseen[:WORDS]]
    if len(unseen) > WORDS:
        words.append(f"{len(unseen) - WORDS} more (`lianhuan plan` lists all)")
    told = "words that the model has not seen, so it leaves them out or draws something else"
    return f"{told}: {', '.join(words)}" if words else ""


def style_line(generator: str, story: "Story") -> str:
    """One line that says so if the model draws in one style only and the story asks for another; else ""."""
    from lianhuan.models.known_words import load_known_words

    known = load_known_words(generator)
    if not story.style or known is None or known.styles:
        return ""
    return f"the model draws in one style only, so {story.style!r} changes nothing"
