"""The bench's own drawing: books of world stories are drawn once, for every task, length and take that is asked for."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from typer.testing import CliRunner

from bench_oracle import FRAMES, PAGES, PICTURES, STORIES, TALES, WIDTH, OracleGenerator, run_of
from lianhuan.bench.books import (
    is_finished,
    keep_story,
    run_folder,
    story_folder,
    story_pictures,
    world_tales,
)
from lianhuan.bench.task import Task
from lianhuan.book import Book, read_recipe
from lianhuan.book.picture import recipe_in
from lianhuan.cli.app import app
from lianhuan.cli.bench.drawing import CONTROL, Method, draw_missing, draw_runs
from lianhuan.errors import BookError
from lianhuan.memory import LSTMMemory, NoMemory
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.metrics.reader import Reader
from lianhuan.testing.models import tiny_model
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import FULL


def _draw(folder: Path, generator: OracleGenerator, method: Method, batch: int = 4, pages=PAGES) -> list[int]:
    return list(draw_missing(folder, method, generator, pages, split="test", batch=batch))


def _memory() -> LSTMMemory:
    """One that asks for no portraits, which are no pages (`test_portraits.py`)."""
    config = LSTMMemoryConfig(width=WIDTH, picture_width=WIDTH, hidden=WIDTH)
    memory = LSTMMemory(config).eval().requires_grad_(False)
    memory.casts = None
    return memory


@pytest.fixture(autouse=True)
def one_thread():
    """Networks this small only wait for each other's threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


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


def test_a_continued_story_begins_with_its_true_picture_and_remembers_it(tmp_path):
    run = run_of(Task.CONTINUATION, lstm=tmp_path)
    generator, settings = OracleGenerator(), {"seed": 0, "steps": 2, "guidance": 1.0}
    told = list(draw_runs([run], [Method("lstm", _memory())], generator, settings, split="test", batch=4))
    assert [done for done, _ in told] == [0, 3, 6]
    assert told[-1][1] == "continuation, 3 pages, lstm: 6 of 6 stories drawn"
    assert {scene for _, scene in generator.drawn} == {"s002", "s003"}
    firsts = [row[0] for row in PICTURES]
    assert [image.tobytes() for image in generator.shown[:3]] == [image.tobytes() for image in firsts[:3]]
    assert [story_pictures(tmp_path, tale)[0].tobytes() for tale in TALES] == [i.tobytes() for i in firsts]
    take = Book.open(story_folder(tmp_path, 0)).picture("s001")
    assert take is not None
    assert read_recipe(take)["first"] == "given"


