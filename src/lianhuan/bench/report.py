"""Results of the bench for people: a table, a web page with the worst pages, and sheets of pictures to look at."""

import io
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

from lianhuan.bench.books import story_pictures
from lianhuan.bench.pages import PageVerdict, verdicts
from lianhuan.bench.run import Run
from lianhuan.bench.web import embedded, render
from lianhuan.bench.world import Scored
from lianhuan.book import write_atomically
from lianhuan.images import contact_sheet, fit_square
from lianhuan.metrics.suite import LOWER_IS_BETTER
from lianhuan.world.draw import draw
from lianhuan.world.scene import WorldStory

SHEET_STORIES = 8
TILE = 192
WORST = 40
"""Pages of each method and run on the web page."""
_LINES, _LETTERS, _FONT = 5, 32, 11

Score = Mapping[str, float]


def markdown_tables(scored: Sequence[Scored]) -> str:
    """The results as Markdown tables: one row per metric, one column per method, with 95 % intervals."""
    return "\n".join(_markdown(one.result) for one in scored)


def write_report(scored: Sequence[Scored], folder: Path) -> list[Path]:
    """Write into `folder` what people read: `table.md`, `index.html` (worst pages first, one file with all its pictures), and for each method and for the truth a sheet of the first eight stories.

    Raises:
        BookError: a book is missing or unfinished, or the folder cannot be written.
    """
    files = {
        folder / "table.md": markdown_tables(scored).encode(),
        folder / "index.html": _page(scored).encode(),
    }
    for one in scored:
        several = f"{one.run.task}-{one.run.frames}-" if len(scored) > 1 else ""
        for name, sheet in _sheets(one.run):
            files[folder / f"sheet-{several}{name}.png"] = sheet
    for path, data in files.items():
        write_atomically(path, data)
    return list(files)


# ---- the table


def _markdown(result: Mapping[str, Any]) -> str:
    columns = _columns(result)
    lines = [
        f"{_headline(result)} Figure [95 % interval over stories]; of metrics with ↓ less is better.",
        "",
        "| metric | " + " | ".join(columns) + " |",
        "|---|" + "---|" * len(columns),
    ]
    for metric in _metrics(columns):
        cells = (_cell(scores.get(metric)) for scores in columns.values())
        lines.append(f"| {_named(metric)} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", _reader(result), ""])


def _headline(result: Mapping[str, Any]) -> str:
    """What was measured, in a line."""
    made = result["settings"]
    takes = f", {made['seeds']} takes each" if made["seeds"] > 1 else ""
    stories = f"{result['stories']} {result['split']} stories of {made['frames']} pages"
    return f"{result['suite']}, {made['task']}: {stories}, seed {result['seed']}{takes}."


def _columns(result: Mapping[str, Any]) -> dict[str, Mapping[str, Score]]:
    return {"chance": result["chance"], **result["methods"], "ceiling": result["ceiling"]}


def _metrics(columns: Mapping[str, Mapping[str, Score]]) -> list[str]:
    return list(dict.fromkeys(metric for scores in reversed(list(columns.values())) for metric in scores))


def _named(metric: str) -> str:
    return f"{metric} ↓" if metric in LOWER_IS_BETTER else metric


def _cell(score: Score | None) -> str:
    return "" if score is None else f"{score['mean']:.3f} [{score['low']:.3f}, {score['high']:.3f}]"


def _reader(result: Mapping[str, Any]) -> str:
    worst = min(result["reader"], key=result["reader"].get)
    return f"Reader on true pictures: worst label {worst} {result['reader'][worst]:.3f}."


# ---- the web page


@dataclass(frozen=True)
class Card:
    """A page as the web page shows it."""

    run: str
    verdict: PageVerdict
    caption: str
    picture: str
    truth: str


def _page(scored: Sequence[Scored]) -> str:
    tables = [
        {
            "title": one.run.title,
            "headline": _headline(one.result),
            "reader": _reader(one.result),
            "columns": list(_columns(one.result)),
            "rows": [_row(metric, _columns(one.result)) for metric in _metrics(_columns(one.result))],
        }
        for one in scored
    ]
    cards = sorted((card for one in scored for card in _cards(one)), key=lambda card: card.verdict.score)
    methods = list(dict.fromkeys(name for one in scored for name in one.run.folders))
    return render("report.html", tables=tables, cards=cards, methods=methods, worst=WORST)


def _row(metric: str, columns: Mapping[str, Mapping[str, Score]]) -> dict[str, Any]:
    """A row of a table; `full` is the value at the right end of its bars."""
    scores = [scores.get(metric) for scores in columns.values()]
    full = max([1.0, *(score["high"] for score in scores if score)])
    return {"metric": _named(metric), "scores": scores, "full": full}


def _cards(one: Scored) -> Iterator[Card]:
    """The worst pages of every method of a run."""
    tales = one.run.tales
    for method, takes in one.run.folders.items():
        worst = verdicts(one, method)[:WORST]
        places = {(verdict.take, verdict.story) for verdict in worst}
        books = {place: story_pictures(takes[place[0]], tales[place[1]]) for place in places}
        for verdict in worst:
            frame = tales[verdict.story].frames[verdict.page]
            picture = books[verdict.take, verdict.story][verdict.page]
            truth = embedded(draw(frame.graph, TILE), TILE)
            yield Card(one.run.title, verdict, frame.caption_en, embedded(picture, TILE), truth)


# ---- sheets


def _sheets(run: Run) -> Iterator[tuple[str, bytes]]:
    """Name and PNG bytes of a sheet per method, of its first take, and of one of the truth."""
    shown = run.tales[:SHEET_STORIES]
    for name, takes in run.folders.items():
        yield name, _sheet([story_pictures(takes[0], tale) for tale in shown], shown)
    yield "truth", _sheet([[draw(frame.graph, TILE) for frame in tale.frames] for tale in shown], shown)


def _sheet(pictures: Sequence[Sequence[Image.Image]], tales: Sequence[WorldStory]) -> bytes:
    """One row per story, each picture above its words."""
    tiles = [
        _tile(image, frame.caption_en)
        for row, tale in zip(pictures, tales, strict=True)
        for image, frame in zip(row, tale.frames, strict=True)
    ]
    stream = io.BytesIO()
    contact_sheet(tiles, columns=len(tales[0].frames)).save(stream, "PNG")
    return stream.getvalue()


def _tile(image: Image.Image, caption: str) -> Image.Image:
    tile = Image.new("RGB", (TILE, TILE + _LINES * (_FONT + 3)), "white")
    tile.paste(fit_square(image, TILE))
    words = textwrap.wrap(caption, _LETTERS, max_lines=_LINES, placeholder=" ...")
    ImageDraw.Draw(tile).multiline_text(
        (2, TILE + 2), "\n".join(words), fill="#333", font=ImageFont.load_default(_FONT), spacing=2
    )
    return tile
