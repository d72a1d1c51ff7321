"""Training of the bench's reader."""

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures, pictures_at
from lianhuan.metrics.reader import Reader

PROP_WEIGHT = 3.0
"""The prop is small and of many kinds; it counts more than a label of another sort."""


def mirrored(x: Tensor, labels: dict[str, Tensor], which: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """Pictures (B, 3, H, W) and their labels, those of `which`, (B,) bool, seen in a mirror: who stood left then stands right."""
    slots = {
        name[:-1]: sum(other[:-1] == name[:-1] for other in labels) for name in labels if name[-1].isdigit()
    }
    turned = dict(labels)
    for name, places in slots.items():
        row = torch.arange(places).expand(len(x), -1)
        count = labels["count"][:, None]
        order = torch.where(which[:, None] & (row < count), count - 1 - row, row)
        found = torch.stack([labels[f"{name}{i}"] for i in range(places)], dim=1).gather(1, order)
        turned |= {f"{name}{i}": found[:, i] for i in range(places)}
    return torch.where(which[:, None, None, None], x.flip(3), x), turned


def readings(
    reader: Reader, seen: Tensor, labels: dict[str, Tensor]
) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """By label, the cross-entropy of what a reader finds in pictures, and the share that it finds right; -1 is not asked."""
    losses, right = {}, {}
    for name, logits in reader(seen).items():
        wanted = labels[name].to(seen.device)
        asked = wanted >= 0
        if asked.any():
            losses[name] = nn.functional.cross_entropy(logits.float(), wanted, ignore_index=-1)
            right[name] = ((logits.argmax(1) == wanted) & asked).sum() / asked.sum()
    return losses, right


class ReaderObjective:
    """Cross-entropy of every label of drawn pictures, half of them mirrored, with slight shifts, blur and noise so that soft pictures read well too."""

    def __init__(self, reader: Reader, pictures: WorldPictures, batch: int, seed: int):
        self.module: nn.Module = reader
        self.reader = reader
        self.pixels = pictures.pixels.reshape(-1, *pictures.pixels.shape[2:])
        self.labels = {name: torch.from_numpy(table.reshape(-1)) for name, table in pictures.labels.items()}
        self.size = batch
        self.seed = seed

    def batch(self, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Random pictures, some mirrored, a little shifted, some blurred, with noise; and their labels."""
        rng = np.random.default_rng((self.seed, step))
        rows = np.sort(rng.choice(len(self.pixels), self.size, replace=False))
        labels = {name: table[torch.from_numpy(rows)] for name, table in self.labels.items()}
        x, labels = mirrored(
            pictures_at(self.pixels, rows), labels, torch.from_numpy(rng.random(len(rows)) < 0.5)
        )
        x = torch.roll(x, tuple(int(v) for v in rng.integers(-2, 3, size=2)), dims=(2, 3))
        if rng.random() < 0.3:
            x = nn.functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        x = x + 0.1 * float(rng.random()) * torch.from_numpy(rng.standard_normal(x.shape, dtype=np.float32))
        return x, labels

    def loss(
        self,
        batch: tuple[Tensor, dict[str, Tensor]],
        step: int,  # noqa: ARG002 - the protocol's form
        device: torch.device,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Sum of the labels' losses; the worst and the mean accuracy of the labels on the batch."""
        pictures, labels = batch
        losses, right = readings(self.reader, pictures.to(device), labels)
        counted = [PROP_WEIGHT * loss if name == "prop" else loss for name, loss in losses.items()]
        accuracy = torch.stack(list(right.values()))
        return torch.stack(counted).sum(), {"worst": accuracy.min(), "mean": accuracy.mean()}
