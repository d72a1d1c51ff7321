"""Measures of consistency on real picture books."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cli_runs import fails, run
from lianhuan.bench.picturebooks import bench_picturebooks

PAGES = 4


class Corner:
    """Sees the colour of the first corner only."""

    size = 8

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        return pictures[:, :, 0, 0]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Path:
    """Two illustrators with three books each: the ground tells the illustrator, the corner the book, dots the page."""
    folder, rng = tmp_path_factory.mktemp("shelf"), np.random.default_rng(0)
    lines = []
    for number in range(6):
        book = {
            "id": f"{number:04d}", "title": "t", "author": "a", "illustrator": f"hand {number // 3}", "license": "CC BY 4.0",
            "cover": "cover.png", "pages": [],
        }  # fmt: skip
        for page in range(PAGES):
            pixels = np.full((64, 64, 3), 60 + 120 * (number // 3), dtype=np.uint8)
            pixels[::2, ::2] = rng.integers(0, 256, (32, 32, 3))
            pixels[32:, 8 * page :] = rng.integers(0, 256, 3)
            pixels[:16, :16] = [40 + 80 * (number % 3), 200 - 60 * (number % 3), rng.integers(90, 110)]
            Image.fromarray(pixels).save(folder / f"{number}-{page}.png")
            book["pages"].append({"text": "One day.", "image": f"{number}-{page}.png"})
        lines.append(json.dumps(book))
    (folder / "books.jsonl").write_text("\n".join(lines))
    return folder


def test_a_measure_that_knows_the_book_beats_one_that_sees_colours(shelf):
    result = bench_picturebooks(shelf, {"corner": Corner()}, seed=1)
    assert (result["books"], result["pages"], result["illustrators"]) == (6, 6 * PAGES, 2)
    corner, colour = result["metrics"]["corner"], result["metrics"]["colour"]
    assert list(corner) == ["mean", "low", "high", "n"]
    assert corner["mean"] > 0.95
    assert corner["n"] == 6
    assert colour["low"] < colour["mean"] < corner["mean"]


def test_the_verb_writes_what_it_prints(shelf, tmp_path):
    done = run("bench", "picturebooks", shelf, "--json", tmp_path / "areas.json")
    assert done.exit_code == 0
    metrics = json.loads((tmp_path / "areas.json").read_text())["metrics"]
    assert list(metrics) == ["colour", "reader", "clip"]
    for name, area in metrics.items():
        assert f"| {name} | {area['mean']:.3f} [{area['low']:.3f}, {area['high']:.3f}] | 6 |" in done.stdout


def test_too_few_books_are_a_clear_error(shelf, tmp_path):
    json_file = ["--json", tmp_path / "areas.json"]
    fails("bench", "picturebooks", shelf, "--split", "test", *json_file, says="too few books")
    fails("bench", "picturebooks", tmp_path / "nowhere", *json_file, says="books.jsonl is missing")
    assert not (tmp_path / "areas.json").exists()
