"""The autoencoder: pictures (B, 3, 256, 256) <-> whitened latents (B, C, 16, 16)."""

from dataclasses import asdict
from typing import Any

import torch
from diffusers.models.autoencoders.vae import Decoder, Encoder
from torch import Tensor, nn

from lianhuan.models.sizes import AutoencoderConfig


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
        self.encoder = Encoder(
            folded, config.latent_channels, double_z=False, **_levels("Down", config.widths)
        )
        self.decoder = Decoder(
            config.latent_channels, folded, **_levels("Up", config.decoder_widths or config.widths)
        )
        self.register_buffer("mean", torch.zeros(1, config.latent_channels, 1, 1))
        self.register_buffer("std", torch.ones(1, config.latent_channels, 1, 1))

    def encode(self, pictures: Tensor) -> Tensor:
        """Latents (B, C, 16, 16) of mean 0 and deviation 1 per channel, from pictures (B, 3, H, H) in [-1, 1]; large ones are averaged."""
        seen = nn.functional.adaptive_avg_pool2d(pictures, self.config.seen)
        folded = nn.functional.pixel_unshuffle(seen, self.config.patch)
        return (self.encoder(folded) - self.mean) / self.std

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (B, 3, size, size), about [-1, 1], from latents (B, C, 16, 16)."""
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


def _levels(way: str, widths: tuple[int, ...]) -> dict[str, Any]:
    """What diffusers wants to know of the levels."""
    coder = "Encoder" if way == "Down" else "Decoder"
    return {
        f"{way.lower()}_block_types": (f"{way}{coder}Block2D",) * len(widths),
        "block_out_channels": tuple(widths),
        "layers_per_block": 1,
        "norm_num_groups": 16,
        "mid_block_add_attention": False,
    }
