"""Training of the autoencoder on pictures."""

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures
from lianhuan.models.autoencoder import Autoencoder


class AutoencoderObjective:
    """L1 and L2 on pixels and L1 on their differences (edges), with noise on the latents so that they are smooth."""

    def __init__(self, autoencoder: Autoencoder, pictures: WorldPictures, batch: int, seed: int):
        self.module: nn.Module = autoencoder
        self.autoencoder = autoencoder
        self.pixels = pictures.pixels.reshape(-1, *pictures.pixels.shape[2:])
        self.batch = batch
        self.seed = seed

    def loss(self, step: int, device: torch.device) -> tuple[Tensor, dict[str, float]]:
        """Reconstruction loss of a random batch; PSNR in dB among the figures."""
        rng = np.random.default_rng((self.seed, step))
        chosen = np.sort(rng.choice(len(self.pixels), self.batch, replace=False))
        x = torch.from_numpy(self.pixels[chosen]).to(device).permute(0, 3, 1, 2).float() / 127.5 - 1
        z = self.autoencoder.encode(x).float()
        noise = torch.from_numpy(rng.standard_normal(z.shape, dtype=np.float32)).to(device)
        y = self.autoencoder.decode(z + 0.1 * noise).float()
        edges = (y.diff(dim=2) - x.diff(dim=2)).abs().mean() + (y.diff(dim=3) - x.diff(dim=3)).abs().mean()
        outside = (z.abs() - 2.5).clamp(min=0).square().mean()
        mse = (y - x).square().mean()
        loss = (y - x).abs().mean() + 0.5 * edges + mse + outside
        return loss, {"psnr": float(10 * (4 / mse.detach()).log10()), "latent_std": float(z.detach().std())}
