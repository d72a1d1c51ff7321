"""`lianhuan plan`: show what was read out of a story."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lianhuan.cli.stories import HELP, read_source, refuse_with_book
from lianhuan.cli.terminal import print_json

if TYPE_CHECKING:
    from lianhuan.story import Story

ROWS = 200
"""Rows of a table for people; --json has all."""


def plan(
    story: Annotated[str, typer.Argument(metavar="STORY", help=HELP)],
    scenes: Annotated[
        str | None,
        typer.Option(metavar="sentence|paragraph|N", help="What one page holds. [default: sentence]"),
    ] = None,
    max_characters: Annotated[int | None, typer.Option(min=1, help="Longest text that is read.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Show what was read out of STORY.

    The scenes, the cast and the places, who is on stage, and whom each pronoun means.
    """
    if Path(story).is_dir():
        from lianhuan.book import Book

        refuse_with_book(story, scenes=scenes, max_characters=max_characters)
        told = Book.open(story).story()
    else:
        told, _ = read_source(story, scenes=scenes, title=None, max_characters=max_characters)
    if as_json:
        print_json(contract(told))
    else:
        _tables(told)


def contract(story: "Story") -> dict[str, Any]:
    """The plan as other programs rely on it: scenes, cast and mentions."""
    return story.model_dump(
        mode="json",
        include={
            "scenes": {"__all__": {"id", "text", "span", "on_stage", "place"}},
            "cast": {"__all__": {"name", "aliases", "kind"}},
            "mentions": {"__all__": {"span", "text", "refers_to", "ambiguous"}},
        },
    )


def _tables(story: "Story") -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    console.print(Text(f"{story.title} ({story.language})", style="bold"))
    scenes = [
        (
            s.id,
            s.text,
            ", ".join(s.on_stage),
            s.place or "",
            ", ".join(f"{c.character}: {c.item}" for c in s.changes),
        )
        for s in story.scenes
    ]
    cast = [(c.name, c.kind, ", ".join(c.aliases), str(len(c.spans))) for c in story.cast]
    places = [(p.name, str(len(p.spans))) for p in story.places]
    mentions = [
        (
            m.text,
            ", ".join(m.refers_to) or "nobody",
            "ambiguous" if m.ambiguous else "",
            f"{m.span[0]}-{m.span[1]}",
        )
        for m in story.mentions
    ]
    for title, columns, rows in (
        ("Scenes", ("Id", "Words", "On stage", "Place", "Puts on"), scenes),
        ("Cast", ("Name", "Kind", "Aliases", "Named"), cast),
        ("Places", ("Name", "Named"), places),
        ("Mentions", ("Words", "Means", "", "Characters"), mentions),
    ):
        console.print(_table(title, columns, rows))


def _table(title: str, columns: tuple[str, ...], rows: list[Any]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    left = f"; the first {ROWS} here, all with --json" if len(rows) > ROWS else ""
    table = Table(*columns, title=f"{title} ({len(rows)}{left})", title_justify="left", box=SIMPLE_HEAD)
    for row in rows[:ROWS]:
        table.add_row(*(Text(cell, style="yellow" if cell == "ambiguous" else "") for cell in row))
    return table
