"""The states that `book.yaml` had before it was changed, so that changes can be undone.

They lie in the book's `history/`: `000007.yaml` is what the seventh change replaced, `000007.undone.yaml` what undoing
that change replaced.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from lianhuan.book.files import write_atomically
from lianhuan.book.schema import BookFile

HISTORY = "history"
KEPT = 100
"""Changes that can be undone; older states are deleted."""


@dataclass(frozen=True)
class Past:
    """An earlier state: its bytes are at `path`; what is undone shall be kept at `undone`."""

    path: Path
    undone: Path


def remember(folder: Path, content: bytes) -> None:
    """Keep `content` as the newest state in the history of the book `folder`.

    Raises:
        BookError: it cannot be written.
    """
    newest = max((int(path.stem) for path in _states(folder)), default=0) + 1
    write_atomically(folder / HISTORY / f"{newest:06d}.yaml", content)
    for path in (folder / HISTORY).iterdir():
        name = re.fullmatch(r"(\d{6})(\.undone)?\.yaml", path.name)
        if name and int(name[1]) <= newest - KEPT:
            path.unlink()


def past(folder: Path, content: bytes) -> list[Past]:
    """The states of the book `folder` that undoing leads to, the nearest first.

    A state like `content`, what `book.yaml` holds now, was left by a program that was killed before it made its change;
    it is deleted.
    """
    states = sorted(_states(folder), reverse=True)
    while states and states[0].read_bytes() == content:
        states.pop(0).unlink()
    return [Past(path, path.with_suffix(".undone.yaml")) for path in states]


def can_be_undone(old: BookFile, new: BookFile) -> bool:
    """Whether the change from `old` to `new` is one to come back from: more than the first pictures of pages."""
    drawn = {page.id for page in old.scenes if page.picked is not None}
    first = {page.id for page in new.scenes if page.picked is not None} - drawn
    before, after = (
        file.model_copy(update={"scenes": [page for page in file.scenes if page.id not in first]})
        for file in (old, new)
    )
    return bool(drawn) and before != after


def _states(folder: Path) -> list[Path]:
    return [path for path in (folder / HISTORY).glob("*.yaml") if re.fullmatch(r"\d{6}", path.stem)]
