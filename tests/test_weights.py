"""Claims about the files of the embedded model, and about how weights are stored."""

from importlib.resources import files
from pathlib import Path

import pytest
import torch
from torch import nn

from lianhuan import load_generator, load_memory
from lianhuan.bench.books import world_tales
from lianhuan.bench.world import read_truth, reader_accuracy, wanted
from lianhuan.errors import CheckpointError
from lianhuan.metrics.reader import load_reader
from lianhuan.models.files import WEIGHTS, load_weights, save_part
from lianhuan.world.scene import world_of

WEIGHTS_FOLDER = Path(str(files("lianhuan"))) / "weights"


def test_the_package_holds_at_most_85_mib_of_safe_files() -> None:
    found = [path for path in WEIGHTS_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in found) <= 85 * 2**20
    assert {path.suffix for path in found} == {".safetensors", ".json", ".md"}


def test_the_embedded_model_has_all_its_parts() -> None:
    model = load_generator("storybook")
    unet = sum(p.numel() for p in model.denoiser.unet.parameters())
    assert 15e6 <= unet <= 40e6
    assert model.size == 256
    load_memory("lstm", "storybook")


def test_8_bit_weights_are_within_half_a_step(tmp_path: Path) -> None:
    torch.manual_seed(0)
    before = nn.Sequential(nn.Linear(64, 128), nn.LayerNorm(128), nn.Conv2d(16, 32, 3))
    save_part(before, {}, tmp_path, int8=True)
    after = nn.Sequential(nn.Linear(64, 128), nn.LayerNorm(128), nn.Conv2d(16, 32, 3))
    load_weights(after, tmp_path)
    for old, new in zip(before.parameters(), after.parameters(), strict=True):
        step = old.abs().max() / 127
        assert (old - new).abs().max() <= 0.51 * step
    stored = (tmp_path / WEIGHTS).stat().st_size
    save_part(before, {}, tmp_path)
    assert stored < 0.7 * (tmp_path / WEIGHTS).stat().st_size


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    save_part(nn.Linear(2, 2), {}, tmp_path)
    with pytest.raises(CheckpointError, match="another model"):
        load_weights(nn.Linear(3, 2), tmp_path)


def test_the_reader_reads_held_out_pictures() -> None:
    reader = load_reader()
    tales = world_tales("test", 60, 5, world_of(reader.classes))
    accuracy = reader_accuracy(wanted(tales), read_truth(tales, reader))
    assert accuracy.pop("prop") >= 0.93  # the weak label
    assert min(accuracy.values()) >= 0.94, accuracy
