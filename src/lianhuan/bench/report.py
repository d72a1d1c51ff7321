"""Results of the bench for people: a table, and sheets of pictures to look at."""

import io
import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from lianhuan.bench.books import story_pictures
from lianhuan.book import write_atomically
from lianhuan.images import contact_sheet, fit_square
from lianhuan.world.draw import draw
from lianhuan.world.scene import WorldStory

SHEET_STORIES = 8
TILE = 192
_LINES, _LETTERS, _FONT = 5, 32, 11


def markdown_table(result: Mapping[str, Any]) -> str:
    """The result as a Markdown table: one row per metric, one column per method, with 95 % intervals."""
    columns = {"chance": result["chance"], **result["methods"], "ceiling": result["ceiling"]}
    stories = f"{result['stories']} {result['split']} stories, seed {result['seed']}"
    lines = [
        f"{result['suite']}: {stories}. Share [95 % interval over stories].",
        "",
        "| metric | " + " | ".join(columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for metric in result["ceiling"]:
        cells = (_cell(scores.get(metric)) for scores in columns.values())
        lines.append(f"| {metric} | " + " | ".join(cells) + " |")
    worst = min(result["reader"], key=result["reader"].get)
    lines += ["", f"Reader on true pictures: worst label {worst} {result['reader'][worst]:.3f}."]
    return "\n".join(lines) + "\n"


def write_report(
    result: Mapping[str, Any], folders: Mapping[str, Path], tales: Sequence[WorldStory], folder: Path
) -> list[Path]:
    """Write `table.md`, and for each method and for the truth a sheet of the first eight stories, into `folder`.

    Raises:
        BookError: a book is missing or unfinished, or the folder cannot be written.
    """
    shown = tales[:SHEET_STORIES]
    rows = {name: [story_pictures(books, tale) for tale in shown] for name, books in folders.items()}
    rows["truth"] = [[draw(frame.graph, TILE) for frame in tale.frames] for tale in shown]
    files = {folder / "table.md": markdown_table(result).encode()}
    for name, pictures in rows.items():
        stream = io.BytesIO()
        _sheet(pictures, shown).save(stream, "PNG")
        files[folder / f"sheet-{name}.png"] = stream.getvalue()
    for path, data in files.items():
        write_atomically(path, data)
    return list(files)


def _cell(score: Mapping[str, float] | None) -> str:
    return "" if score is None else f"{score['mean']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _sheet(pictures: Sequence[Sequence[Image.Image]], tales: Sequence[WorldStory]) -> Image.Image:
    """One row per story, each picture above its words."""
    tiles = [
        _tile(image, frame.caption_en)
        for row, tale in zip(pictures, tales, strict=True)
        for image, frame in zip(row, tale.frames, strict=True)
    ]
    return contact_sheet(tiles, columns=len(tales[0].frames))


def _tile(image: Image.Image, caption: str) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE + _LINES * (_FONT + 3)), "white")
    tile.paste(fit_square(image, TILE))
    words = textwrap.wrap(caption, _LETTERS, max_lines=_LINES, placeholder=" ...")
    ImageDraw.Draw(tile).multiline_text(
        (2, TILE + 2), "\n".join(words), fill="#333", font=ImageFont.load_default(_FONT), spacing=2
    )
    return tile
