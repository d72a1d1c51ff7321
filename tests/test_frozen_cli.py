"""Claims about memories in a folder of their own: trained, saved, drawn with and refused from the command line."""

import json
import shutil
from pathlib import Path

import pytest
import torch
import yaml

from cli_runs import run
from frozen_runs import memory_beside, write_stories
from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.book import Book, differing_pages
from lianhuan.conductor import PageDone
from lianhuan.errors import CheckpointError
from lianhuan.memory.bridged import KINDS
from lianhuan.memory.load import fit
from lianhuan.testing.checkpoints import tiny_checkpoint

RECIPE = str(Path(__file__).parents[1] / "recipes" / "picturebooks.py")
DRAW = ("--steps", "2", "--seed", "3")


@pytest.fixture(scope="module")
def trained(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of a memory that was trained a little, and loudly."""
    out, stories = tmp_path_factory.mktemp("run"), tmp_path_factory.mktemp("stories")
    write_stories(stories)
    (stories / "story-1" / "2.txt").unlink()
    done = run("train", RECIPE, "-o", out, "--steps", 2, "--set", f"base={folders['sd1']}", "--set", f"data={stories}",
               "--set", "width=16", "--set", "rank=2", "--set", "stories=1", "--set", "precision=fp32")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "1 pictures without words left out" in done.output
    return out


@pytest.fixture
def loud(folders: dict[str, Path], tmp_path: Path) -> Path:
    """A memory's folder whose memory makes a difference, made beside the sd1 base."""
    memory = memory_beside(load_generator(folders["sd1"]), "lstm", rank=2)
    torch.manual_seed(1)
    for p in memory.parameters():
        torch.nn.init.normal_(p, std=0.3)
    memory.save(tmp_path / "memory")
    return tmp_path / "memory"


@pytest.fixture
def tale(tmp_path: Path) -> Path:
    path = tmp_path / "tale.txt"
    path.write_text("Mia ran to the beach. She met Leo. They waved.", encoding="utf-8")
    return path


def test_the_recipe_leaves_a_memory_and_its_figures(trained: Path, folders: dict[str, Path]) -> None:
    events = [json.loads(line) for line in (trained / "metrics.jsonl").read_text().splitlines()]
    assert [event.get("split", event.get("recipe")) for event in events] == [
        "train", "memory-lstm", "validation", "validation"]  # fmt: skip
    assert set(events[-1]["figures"]) == {"base", "memory", "other", "none"}
    assert {path.name for path in (trained / "memory").iterdir()} == {"config.json", "model.safetensors"}
    memory = load_memory(str(trained / "memory"), folders["sd1"])
    assert memory.config.base.family == "sd1"
    assert len(memory.changes) > 0


def test_settings_of_a_recipe_are_checked(tmp_path: Path) -> None:
    for given, said in (("colour=1", "settings base, data, memory"), ("rank=much", "rank is a number")):
        wrong = run("train", RECIPE, "-o", tmp_path / "run", "--set", given)
        assert wrong.exit_code != 0
        assert said in " ".join(wrong.output.split())
    missing = run("train", RECIPE, "-o", tmp_path / "run")
    assert missing.exit_code != 0
    assert "--set base=FOLDER" in missing.output


@pytest.mark.parametrize("kind", KINDS)
def test_it_comes_back_as_it_was_up_to_16_bits(folders: dict[str, Path], tmp_path: Path, kind: str) -> None:
    memory = memory_beside(load_generator(folders["sdxl"]), kind, rank=2)
    memory.save(tmp_path / kind)
    loaded = load_memory(str(tmp_path / kind), folders["sdxl"])
    assert loaded.name == str(tmp_path / kind)
    for name, value in memory.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], value, atol=1e-3, rtol=1e-3)


