"""`lianhuan bench survey`: a web page on which people compare two sets of books without knowing which is which."""

from pathlib import Path
from typing import Annotated

import typer


def survey(
    a: Annotated[
        Path, typer.Argument(metavar="A", help="Folder of book folders, as `bench world` leaves them.")
    ],
    b: Annotated[Path, typer.Argument(metavar="B", help="Folder of books of the same stories.")],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the survey.")],
    seed: Annotated[int, typer.Option(help="Seed of the order of stories and sides.")] = 0,
    stories: Annotated[
        int | None, typer.Option(min=2, help="Compare only so many stories, drawn at random.")
    ] = None,
) -> None:
    """Write a page on which people compare the books in A and B, not knowing which is which.

    DIR/index.html works from disk, without a network: give it to people, and collect the files of votes that they
    download from it. DIR/key.json says which side is which: keep it for `lianhuan bench survey-results`.
    """
    from lianhuan.bench.survey import PAGE, write_survey

    write_survey(a, b, out, seed=seed, stories=stories)
    print(out / PAGE)
