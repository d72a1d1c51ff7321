"""The bench: books of world stories are drawn once, read from disk, and scored."""

import json
from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from typer.testing import CliRunner

from lianhuan.bench.books import is_finished, keep_story, story_folder, story_pictures, world_tales
from lianhuan.bench.report import markdown_table, write_report
from lianhuan.bench.world import bench_world, score_books
from lianhuan.book import Book
from lianhuan.cli.app import app
from lianhuan.cli.bench import CONTROL, Method, draw_missing
from lianhuan.data.world import frame_request
from lianhuan.errors import BookError, CheckpointError
from lianhuan.generators import Drawn
from lianhuan.memory import LSTMMemory, NoMemory
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.metrics.reader import Reader
from lianhuan.models.context import Context
from lianhuan.tensors import to_tensor
from lianhuan.testing.models import tiny_model
from lianhuan.world.draw import draw
from lianhuan.world.scene import CLASSES, labels

STORIES, FRAMES, WIDTH = 6, 3, 32
TALES = world_tales("test", STORIES, FRAMES)
PICTURES = [[draw(frame.graph) for frame in tale.frames] for tale in TALES]
PAGES = [[frame_request(tale, k, seed=tale.index, steps=2) for k in range(FRAMES)] for tale in TALES]


class OracleReader:
    """Knows every true picture by heart."""

    classes = CLASSES

    def __init__(self) -> None:
        graphs = [frame.graph for tale in TALES for frame in tale.frames]
        flat = to_tensor([image for row in PICTURES for image in row])
        self.known = {picture.numpy().tobytes(): labels(g) for picture, g in zip(flat, graphs, strict=True)}

    def read(self, pictures: torch.Tensor) -> dict[str, torch.Tensor]:
        rows = [self.known[picture.numpy().tobytes()] for picture in pictures]
        return {name: torch.tensor([row[name] for row in rows]) for name in CLASSES}


class OracleGenerator:
    """Draws the true pictures; keeps account of what it drew and what it was shown."""

    name, size = "oracle", 128

    def __init__(self, fingerprint: str = "a") -> None:
        self.fingerprint = fingerprint
        self.drawn: list[tuple[int, str]] = []
        self.shown: list[Image.Image] = []

    def encode(self, requests):
        return Context(torch.zeros(len(requests), 5, WIDTH), torch.ones(len(requests), 5, dtype=torch.bool))

    def null(self, count):
        return self.encode([None] * count)

    def encode_pictures(self, images):
        self.shown += images
        return torch.zeros(len(images), 8, 16, 16)

    def frames(self, requests, contexts, control):
        self.drawn += [(request.seed, request.scene_id) for request in requests]
        yield Drawn([PICTURES[request.seed][int(request.scene_id[1:]) - 1] for request in requests])


def _draw(folder: Path, generator: OracleGenerator, method: Method, batch: int = 4, pages=PAGES) -> list[int]:
    return list(draw_missing(folder, method, generator, pages, split="test", batch=batch))


def _memory() -> LSTMMemory:
    config = LSTMMemoryConfig(width=WIDTH, picture_width=WIDTH, hidden=WIDTH)
    return LSTMMemory(config).eval().requires_grad_(False)


