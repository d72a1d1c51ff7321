"""Features of pictures under a named protocol: how a picture is made ready for the network is part of the score."""

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor, nn

from lianhuan.images import fit_square
from lianhuan.tensors import to_tensor

CHUNK = 16


class FeatureNetwork(Protocol):
    """What turns pictures into features; the reader, `Inception` and `lianhuan.models.clip.StoryClip` do."""

    size: int

    def features(self, pictures: Tensor) -> Tensor:
        """(B, width) features of pictures (B, 3, size, size) in [-1, 1]."""
        ...


def whole(picture: Image.Image, size: int) -> Tensor:
    """(1, 3, size, size): centre crop to a square, Lanczos filter."""
    return to_tensor([fit_square(picture, size)])


def at_64_pixels(picture: Image.Image, size: int) -> Tensor:
    """(1, 3, size, size): the whole picture at 64 x 64 pixels first, then at the network's size, both bilinear.

    So does the line of StoryGAN, StoryDALL-E and AR-LDM (Pan et al., 2022, released code): their Frechet distances are
    not those of the pictures at full size, and sharpness beyond 64 pixels does not count.
    """
    small = to_tensor([picture.convert("RGB").resize((64, 64), Image.Resampling.BILINEAR)])
    return nn.functional.interpolate(small, size=(size, size), mode="bilinear", align_corners=False)


PROTOCOLS: dict[str, Callable[[Image.Image, int], Tensor]] = {"plain": whole, "ar-ldm-64": at_64_pixels}
"""How a picture is made ready, by name."""


@torch.inference_mode()
def picture_features(
    pictures: Sequence[Image.Image], network: FeatureNetwork, protocol: str = "plain"
) -> npt.NDArray[np.float64]:
    """(pictures, width) features.

    Args:
        pictures: RGB pictures of any size.
        network: what finds the features.
        protocol: a name of `PROTOCOLS`.
    """
    ready = PROTOCOLS[protocol]
    rows = []
    for start in range(0, len(pictures), CHUNK):
        batch = torch.cat([ready(picture, network.size) for picture in pictures[start : start + CHUNK]])
        rows.append(network.features(batch).double().cpu())
    return torch.cat(rows).numpy()
