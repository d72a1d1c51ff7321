"""The suite is versioned: fixed inputs, kept in a file, must give the scores that are kept beside them.

Where a score moves on purpose, raise `lianhuan.metrics.suite.SUITE` and write the file anew:
`python tests/test_metrics_golden.py`.
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from torch import Tensor

from lianhuan.metrics.alignment import alignment, retrieval
from lianhuan.metrics.books import (
    PageOrigins,
    colour_histograms,
    colour_similarity,
    feature_similarity,
    same_book_auc,
)
from lianhuan.metrics.copies import copy_paste, thumbnails
from lianhuan.metrics.distances import frechet_distance, kernel_distance
from lianhuan.metrics.features import PROTOCOLS
from lianhuan.metrics.statistics import Estimate, Tally, estimate
from lianhuan.metrics.suite import LOWER_IS_BETTER, SUITE
from lianhuan.metrics.world import Wanted, chance, score

GOLDEN = Path(__file__).parent / "golden" / "metrics.json"
Inputs = dict[str, Any]


def _world(inputs: Inputs) -> dict[str, Estimate]:
    labels, seen = ({n: np.array(t) for n, t in inputs[key].items()} for key in ("wanted", "seen"))
    want = Wanted(labels, np.array(inputs["who"]), np.array(inputs["changed"], dtype=bool))
    scores = {"world": score(want, seen), "chance": chance(want, seen)}
    return {f"{kind}.{n}": estimate(tally) for kind, found in scores.items() for n, tally in found.items()}


def _sets(inputs: Inputs) -> dict[str, Estimate]:
    true, drawn = np.array(inputs["true"]), np.array(inputs["drawn"])
    return {
        "frechet": frechet_distance(true, drawn),
        "kernel": kernel_distance(true, drawn),
        "alignment": estimate(alignment(drawn, true)),
        "retrieval": estimate(retrieval(drawn, true)),
    }


def _pages(inputs: Inputs) -> dict[str, Estimate]:
    books = [[_page(level) for level in levels] for levels in inputs["levels"]]
    flat = np.array(inputs["true"]).reshape(-1, 3)
    origins = PageOrigins(*np.array(inputs["origins"]))
    colours = colour_histograms([page for book in books for page in book])
    return {
        "copy_paste": estimate(copy_paste(np.stack([thumbnails(book) for book in books]))),
        "books.feature": estimate(same_book_auc(feature_similarity(flat), origins)),
        "books.colour": estimate(same_book_auc(colour_similarity(colours), origins)),
        **{f"ready.{name}": _ready(ready, books[0]) for name, ready in PROTOCOLS.items()},
    }


def _page(level: int) -> Image.Image:
    """Stripes of two colours."""
    stripes = (np.arange(96) * (3 + level % 5) // 40 % 2)[:, None] * np.uint8([level, 3 * level, 200])
    return Image.fromarray(np.tile((stripes + level).astype(np.uint8)[None], (80, 1, 1)))


def _ready(ready: Callable[[Image.Image, int], Tensor], pages: list[Image.Image]) -> Estimate:
    """How rough pages are when they are made ready for a network."""
    rough = [ready(page, 48).diff(dim=3).abs().mean() for page in pages]
    return estimate(Tally(np.array(rough, dtype=np.float64), np.ones(len(rough))))


PARTS: tuple[Callable[[Inputs], dict[str, Estimate]], ...] = (_world, _sets, _pages)


def scores(inputs: Inputs) -> dict[str, dict[str, float]]:
    """Every metric of the suite on the inputs."""
    return {name: asdict(found) for part in PARTS for name, found in part(inputs).items()}


def test_no_score_has_moved():
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert kept["suite"] == SUITE, "write the golden file anew, see the head of this file"
    found = scores(kept["inputs"])
    assert set(found) == set(kept["scores"])
    moved = {n: (found[n], kept["scores"][n]) for n in found if found[n] != pytest.approx(kept["scores"][n])}
    assert moved == {}, (
        "these scores moved: raise SUITE and write the golden file anew, see the head of this file"
    )


def test_no_score_is_at_its_end():
    """Chance may be; a score that is neither best nor worst shows when it moves."""
    kept = json.loads(GOLDEN.read_text(encoding="utf-8"))["scores"]
    assert {n for n, found in kept.items() if found["mean"] in (0, 1) and not n.startswith("chance")} == set()
    assert {name.split(".")[-1] for name in kept} >= LOWER_IS_BETTER


def first_inputs() -> Inputs:
    """Six stories of four frames: true labels, a quarter of them misread; features; grey pages."""
    from lianhuan.bench.books import world_tales
    from lianhuan.bench.world import wanted
    from lianhuan.world.scene import classes

    rng = np.random.default_rng(0)
    want = wanted([tale for tale in world_tales("test", 60, 4) if any(f.changes for f in tale.frames)][:6])
    seen = {
        name: np.where(rng.random(table.shape) < 0.25, rng.integers(classes()[name], size=table.shape), table)
        for name, table in want.labels.items()
    }
    true = rng.standard_normal((6, 4, 3)).round(3)
    drawn = (true + rng.standard_normal((6, 4, 3)) + 0.5).round(3)
    book = np.arange(24) // 4
    return {
        "wanted": {name: table.tolist() for name, table in want.labels.items()},
        "seen": {name: table.tolist() for name, table in seen.items()},
        "who": want.who.tolist(),
        "changed": want.changed.astype(int).tolist(),
        "true": true.tolist(),
        "drawn": drawn.tolist(),
        "levels": rng.integers(0, 48, (6, 4)).tolist(),
        "origins": [book.tolist(), (book // 3).tolist(), [*range(22), 3, 20]],
    }


if __name__ == "__main__":
    given = json.loads(GOLDEN.read_text(encoding="utf-8"))["inputs"] if GOLDEN.exists() else first_inputs()
    kept = {"suite": SUITE, "inputs": given, "scores": scores(given)}
    lines = [f'"{key}": {json.dumps(value)}' for key, value in kept.items() if key == "suite"]
    for key in ("inputs", "scores"):
        rows = ",\n  ".join(f'"{name}": {json.dumps(value)}' for name, value in kept[key].items())
        lines.append(f'"{key}": {{\n  {rows}\n}}')
    GOLDEN.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
