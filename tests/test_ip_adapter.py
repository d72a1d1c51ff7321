"""Claims about the files of IP-Adapters: where they are found, and what is refused with which reason."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from lianhuan import load_generator, load_memory
from lianhuan.conductor.tale import weights_of
from lianhuan.errors import CheckpointError
from lianhuan.memory import ImagePromptMemory
from lianhuan.memory.image_prompt import ImagePromptConfig
from lianhuan.testing.checkpoints import tiny_checkpoint, tiny_ip_adapter


def truncated(file: Path) -> Path:
    file.write_bytes(file.read_bytes()[:500])
    return file


def pickled(file: Path) -> Path:
    return file.rename(file.with_suffix(".bin"))


def among_others(file: Path) -> Path:
    save_file(load_file(file), file.parent / "other.safetensors")
    return file.parent


def renamed(old: str, new: str) -> Callable[[Path], Path]:
    def damage(file: Path) -> Path:
        save_file({name.replace(old, new): value for name, value in load_file(file).items()}, file)
        return file

    return damage


def other_network(file: Path) -> Path:
    save_file({"unet.weight": torch.zeros(1)}, file)
    return file


def without_encoder(file: Path) -> Path:
    (file.parent / "image_encoder").rename(file.parent / "elsewhere")
    return file


def other_encoder(file: Path) -> Path:
    config = file.parent / "image_encoder" / "config.json"
    config.write_text(config.read_text().replace('"projection_dim": 16', '"projection_dim": 32'))
    return file


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (truncated, "is damaged"),
        (pickled, "is a pickle that can run code"),
        (lambda file: pickled(file).parent, "is a pickle that can run code"),
        (among_others, "several IP-Adapters; name the file: ip-adapter-plain_tiny.safetensors, other"),
        (renamed("proj.weight", "proj.0.weight"), "reads faces that another program finds"),
        (other_network, "is no IP-Adapter: it holds"),
        (renamed(".7.", ".9."), "is no IP-Adapter for"),
        (without_encoder, "image_encoder is missing; put the picture encoder"),
        (other_encoder, "wants a picture encoder with projection_dim 16"),
        (lambda file: file.parent / "nothing", "no IP-Adapter there; name its safetensors file"),
    ],
)
def test_a_bad_adapter_is_refused_with_its_reason(
    damage: Callable[[Path], Path], words: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    file = damage(tiny_ip_adapter(tmp_path / "models", folders["sd1"]))
    with pytest.raises(CheckpointError, match=words):
        load_memory(f"image-prompt={file}", folders["sd1"])


def test_one_for_another_family_is_refused(folders: dict[str, Path], tmp_path: Path) -> None:
    file = tiny_ip_adapter(tmp_path / "models", folders["sdxl"])
    with pytest.raises(CheckpointError, match="is no IP-Adapter for"):
        load_memory(f"image-prompt={file}", folders["sd1"])


class TestWhereItIs:
    def test_in_the_models_own_folder_or_named(self, tmp_path: Path) -> None:
        model = tiny_checkpoint(tmp_path / "model", "sd1")
        with pytest.raises(CheckpointError, match=r"holds no IP-Adapter .*; name one: image-prompt=FOLDER"):
            load_memory("image-prompt", model)
        elsewhere = tiny_ip_adapter(tmp_path / "models", model).parent
        named = load_memory(f"image-prompt={elsewhere}", model)
        tiny_ip_adapter(model / "ip_adapter", model)
        beside, generator = load_memory("image-prompt", model), load_generator(model)
        assert beside.name == "image-prompt"
        assert named.name == f"image-prompt={elsewhere}"
        assert beside.fingerprint == named.fingerprint
        assert weights_of(generator, beside) != generator.fingerprint
        other = ImagePromptMemory(beside.prompter, ImagePromptConfig(strength=0.5))
        assert other.fingerprint != beside.fingerprint

    def test_the_encoder_of_models_serves_the_folder_beside_it(
        self, tmp_path: Path, folders: dict[str, Path]
    ) -> None:
        """As the adapters of SDXL that read the smaller encoder are handed around."""
        file = tiny_ip_adapter(tmp_path / "models", folders["sdxl"])
        (tmp_path / "sdxl_models").mkdir()
        moved = file.rename(tmp_path / "sdxl_models" / file.name)
        load_memory(f"image-prompt={moved}", folders["sdxl"])

    def test_only_this_memory_takes_a_path(self, folders: dict[str, Path]) -> None:
        with pytest.raises(CheckpointError, match="'shared-attention' takes no file"):
            load_memory("shared-attention=here", folders["sd1"])

    def test_the_embedded_model_takes_none(self, tiny_model: Path) -> None:
        with pytest.raises(CheckpointError, match="does not accept prompts"):
            load_memory("image-prompt", tiny_model)
