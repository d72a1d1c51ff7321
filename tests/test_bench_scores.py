"""The bench reads books of world stories from disk, scores them and reports."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench_oracle import FRAMES, PICTURES, STORIES, OracleReader, keep_books, run_of
from lianhuan.bench.pages import expected, verdicts
from lianhuan.bench.report import markdown_tables, write_report
from lianhuan.bench.task import Task
from lianhuan.bench.world import Scored, bench_world
from lianhuan.errors import CheckpointError
from lianhuan.metrics.suite import LOWER_IS_BETTER, SUITE
from lianhuan.metrics.world import Wanted
from lianhuan.world.scene import classes


@pytest.fixture(scope="module")
def true_books(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("true")
    keep_books(folder, list(range(STORIES)))
    return folder


@pytest.fixture(scope="module")
def rotated_books(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("rotated")
    keep_books(folder, [*range(1, STORIES), 0])
    return folder


def _score(task: Task = Task.VISUALIZATION, **folders) -> Scored:
    return bench_world(run_of(task, **folders), OracleReader(), seed=3, split="test", settings={"steps": 20})


def test_books_of_true_pictures_are_perfect_and_of_others_are_not(true_books, rotated_books):
    methods = _score(right=true_books, wrong=rotated_books).result["methods"]
    right, wrong = methods["right"], methods["wrong"]
    most = {name: score["mean"] for name, score in right.items() if name not in LOWER_IS_BETTER}
    assert set(most.values()) == {1.0}
    assert {"character_f1", "place", "action", "prop", "consistency", "top", "head", "pairwise"} <= set(most)
    assert {right[name]["mean"] for name in ("drift", "copy_paste", "frechet")} == {0.0}
    assert wrong["place"]["mean"] < 0.5
    assert wrong["character_f1"]["mean"] < 0.7


def test_the_result_keeps_its_json_contract(true_books, rotated_books):
    result = json.loads(json.dumps(_score(none=rotated_books, lstm=true_books).result, allow_nan=False))
    assert list(result) == [
        "suite", "stories", "seed", "split", "settings", "methods", "chance", "ceiling", "reader",
    ]  # fmt: skip
    assert (result["suite"], result["stories"], result["seed"]) == (SUITE, STORIES, 3)
    assert result["settings"] == {"task": "visualization", "frames": FRAMES, "seeds": 1, "steps": 20}
    assert list(result["methods"]) == ["none", "lstm"]
    for scores in (*result["methods"].values(), result["chance"], result["ceiling"]):
        for metric in ("character_f1", "place", "action", "prop", "consistency"):
            score = scores[metric]
            assert list(score) == ["mean", "low", "high", "n"]
            assert 0 <= score["low"] <= score["mean"] <= score["high"] <= 1
            assert score["n"] > 0
    true = {name: result["methods"]["lstm"][name] for name in result["ceiling"]}
    assert result["ceiling"] == true
    assert set(result["methods"]["lstm"]) - set(true) == {"frechet", "kernel"}
    assert result["chance"]["place"] == result["methods"]["none"]["place"]
    assert set(result["reader"].values()) == {1.0}
    assert {"place", "prop", "kind0", "top0"} <= set(result["reader"])


def test_continuation_scores_drawn_pages_and_compares_looks_with_the_given_one(true_books, tmp_path):
    pages = [[row[0], *other[1:]] for row, other in zip(PICTURES, [*PICTURES[1:], PICTURES[0]], strict=True)]
    keep_books(tmp_path, list(range(STORIES)), pages)
    whole, later = (_score(task, drawn=tmp_path).result for task in Task)
    for metric in ("place", "count", "action", "prop_presence"):
        per_page = whole["methods"]["drawn"][metric], later["methods"]["drawn"][metric]
        right = [round(score["mean"] * score["n"]) for score in per_page]
        given = [round(s["n"]) for s in per_page]
        assert right[0] - right[1] == given[0] - given[1] > 0, (
            "all given pages are right, and only they are left out"
        )
        assert later["chance"][metric]["n"] == per_page[1]["n"]
    for metric in ("consistency", "pairwise", "change"):
        assert later["methods"]["drawn"][metric] == whole["methods"]["drawn"][metric]
        assert later["chance"][metric] == whole["chance"][metric]
    assert later["ceiling"]["place"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": STORIES * (FRAMES - 1)}
    assert later["methods"]["drawn"]["kernel"] != whole["methods"]["drawn"]["kernel"]


def test_takes_of_a_story_stand_together(true_books, rotated_books):
    once = _score(right=true_books, wrong=rotated_books).result["methods"]
    both = _score(both=[true_books, rotated_books]).result
    assert both["settings"]["seeds"] == 2
    for metric in ("place", "consistency", "copy_paste"):
        takes, score = (once["right"][metric], once["wrong"][metric]), both["methods"]["both"][metric]
        assert score["n"] == sum(take["n"] for take in takes)
        assert score["mean"] == pytest.approx(sum(take["mean"] * take["n"] for take in takes) / score["n"])
    twice = _score(twice=[rotated_books, rotated_books]).result["methods"]["twice"]["place"]
    assert twice == {**once["wrong"]["place"], "n": 2 * once["wrong"]["place"]["n"]}, (
        "more takes, not more stories"
    )


def test_a_reader_of_another_vocabulary_is_refused(true_books):
    reader = OracleReader()
    reader.classes = {**classes(), "place": 3}
    with pytest.raises(CheckpointError, match="vocabulary"):
        bench_world(run_of(none=true_books), reader, seed=0, split="test", settings={})


# ---- page by page, and the report


def test_true_pages_have_no_misses_and_the_worst_page_comes_first(true_books, rotated_books):
    scored = _score(right=true_books, wrong=[rotated_books, true_books])
    right, wrong = verdicts(scored, "right"), verdicts(scored, "wrong")
    assert len(right) == STORIES * FRAMES
    assert {page.score for page in right} == {1.0}
    assert [page.score for page in wrong] == sorted(page.score for page in wrong)
    assert wrong[0].score < 0.5
    assert {page.take for page in wrong[: STORIES * FRAMES // 2]} == {0}
    labels = {miss.label: miss for page in wrong for miss in page.misses}
    assert {"place", "prop", "kind of actor 1", "action of actor 1"} <= set(labels)
    assert labels["place"].wanted != labels["place"].seen


def test_a_later_page_should_show_the_looks_of_page_1_and_new_clothes():
    """Three pages of one girl, drawn blond in red; the text puts a blue top on her on the last."""
    there, girl, blond, red, blue = np.ones((1, 3), dtype=int), 1, 2, 0, 4
    labels = {name: 0 * there for name in classes()} | {"count": there, "kind0": girl * there}
    absent = {f"{name}{slot}": -there for name in ("action", "top", "head") for slot in (1, 2)}
    want = {**labels, **absent, "top0": np.array([[5, 5, blue]]), "head0": 3 * there}
    who, changed = np.full((1, 3, 3), -1), np.zeros((1, 3, 3), dtype=bool)
    who[..., 0], changed[0, 2, 0] = 0, True
    seen = {**want, "top0": np.array([[red, blue, blue]]), "head0": np.array([[blond, blond, 1]])}
    found = expected(Wanted(want, who, changed), seen)
    assert found["top0"].tolist() == [[-1, red, blue]]
    assert found["head0"].tolist() == [[-1, blond, blond]]
    assert found["kind0"].tolist() == [[girl] * 3]
    assert (found["kind1"] == -1).all()
    unseen = {**seen, "kind0": np.array([[0, girl, girl]])}
    blind = expected(Wanted(want, who, changed), unseen)
    assert (blind["top0"].tolist(), blind["head0"].tolist()) == ([[-1, -1, blue]], [[-1, -1, -1]])


def test_given_pages_are_not_judged(rotated_books):
    pages = verdicts(_score(Task.CONTINUATION, none=rotated_books), "none")
    assert sorted((page.story, page.page) for page in pages) == [
        (story, page) for story in range(STORIES) for page in range(1, FRAMES)
    ]


@pytest.fixture(scope="module")
def report(true_books, rotated_books, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "new"
    scored = [_score(none=rotated_books, lstm=true_books)]
    paths = write_report(scored, folder)
    assert sorted(paths) == sorted(folder.iterdir())
    assert (folder / "table.md").read_text() == markdown_tables(scored)
    return folder


def test_the_report_shows_every_method_and_the_truth(report):
    assert {path.name for path in report.iterdir()} == {
        "table.md",
        "index.html",
        "sheet-none.png",
        "sheet-lstm.png",
        "sheet-truth.png",
    }
    table = (report / "table.md").read_text()
    assert "| metric | chance | none | lstm | ceiling |" in table
    row = next(line for line in table.splitlines() if line.startswith("| place |"))
    assert row.count("1.000 [1.000, 1.000]") == 2
    assert "| drift ↓ |" in table
    with Image.open(report / "sheet-lstm.png") as lstm, Image.open(report / "sheet-truth.png") as truth:
        assert lstm.size == truth.size
        assert lstm.width < lstm.height  # three frames a row, six stories


def test_the_web_page_needs_nothing_else_and_begins_with_the_worst(report):
    page = (report / "index.html").read_text()
    addresses = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert len(addresses) == 2 * 2 * STORIES * FRAMES, "a drawn and a true picture of every page"
    assert all(address.startswith("data:image/webp;base64,") for address in addresses)
    assert not re.search(r"https?://|url\(", page)
    counts = [int(right) / int(all_) for right, all_ in re.findall(r"<span>(\d+) of (\d+)</span>", page)]
    assert counts == sorted(counts)
    assert counts[0] < 0.5
    assert counts[-1] == 1
    assert page.count('data-method="none"') == page.count('data-method="lstm"') == STORIES * FRAMES
