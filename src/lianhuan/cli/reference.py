"""The page `docs/reference/cli.md`, made from the help of every verb."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from lianhuan import errors
from lianhuan.cli import VERBS
from lianhuan.cli.app import app

HEAD = """# Command line

Results go to stdout, progress and errors to stderr. Exit codes: 0 done; 1 an error, told in one line; 2 a wrong
option or argument; 130 stopped with Ctrl-C. This page is made by `scripts/docs`.
"""


def page() -> str:
    """The whole page as Markdown."""
    parts = [HEAD, f"```\n{_help()}\n```\n"]
    parts += [f"## lianhuan {' '.join(words)}\n\n```\n{_help(*words)}\n```\n" for words in _verbs()]
    tree = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and kind is not errors.LianhuanError
    ]
    lines = [f"- `{kind.__name__}`: {(kind.__doc__ or '').strip()}" for kind in tree]
    parts.append("## Errors\n\nIn Python, each is a `lianhuan.LianhuanError`:\n\n" + "\n".join(lines) + "\n")
    return "\n".join(parts)


def _verbs() -> Iterator[tuple[str, ...]]:
    for verb in VERBS:
        yield (verb,)
        for inner in getattr(importlib.import_module(f"lianhuan.cli.{verb}"), "VERBS", ()):
            yield verb, inner


def _help(*verb: str) -> str:
    result = CliRunner().invoke(app, [*verb, "--help"], terminal_width=100, prog_name="lianhuan")
    return "\n".join(line.rstrip() for line in result.stdout.strip().splitlines())


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")
