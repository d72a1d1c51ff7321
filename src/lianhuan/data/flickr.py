"""Flickr8k and Flickr30k: single pictures with five captions each; every picture is a story of one frame.

Read are the tables that the data sets come with: `Flickr8k.token.txt` and `results_20130124.token` ("name.jpg#0", a tab, the
caption), `captions.txt` ("image,caption" with that header) and `results.csv` ("image_name| comment_number| comment").
"""

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from lianhuan.data.stories import Frame, Split, StorySet, must_have, story_set
from lianhuan.errors import PictureError
from lianhuan.images import load_picture

TABLES = ("captions.txt", "results_20130124.token", "Flickr8k.token.txt", "results.csv")
"""Names of the tables in a data set's folder."""
FOLDERS = (
    "",
    "Images",
    "images",
    "flickr30k-images",
    "flickr30k_images",
    "Flicker8k_Dataset",
    "Flickr8k_Dataset",
)
"""Where the pictures lie, seen from the table."""


def read_flickr(table: Path, split: Split | None = None, *, pictures: Path | None = None) -> StorySet:
    """The captioned pictures of a table, in its order; pictures stay on disk until they are asked for.

    Args:
        table: one of `TABLES`, or a file of such a form.
        split: only pictures that `lianhuan.data.stories.split_of` puts there by their name; None for all.
        pictures: the folder of the pictures; None looks for it beside the table.

    Raises:
        PictureError: the table is missing or of another form, or the pictures are not there.
    """
    told: dict[str, list[str]] = {}
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            for name, caption in _rows(file, table):
                told.setdefault(name, [])
                if caption:
                    told[name].append(caption)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise PictureError(f"{table} cannot be read ({error})") from error
    home = _home(table, next(iter(told), None)) if pictures is None else pictures
    frames = (
        (name, [Frame(tuple(captions), partial(load_picture, home / name))])
        for name, captions in told.items()
    )
    return must_have(story_set(frames, split), table)


def _rows(lines: Iterator[str], table: Path) -> Iterator[tuple[str, str]]:
    """(name of the picture, caption) of every line."""
    first = next(lines, "")
    if first.startswith("image_name|"):
        for line in lines:
            name, _, caption = (part.strip() for part in (line + "||").split("|", 2))
            yield name, caption.rstrip("|").strip()
    elif first.strip().lower() == "image,caption":
        for row in csv.reader(lines):
            if row:
                yield row[0].strip(), ",".join(row[1:]).strip()
    elif "#" in first and "\t" in first:
        for line in (first, *lines):
            name, _, caption = line.partition("\t")
            yield name.partition("#")[0].strip(), caption.strip()
    else:
        raise PictureError(f"{table} is no table of Flickr8k or Flickr30k; its first line is {first[:60]!r}")


def _home(table: Path, some: str | None) -> Path:
    """The folder beside the table in which the picture `some` lies."""
    homes = [table.parent / folder for folder in FOLDERS]
    for home in homes:
        if some is not None and (home / some).is_file():
            return home
    raise PictureError(f"{table}: its pictures, as {some}, lie in none of {', '.join(map(str, homes))}")