def test_a_book_is_drawn_resumed_and_redrawn_with_it(
    folders: dict[str, Path], loud: Path, tale: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(loud.parent)
    plain, book = tmp_path / "plain", tmp_path / "book"
    base = ("--generator", str(folders["sd1"]), *DRAW)
    assert run("illustrate", tale, "-o", plain, "--memory", "none", *base).exit_code == 0
    drawn = run("illustrate", tale, "-o", book, "--memory", loud.name, *base)
    assert drawn.exit_code == 0, drawn.output
    assert differing_pages(Book.open(plain), Book.open(book)) == ["s001", "s002", "s003"]
    assert yaml.safe_load((book / "book.yaml").read_text())["memory"] == str(loud)
    monkeypatch.chdir(tmp_path.parent)
    before = {path: path.stat().st_mtime_ns for path in book.glob("takes/*/*")}
    assert run("illustrate", book).exit_code == 0
    assert before == {path: path.stat().st_mtime_ns for path in book.glob("takes/*/*")}
    assert run("redraw", book, "--page", 2).exit_code == 0
    other = tmp_path / "again"
    assert run("illustrate", tale, "-o", other, "--memory", loud, *base).exit_code == 0
    assert differing_pages(Book.open(other), Book.open(book)) == ["s002"]


def test_pages_drawn_with_other_files_are_stale(
    folders: dict[str, Path], loud: Path, tale: Path, tmp_path: Path
) -> None:
    book = tmp_path / "book"
    base = ("--generator", str(folders["sd1"]), *DRAW)
    assert run("illustrate", tale, "-o", book, "--memory", loud, *base).exit_code == 0
    memory = load_memory(str(loud), folders["sd1"])
    torch.nn.init.normal_(memory.out.weight)
    memory.save(loud)
    assert run("illustrate", book).exit_code == 0
    assert not Book.open(book).stale()
    assert len(list(book.glob("takes/*/*.png"))) == 6


def test_it_goes_beside_any_base_of_its_family_and_no_other(
    folders: dict[str, Path], loud: Path, tale: Path, tmp_path: Path
) -> None:
    sister = tiny_checkpoint(tmp_path / "sister", "sd1", seed=1)
    drawn = run("illustrate", tale, "-o", tmp_path / "book", "--memory", loud, "--generator", sister, *DRAW)
    assert drawn.exit_code == 0, drawn.output
    for family in ("sd2", "sdxl"):
        out = tmp_path / family
        refused = run("illustrate", tale, "-o", out, "--memory", loud, "--generator", folders[family])
        assert refused.exit_code != 0
        assert "was trained beside sd1 with tokens of 32" in " ".join(refused.output.split())
        assert not out.exists()
    memory = load_memory(str(loud), folders["sd1"])
    with pytest.raises(CheckpointError, match="is sdxl with tokens of 64"):
        fit(load_generator(folders["sdxl"]), memory)


def test_names_and_folders_are_told_apart(
    folders: dict[str, Path], loud: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("none", "a+b#c"):
        shutil.copytree(loud, tmp_path / name)
    assert load_memory("none", folders["sd1"]).name == "none"
    assert load_memory("./none", folders["sd1"]).name == str(tmp_path / "none")
    found = load_memory("a+b#c", folders["sd1"]).name
    assert found == str(tmp_path / "a+b#c")
    assert load_memory(found, folders["sd1"]).name == found
    stacked = load_memory("./none + shared-attention", folders["sd1"])
    drawn = list(
        illustrate(
            parse_story("Mia ran. She met Leo."), load_generator(folders["sd1"]), memory=stacked, steps=1
        )
    )
    assert sum(isinstance(event, PageDone) for event in drawn) == 2


def test_folders_that_hold_no_such_memory_are_refused(
    folders: dict[str, Path], tiny_model: Path, loud: Path, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match="no memory is called"):
        load_memory(str(tmp_path / "nothing"), folders["sd1"])
    with pytest.raises(CheckpointError, match="is no memory's folder"):
        load_memory(str(folders["sd1"] / "unet"), folders["sd1"])
    with pytest.raises(CheckpointError, match="not of Stable Diffusion"):
        fit(load_generator(tiny_model), load_memory(str(loud), folders["sd1"]))
    for damage in ({"memory": "magic"}, {"width": "wide"}, {"heads": 3}):
        shutil.copytree(loud, tmp_path / "copy", dirs_exist_ok=True)
        config = json.loads((loud / "config.json").read_text())
        (tmp_path / "copy" / "config.json").write_text(json.dumps(config | damage))
        with pytest.raises(CheckpointError, match="copy"):
            load_memory(str(tmp_path / "copy"), folders["sd1"])
    (loud / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="damaged"):
        load_memory(str(loud), folders["sd1"])
