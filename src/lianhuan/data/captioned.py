"""Folders of pictures with their words.

A picture `name.png` (or .jpg, .jpeg, .webp) has its words in `name.txt` beside it, or in a table of the folder:
`metadata.jsonl` with {"file_name", "text"} a line, or `metadata.csv` with these columns.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from lianhuan.data.stories import Frame, Split, StorySet, must_have, story_set
from lianhuan.errors import PictureError
from lianhuan.images import load_picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
TABLES = ("metadata.jsonl", "metadata.csv")


@dataclass(frozen=True)
class CaptionedPicture:
    """A picture and its words; `caption` is None where there are none."""

    image: Image.Image
    caption: str | None


def read_captioned(folder: Path) -> list[CaptionedPicture]:
    """The pictures of a folder in the order of their names.

    Raises:
        PictureError: there is no such folder, no picture in it, or a picture or its words cannot be read.
    """
    _must_be_folder(folder)
    paths = _pictures(folder)
    if not paths:
        raise PictureError(f"{folder} holds no pictures ({', '.join(SUFFIXES)})")
    table = _table(folder)
    return [CaptionedPicture(load_picture(path), _words(path, table)) for path in paths]


def read_captioned_stories(folder: Path, split: Split | None = None) -> StorySet:
    """Each sub-folder is a story, its pictures in the order of their names; without sub-folders, the folder is one story.

    Args:
        folder: where; a table in it may speak of pictures in its sub-folders.
        split: only stories that `lianhuan.data.stories.split_of` puts there by their folder's name; None for all.

    Raises:
        PictureError: there is no such folder, no story in it, or words cannot be read.
    """
    _must_be_folder(folder)
    homes = sorted(path for path in folder.iterdir() if path.is_dir() and _pictures(path)) or [folder]
    shared = _table(folder)
    stories = (
        (home.name, [_frame(path, shared | _table(home)) for path in _pictures(home)]) for home in homes
    )
    return must_have(story_set(stories, split), folder)


def _must_be_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise PictureError(
            f"{folder} is no folder; put the pictures, and their words in .txt files, into one"
        )


def _pictures(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def _frame(path: Path, table: Mapping[Path, str]) -> Frame:
    words = _words(path, table)
    return Frame(() if words is None else (words,), partial(load_picture, path))


def _words(path: Path, table: Mapping[Path, str]) -> str | None:
    """The words of the picture at `path`: those beside it, or else those of the table."""
    beside = path.with_suffix(".txt")
    if not beside.exists():
        return table.get(path)
    try:
        return beside.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise PictureError(f"{beside} cannot be read as UTF-8 text ({error})") from error


def _table(folder: Path) -> dict[Path, str]:
    """Path of a picture -> its words, of the folder's table if it has one."""
    path = next((folder / name for name in TABLES if (folder / name).is_file()), None)
    if path is None:
        return {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows: Iterable[Any] = (
                csv.DictReader(file)
                if path.suffix == ".csv"
                else (json.loads(line) for line in file if line.strip())
            )
            return {
                folder / row["file_name"]: row["text"].strip() for row in rows if (row["text"] or "").strip()
            }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise PictureError(
            f"{path} is no table of pictures with `file_name` and `text` ({type(error).__name__}: {error})"
        ) from error
