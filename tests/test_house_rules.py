"""Rules of the house that no linter knows."""

import subprocess
import sys
from pathlib import Path

import lianhuan
from lianhuan import errors
from lianhuan.cli.reference import page

ROOT = Path(__file__).parents[1]
HEAVY = ("torch", "diffusers", "transformers", "numpy", "skia")


def test_no_file_is_longer_than_400_lines():
    files = [path for room in ("src", "tests", "recipes", "examples") for path in (ROOT / room).rglob("*.py")]
    assert len(files) > 50
    assert {str(path): n for path in files if (n := len(path.read_text().splitlines())) > 400} == {}


def test_public_names_are_sorted_few_and_there():
    assert lianhuan.__all__ == sorted(lianhuan.__all__)
    assert len(lianhuan.__all__) <= 20
    assert set(lianhuan.__all__) == set(lianhuan._HOMES)
    for name in lianhuan.__all__:
        assert getattr(lianhuan, name).__name__ == name


def test_import_and_help_load_nothing_heavy():
    for program in (
        "import lianhuan",
        "import sys; sys.argv = ['lianhuan', '--help']; from lianhuan.cli import main; main()",
    ):
        check = f"import atexit, sys; atexit.register(lambda: print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr))\n"
        done = subprocess.run(
            [sys.executable, "-c", check + program], capture_output=True, text=True, check=True
        )
        assert done.stderr == "[]\n", program


def test_the_reference_of_the_command_line_is_up_to_date():
    """Every option of every verb and every error class is in it, as they are made from the code."""
    told = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    assert told == page(), "run scripts/docs"
    assert {
        name for name, kind in vars(errors).items() if isinstance(kind, type) and f"`{name}`" not in told
    } == {"LianhuanError"}


def test_the_license_is_the_plain_one():
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("Apache License\n")


def test_every_pin_is_a_plain_version():
    pins = (ROOT / "constraints.txt").read_text().split()
    assert "torch==2.13.0" in pins
    assert [pin for pin in pins if pin.count("==") != 1 or "@" in pin] == []
