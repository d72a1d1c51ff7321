"""The reader: a small network, trained on drawn frames only, that names what a picture of the world shows."""

import json
from importlib.resources import files
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from lianhuan.errors import CheckpointError


class Reader(nn.Module):
    """Pictures (B, 3, 128, 128) in [-1, 1] -> logits of every label of the world.

    It never sees a generated picture in training, and nothing that draws ever sees it.

    Args:
        classes: label name -> number of classes.
    """

    def __init__(self, classes: dict[str, int]):
        super().__init__()
        self.classes = classes
        layers: list[nn.Module] = [nn.PixelUnshuffle(4)]
        for before, after, stride in [(48, 64, 1), (64, 96, 2), (96, 128, 1), (128, 160, 2), (160, 160, 1)]:
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.trunk = nn.Sequential(*layers, nn.Conv2d(160, 32, 1), nn.Flatten(), nn.Dropout(0.1))
        self.features = nn.Sequential(nn.Linear(32 * 8 * 8, 384), nn.ReLU())
        self.heads = nn.ModuleDict({name: nn.Linear(384, number) for name, number in classes.items()})

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Label name -> (B, classes) logits."""
        features = self.features(self.trunk(pictures))
        return {name: head(features) for name, head in self.heads.items()}

    @torch.inference_mode()
    def read(self, pictures: Tensor) -> dict[str, Tensor]:
        """Label name -> (B,) most likely class."""
        return {name: logits.argmax(1) for name, logits in self(pictures).items()}


def load_reader(folder: Path | None = None) -> Reader:
    """The reader in `folder` (`config.json` with its "classes", `model.safetensors`), ready to read; None for the embedded one.

    Raises:
        CheckpointError: a file is missing, damaged, or of another network.
    """
    home = Path(str(files("lianhuan"))) / "weights" / "reader" if folder is None else folder
    try:
        config = json.loads((home / "config.json").read_text(encoding="utf-8"))
        reader = Reader({str(name): int(number) for name, number in config["classes"].items()})
        tensors = load_file(home / "model.safetensors")
        reader.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except FileNotFoundError as error:
        raise CheckpointError(
            f"{home} holds no reader; config.json and model.safetensors belong there"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"{home}: the reader is damaged or belongs to another version ({error})"
        ) from error
    return reader.eval().requires_grad_(False)
