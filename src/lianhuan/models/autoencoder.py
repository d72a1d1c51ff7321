"""The autoencoder: pictures (B, 3, 128, 128) <-> whitened latents (B, C, 16, 16)."""

from dataclasses import asdict, dataclass
from typing import Any

import torch
from diffusers.models.autoencoders.vae import Decoder, Encoder
from torch import Tensor, nn


@dataclass(frozen=True)
class AutoencoderConfig:
    """Sizes of `Autoencoder`; pictures shrink by `patch` times 2 per width after the first."""

    latent_channels: int = 8
    patch: int = 4
    widths: tuple[int, ...] = (96, 160)


class Autoencoder(nn.Module):
    """diffusers' convolutional encoder and decoder on pictures folded into patches, so that no layer works at full size.

    Deterministic: the latents have no variance of their own, but noise is added to them in training. `mean` and `std`,
    measured after training, whiten each channel.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, config: AutoencoderConfig):
        super().__init__()
        self.config = config
        folded = 3 * config.patch**2
        widths = tuple(config.widths)
        shape: dict[str, Any] = {
            "block_out_channels": widths,
            "layers_per_block": 1,
            "norm_num_groups": 16,
            "mid_block_add_attention": False,
        }
        down = ("DownEncoderBlock2D",) * len(widths)
        up = ("UpDecoderBlock2D",) * len(widths)
        self.encoder = Encoder(folded, config.latent_channels, down, double_z=False, **shape)
        self.decoder = Decoder(config.latent_channels, folded, up, **shape)
        self.register_buffer("mean", torch.zeros(1, config.latent_channels, 1, 1))
        self.register_buffer("std", torch.ones(1, config.latent_channels, 1, 1))

    def encode(self, pictures: Tensor) -> Tensor:
        """Latents (B, C, H/8, W/8) of mean 0 and deviation 1 per channel, from pictures (B, 3, H, W) in [-1, 1]."""
        folded = nn.functional.pixel_unshuffle(pictures, self.config.patch)
        return (self.encoder(folded) - self.mean) / self.std

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (B, 3, H, W), about [-1, 1], from latents."""
        folded = self.decoder(latents * self.std + self.mean)
        return nn.functional.pixel_shuffle(folded, self.config.patch)

    @torch.no_grad()
    def whiten(self, pictures: Tensor) -> None:
        """Measure `mean` and `std` on pictures (B, 3, H, W)."""
        raw = self.encode(pictures) * self.std + self.mean
        self.mean.copy_(raw.mean(dim=(0, 2, 3), keepdim=True))
        self.std.copy_(raw.std(dim=(0, 2, 3), keepdim=True))

    def to_config(self) -> dict[str, object]:
        """The sizes as plain JSON."""
        return asdict(self.config)
