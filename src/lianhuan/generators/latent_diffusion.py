"""Latent diffusion: noise -> latents -> picture, one frame per request."""

from collections.abc import Callable, Iterator, Mapping, Sequence

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
        contexts = []
        for row, page in enumerate(requests):
            one = slice(row, row + 1)
            tokens, keep = self.text_encoder(ids[one], segments[one], mask[one])
            contexts.append(Context(tokens, keep, (frozenset(entry.name for entry in page.stage),)))
        return Context.join(contexts)

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
        contexts: Sequence[Mapping[str, Context]],
        control: Control,
        sampler: str = "dpmpp-2m",
    ) -> Iterator[DrawStep | Drawn]:
        """Draw one frame per request.

        Args:
            requests: B pages with the same number of steps.
            contexts: for each page, branch name -> its context.
            control: how the branches are combined.
            sampler: a name of `lianhuan.sampling.SAMPLERS`.

        Yields:
            a `DrawStep` after every step and `Drawn` with B pictures of `size` px at the end.

        Raises:
            ValueError: the pages want different numbers of steps, or only some of them show a pasted picture.
        """
        steps = {request.steps for request in requests}
        pasted = [page["cond"].picture for page in contexts if page["cond"].picture is not None]
        if len(steps) != 1 or len(pasted) not in (0, len(requests)):
            raise ValueError(
                "pages drawn together must have the same number of steps, and all be drawn or all pasted"
            )
        if pasted:
            yield self._finish(torch.cat(pasted))
            return
        x = self._noise(requests)
        times = self.denoiser.path.times(steps.pop())
        walk = SAMPLERS[sampler](self._denoise(contexts, control), self.denoiser.path, x, times)
        for number in range(1, len(times)):
            with torch.inference_mode():
                x, x0 = next(walk)
            yield DrawStep(number, len(times) - 1, x0)
        yield self._finish(x)

    def _denoise(
        self, contexts: Sequence[Mapping[str, Context]], control: Control
    ) -> Callable[[Tensor, int], Tensor]:
        """What a sampler calls: all branches of a page in one call; on a CPU page by page, else all pages together."""
        branches = control.branches()
        pages = [Context.join([page[branch] for branch in branches]) for page in contexts]
        calls = pages if self.device.type == "cpu" else [Context.join(pages)]

        def denoise(x: Tensor, t: int) -> Tensor:
            estimates = []
            for some, context in zip(x.chunk(len(calls)), calls, strict=True):
                out = self.denoiser(some.repeat_interleave(len(branches), dim=0), t, context)
                predictions = out.unflatten(0, (len(some), len(branches))).unbind(1)
                estimates.append(control.combine(dict(zip(branches, predictions, strict=True))))
            return torch.cat(estimates)

        return denoise

    def _finish(self, latents: Tensor) -> Drawn:
        with torch.inference_mode():
            return Drawn(to_images(rowwise(self.autoencoder.decode, latents)))

    def _noise(self, requests: Sequence[PageRequest]) -> Tensor:
        shape = (self.autoencoder.config.latent_channels, self.size // 8, self.size // 8)
        rows = [page_noise(r.seed, r.scene_id, r.take, shape) for r in requests]
        return torch.from_numpy(np.stack(rows)).to(self.device)
