"""`lianhuan bench survey-results`: count the votes of a survey."""

import json
from pathlib import Path
from typing import Annotated

import typer


def survey_results(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Folder of the survey.")],
    votes: Annotated[list[Path], typer.Argument(metavar="VOTES...", help="Files of votes, one per voter.")],
) -> None:
    """Count the votes of a survey: how often A wins, how often B, how often neither.

    The table is printed and, with results.json, written into DIR.
    """
    from lianhuan.bench.survey import read_key
    from lianhuan.bench.votes import markdown_results, read_votes, survey_results
    from lianhuan.book import write_atomically

    key = read_key(folder)
    result = survey_results(key, read_votes(key, votes))
    table = markdown_results(result)
    write_atomically(folder / "results.json", (json.dumps(result, indent=1) + "\n").encode())
    write_atomically(folder / "results.md", table.encode())
    print(table, end="")
