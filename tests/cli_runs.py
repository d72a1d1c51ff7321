"""Running the command line in tests as a user runs it."""

import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner, Result

from lianhuan.cli.app import app

LIANHUAN = [sys.executable, "-c", "from lianhuan.cli import main; main()"]
WITHOUT = """
import sys
sys.modules.update(dict.fromkeys(sys.argv.pop(1).split("+")))  # as if not installed
from lianhuan.cli import main
main()
"""
STORY = "Mike and Jon ran to the forest. They saw a fish. Mike laughed. Jon put on a red hat."


def run(*args: object, stdin: str | bytes | None = None) -> Result:
    return CliRunner().invoke(
        app, [str(arg) for arg in args], input=stdin, prog_name="lianhuan", catch_exceptions=False
    )


def tree(folder: Path) -> dict[str, bytes]:
    return {
        p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()
    }


def fails(*args: object, says: str, code: int = 1, stdin: str | bytes | None = None) -> Result:
    """The command fails with one line on stderr that says it, and without a traceback."""
    done = run(*args, stdin=stdin)
    assert done.exit_code == code, done.output
    assert says in " ".join(done.stderr.split())
    if code == 1:
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
    return done


def without(libraries: str, *args: object) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own where libraries (with "+" between them) are not installed."""
    command = [sys.executable, "-c", WITHOUT, libraries, *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
