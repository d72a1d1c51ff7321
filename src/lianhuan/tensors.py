"""The only place where pictures become tensors and tensors pictures: uint8 HWC <-> float [-1, 1] BCHW."""

import hashlib
from collections.abc import Callable, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn


def to_tensor(images: Sequence[Image.Image]) -> Tensor:
    """RGB pictures of one size as float32 (B, 3, H, W) in [-1, 1]."""
    pixels = np.stack([np.asarray(image.convert("RGB")) for image in images])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).to(torch.float32) / 127.5 - 1


def to_images(tensor: Tensor) -> list[Image.Image]:
    """Pictures from float (B, 3, H, W); values outside [-1, 1] are clipped, the rest rounded to 8 bits."""
    pixels = ((tensor.detach().float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return [Image.fromarray(p) for p in pixels.permute(0, 2, 3, 1).cpu().numpy()]


def digest(tensor: Tensor) -> str:
    """A short fingerprint of a tensor's numbers."""
    return hashlib.sha256(tensor.detach().cpu().contiguous().numpy().tobytes()).hexdigest()[:16]


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
