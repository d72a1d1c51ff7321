"""The command line: one file per verb, each with a function of the file's name. They parse, call and print."""

import importlib
import os
import sys

VERBS = (
    "illustrate",
    "plan",
    "redraw",
    "recast",
    "takes",
    "pick",
    "lock",
    "unlock",
    "undo",
    "export",
    "world",
    "train",
    "adapt",
    "bench",
    "doctor",
)
"""Verbs in the order in which the help shows them: `lianhuan.cli.<verb>` holds a function `<verb>`, or is a package with its own `VERBS`."""


def main() -> None:
    """Run the command line; nothing heavy is imported before a verb runs.

    Waiting threads sleep unless OMP_WAIT_POLICY says otherwise: spinning makes drawing many times slower as soon as
    another program wants a core.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for stream in (sys.stdout, sys.stderr):  # a name that the terminal cannot show is no reason to stop
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    importlib.import_module("lianhuan.cli.app").app()
