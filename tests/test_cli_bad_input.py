"""Bad input on the command line: a clear error, no traceback, nothing lost."""

import errno
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
import yaml
from typer.testing import Result

from cli_runs import LIANHUAN, fails, run, tree


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "is empty"),
        (b" \n\t\n", "is empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "is not a text"),
        ("Zoë ran.".encode("latin-1"), "save it as UTF-8"),
    ],
)
def test_what_is_no_story_is_refused_before_anything_is_written(
    data: bytes, says: str, tiny_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "story.txt").write_bytes(data)
    out = tmp_path / "book"
    fails("illustrate", tmp_path / "story.txt", "-o", out, "--generator", tiny_model, says=says)
    fails("plan", "-", says=says, stdin=data)
    assert not out.exists()


def test_a_megabyte_is_planned_and_the_limit_can_be_raised() -> None:
    long = "Mike saw a small fish near the old bridge. " * 24_400
    assert len(long) > 2**20
    assert len(json.loads(run("plan", "-", "--json", stdin=long).stdout)["scenes"]) == 24_400
    fails("plan", "-", "--max-characters", 1000, says="--max-characters", stdin=long)


@pytest.mark.parametrize(
    "text",
    [
        "The rain fell on the empty street.",
        "Mike ran. Jon sat. Mike slept.",
        "“Are you there?” “Yes.” “Come!”",
        "רותי הלכה ליער. היא צחקה.",
        "Rose picked a rose in May. May may come.",
    ],
    ids=["no characters", "30 characters", "only dialogue", "right to left", "names that are words"],
)
def test_unusual_stories_become_books(text: str, tiny_model: Path, tmp_path: Path) -> None:
    done = run(
        "illustrate", "-", "-o", tmp_path, "--generator", tiny_model, "--steps", 1, "--json", stdin=text
    )
    assert done.exit_code == 0, done.stderr
    told = "".join(page["caption"] for page in yaml.safe_load((tmp_path / "book.yaml").read_text())["scenes"])
    assert "".join(told.split()) == "".join(text.split())


