"""The Inception network of published Frechet distances; its weights are the user's, as one safetensors file."""

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from lianhuan.errors import CheckpointError

Kernel = tuple[int, int]
Step = tuple[str, int, Kernel]
"""Name of a convolution, its channels, its kernel."""
ONE, THREE, FIVE, WIDE, TALL = (1, 1), (3, 3), (5, 5), (1, 7), (7, 1)
UNUSED = ("fc.", "AuxLogits.")
"""Weights of the classifier, which the features come before."""


class Inception(nn.Module):
    """Inception v3 up to its last average, as Frechet distances of the literature use it.

    Szegedy et al., "Rethinking the Inception Architecture for Computer Vision" (2016), figures 5 to 7; names of the
    weights as in torchvision. As in the network of Heusel et al. (2017) averages leave padding out, and the last block
    takes a maximum where the others take an average.
    """

    size = 299
    """Side of the pictures that it sees, in pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = _Conv(3, 32, THREE, stride=2, padding=(0, 0))
        self.Conv2d_2a_3x3 = _Conv(32, 32, THREE, padding=(0, 0))
        self.Conv2d_2b_3x3 = _Conv(32, 64, THREE)
        self.pool1 = nn.MaxPool2d(3, 2)
        self.Conv2d_3b_1x1 = _Conv(64, 80, ONE)
        self.Conv2d_4a_3x3 = _Conv(80, 192, THREE, padding=(0, 0))
        self.pool2 = nn.MaxPool2d(3, 2)
        self.Mixed_5b = _Mixed(192, _figure5(32))
        self.Mixed_5c = _Mixed(256, _figure5(64))
        self.Mixed_5d = _Mixed(288, _figure5(64))
        self.Mixed_6a = _Reduction(288, _REDUCTION_6)
        self.Mixed_6b = _Mixed(768, _figure6(128))
        self.Mixed_6c = _Mixed(768, _figure6(160))
        self.Mixed_6d = _Mixed(768, _figure6(160))
        self.Mixed_6e = _Mixed(768, _figure6(192))
        self.Mixed_7a = _Reduction(768, _REDUCTION_7)
        self.Mixed_7b = _Mixed(1280, _FIGURE7)
        self.Mixed_7c = _Mixed(2048, _FIGURE7, pool=nn.MaxPool2d(3, 1, 1))

    def features(self, pictures: Tensor) -> Tensor:
        """(B, 2048) features of pictures (B, 3, 299, 299) in [-1, 1]."""
        x = pictures
        for block in self.children():
            x = block(x)
        return x.mean(dim=(2, 3))


def load_inception(path: Path) -> Inception:
    """The network with the weights of a safetensors file, ready to use.

    The usual weights are those of TensorFlow's `inception-2015-12-05`, which PyTorch programs pass around as a pickle; only
    after conversion to safetensors, on a machine where running foreign code does no harm, are they safe to open.

    Raises:
        CheckpointError: the file is missing, no safetensors file, or of another network.
    """
    network = Inception()
    try:
        found = {name: w.float() for name, w in load_file(path).items() if not name.startswith(UNUSED)}
        network.load_state_dict(found)
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing; name a safetensors file of Inception v3") from error
    except (OSError, RuntimeError, SafetensorError) as error:
        raise CheckpointError(
            f"{path} holds no Inception v3 as safetensors with torchvision's names ({error})"
        ) from error
    return network.eval().requires_grad_(False)


class _Conv(nn.Module):
    """Convolution, batch normalisation, ReLU; keeps the size unless told otherwise."""

    def __init__(
        self, before: int, after: int, kernel: Kernel, stride: int = 1, padding: Kernel | None = None
    ):
        super().__init__()
        around = (kernel[0] // 2, kernel[1] // 2) if padding is None else padding
        self.conv = nn.Conv2d(before, after, kernel, stride, around, bias=False)
        self.bn = nn.BatchNorm2d(after, eps=1e-3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.bn(self.conv(x)))


class _Mixed(nn.Module):
    """Branches side by side, the last one after a pool; the two last steps "a", "b" of a branch are side by side, too."""

    def __init__(self, before: int, branches: Sequence[Sequence[Step]], pool: nn.Module | None = None):
        super().__init__()
        self.branches = [[name for name, _, _ in branch] for branch in branches]
        self.pool = nn.AvgPool2d(3, 1, 1, count_include_pad=False) if pool is None else pool
        for branch in branches:
            width = before
            for name, after, kernel in branch:
                self.add_module(name, _Conv(width, after, kernel))
                width = width if name.endswith("a") else after

    def forward(self, x: Tensor) -> Tensor:
        found = [self._branch(names, x) for names in self.branches[:-1]]
        return torch.cat([*found, self._branch(self.branches[-1], self.pool(x))], dim=1)

    def _branch(self, names: Sequence[str], x: Tensor) -> Tensor:
        if not names[-1].endswith("b"):
            return _through(self, names, x)
        x = _through(self, names[:-2], x)
        return torch.cat([self.get_submodule(name)(x) for name in names[-2:]], dim=1)


class _Reduction(nn.Module):
    """Branches side by side that halve the picture in their last step, and a maximum."""

    def __init__(self, before: int, branches: Sequence[Sequence[Step]]):
        super().__init__()
        self.branches = [[name for name, _, _ in branch] for branch in branches]
        self.pool = nn.MaxPool2d(3, 2)
        for branch in branches:
            width = before
            for name, after, kernel in branch:
                last = name == branch[-1][0]
                step = _Conv(width, after, kernel, 2, (0, 0)) if last else _Conv(width, after, kernel)
                self.add_module(name, step)
                width = after

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([*(_through(self, names, x) for names in self.branches), self.pool(x)], dim=1)


def _through(block: nn.Module, names: Sequence[str], x: Tensor) -> Tensor:
    for name in names:
        x = block.get_submodule(name)(x)
    return x


def _steps(branch: str, *steps: tuple[int, Kernel]) -> list[Step]:
    return [(f"{branch}_{i}", channels, kernel) for i, (channels, kernel) in enumerate(steps, 1)]


def _figure5(pool: int) -> list[list[Step]]:
    return [
        [("branch1x1", 64, ONE)],
        _steps("branch5x5", (48, ONE), (64, FIVE)),
        _steps("branch3x3dbl", (64, ONE), (96, THREE), (96, THREE)),
        [("branch_pool", pool, ONE)],
    ]


def _figure6(width: int) -> list[list[Step]]:
    return [
        [("branch1x1", 192, ONE)],
        _steps("branch7x7", (width, ONE), (width, WIDE), (192, TALL)),
        _steps("branch7x7dbl", (width, ONE), (width, TALL), (width, WIDE), (width, TALL), (192, WIDE)),
        [("branch_pool", 192, ONE)],
    ]


def _split(branch: str) -> list[Step]:
    return [(f"{branch}a", 384, (1, 3)), (f"{branch}b", 384, (3, 1))]


_FIGURE7: list[list[Step]] = [
    [("branch1x1", 320, ONE)],
    [*_steps("branch3x3", (384, ONE)), *_split("branch3x3_2")],
    [*_steps("branch3x3dbl", (448, ONE), (384, THREE)), *_split("branch3x3dbl_3")],
    [("branch_pool", 192, ONE)],
]
_REDUCTION_6: list[list[Step]] = [
    [("branch3x3", 384, THREE)],
    _steps("branch3x3dbl", (64, ONE), (96, THREE), (96, THREE)),
]
_REDUCTION_7: list[list[Step]] = [
    _steps("branch3x3", (192, ONE), (320, THREE)),
    _steps("branch7x7x3", (192, ONE), (192, WIDE), (192, TALL), (192, THREE)),
]
