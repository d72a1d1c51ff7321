"""The reader: a small network, trained on drawn frames only, that names what a picture of the world shows."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from lianhuan.errors import CheckpointError
from lianhuan.images import fit_square
from lianhuan.tensors import to_tensor

STAGES = ((48, 96, 1), (96, 128, 2), (128, 160, 1), (160, 192, 2), (192, 192, 1))
"""Convolutions of the reader: channels in and out, stride."""
GLANCES = 2
"""Places of the picture that each label looks at."""
CELLS = 8 * 8


class Reader(nn.Module):
    """Pictures (B, 3, 128, 128) in [-1, 1] -> logits of every label of the world.

    The bench's never sees a generated picture in training, and nothing that draws ever sees it.

    Args:
        classes: label name -> number of classes.
        stages: convolutions: channels in and out, stride; 8 x 8 cells are left.
        fold: side of the patches into which pictures are folded first.
    """

    size = 128
    """Side of the pictures that it sees, in pixels."""

    def __init__(
        self, classes: dict[str, int], stages: Sequence[tuple[int, int, int]] = STAGES, fold: int = 4
    ):
        super().__init__()
        self.classes = classes
        layers: list[nn.Module] = [nn.PixelUnshuffle(fold)]
        for before, after, stride in stages:
            layers += [nn.Conv2d(before, after, 3, stride, 1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        self.trunk = nn.Sequential(*layers)
        width, looks = stages[-1][1], GLANCES * len(classes)
        self.what = nn.Conv2d(width, looks, 1)
        self.where = nn.Linear(width, looks * CELLS)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(GLANCES * width, number) for name, number in classes.items()}
        )

    def forward(self, pictures: Tensor) -> dict[str, Tensor]:
        """Label name -> (B, classes) logits.

        Each label glances at the picture by attention over its 8 x 8 cells, so that a thing reads the same anywhere; where
        to look depends on the whole picture (the second of two stands elsewhere than the second of three).
        """
        features = self.trunk(pictures)  # (B, width, 8, 8)
        whole = self.where(features.mean(dim=(2, 3))).unflatten(1, (-1, CELLS))
        attention = (self.what(features).flatten(2) + whole).softmax(dim=2)
        glances = torch.einsum("blc,bwc->blw", attention, features.flatten(2)).unflatten(1, (-1, GLANCES))
        return {name: head(glances[:, i].flatten(1)) for i, (name, head) in enumerate(self.heads.items())}

    @torch.inference_mode()
    def read(self, pictures: Tensor) -> dict[str, Tensor]:
        """Label name -> (B,) most likely class."""
        return {name: logits.argmax(1) for name, logits in self(pictures).items()}

    def look(self, pictures: Sequence[Image.Image]) -> dict[str, Tensor]:
        """Label name -> (B,) most likely class of pictures of any size, of which it sees the middle square."""
        return self.read(to_tensor([fit_square(picture, self.size) for picture in pictures]))

    def features(self, pictures: Tensor) -> Tensor:
        """(B, 192) what the last convolutions find, averaged over the picture (B, 3, 128, 128)."""
        return self.trunk(pictures).mean(dim=(2, 3))


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