def test_output_folders_that_cannot_be_used(drawing: list[object], book: Path, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    fails(*drawing, tmp_path, says="is not empty and holds no book")
    fails(*drawing, tmp_path / "notes.txt", says="is a file")
    fails(*drawing, tmp_path / "notes.txt" / "book", says="cannot be written")
    fails(*drawing, "/proc/lianhuan", says="cannot be written")
    assert tree(tmp_path) == {"notes.txt": b"mine"}
    other = ["illustrate", "-", "-o", book, "--generator", drawing[3], "--steps", 1]
    fails(*other, says="is the book of another text", stdin="Another story.")


def test_a_full_disk_is_told_and_the_book_goes_on_later(
    drawing: list[object], book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync, left = os.fsync, iter(range(15))

    def full(descriptor: int) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        done = fails_midway(*drawing, tmp_path / "book")
    assert "page 1 of 4 drawn" in done.stderr
    assert "the disk is full" in done.stderr
    assert run(*drawing, tmp_path / "book").exit_code == 0
    assert tree(tmp_path / "book") == tree(book)


def fails_midway(*args: object) -> Result:
    done = run(*args)
    assert done.exit_code == 1
    return done


@pytest.fixture(scope="module")
def slowly(drawing: list[object]) -> list[object]:
    """The arguments that draw the story so slowly that a signal comes in time."""
    return ["illustrate", "--steps", 300, *(part for part in drawing[1:] if part not in ("--steps", 2))]


@pytest.fixture(params=[signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "kill -9"])
def stopped(request: pytest.FixtureRequest, slowly: list[object], tmp_path: Path) -> Path:
    """A book whose drawing was stopped after its first page."""
    args = [*LIANHUAN, *map(str, slowly), str(tmp_path / "book")]
    with subprocess.Popen(args, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        lines = []
        for line in process.stderr:
            lines.append(line)
            if "page 1 of 4" in line:
                process.send_signal(request.param)
        code = process.wait()
    if request.param is signal.SIGINT:
        assert code == 130
        assert lines[-1] == "error: stopped; run the same command again to go on\n"
    else:
        assert code == -signal.SIGKILL
    return tmp_path / "book"


def test_a_stopped_book_goes_on_and_ends_up_the_same(
    stopped: Path, slowly: list[object], tmp_path: Path
) -> None:
    assert not (stopped / "exports").exists()
    done = run(*slowly, stopped)
    assert "page 1 of 4 kept" in done.stderr
    assert run(*slowly, tmp_path / "undisturbed").exit_code == 0
    assert tree(stopped) == tree(tmp_path / "undisturbed")


def test_an_unknown_key_in_the_book_is_named(
    story: Path, drawing: list[object], book: Path, tmp_path: Path
) -> None:
    for name, data in tree(book).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    text = (book / "book.yaml").read_text()
    (tmp_path / "book.yaml").write_text(text.replace("title:", "titel: x\ntitle:"))
    before = tree(tmp_path)
    fails("illustrate", tmp_path, says="unknown key `titel`")
    fails("export", tmp_path, says="unknown key `titel`")
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("rm model_index.json", "no model there"),
        ("rm unet/model.safetensors", "is missing"),
        ("rm unet/model.safetensors; printf x > unet/model.bin", "a pickle"),
        ("truncate -s 5000 unet/model.safetensors", "is damaged"),
        ("printf '\\200\\004K.' > autoencoder/model.safetensors", "is damaged"),
        ("cp unet/model.safetensors autoencoder/", "belongs to another model"),
        ("rm -r memory", "is missing"),
        ('echo \'{"width": "wide"}\' > memory/lstm/config.json', "cannot use"),
        ("echo '{' > path/config.json", "cannot be read"),
        ("echo '{}' > path/config.json", "cannot use"),
        ("echo '[]' > model_index.json", "is damaged"),
        ("echo '{}' > text_encoder/tokenizer.json", "cannot use"),
    ],
)
def test_a_damaged_checkpoint_is_told(
    damage: str, says: str, story: Path, tiny_model: Path, tmp_path: Path
) -> None:
    model = tmp_path / "model"
    subprocess.run(["cp", "-r", tiny_model, model], check=True)
    subprocess.run(damage, shell=True, cwd=model, check=True)
    fails("illustrate", story, "-o", tmp_path / "book", "--generator", model, "--steps", 1, says=says)
    assert not (tmp_path / "book").exists()


def test_wrong_options_are_usage_errors(
    drawing: list[object], story: Path, book: Path, tmp_path: Path
) -> None:
    for extra in (["--steps", 0], ["--steps", 1001], ["--guidance", "nan"], ["--guidance", -1], ["--colour"]):
        assert run(*drawing, tmp_path / "book", *extra).exit_code == 2, extra
    fails("illustrate", story, says="-o DIR", code=2)
    fails("illustrate", book, "--scenes", "paragraph", says="--scenes is for a new story", code=2)
    fails("illustrate", book, "-o", tmp_path / "book", says="drawn where it is", code=2)
    fails(*drawing, book, "--title", "Another", says="has the title", code=2)
    fails(*drawing, tmp_path / "book", "--scenes", "0", says="scenes")
    fails(*drawing, tmp_path / "book", "--memory", "elephant", says="there are: none, lstm")
    fails(*drawing, tmp_path / "book", "--first-frame", story, says="not a readable picture")
    fails("illustrate", tmp_path / "nothing.txt", "-o", tmp_path / "book", says="there is no file")
    assert not (tmp_path / "book").exists()


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("Mike ran. " * 5000)
    args = [*LIANHUAN, "plan", str(tmp_path / "long.txt"), "--json"]
    with subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(1)
        process.stdout.close()
        assert process.stderr.read() == ""
