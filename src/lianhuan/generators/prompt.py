"""The words that a text-to-image checkpoint is asked with, made from the state of the story."""

import re
from collections.abc import Sequence

from lianhuan.story import PageRequest, StageEntry

Spans = Sequence[tuple[int, int]]
"""Pieces [start, end) of a text, in characters."""


def page_prompt(request: PageRequest) -> str:
    """The prompt of a page: its caption, who is on stage with kind and look, the place, the style; "" if it says nothing.

    Names mean nothing to such a checkpoint, so each is told with what it stands for:
    "Mia ran to the sea, Mia is a girl, red coat, at the beach, watercolour".
    """
    parts = [request.caption.strip().rstrip("."), *(_told(entry) for entry in request.stage)]
    parts += [f"at the {request.place}" if request.place else "", request.style]
    return ", ".join(part for part in parts if part)


def spoken_of(request: PageRequest) -> dict[str, Spans]:
    """Where the prompt of a page speaks of each character on its stage: what is told of it, and its name wherever it stands."""
    prompt = page_prompt(request)
    found: dict[str, Spans] = {}
    for entry in request.stage:
        name = rf"(?<![A-Za-z0-9_]){re.escape(entry.name)}(?![A-Za-z0-9_])"
        told = re.escape(_told(entry) or entry.name)
        found[entry.name] = [match.span() for match in re.finditer(rf"{told}|{name}", prompt)]
    return found


def _told(entry: StageEntry) -> str:
    """What is said of a character, "" if only its name is known."""
    known = "" if entry.kind == "person" else f"a {entry.kind}"
    told = ", ".join(part for part in (known, entry.look) if part)
    return f"{entry.name} is {told}" if told else ""
