"""What the verbs say: results on stdout, everything else on stderr; colour and bars only on a terminal."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol


def fail(message: str) -> None:
    """One line on stderr, red on a terminal."""
    line = f"error: {' '.join(message.splitlines())}"
    if sys.stderr.isatty() and "NO_COLOR" not in os.environ:
        line = f"\x1b[31m{line}\x1b[0m"
    print(line, file=sys.stderr)


def say(message: str) -> None:
    """One line on stderr."""
    print(message, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """`value` as JSON on stdout."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


class Progress(Protocol):
    """What a long-running verb tells about its work."""

    def at(self, done: float, doing: str) -> None:
        """`done` units are done; `doing` says what comes now. Only a terminal shows it."""
        ...

    def milestone(self, message: str) -> None:
        """A line worth keeping, also in a log file."""
        ...


class _Lines:
    def at(self, done: float, doing: str) -> None:
        pass

    def milestone(self, message: str) -> None:
        say(message)


@contextmanager
def progress(total: float) -> Iterator[Progress]:
    """A bar over `total` units of work on a terminal, plain lines elsewhere."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress as Bars, TextColumn, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Bars(*columns, console=console, transient=True) as bars:
        task = bars.add_task("", total=total)

        class _Bar:
            def at(self, done: float, doing: str) -> None:
                bars.update(task, completed=done, description=doing)

            def milestone(self, message: str) -> None:
                console.print(message, markup=False, highlight=False, soft_wrap=True)

        yield _Bar()
