"""Edges of pictures, sketches as edges, and the Latent Guidance Predictor (seed document 004; Voynov et al. 2023)."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from lianhuan.errors import CheckpointError, PictureError
from lianhuan.images import fit_square, load_picture
from lianhuan.models.files import load_weights, read_config

STORYBOOK_LAYERS = (
    "down_blocks.0.resnets.0",
    "down_blocks.1.attentions.0",
    "down_blocks.2.attentions.0",
    "mid_block.resnets.0",
    "mid_block.attentions.0",
    "mid_block.resnets.1",
    "up_blocks.0.attentions.1",
    "up_blocks.1.attentions.1",
    "up_blocks.2.resnets.1",
)
"""Nine layers of the embedded model's UNet, from its input, its middle and its output."""
STABLE_DIFFUSION_LAYERS = (
    "down_blocks.0.attentions.1",
    "down_blocks.1.attentions.0",
    "down_blocks.2.attentions.1",
    "mid_block.resnets.0",
    "mid_block.attentions.0",
    "mid_block.resnets.1",
    "up_blocks.0.upsamplers.0",
    "up_blocks.1.attentions.1",
    "up_blocks.2.upsamplers.0",
)
"""The document's nine layers, in diffusers' names: input blocks 2, 4, 8, middle 0, 1, 2, output blocks 2, 4, 8."""
WAVES = 9
SKETCH = "sketch"
"""Name of the predictor's part in a model folder."""


def edge_map(pictures: Tensor, threshold: float = 0.5) -> Tensor:
    """White edges on black, (B, 1, H, W) of zeros and ones, of pictures (B, 3, H, W) in [-1, 1].

    The strongest Sobel gradient of the colours, in shares of each picture's 98th percentile, cut at `threshold`.
    """
    kernel = torch.tensor([[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]], device=pictures.device)
    both = torch.stack([kernel, kernel.T])[:, None]
    batch, channels, height, width = pictures.shape
    padded = nn.functional.pad(pictures.float(), (1, 1, 1, 1), mode="replicate")
    slopes = nn.functional.conv2d(padded.reshape(batch * channels, 1, height + 2, width + 2), both)
    size = slopes.square().sum(1).sqrt().view(batch, channels, height, width).amax(1, keepdim=True)
    strong = size.flatten(1).quantile(0.98, dim=1).clamp(min=1e-3)[:, None, None, None]
    return (size / strong > threshold).float()


def load_sketch(path: str | Path) -> Image.Image:
    """The picture at `path` as RGBA: unlike other pictures, a sketch keeps its transparent background.

    Raises:
        PictureError: the file is missing, is no picture, is broken, or has more than 64 million pixels.
    """
    load_picture(path)  # refuses what cannot be read
    with Image.open(path) as image:
        return image.convert("RGBA")


def read_sketch(image: Image.Image, size: int) -> Tensor:
    """A sketch by hand as white strokes on black: (1, 1, size, size) in 0..1.

    Dark on light or light on dark, or of any colour on a transparent background (the more frequent side is the paper), of
    any size; the middle square is used.

    Raises:
        PictureError: there is no stroke in it.
    """
    drawn = image.convert("RGBA")
    alpha = np.asarray(fit_square(drawn.getchannel("A"), size), dtype=np.float32)
    ink = alpha if np.median(alpha) < 128 else _ink(drawn.convert("RGB"), size) * alpha / 255
    if ink.max() < 32:
        raise PictureError("the sketch is empty: no stroke stands out from its background")
    return torch.from_numpy(np.clip(ink / ink.max(), 0, 1))[None, None]


def _ink(image: Image.Image, size: int) -> np.ndarray:
    grey = np.asarray(fit_square(image.convert("L"), size), dtype=np.float32)
    return np.abs(grey - np.median(grey))


@dataclass(frozen=True)
class EdgePredictorConfig:
    """What an `EdgePredictor` reads: layers of the denoiser, their channels in all, and the latents' channels."""

    layers: tuple[str, ...]
    channels: int
    latent_channels: int
    times: int = 1000


class EdgePredictor(nn.Module):
    """The Latent Guidance Predictor: from the denoiser's activations at a pixel to the latents of the edge map there.

    A perceptron per pixel, 512-256-128-64, with ReLU and batch normalisation, on the concatenated activations, resized to
    the latents, and the time with its sines. The document's public implementations feed a noise map in place of the time;
    at sampling that noise is unknown, so the time it is.
    """

    def __init__(self, config: EdgePredictorConfig):
        super().__init__()
        self.config = config
        sizes = [config.channels + 1 + 2 * WAVES, 512, 256, 128, 64]
        layers: list[nn.Module] = []
        for before, after in itertools.pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU(), nn.BatchNorm1d(after)]
        self.perceptron = nn.Sequential(*layers, nn.Linear(sizes[-1], config.latent_channels))

    def forward(self, features: Mapping[str, Tensor], t: Tensor, side: int) -> Tensor:
        """Latents (B, C, side, side) of the edge map.

        Args:
            features: activations (B, c, h, w) of every layer of the configuration.
            t: (B,) int64 training times.
            side: of the latents.
        """
        resized = [
            nn.functional.interpolate(features[name].float(), size=(side, side), mode="bilinear")
            for name in self.config.layers
        ]
        share = t.float()[:, None] / self.config.times
        waves = share * math.pi * 2.0 ** torch.arange(WAVES, device=t.device)
        when = torch.cat([share, waves.sin(), waves.cos()], dim=1)
        pixels = torch.cat([*resized, when[:, :, None, None].expand(-1, -1, side, side)], dim=1)
        out = self.perceptron(pixels.movedim(1, -1).flatten(0, 2))
        return out.view(len(t), side, side, -1).movedim(-1, 1)

    def to_config(self) -> dict[str, object]:
        """The sizes as plain JSON."""
        return asdict(self.config)


def load_edge_predictor(folder: Path) -> EdgePredictor:
    """The predictor in `folder`, the part "sketch" of a model folder, in evaluation mode.

    Raises:
        CheckpointError: there is none, or a file is missing, damaged, unsafe, or of another network.
    """
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder.parent} cannot follow sketches: {folder} is missing; for the model of a run, "
            "`lianhuan train recipes/storybook.py:sketch -o RUN` trains it into RUN/model"
        )
    settings = read_config(folder)
    try:
        config = EdgePredictorConfig(**settings | {"layers": tuple(settings["layers"])})
        predictor = EdgePredictor(config)
    except (TypeError, ValueError, KeyError, RuntimeError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(predictor, folder)
    return predictor
