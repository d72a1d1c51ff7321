"""`lianhuan world`: write sample stories of the procedural world."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from lianhuan.cli.terminal import print_json


def world(
    count: Annotated[int, typer.Option("-n", min=1, help="Number of stories.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="New or empty folder for them.")],
    which: Annotated[
        Literal["small", "middle", "full"],
        typer.Option(
            "--world",
            help="small: plain stories; middle: what the embedded model knows; full: all that can be drawn and told.",
        ),
    ] = "small",
    seed: Annotated[int, typer.Option(min=0, help="Which stories.")] = 0,
    size: Annotated[int, typer.Option(min=16, max=2048, help="Side of a picture in pixels.")] = 128,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write sample stories of the procedural world.

    Pictures, captions in two languages and exact labels; the same seed gives the same stories.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise typer.BadParameter(f"{out} is not an empty folder; name a new one, so that nothing is lost")
    from lianhuan.world.export import write_stories
    from lianhuan.world.vocabulary import FULL, MIDDLE, SMALL

    write_stories(count, out, seed, size, {"small": SMALL, "middle": MIDDLE, "full": FULL}[which])
    table = out / "stories.jsonl"
    if as_json:
        print_json({"stories": count, "seed": seed, "size": size, "table": str(table)})
    else:
        print(table)
