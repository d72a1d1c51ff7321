"""Latent diffusion: noise -> latents -> picture, one frame per request."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lianhuan.generators.base import Control, Drawn, DrawStep
from lianhuan.images import fit_square
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import SAMPLERS, page_noise
from lianhuan.story import PageRequest
from lianhuan.tensors import to_images, to_tensor


class LatentDiffusion:
    """The embedded model's generator; see `lianhuan.generators.Generator`.

    Args:
        name: what the user called it.
        fingerprint: hash of its weights.
        autoencoder, text_encoder, tokenizer, denoiser: its parts, in evaluation mode, on one device.
        size: side of its pictures in pixels.
    """

    def __init__(
        self,
        *,
        name: str,
        fingerprint: str,
        autoencoder: Autoencoder,
        text_encoder: StoryTextEncoder,
        tokenizer: PageTokenizer,
        denoiser: Denoiser,
        size: int = 128,
    ):
        self.name = name
        self.fingerprint = fingerprint
        self.autoencoder = autoencoder
        self.text_encoder = text_encoder
        self.tokenizer = tokenizer
        self.denoiser = denoiser
        self.size = size

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return self.autoencoder.mean.device

    @torch.inference_mode()
    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """Context of each page, (B, 4 + L, D); a page has the same numbers in any batch."""
        parts = (part.to(self.device) for part in self.tokenizer(requests))
        return Context(*self.text_encoder(*parts))

    def null(self, count: int) -> Context:
        """The context of `count` pages that say nothing."""
        return self.encode([PageRequest(scene_id="", caption="")] * count)

    @torch.inference_mode()
    def encode_pictures(self, images: Sequence[Image.Image]) -> Tensor:
        """Latents (B, C, h, w) of pictures of any size, cropped to the middle square."""
        pictures = to_tensor([fit_square(i, self.size) for i in images]).to(self.device).contiguous()
        return torch.cat([self.autoencoder.encode(picture) for picture in pictures.split(1)])

    def frames(
        self,
        requests: Sequence[PageRequest],
        contexts: Mapping[str, Context],
        control: Control,
        sampler: str = "dpmpp-2m",
    ) -> Iterator[DrawStep | Drawn]:
        """Draw one frame per request.

        Args:
            requests: B pages with the same number of steps.
            contexts: branch name -> context of the B pages.
            control: how the branches are combined.
            sampler: a name of `lianhuan.sampling.SAMPLERS`.

        Yields:
            a `DrawStep` after every step and `Drawn` with B pictures of `size` px at the end.

        Raises:
            ValueError: the pages want different numbers of steps.
        """
        steps = {request.steps for request in requests}
        if len(steps) != 1:
            raise ValueError("pages drawn together must have the same number of steps")
        branches = control.branches()
        context = Context(
            torch.cat([contexts[b].tokens for b in branches]), torch.cat([contexts[b].mask for b in branches])
        )

        def denoise(x: Tensor, t: int) -> Tensor:
            predictions = self.denoiser(torch.cat([x] * len(branches)), t, context).chunk(len(branches))
            return control.combine(dict(zip(branches, predictions, strict=True)))

        times = self.denoiser.path.times(steps.pop())
        x = x0 = self._noise(requests)
        walk = SAMPLERS[sampler](denoise, self.denoiser.path, x, times)
        for number in range(1, len(times)):
            with torch.inference_mode():
                x, x0 = next(walk)
            yield DrawStep(number, len(times) - 1, x0)
        with torch.inference_mode():
            yield Drawn(to_images(torch.cat([self.autoencoder.decode(latents) for latents in x.split(1)])))

    def _noise(self, requests: Sequence[PageRequest]) -> Tensor:
        shape = (self.autoencoder.config.latent_channels, self.size // 8, self.size // 8)
        rows = [page_noise(r.seed, r.scene_id, r.take, shape) for r in requests]
        return torch.from_numpy(np.stack(rows)).to(self.device)