def _keep(folder: Path, order: list[int]) -> None:
    """Books of all stories; book i shows the pictures of story order[i]."""
    for tale, pages, k in zip(TALES, PAGES, order, strict=True):
        recipes = [{"generator": "g", "memory": "none", "page": page.scene_id} for page in pages]
        keep_story(folder, tale.index, pages, recipes, PICTURES[k])


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small only wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def true_books(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("true")
    _keep(folder, list(range(STORIES)))
    return folder


@pytest.fixture(scope="module")
def rotated_books(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rotated")
    _keep(folder, [*range(1, STORIES), 0])
    return folder


def test_books_of_true_pictures_are_perfect_and_of_others_are_not(true_books, rotated_books):
    perfect = score_books(true_books, TALES, OracleReader())
    assert {score["mean"] for score in perfect.values()} == {1.0}
    assert {"character_f1", "place", "action", "prop", "consistency", "top", "head"} <= set(perfect)
    wrong = score_books(rotated_books, TALES, OracleReader())
    assert wrong["place"]["mean"] < 0.5
    assert wrong["character_f1"]["mean"] < 0.7


def test_the_result_keeps_its_json_contract(true_books, rotated_books):
    folders = {"none": rotated_books, "lstm": true_books}
    result = bench_world(folders, TALES, OracleReader(), seed=3, split="test", settings={"steps": 20})
    result = json.loads(json.dumps(result, allow_nan=False))
    assert list(result) == [
        "suite", "stories", "seed", "split", "settings", "methods", "chance", "ceiling", "reader",
    ]  # fmt: skip
    assert (result["suite"], result["stories"], result["seed"]) == ("world-1", STORIES, 3)
    assert list(result["methods"]) == ["none", "lstm"]
    for scores in (*result["methods"].values(), result["chance"], result["ceiling"]):
        for metric in ("character_f1", "place", "action", "prop", "consistency"):
            score = scores[metric]
            assert list(score) == ["mean", "low", "high", "n"]
            assert 0 <= score["low"] <= score["mean"] <= score["high"] <= 1
            assert score["n"] > 0
    assert result["ceiling"] == result["methods"]["lstm"]
    assert result["chance"]["place"] == result["methods"]["none"]["place"]
    assert set(result["reader"].values()) == {1.0}
    assert {"place", "prop", "kind0", "top0"} <= set(result["reader"])


def test_the_report_shows_every_method_and_the_truth(true_books, rotated_books, tmp_path):
    folders = {"none": rotated_books, "lstm": true_books}
    result = bench_world(folders, TALES, OracleReader(), seed=3, split="test", settings={})
    paths = write_report(result, folders, TALES, tmp_path / "report")
    assert {path.name for path in paths} == {
        "table.md",
        "sheet-none.png",
        "sheet-lstm.png",
        "sheet-truth.png",
    }
    table = markdown_table(result)
    assert (tmp_path / "report" / "table.md").read_text() == table
    assert "| metric | chance | none | lstm | ceiling |" in table
    row = next(line for line in table.splitlines() if line.startswith("| place |"))
    assert row.count("1.000 [1.000, 1.000]") == 2
    with Image.open(tmp_path / "report" / "sheet-lstm.png") as lstm, Image.open(paths[-1]) as truth:
        assert lstm.size == truth.size
        assert lstm.width < lstm.height  # three frames a row, six stories


def test_finished_stories_are_not_drawn_again(tmp_path):
    method = Method("none", NoMemory())
    first, second = OracleGenerator(), OracleGenerator()
    assert _draw(tmp_path, first, method) == [0, 3, 6]
    assert len(first.drawn) == STORIES * FRAMES
    assert _draw(tmp_path, second, method) == [6]
    assert second.drawn == []


def test_an_interrupted_bench_draws_only_what_is_missing(tmp_path):
    method = Method("none", NoMemory())
    stopped = draw_missing(tmp_path, method, OracleGenerator(), PAGES, split="test", batch=4)
    assert [next(stopped), next(stopped)] == [0, 3]
    stopped.close()
    rest = OracleGenerator()
    assert _draw(tmp_path, rest, method, batch=2) == [3, 6]
    assert {seed for seed, _ in rest.drawn} == {3, 4, 5}


@pytest.mark.parametrize("other", ["weights", "steps"])
def test_other_weights_or_settings_draw_anew_and_keep_the_old_takes(tmp_path, other):
    method = Method("none", NoMemory())
    _draw(tmp_path, OracleGenerator(), method)
    again = OracleGenerator("b" if other == "weights" else "a")
    pages = [[p.model_copy(update={"steps": 5}) for p in row] for row in PAGES] if other == "steps" else PAGES
    _draw(tmp_path, again, method, pages=pages)
    assert len(again.drawn) == STORIES * FRAMES
    assert len(Book.open(story_folder(tmp_path, 0)).takes("s001")) == 2


def test_the_control_shows_the_memory_the_next_storys_pictures(tmp_path):
    memory = _memory()
    own, control = OracleGenerator(), OracleGenerator()
    _draw(tmp_path / "lstm", own, Method("lstm", memory), batch=STORIES)
    _draw(tmp_path / CONTROL, control, Method(CONTROL, memory, shuffled=True), batch=STORIES)
    assert own.shown == [PICTURES[i][page] for page in range(FRAMES) for i in range(STORIES)]
    assert control.shown == [
        PICTURES[(i + 1) % STORIES][page] for page in range(FRAMES) for i in range(STORIES)
    ]
    assert Book.open(story_folder(tmp_path / CONTROL, 0)).file.memory == CONTROL


def test_the_control_never_feeds_a_story_to_itself(tmp_path):
    generator = OracleGenerator()
    memory = _memory()
    assert _draw(tmp_path, generator, Method(CONTROL, memory, shuffled=True), batch=5) == [0, 3, 6]
    assert generator.shown[:3] == [PICTURES[1][0], PICTURES[2][0], PICTURES[0][0]]
    odd = _draw(tmp_path / "odd", generator, Method(CONTROL, memory, shuffled=True), batch=2, pages=PAGES[:3])
    assert odd == [0, 3]  # not 2 and a lonely 1


def test_a_control_group_with_one_missing_book_is_drawn_as_a_whole(tmp_path):
    memory = _memory()
    method = Method(CONTROL, memory, shuffled=True)
    _draw(tmp_path, OracleGenerator(), method, batch=3)
    (story_folder(tmp_path, 1)).rename(tmp_path / "away")
    again = OracleGenerator()
    assert _draw(tmp_path, again, method, batch=3) == [3, 6]
    assert {seed for seed, _ in again.drawn} == {0, 1, 2}


def test_a_missing_unfinished_or_foreign_book_is_a_clear_error(tmp_path):
    with pytest.raises(BookError, match="story-00000"):
        story_pictures(tmp_path, TALES[0])
    recipes = [{"generator": "g", "memory": "none"}] * FRAMES
    keep_story(tmp_path, 1, PAGES[0], recipes, PICTURES[0])
    with pytest.raises(BookError, match="another story"):
        story_pictures(tmp_path, TALES[1])
    keep_story(tmp_path, 2, PAGES[2], recipes, PICTURES[2])
    yaml = story_folder(tmp_path, 2) / "book.yaml"
    lines = yaml.read_text().splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if "picked:" in line)
    lines[last] = lines[last].split("picked:")[0] + "picked: null\n"
    yaml.write_text("".join(lines))
    assert not is_finished(tmp_path, 2, PAGES[2], recipes)
    with pytest.raises(BookError, match="not drawn to its end"):
        story_pictures(tmp_path, TALES[2])


def test_a_reader_of_another_vocabulary_is_refused(true_books):
    reader = OracleReader()
    reader.classes = {**CLASSES, "place": 3}
    with pytest.raises(CheckpointError, match="vocabulary"):
        score_books(true_books, TALES, reader)


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A tiny generator and an untrained reader."""
    folder = tmp_path_factory.mktemp("models")
    tiny_model(folder / "tiny")
    (folder / "reader").mkdir()
    (folder / "reader" / "config.json").write_text(json.dumps({"classes": CLASSES}))
    save_file(Reader(CLASSES).state_dict(), folder / "reader" / "model.safetensors")
    return folder


def _run(models: Path, file: Path, *options: str):
    short = ["--stories", "2", "--frames", "2", "--steps", "1", "--generator", str(models / "tiny")]
    return CliRunner().invoke(
        app, ["bench", "world", "--json", str(file), *short, "--reader", str(models / "reader"), *options]
    )


def test_the_verb_draws_scores_and_goes_on_where_it_was(models, tmp_path):
    file = tmp_path / "scores.json"
    first = _run(models, file, "--report", str(tmp_path / "report"))
    assert first.exit_code == 0, first.stderr
    scores, takes = file.read_bytes(), {p: p.stat().st_mtime_ns for p in tmp_path.rglob("takes/*/*.png")}
    assert list(json.loads(scores)["methods"]) == ["none", "lstm", CONTROL]
    assert json.loads(scores)["settings"]["steps"] == 1
    assert len(takes) == 3 * 2 * 2
    assert all(path.is_relative_to(tmp_path / "scores") for path in takes)
    assert first.stdout == (tmp_path / "report" / "table.md").read_text()
    assert "2 of 2 stories" in first.stderr
    assert _run(models, file).exit_code == 0
    assert file.read_bytes() == scores
    assert {p: p.stat().st_mtime_ns for p in tmp_path.rglob("takes/*/*.png")} == takes


def test_methods_share_noise_and_differ_by_memory_alone(models, tmp_path):
    assert _run(models, tmp_path / "s.json").exit_code == 0
    first = {
        name: [story_pictures(tmp_path / "s" / name, tale) for tale in world_tales("test", 2, 2)]
        for name in ("none", "lstm", CONTROL)
    }
    page = {name: [row[1].tobytes() for row in rows] for name, rows in first.items()}
    assert [row[0].tobytes() for row in first["lstm"]] == [row[0].tobytes() for row in first[CONTROL]]
    assert page["lstm"] != page[CONTROL]
    assert page["lstm"] != page["none"]


@pytest.mark.parametrize(
    ("options", "said"), [(["--memory", "none,elephant"], "elephant"), (["--reader", "nowhere"], "no reader")]
)
def test_a_wrong_name_is_a_clear_error(models, tmp_path, options, said):
    ended = _run(models, tmp_path / "s.json", *options)
    assert ended.exit_code == 1
    assert said in ended.stderr
    assert not (tmp_path / "s.json").exists()
