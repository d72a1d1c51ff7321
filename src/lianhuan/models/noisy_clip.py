"""The eye of a CLIP for pictures that are still being drawn: Semantic Diffusion Guidance (Liu et al. 2023), section 3.3."""

import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lianhuan.errors import CheckpointError
from lianhuan.models.files import load_weights, read_config
from lianhuan.models.stem import CELLS, picture_stem

NOISY_CLIP = "noisy_clip"
"""Name of its part in a model folder."""


@dataclass(frozen=True)
class NoisyClipConfig:
    """Sizes: of the latents that it sees, and of the CLIP's features; `times` is the length of training time."""

    latent_channels: int
    width: int = 192
    heads: int = 4
    layers: int = 2
    times: int = 1000


class NoisyClip(nn.Module):
    """Latents with any share of noise, and its time -> features in the space of a `StoryClip`.

    Trained to see in the noise what the CLIP sees in the clean picture, so it belongs to that CLIP, to the autoencoder and to
    the path of the noise.
    """

    def __init__(self, config: NoisyClipConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.stem = picture_stem(config.latent_channels, width)
        self.time = nn.Sequential(nn.Linear(width, width), nn.SiLU(), nn.Linear(width, width))
        self.positions = nn.Parameter(0.1 * torch.randn(CELLS, width))
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        """(B, width) features of length 1 of noisy latents (B, C, 16, 16) at the training times `t` (B,); differentiable."""
        waves = torch.exp(
            -math.log(1e4) * torch.arange(0, self.config.width, 2, device=x.device) / self.config.width
        )
        angles = t.float()[:, None] * waves
        when = self.time(torch.cat([angles.sin(), angles.cos()], dim=1))
        cells = self.stem(x).flatten(2).transpose(1, 2) + self.positions
        seen = self.transformer(torch.cat([when[:, None], cells], dim=1))
        return nn.functional.normalize(self.norm(seen[:, 0]).float(), dim=1)

    def to_config(self) -> dict[str, object]:
        """The sizes as plain JSON."""
        return asdict(self.config)


def load_noisy_clip(folder: Path) -> NoisyClip:
    """The eye in `folder`, the part "noisy_clip" of a model folder, in evaluation mode.

    Raises:
        CheckpointError: a file is missing, damaged, unsafe, or of another network.
    """
    settings = read_config(folder)
    try:
        eye = NoisyClip(NoisyClipConfig(**settings))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(eye, folder)
    return eye
