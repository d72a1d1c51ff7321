"""Training of the decoder alone, on latents as the denoiser leaves them."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from lianhuan.data.world import FRAMES, WorldPictures, pictures_at, training_story
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.sampling import clean
from lianhuan.train.diffusion import step_rng
from lianhuan.train.losses import picture_loss, psnr
from lianhuan.train.story_data import StoryData

Batch = tuple[Tensor, Tensor, Tensor, tuple[Tensor, Tensor, Tensor]]


class Critic(nn.Module):
    """Tells drawn pictures from decoded ones, patch by patch (Isola et al. 2017): (B, 3, H, W) -> (B, 1, H/16, W/16)."""

    def __init__(self, width: int = 96):
        super().__init__()
        self.layers = nn.Sequential(
            nn.PixelUnshuffle(4),
            nn.Conv2d(48, width, 3, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, width, 4, stride=2, padding=1),
            nn.GroupNorm(8, width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.GroupNorm(8, 2 * width),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 1, 3, padding=1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """How true each patch looks."""
        return self.layers(pictures)


class DecoderObjective:
    """The decoder learns to draw the true picture from what the denoiser takes its latents for.

    A share of the latents is noised to a time of the less noisy part and estimated again by the denoiser in one step, from
    the words: so the decoder learns to put right what the denoiser gets wrong (compare the noise conditioning of "DALL-E 2"
    and "Imagen"). L1 and L2 on pixels and L1 on edges, where characters and the prop count more, and from the step `sharp`
    on a critic's hinge loss (Lim and Ye 2017).
    """

    def __init__(
        self,
        autoencoder: Autoencoder,
        denoiser: Denoiser,
        text: StoryTextEncoder,
        pictures: WorldPictures,
        data: StoryData,
        *,
        batch: int,
        sharp: int,
    ):
        self.autoencoder, self.denoiser, self.text = autoencoder, denoiser, text
        self.critic = Critic()
        self.module: nn.Module = nn.ModuleDict({"decoder": autoencoder.decoder, "critic": self.critic})
        self.pixels = pictures.pixels.reshape(-1, *pictures.pixels.shape[2:])
        self.data = data
        self.size, self.sharp = batch, sharp

    def batch(self, step: int) -> Batch:
        """Random pictures (B, 3, H, W) in [-1, 1], their latents, (B, 2, h, w) focus, and the words of their pages."""
        rng = np.random.default_rng((self.data.seed, step))
        rows = np.sort(rng.choice(len(self.pixels), self.size, replace=False))
        split, world = self.data.split, self.data.world
        pages = [
            training_story(split, int(i) // FRAMES, rng, world=world).pages[int(i) % FRAMES] for i in rows
        ]
        latents, focus = self.data.pages.pictures(torch.from_numpy(rows))
        return pictures_at(self.pixels, rows), latents, focus, self.data.tokenizer(pages)

    def loss(self, batch: Batch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The decoder's and the critic's loss together; each moves its own weights only. PSNR in dB among the figures."""
        x, z, focus = (part.to(device) for part in batch[:3])
        words = tuple(part.to(device) for part in batch[3])
        y = self.autoencoder.decode(self._estimated(z, words, step)).float()
        loss = picture_loss(y, x, focus)
        figures = {"psnr": psnr(y, x)}
        if step >= self.sharp:
            frozen = {name: value.detach() for name, value in self.critic.named_parameters()}
            fooled = -functional_call(self.critic, frozen, (y,)).mean()
            true, drawn = self.critic(x), self.critic(y.detach())
            judged = nn.functional.relu(1 - true).mean() + nn.functional.relu(1 + drawn).mean()
            loss = loss + 0.03 * fooled + judged
            figures |= {"critic": judged.detach()}
        return loss, figures

    @torch.no_grad()
    def _estimated(self, z: Tensor, words: tuple[Tensor, ...], step: int) -> Tensor:
        """A third of the latents as they are, the others as the denoiser sees them through noise."""
        rng = step_rng(self.data.seed, step)
        path = self.denoiser.path
        t = (torch.rand(len(z), generator=rng) * 0.55 * len(path.alphas_cumprod)).long().to(z.device)
        noise = torch.randn(z.shape, generator=rng).to(z.device)
        alpha, sigma = self.denoiser.levels(t, z)
        x = alpha * z + sigma * noise
        out = self.denoiser.predict(x, t, Context(*self.text(*words))).float()
        plain = torch.rand(len(z), 1, 1, 1, generator=rng).to(z.device) < 1 / 3
        return torch.where(plain, z + 0.1 * noise, clean(self.denoiser.prediction, x, out, alpha, sigma))
