"""Training of the autoencoder on pictures."""

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures, pictures_at
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.sizes import SIDE


class AutoencoderObjective:
    """L1 and L2 on pixels and L1 on their differences (edges), with noise on the latents so that they are smooth."""

    def __init__(self, autoencoder: Autoencoder, pictures: WorldPictures, batch: int, seed: int):
        self.module: nn.Module = autoencoder
        self.autoencoder = autoencoder
        self.pixels = pictures.pixels.reshape(-1, *pictures.pixels.shape[2:])
        self.size = batch
        self.seed = seed

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Random pictures (B, 3, H, H) in [-1, 1], and the noise for their latents, (B, C, 16, 16)."""
        rng = np.random.default_rng((self.seed, step))
        x = pictures_at(self.pixels, np.sort(rng.choice(len(self.pixels), self.size, replace=False)))
        shape = (len(x), self.autoencoder.config.latent_channels, SIDE, SIDE)
        return x, torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))

    def loss(
        self,
        batch: tuple[Tensor, Tensor],
        step: int,  # noqa: ARG002 - the protocol's form
        device: torch.device,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruction loss; PSNR in dB among the figures."""
        x, noise = (part.to(device) for part in batch)
        z = self.autoencoder.encode(x).float()
        y = self.autoencoder.decode(z + 0.1 * noise).float()
        edges = edge_loss(y, x, torch.ones_like(x[:, :1]))
        outside = (z.abs() - 2.5).clamp(min=0).square().mean()
        mse = (y - x).square().mean()
        loss = (y - x).abs().mean() + 0.5 * edges + mse + outside
        return loss, {"psnr": 10 * (4 / mse.detach()).log10(), "latent_std": z.detach().std()}


def edge_loss(y: Tensor, x: Tensor, weight: Tensor) -> Tensor:
    """L1 between the differences of neighbouring pixels of (B, 3, H, W) pictures; `weight` (B, 1, H, W) says how much each counts."""
    down = (weight[:, :, 1:] * (y.diff(dim=2) - x.diff(dim=2)).abs()).mean()
    across = (weight[..., 1:] * (y.diff(dim=3) - x.diff(dim=3)).abs()).mean()
    return down + across
