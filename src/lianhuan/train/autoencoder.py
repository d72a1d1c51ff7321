"""Training of the autoencoder on pictures."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures, pictures_at
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.sizes import SIDE
from lianhuan.train.losses import picture_loss, psnr


class AutoencoderObjective:
    """L1 and L2 on pixels and L1 on their differences (edges), with noise on the latents so that they are smooth.

    Pixels of characters and the prop, which `focus` (stories, frames, 16, 16, 2) covers, count more.
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        pictures: WorldPictures,
        focus: npt.NDArray[np.uint8],
        batch: int,
        seed: int,
    ):
        self.module: nn.Module = autoencoder
        self.autoencoder = autoencoder
        self.pixels = pictures.pixels.reshape(-1, *pictures.pixels.shape[2:])
        self.focus = focus.reshape(-1, *focus.shape[2:])
        self.size = batch
        self.seed = seed

    def batch(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Random pictures (B, 3, H, H) in [-1, 1], their focus (B, 2, 16, 16), and the noise for their latents, (B, C, 16, 16)."""
        rng = np.random.default_rng((self.seed, step))
        rows = np.sort(rng.choice(len(self.pixels), self.size, replace=False))
        focus = torch.from_numpy(self.focus[rows]).permute(0, 3, 1, 2).float() / 255
        shape = (len(rows), self.autoencoder.config.latent_channels, SIDE, SIDE)
        noise = torch.from_numpy(rng.standard_normal(shape, dtype=np.float32))
        return pictures_at(self.pixels, rows), focus, noise

    def loss(
        self,
        batch: tuple[Tensor, Tensor, Tensor],
        step: int,  # noqa: ARG002 - the protocol's form
        device: torch.device,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruction loss; PSNR in dB among the figures."""
        x, focus, noise = (part.to(device) for part in batch)
        z = self.autoencoder.encode(x).float()
        y = self.autoencoder.decode(z + 0.1 * noise).float()
        outside = (z.abs() - 2.5).clamp(min=0).square().mean()
        loss = picture_loss(y, x, focus) + outside
        return loss, {"psnr": psnr(y, x), "latent_std": z.detach().std()}
