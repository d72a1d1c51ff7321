"""The reader: a small network, trained on drawn frames only, that names what a picture of the world shows."""

import torch
from torch import Tensor, nn


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
