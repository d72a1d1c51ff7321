"""`lianhuan plan`: show what was read out of a story."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lianhuan.cli.stories import HELP, read_source, refuse_with_book, unseen_by
from lianhuan.cli.terminal import print_json

if TYPE_CHECKING:
    from lianhuan.script.unseen import Unseen
    from lianhuan.story import Story

ROWS = 200
"""Rows of a table for people; --json has all."""


def plan(
    story: Annotated[str, typer.Argument(metavar="STORY", help=HELP)],
    scenes: Annotated[
        str | None,
        typer.Option(metavar="sentence|paragraph|N", help="What one page holds. [default: sentence]"),
    ] = None,
    generator: Annotated[
        str | None,
        typer.Option(
            metavar="NAME|PATH", help="The model that shall draw it. [default: the book's, or storybook]"
        ),
    ] = None,
    max_characters: Annotated[int | None, typer.Option(min=1, help="Longest text that is read.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
) -> None:
    """Show what was read out of STORY.

    The scenes, the cast and the places, who is on stage, whom each pronoun means, and which words the model that shall
    draw has never seen.
    """
    if Path(story).is_dir():
        from lianhuan.book import Book

        refuse_with_book(story, scenes=scenes, max_characters=max_characters)
        book = Book.open(story)
        told, model = book.story(), generator or book.file.generator
    else:
        told, _ = read_source(story, scenes=scenes, title=None, max_characters=max_characters)
        model = generator or "storybook"
    if generator and generator != "storybook" and "/" not in generator and not Path(generator).is_dir():
        raise typer.BadParameter(
            f"{generator}: there is no model folder; leave it away for the embedded model"
        )
    unseen = unseen_by(model, told)
    if as_json:
        print_json(contract(told, unseen))
    else:
        _tables(told, unseen)


def contract(story: "Story", unseen: "tuple[Unseen, ...] | None") -> dict[str, Any]:
    """The plan as other programs rely on it: scenes, cast and mentions; and the unseen words, if anything is known of them."""
    plan = story.model_dump(
        mode="json",
        include={
            "scenes": {"__all__": {"id", "text", "span", "on_stage", "place"}},
            "cast": {"__all__": {"name", "aliases", "kind"}},
            "mentions": {"__all__": {"span", "text", "refers_to", "ambiguous"}},
        },
    )
    return plan if unseen is None else plan | {"unseen": [asdict(one) for one in unseen]}


def _tables(story: "Story", unseen: "tuple[Unseen, ...] | None") -> None:
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
    cast = [(c.name, c.kind, c.look, ", ".join(c.aliases), str(len(c.spans))) for c in story.cast]
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
        ("Cast", ("Name", "Kind", "Look", "Aliases", "Named"), cast),
        ("Places", ("Name", "Named"), places),
        ("Mentions", ("Words", "Means", "", "Characters"), mentions),
    ):
        console.print(_table(title, columns, rows))
    if unseen:
        words = [(one.word, ", ".join(one.scenes)) for one in unseen]
        console.print(_table("Words that the model has not seen", ("Word", "Scenes"), words))


def _table(title: str, columns: tuple[str, ...], rows: list[Any]) -> Any:
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    left = f"; the first {ROWS} here, all with --json" if len(rows) > ROWS else ""
    table = Table(*columns, title=f"{title} ({len(rows)}{left})", title_justify="left", box=SIMPLE_HEAD)
    for row in rows[:ROWS]:
        table.add_row(*(Text(cell, style="yellow" if cell == "ambiguous" else "") for cell in row))
    return table
