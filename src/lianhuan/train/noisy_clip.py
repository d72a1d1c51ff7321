"""Training of the CLIP's eye for noisy latents."""

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures, pictures_at
from lianhuan.models.clip import StoryClip
from lianhuan.models.noisy_clip import NoisyClip
from lianhuan.sampling import NoisePath
from lianhuan.train.diffusion import step_rng


class NoisyClipObjective:
    """1 - cosine between what the eye sees at a random time and what the CLIP sees in the clean picture.

    Args:
        eye: what is trained.
        clip: what it learns from.
        pictures: drawn pictures of the world.
        latents: (stories, frames, C, 16, 16) of them.
        path: between pictures and noise.
        batch: pictures per batch.
        seed: seed of the choice of pictures, of times and of the noise.
    """

    def __init__(
        self,
        eye: NoisyClip,
        clip: StoryClip,
        pictures: WorldPictures,
        latents: Tensor,
        *,
        path: NoisePath,
        batch: int,
        seed: int,
    ):
        self.module: nn.Module = eye
        self.eye, self.clip, self.path = eye, clip, path
        self.pixels = pictures.pixels.reshape(-1, *pictures.pixels.shape[2:])
        self.latents = latents.flatten(0, 1)
        self.size, self.seed = batch, seed

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Random pictures (B, 3, H, W) and their latents (B, C, 16, 16)."""
        rows = np.sort(
            np.random.default_rng((self.seed, step)).choice(len(self.pixels), self.size, replace=False)
        )
        return pictures_at(self.pixels, rows), self.latents[torch.from_numpy(rows)].float()

    def loss(
        self, batch: tuple[Tensor, Tensor], step: int, device: torch.device
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss; the mean cosine in the less and in the more noisy half."""
        pictures, x0 = (part.to(device) for part in batch)
        rng = step_rng(self.seed, step)
        t = torch.randint(len(self.path.alphas_cumprod), (len(x0),), generator=rng)
        noise = torch.randn(x0.shape, generator=rng).to(device)
        share = torch.from_numpy(self.path.alphas_cumprod).to(x0)[t.to(device)][:, None, None, None]
        with torch.no_grad():
            wanted = self.clip.features(pictures)
        seen = self.eye(share.sqrt() * x0 + (1 - share).sqrt() * noise, t.to(device))
        alike = (seen * wanted).sum(1)
        early = (t < len(self.path.alphas_cumprod) / 2).to(device)
        found = alike.detach()
        return (1 - alike).mean(), {"clear": found[early].mean(), "noisy": found[~early].mean()}
