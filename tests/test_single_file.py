"""Claims about checkpoints in one file: they draw what their folder draws, and what does not fit is refused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from checkpoint_runs import draw, page
from cli_runs import fails, run
from lianhuan import Book, load_generator
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError
from lianhuan.generators import Extras
from lianhuan.testing.checkpoints import Family
from lianhuan.testing.single_file import single_file


@pytest.fixture(scope="module")
def files(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("files")
    return {
        family: single_file(folder, family, root / f"{family}.safetensors")
        for family, folder in folders.items()
    }


def settings(folder: Path, out: Path) -> Path:
    """The folder of a checkpoint without its weights."""
    shutil.copytree(folder, out, ignore=shutil.ignore_patterns("*.safetensors"))
    return out


def test_it_draws_bit_for_bit_what_its_folder_draws(
    family: Family, files: dict[str, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    config = settings(folders[family], tmp_path / "settings")
    ways = [ClassifierFree(4.0)]
    found = draw(load_generator(files[family], Extras(config=str(config))), [page()], ways, "checkpoint")
    expected = draw(load_generator(folders[family]), [page()], ways, "checkpoint")
    assert torch.equal(found[0], expected[0])
    assert found[1][0].tobytes() == expected[1][0].tobytes()


def test_the_settings_lie_beside_it_or_are_named(
    files: dict[str, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    path = tmp_path / "model.safetensors"
    shutil.copy(files["sd1"], path)
    with pytest.raises(CheckpointError, match=r"holds weights alone; name .* with --config"):
        load_generator(path)
    named = load_generator(path, Extras(config=str(folders["sd1"])))
    settings(folders["sd1"], tmp_path / "model")
    assert load_generator(path).fingerprint == named.fingerprint
    with pytest.raises(CheckpointError, match="has its own settings"):
        load_generator(folders["sd1"], Extras(config=str(folders["sd1"])))


def test_half_weights_are_computed_with_in_single_precision(
    files: dict[str, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    save_file({name: t.half() for name, t in load_file(files["sd1"]).items()}, tmp_path / "half.safetensors")
    generator = load_generator(tmp_path / "half.safetensors", Extras(config=str(folders["sd1"])))
    assert draw(generator, [page()])[0].dtype == torch.float32
    assert {weight.dtype for weight in generator.denoiser.parameters()} == {torch.float32}


def test_text_encoders_from_before_text_model(
    files: dict[str, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    start = "cond_stage_model.transformer."
    old = {name.replace(f"{start}text_model.", start): t for name, t in load_file(files["sd1"]).items()}
    save_file(old, tmp_path / "old.safetensors")
    extras = Extras(config=str(folders["sd1"]))
    words = [
        load_generator(path, extras).read("a fox").tokens
        for path in (files["sd1"], tmp_path / "old.safetensors")
    ]
    assert torch.equal(*words)


def without(start: str) -> Callable[[dict[str, Tensor]], dict[str, Tensor]]:
    return lambda tensors: {name: t for name, t in tensors.items() if not name.startswith(start)}


@pytest.mark.parametrize(
    ("family", "damage", "config", "words"),
    [
        (
            "sd1",
            without("first_stage_model."),
            "sd1",
            "holds no autoencoder; name the folder of one with --vae",
        ),
        ("sd1", without("model.diffusion_model."), "sd1", r"a LoRA or an embedding is named with --lora"),
        ("sd1", without("model.diffusion_model.out."), "sd1", "weights of the unet are missing"),
        ("sd1", without("first_stage_model.decoder.conv_in"), "sd1", "weights of the vae are missing"),
        ("sd2", without("cond_stage_model.model.ln_final"), "sd2", "weights of the text_encoder are missing"),
        ("sdxl", without("conditioner.embedders.0."), "sdxl", "refiners cannot draw alone"),
        ("sd1", dict, "sdxl", "is a StableDiffusionPipeline, but .* a StableDiffusionXLPipeline"),
        ("sd1", dict, "sd2", "does not fit the settings in"),
    ],
)
def test_what_does_not_fit_is_refused(
    family: Family,
    damage: Callable[[dict[str, Tensor]], dict[str, Tensor]],
    config: str,
    words: str,
    files: dict[str, Path],
    folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    path = tmp_path / "model.safetensors"
    save_file(damage(load_file(files[family])), path)
    with pytest.raises(CheckpointError, match=words):
        load_generator(path, Extras(config=str(folders[config])))


def test_one_without_an_autoencoder_takes_another(
    files: dict[str, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    save_file(without("first_stage_model.")(load_file(files["sd1"])), tmp_path / "bare.safetensors")
    extras = Extras(config=str(folders["sd1"]), vae=str(folders["sd1"] / "vae"))
    found = draw(load_generator(tmp_path / "bare.safetensors", extras), [page()])
    expected = draw(load_generator(folders["sd1"]), [page()])
    assert found[1][0].tobytes() == expected[1][0].tobytes()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("model.ckpt", b"\x80", "is a pickle that can run code"),
        ("model.txt", b"a", "is no model"),
        ("model.safetensors", b"\x10", "is damaged"),
    ],
)
def test_files_that_are_not_read(name: str, content: bytes, words: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=words):
        load_generator(tmp_path / name)


def test_a_book_is_drawn_with_it_and_goes_on(
    files: dict[str, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    story, out = tmp_path / "story.txt", tmp_path / "book"
    story.write_text("Mia ran. She sat down.", encoding="utf-8")
    how = ["illustrate", story, "-o", out, "--generator", files["sd1"], "--steps", 2]
    fails(*how, "--memory", "lstm", says="holds no trained 'lstm' memory")
    assert run(*how, "--memory", "none", "--config", folders["sd1"]).exit_code == 0
    assert Book.open(out).file.config == str(folders["sd1"].resolve())
    before = [page.picked for page in Book.open(out).file.scenes]
    assert run("redraw", out, "--page", 2).exit_code == 0
    after = [page.picked for page in Book.open(out).file.scenes]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False]


def test_a_v_prediction_comes_from_the_settings(
    files: dict[str, Path], folders: dict[str, Path], tmp_path: Path
) -> None:
    config = settings(folders["sd2"], tmp_path / "settings")
    path = config / "scheduler" / "scheduler_config.json"
    assert load_generator(files["sd2"], Extras(config=str(config))).denoiser.prediction == "v_prediction"
    path.write_text(json.dumps({**json.loads(path.read_text()), "prediction_type": "epsilon"}))
    assert load_generator(files["sd2"], Extras(config=str(config))).denoiser.prediction == "epsilon"
