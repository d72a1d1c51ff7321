"""Training of the bench's reader."""

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures
from lianhuan.metrics.reader import Reader


class ReaderObjective:
    """Cross-entropy of every label of drawn pictures, with slight shifts, blur and noise so that soft pictures read well too."""

    def __init__(self, reader: Reader, pictures: WorldPictures, batch: int, seed: int):
        self.module: nn.Module = reader
        self.reader = reader
        self.pixels = pictures.pixels.reshape(-1, *pictures.pixels.shape[2:])
        self.labels = {name: torch.from_numpy(table.reshape(-1)) for name, table in pictures.labels.items()}
        self.batch = batch
        self.seed = seed

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Sum of the labels' losses; the worst label's accuracy on the batch among the figures."""
        rng = np.random.default_rng((self.seed, step))
        chosen = np.sort(rng.choice(len(self.pixels), self.batch, replace=False))
        x = torch.from_numpy(self.pixels[chosen]).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
        dx, dy = (int(v) for v in rng.integers(-2, 3, size=2))
        x = torch.roll(x, (dy, dx), dims=(2, 3))
        if rng.random() < 0.3:
            x = nn.functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        x = x + 0.1 * float(rng.random()) * torch.from_numpy(
            rng.standard_normal(x.shape, dtype=np.float32)
        ).to(device)
        rows = torch.from_numpy(chosen)
        losses, right = [], {}
        for name, logits in self.reader(x).items():
            wanted = self.labels[name][rows].to(device)
            known = wanted >= 0
            if known.any():
                losses.append(nn.functional.cross_entropy(logits.float(), wanted, ignore_index=-1))
                right[name] = float((logits.argmax(1) == wanted)[known].float().mean())
        worst = min(right, key=right.__getitem__)
        return torch.stack(losses).sum(), {"worst": right[worst], "mean": sum(right.values()) / len(right)}
