"""Layers that compute with 8-bit numbers on the light engine: right, by choice of the model's files, and measured on drawn stories."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from openvino import opset15 as ops
from torch import nn

from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError
from lianhuan.generators import STORYBOOK, load_generator
from lianhuan.models.files import (
    RANGES,
    SCALE,
    Arrays,
    load_arrays,
    read_config,
    read_ranges,
    save_part,
    save_ranges,
)
from lianhuan.models.light.graph import FEW_CELLS, LARGEST, Graph, Matrix
from lianhuan.models.light.run import Network
from lianhuan.story import PageRequest, StageEntry
from lianhuan.train import calibrate as calibration
from lianhuan.train.calibrate import calibrate, in_int8

NUMBERS = np.random.default_rng(0)


def numbers(*shape: int) -> np.ndarray:
    return NUMBERS.standard_normal(shape, np.float32)


def built(graph: Graph, **outputs) -> Network:
    return Network(Path(), [graph.model(**outputs)].pop)


def apart(a, b) -> float:
    a, b = np.asarray(a), np.asarray(b)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def package() -> Path:
    return Path(calibration.__file__).parent.parent / "weights" / "storybook"


@pytest.mark.parametrize("span", [(-1.0, 2.0), (0.0, 3.0), (-0.278, 1.7)])
@pytest.mark.parametrize("stored", ["8 bits", "16 bits"])
def test_a_layer_in_8_bits_computes_what_torch_does_with_the_same_grid(span, stored):
    """Convolutions, and products of rows; weights are 8-bit numbers already or become some, of which each is about half as large."""
    kernel, bias = numbers(6, 5, 3, 3), numbers(6)
    scale = np.abs(kernel).max(axis=(1, 2, 3), keepdims=True) / 127
    short = np.rint(kernel / scale).astype(np.int8)
    held = {"a.weight": short, f"a.weight{SCALE}": scale} if stored == "8 bits" else {"a.weight": kernel}
    x, rows = numbers(1, 5, 8, 8), numbers(1, 7, 45)
    matrices = {name: value.reshape(6, -1) if name == "a.weight" else value for name, value in held.items()}
    if stored == "8 bits":
        matrices[f"a.weight{SCALE}"] = scale.reshape(6, 1)
    half = (
        np.rint(short * (LARGEST / 127)) if stored == "8 bits" else np.rint(kernel / scale * (LARGEST / 127))
    )
    long = torch.from_numpy(np.float32(half * scale * (127 / LARGEST)))
    given, seen = (in_int8(torch.from_numpy(value), span) for value in (x, rows))
    true_conv = nn.functional.conv2d(given, long, torch.from_numpy(bias), padding=1)
    true_rows = nn.functional.linear(seen, long.reshape(6, -1), torch.from_numpy(bias))
    for ranges, least, most in (({"a": span}, 0, 1e-5), ({}, 1e-3, 1)):
        conv = Graph(Arrays({**held, "a.bias": bias}), ranges)
        found = built(conv, y=conv.conv(conv.input("x", x.shape), "a"))(x=x)["y"]
        assert least <= apart(found, true_conv) < most
        linear = Graph(Arrays({**matrices, "a.bias": bias}), ranges)
        found = built(linear, y=linear.linear(linear.input("x", rows.shape), "a"))(x=rows)["y"]
        assert least <= apart(found, true_rows) < most


def test_sums_of_the_largest_numbers_lose_nothing_on_any_processor():
    """Processors without VNNI add up pairs of products in 16 bits; whole pages went wrong there once."""
    channels, side, count = 16, 8, 64
    held = {"c.weight": np.ones((channels, channels, 3, 3), np.float32), "c.bias": np.zeros(channels)}
    rows = {"l.weight": np.ones((channels, channels), np.float32), "l.bias": np.zeros(channels)}
    graph = Graph(Arrays({**held, **rows}), {"c": (0.0, 1.0), "l": (0.0, 1.0)})
    conv = graph.conv(graph.input("x", (1, channels, side, side)), "c")
    linear = graph.linear(graph.input("r", (1, count, channels)), "l")
    ones = np.ones((1, channels, side, side), np.float32), np.ones((1, count, channels), np.float32)
    found = built(graph, c=conv, l=linear)(x=ones[0], r=ones[1])
    assert np.allclose(found["c"][0, :, 1:-1, 1:-1], 9 * channels)
    assert np.allclose(found["l"], channels)


@pytest.mark.parametrize("stored", [None, np.full((3, 1), 0.1, np.float32)])
def test_weights_that_meet_8_bit_inputs_leave_room_for_two_products_in_16_bits(stored):
    wide = np.int8([[127, -127], [3, -5], [0, 64]])
    matrix = Matrix(wide if stored is not None else wide.astype(np.float32), stored).for_int8()
    assert matrix.scale is not None
    assert 2 * 255 * np.abs(matrix.numbers.astype(int)).max() < 2**15
    long = wide * (1.0 if stored is None else stored)
    assert np.abs(matrix.numbers * matrix.scale - long).max() <= 1.01 * matrix.scale.max() / 2


@pytest.mark.parametrize("side", [4, 16])
def test_groups_are_normalised_as_torch_does_few_cells_or_many(side):
    assert (side * side > FEW_CELLS) == (side == 16)
    scale, shift, x = numbers(12), numbers(12), 5 + numbers(2, 12, side, side)
    graph = Graph(Arrays({"n.weight": scale, "n.bias": shift}))
    found = built(graph, y=graph.group_norm(graph.input("x", x.shape), "n", 4, 1e-5))(x=x)["y"]
    true = nn.functional.group_norm(*map(torch.from_numpy, (x,)), 4, *map(torch.from_numpy, (scale, shift)))
    assert apart(found, true) < 1e-5


def test_a_network_sees_new_inputs_and_remembers_old_ones():
    graph = Graph(Arrays({}))
    network = built(graph, y=ops.add(graph.input("a", (2,)), graph.input("b", (2,))))
    one, two, wide = np.float32([1, 2]), np.float32([10, 20]), np.float32([[5, 0], [7, 0]])[:, 0]
    for a, b, sum_ in ((one, one, [2, 4]), (two, one, [11, 22]), (two, wide, [15, 27]), (one, wide, [6, 9])):
        assert network(a=a, b=b)["y"].tolist() == sum_
    wide[:] = 0
    assert network(a=one, b=wide)["y"].tolist() == [1, 2]


def test_8_bits_are_a_choice_of_the_model_and_change_its_pages_little(tmp_path):
    """The mean difference to torch, of 255 grey levels; single details of a page may come out otherwise."""
    exact = tmp_path / "exact"
    shutil.copytree(package(), exact, ignore=shutil.ignore_patterns(RANGES))
    words = ("Mia ran to the beach.", "She sat down, and Lily slept.", "Mia read a book in the forest.")
    stage = (StageEntry(name="Mia", kind="girl"),)
    pages = [
        PageRequest(scene_id=f"s{i}", caption=c, stage=stage, seed=5, steps=3) for i, c in enumerate(words)
    ]
    drawn = {}
    for name, model, engine in (
        ("torch", STORYBOOK, "torch"),
        ("int8", STORYBOOK, "light"),
        ("exact", exact, "light"),
    ):
        generator = load_generator(model, engine=engine)
        contexts = [{"cond": generator.encode([one]), "uncond": generator.null(1)} for one in pages]
        *_, last = generator.frames(pages, contexts, [ClassifierFree(4.5)])
        drawn[name] = np.stack([np.asarray(image, dtype=float) for image in last.images])
    assert drawn["torch"].std() > 20
    assert np.abs(drawn["exact"] - drawn["torch"]).max() <= 1
    moved = np.abs(drawn["int8"] - drawn["torch"]).mean(axis=(1, 2, 3))
    assert 0.1 < np.median(moved) < 5


def test_the_shipped_ranges_are_of_layers_that_there_are():
    for part in ("unet", "few_steps", "autoencoder"):
        ranges, arrays = read_ranges(package() / part), load_arrays(package() / part)
        assert len(ranges) > 30
        assert {f"{name}.weight" for name in ranges} <= set(arrays)


def test_ranges_are_measured_on_drawn_stories_and_go_with_new_weights(tiny_model, tmp_path, monkeypatch):
    folder = tmp_path / "run"
    shutil.copytree(tiny_model, folder / "model")
    parts = ("unet", "autoencoder")
    monkeypatch.setattr(calibration, "DEFAULT_STEPS", 2)
    assert list(calibrate(folder, stories=1)) == []
    some = {part: read_ranges(folder / "model" / part) for part in parts}
    assert all(some.values())
    assert all(name.split(".")[0] in ("encoder", "decoder") for name in some["autoencoder"])
    assert not any("time_emb" in name or "class_embedding" in name for name in some["unet"])
    before, after = load_generator(folder / "model", engine="light"), folder / "model" / "unet"
    monkeypatch.setattr(calibration, "MOST", 0.0)
    list(calibrate(folder, stories=1))
    assert read_ranges(after) == {}  # every layer moves something
    monkeypatch.setattr(calibration, "MOST", np.inf)
    list(calibrate(folder, stories=1))
    every = read_ranges(after)
    assert set(some["unet"]) <= set(every)
    assert all(low <= 0 <= high for low, high in every.values())
    assert load_generator(folder / "model", engine="light").fingerprint != before.fingerprint
    save_part(nn.Linear(2, 2), read_config(after), after)
    assert not (after / RANGES).exists()


@pytest.mark.parametrize(
    "damaged",
    ["{", "[1]", '{"a": 1}', '{"a": [1, 2]}', '{"a": [0, 0]}', '{"a": [-1, NaN]}', '{"a": ["x", 1]}'],
)
def test_damaged_ranges_are_told_of(tmp_path, damaged):
    (tmp_path / RANGES).write_text(damaged)
    with pytest.raises(CheckpointError, match=r"ranges\.json"):
        read_ranges(tmp_path)


def test_ranges_come_back_as_they_were_written(tmp_path):
    assert read_ranges(tmp_path) == {}
    save_ranges({"a.b": (-0.25, 3.5), "c": (0.0, 1.0)}, tmp_path)
    assert read_ranges(tmp_path) == {"a.b": (-0.25, 3.5), "c": (0.0, 1.0)}
    assert json.loads((tmp_path / RANGES).read_text())["c"] == [0.0, 1.0]
