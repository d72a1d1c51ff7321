"""Votes of a survey: read, checked, and counted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import Field, ValidationError

from lianhuan.bench.survey import Question, SurveyKey
from lianhuan.errors import SurveyError
from lianhuan.metrics.statistics import Tally, estimate
from lianhuan.story import Value

Answer = Literal["left", "same", "right"]


class VoteFile(Value):
    """What a voter downloads from the page.

    Attributes:
        survey: the survey that was answered.
        voter: random name of the voter's browser.
        votes: number of the comparison -> question -> answer; what was not answered is left out.
    """

    schema_version: Literal[1]
    survey: str
    voter: str = Field(min_length=1)
    votes: dict[str, dict[Question, Answer]]


def read_votes(key: SurveyKey, paths: Sequence[Path]) -> list[VoteFile]:
    """The files of votes at `paths`, all of the survey with this key and of different voters.

    Raises:
        SurveyError: a file is no file of votes, belongs to another survey or answers what was not asked; two are of one
            voter; or there is none.
    """
    voters: dict[str, Path] = {}
    files = []
    for path in paths:
        file = _read(path)
        if file.survey != key.survey:
            raise SurveyError(
                f"{path} has votes of another survey ({file.survey}, not {key.survey}); leave it out"
            )
        strange = [number for number in file.votes if number not in key.comparisons]
        if strange:
            raise SurveyError(f"{path} answers comparison {strange[0]}, which the survey does not have")
        if file.voter in voters:
            raise SurveyError(
                f"{voters[file.voter]} and {path} are of the same voter; give the later one only"
            )
        voters[file.voter] = path
        files.append(file)
    if not files:
        raise SurveyError("there are no files of votes; name those that the page let people download")
    return files


def survey_results(key: SurveyKey, files: Sequence[VoteFile], *, seed: int = 0) -> dict[str, Any]:
    """Who wins, as plain JSON.

    Returns:
        survey, names of a and b, number of stories with votes, of voters and of votes; "questions" -> question -> share of
        votes for "a", for "same" and for "b", and "margin", the share of a less that of b, each as mean, low, high, n. The
        95 % intervals are over stories: all votes on one story stand together.

    Raises:
        SurveyError: a question was answered for fewer than two stories.
    """
    return {
        "survey": key.survey,
        "a": key.a,
        "b": key.b,
        "stories": len({number for file in files for number, answers in file.votes.items() if answers}),
        "voters": len(files),
        "votes": sum(len(answers) for file in files for answers in file.votes.values()),
        "questions": {str(question): _shares(key, files, question, seed) for question in Question},
    }


def markdown_results(result: Mapping[str, Any]) -> str:
    """The result as a Markdown table: one row per question."""
    a, b = result["a"], result["b"]
    counts = f"{result['votes']} votes of {result['voters']} people on {result['stories']} stories"
    lines = [
        f"{a} against {b}: {counts}. Share [95 % interval over stories].",
        "",
        f"| question | {a} better | the same | {b} better | {a} less {b} |",
        "|---|---|---|---|---|",
    ]
    for question, shares in result["questions"].items():
        cells = [
            f"{share['mean']:.3f} [{share['low']:.3f}, {share['high']:.3f}]"
            for share in (shares[name] for name in ("a", "same", "b", "margin"))
        ]
        lines.append(f"| {question} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _read(path: Path) -> VoteFile:
    try:
        return VoteFile.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise SurveyError(f"{path} is missing; name files of votes that exist") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SurveyError(
            f"{path} is no file of votes ({where + ': ' if where else ''}{first['msg']}); "
            "give it as the page let it be downloaded"
        ) from error


def _shares(key: SurveyKey, files: Sequence[VoteFile], question: Question, seed: int) -> dict[str, Any]:
    counts = np.zeros((len(key.comparisons), 3))  # for a, for neither, for b
    for row, (number, side) in zip(counts, key.comparisons.items(), strict=True):
        places = {side.a_is: 0, "same": 1}
        for file in files:
            answer = file.votes.get(number, {}).get(question)
            if answer is not None:
                row[places.get(answer, 2)] += 1
    counts = counts[counts.any(1)]
    if len(counts) < 2:
        raise SurveyError(
            f"only {len(counts)} stories have votes on {question}; a rate with an interval needs at least 2"
        )
    total = counts.sum(1)
    hits = {"a": counts[:, 0], "same": counts[:, 1], "b": counts[:, 2], "margin": counts[:, 0] - counts[:, 2]}
    return {name: asdict(estimate(Tally(found, total), seed)) for name, found in hits.items()}