def test_takes_of_a_page_differ_in_their_noise_alone(tmp_path):
    run = run_of(none=[tmp_path / "0", tmp_path / "1"])
    settings = {"seed": 7, "steps": 2, "guidance": 1.0}
    asked = []

    class Listening(OracleGenerator):
        def frames(self, requests, contexts, control):
            asked.extend(requests)
            return super().frames([r.model_copy(update={"seed": r.seed - 7}) for r in requests], None, None)

    list(draw_runs([run], [Method("none", NoMemory())], Listening(), settings, split="test", batch=4))
    first, second = asked[: len(asked) // 2], asked[len(asked) // 2 :]
    assert {page.take for page in first} == {0}
    assert [page.model_copy(update={"take": 1}) for page in first] == second
    assert {page.seed for page in first} == {7 + story for story in range(STORIES)}


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """A tiny generator and an untrained reader."""
    folder = tmp_path_factory.mktemp("models")
    tiny_model(folder / "tiny")
    (folder / "reader").mkdir()
    (folder / "reader" / "config.json").write_text(json.dumps({"classes": classes()}))
    save_file(Reader(classes()).state_dict(), folder / "reader" / "model.safetensors")
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


@pytest.mark.parametrize(
    ("options", "engine"),
    [((), "light"), (("--engine", "torch"), "torch"), (("--memory", "none,shared-attention"), "torch")],
)
def test_one_engine_draws_for_all_methods(models, tmp_path, options, engine):
    """That of `illustrate` where it can draw with all of them."""
    file = tmp_path / "scores.json"
    done = _run(models, file, "--no-control", *options)
    assert done.exit_code == 0, done.stderr
    assert json.loads(file.read_bytes())["settings"]["engine"] == engine
    takes = list(tmp_path.rglob("takes/*/*.png"))
    assert len(takes) == 2 * 2 * 2
    assert {recipe_in(take)["engine"] for take in takes} == {engine}


def test_the_light_engine_is_refused_where_a_method_needs_torch(models, tmp_path):
    done = _run(models, tmp_path / "s.json", "--engine", "light", "--memory", "lstm,shared-attention")
    assert done.exit_code == 1
    assert "no memory 'shared-attention'" in done.stderr


def test_the_stories_are_of_the_world_that_the_reader_reads(models, tmp_path):
    reader, large = tmp_path / "reader", tmp_path / "large"
    reader.mkdir()
    (reader / "config.json").write_text(json.dumps({"classes": classes(FULL)}))
    save_file(Reader(classes(FULL)).state_dict(), reader / "model.safetensors")
    tiny_model(large, stage=4, styles=True)
    file = tmp_path / "s.json"
    done = _run(models, file, "--reader", str(reader), "--generator", str(large), "--memory", "lstm")
    assert done.exit_code == 0, done.stderr
    assert {"style", "view", "worn0"} <= set(json.loads(file.read_bytes())["reader"])
    tales = world_tales("test", 2, 2, FULL)
    styles = {tale.frames[0].graph.style for tale in tales}
    home = run_folder(tmp_path / "s", "visualization", 2, 0) / "lstm"
    told = {Book.open(story_folder(home, tale.index)).file.style for tale in tales}
    assert told == {"" if style == "flat" else style for style in styles}


def test_every_length_can_have_its_own_number_of_stories(models, tmp_path):
    file = tmp_path / "s.json"
    lengths = ["--frames", "2,3", "--memory", "none"]
    assert _run(models, file, *lengths, "--stories", "3,2").exit_code == 0
    assert {n: r["stories"] for n, r in json.loads(file.read_bytes())["frames"].items()} == {"2": 3, "3": 2}
    refused = _run(models, file, *lengths, "--stories", "4,3,2")
    assert refused.exit_code == 2
    assert "one for each of the 2 lengths" in refused.stderr


def test_methods_share_noise_and_differ_by_memory_alone(models, tmp_path):
    assert _run(models, tmp_path / "s.json").exit_code == 0
    home = run_folder(tmp_path / "s", "visualization", 2, 0)
    first = {
        name: [story_pictures(home / name, tale) for tale in world_tales("test", 2, 2)]
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


def test_tasks_lengths_and_seeds_are_asked_for_at_once(models, tmp_path):
    wanted = ["--task", "continuation,visualization", "--frames", "2,3", "--seeds", "2", "--memory", "none"]
    done = _run(models, tmp_path / "s.json", *wanted, "--report", str(tmp_path / "report"))
    assert done.exit_code == 0, done.stderr
    result = json.loads((tmp_path / "s.json").read_text())
    assert list(result) == ["tasks"]
    assert list(result["tasks"]) == ["continuation", "visualization"]
    for task, lengths in result["tasks"].items():
        assert list(lengths["frames"]) == ["2", "3"]
        for frames, plain in lengths["frames"].items():
            made = plain["settings"]
            assert (made["task"], made["frames"], made["seeds"]) == (task, int(frames), 2)
            drawn = int(frames) - (task == "continuation")
            assert plain["methods"]["none"]["place"]["n"] == 2 * 2 * drawn
    names = {path.name for path in (tmp_path / "report").iterdir()}
    assert {
        "index.html",
        "table.md",
        "sheet-continuation-2-none.png",
        "sheet-visualization-3-truth.png",
    } <= names
    assert done.stdout.count("| place |") == 4


def test_one_task_at_several_lengths_needs_no_key_for_the_task(models, tmp_path):
    assert _run(models, tmp_path / "s.json", "--frames", "3,2", "--memory", "none").exit_code == 0
    result = json.loads((tmp_path / "s.json").read_text())
    assert [list(result), list(result["frames"])] == [["frames"], ["3", "2"]]
    assert set(result["frames"]["2"]["methods"]) == {"none"}


@pytest.mark.parametrize(
    "wrong", [["--task", "drawing"], ["--task", ""], ["--frames", "1"], ["--frames", "4,,8"]]
)
def test_a_wrong_list_is_a_wrong_option(models, tmp_path, wrong):
    ended = _run(models, tmp_path / "s.json", *wrong)
    assert ended.exit_code == 2
    assert wrong[0] in ended.stderr
