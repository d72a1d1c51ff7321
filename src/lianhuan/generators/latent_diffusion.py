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
from lianhuan.tensors import rowwise, to_images, to_tensor


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
        ids, segments, mask = (part.to(self.device) for part in self.tokenizer(requests))
        pages = zip(ids.split(1), segments.split(1), mask.split(1), strict=True)
        return Context.join([Context(*self.text_encoder(*page)) for page in pages])

    def null(self, count: int) -> Context:
        """The context of `count` pages that say nothing."""
        return self.encode([PageRequest(scene_id="", caption="")] * count)

    @torch.inference_mode()
    def encode_pictures(self, images: Sequence[Image.Image]) -> Tensor:
        """Latents (B, C, h, w) of pictures of any size, cropped to the middle square."""
        pictures = to_tensor([fit_square(i, self.size) for i in images]).to(self.device)
        return rowwise(self.autoencoder.encode, pictures.contiguous())

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
        tokens = torch.stack([contexts[b].tokens for b in branches], dim=1)
        masks = torch.stack([contexts[b].mask for b in branches], dim=1)

        def denoise(x: Tensor, t: int) -> Tensor:
            def page(x: Tensor, tokens: Tensor, mask: Tensor) -> Tensor:
                """All branches of some pages in one call: (B, C, h, w) from (B, branches, ...) conditionings."""
                both = x.repeat_interleave(len(branches), dim=0)
                out = self.denoiser(both, t, Context(tokens.flatten(0, 1), mask.flatten(0, 1)))
                predictions = out.unflatten(0, (len(x), len(branches))).unbind(1)
                return control.combine(dict(zip(branches, predictions, strict=True)))

            return rowwise(page, x, tokens, masks)

        times = self.denoiser.path.times(steps.pop())
        x = x0 = self._noise(requests)
        walk = SAMPLERS[sampler](denoise, self.denoiser.path, x, times)
        for number in range(1, len(times)):
            with torch.inference_mode():
                x, x0 = next(walk)
            yield DrawStep(number, len(times) - 1, x0)
        with torch.inference_mode():
            yield Drawn(to_images(rowwise(self.autoencoder.decode, x)))

    def _noise(self, requests: Sequence[PageRequest]) -> Tensor:
        shape = (self.autoencoder.config.latent_channels, self.size // 8, self.size // 8)
        rows = [page_noise(r.seed, r.scene_id, r.take, shape) for r in requests]
        return torch.from_numpy(np.stack(rows)).to(self.device)
