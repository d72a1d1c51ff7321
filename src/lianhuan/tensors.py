"""The only place where pictures become tensors and tensors pictures: uint8 HWC <-> float [-1, 1] BCHW."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
from PIL import Image

from lianhuan.arrays import Array, as_numpy, floats
from lianhuan.late import Late

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
else:
    torch = Late("torch")


def to_tensor(images: Sequence[Image.Image]) -> Tensor:
    """RGB pictures of one size as float32 (B, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(to_array(images))


def to_array(images: Sequence[Image.Image]) -> npt.NDArray[np.float32]:
    """The same as a NumPy array, without torch."""
    pixels = np.stack([np.asarray(image.convert("RGB")) for image in images])
    return pixels.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(127.5) - np.float32(1)


def to_images(pictures: Array) -> list[Image.Image]:
    """Pictures from float (B, 3, H, W); values outside [-1, 1] are clipped, the rest rounded to 8 bits."""
    values = floats(pictures).clip(-1, 1)
    pixels = ((values + np.float32(1)) * np.float32(127.5)).round().astype(np.uint8)
    return [Image.fromarray(np.ascontiguousarray(p)) for p in pixels.transpose(0, 2, 3, 1)]


def digest(array: Array) -> str:
    """A short fingerprint of an array's numbers."""
    return hashlib.sha256(np.ascontiguousarray(as_numpy(array)).tobytes()).hexdigest()[:16]


def weights_digest(module: nn.Module) -> str:
    """A short fingerprint of a module's parameters."""
    return digest(torch.cat([weight.flatten() for weight in module.parameters()]))


def rowwise(function: Callable[..., Tensor], *batches: Tensor) -> Tensor:
    """`function(*batches)`, on a CPU computed row by row.

    The CPU's convolutions and products give other last bits at other batch sizes; row by row a page comes out the same
    in any batch. A batch buys little there.
    """
    if batches[0].device.type != "cpu":
        return function(*batches)
    return torch.cat([function(*row) for row in zip(*(batch.split(1) for batch in batches), strict=True)])
