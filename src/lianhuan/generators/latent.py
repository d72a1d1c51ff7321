"""What all generators that denoise latents have in common: noise -> latents -> picture, one frame per request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from lianhuan.generators.base import Control, Drawn, DrawStep, Engine, Input
from lianhuan.generators.loop import Predict, Predictions, branches_of, sample
from lianhuan.images import fit_square
from lianhuan.late import Late
from lianhuan.models.context import Context
from lianhuan.sampling import Sampler, own_sampler, page_noise
from lianhuan.story import PageRequest
from lianhuan.tensors import rowwise, to_images, to_tensor

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from lianhuan.models.denoiser import Denoiser
else:
    torch = Late("torch")


class LatentGenerator(ABC):
    """Draws frames by denoising latents, 1/8 of a picture's side; see `lianhuan.generators.Generator`.

    Attributes:
        name: what the user called it.
        fingerprint: hash of its weights.
        autoencoder: module with `encode`, `decode` and `config.latent_channels`; its class is the family's own.
        text_encoder, tokenizer: the parts that read words; their classes are the family's own.
        denoiser: the network.
        size: side of its pictures in pixels.
    """

    engine: Engine = "torch"
    accepts: frozenset[Input] = frozenset({"tokens", "references", "picture"})
    name: str
    fingerprint: str
    autoencoder: Any
    text_encoder: Any
    tokenizer: Any
    denoiser: Denoiser
    size: int

    @property
    def device(self) -> torch.device:
        """Where it computes."""
        return next(self.denoiser.parameters()).device

    @abstractmethod
    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """Context of each page; a page has the same numbers in any batch."""

    @abstractmethod
    def null(self, count: int) -> Context:
        """The context of `count` pages that say nothing."""

    def sampler(self, name: str) -> Sampler:
        """The sampler of this name.

        Raises:
            ValueError: there is none.
        """
        return own_sampler(name)

    def encode_pictures(self, images: Sequence[Image.Image]) -> Tensor:
        """Latents (B, C, h, w) of pictures of any size, cropped to the middle square."""
        pictures = to_tensor([fit_square(i, self.size) for i in images]).to(self.device)
        with torch.no_grad():
            return rowwise(self.autoencoder.encode, pictures.contiguous())

    def control_latents(self, picture: Image.Image) -> Tensor:
        """Latents (1, C, h, w) of a picture of any size, for controls; cropped to the middle square."""
        return self.encode_pictures([picture])

    def frames(
        self,
        requests: Sequence[PageRequest],
        contexts: Sequence[Mapping[str, Context]],
        controls: Sequence[Control],
        sampler: str | Sampler = "dpmpp-2m",
    ) -> Iterator[DrawStep | Drawn]:
        """Draw one frame per request.

        Args:
            requests: B pages with the same number of steps.
            contexts: for each page, branch name -> its context.
            controls: what bends the sampling, in order.
            sampler: a name that `sampler` knows, or a sampler.

        Yields:
            a `DrawStep` after every step and `Drawn` with B pictures of `size` px at the end.

        Raises:
            ValueError: the pages want different numbers of steps, only some of them show a pasted picture, two controls
                want to guide, or there is no such sampler.
        """
        steps = {request.steps for request in requests}
        pasted = [page["cond"].picture for page in contexts if page["cond"].picture is not None]
        if len(steps) != 1 or len(pasted) not in (0, len(requests)):
            raise ValueError(
                "pages drawn together must have the same number of steps, and all be drawn or all pasted"
            )
        if pasted:
            yield Drawn(self.decode(torch.cat(pasted)))
            return
        predict, noise = self._predict(contexts, controls), self._noise(requests)
        walk = self.sampler(sampler) if isinstance(sampler, str) else sampler
        for step in sample(predict, self.denoiser.path, noise, steps.pop(), controls, walk):
            yield step
        assert step.x0 is not None  # our own loop tells it
        images = self.decode(step.x0)
        for control in controls:
            images = control.picture(images)
        yield Drawn(images)

    def decode(self, latents: Tensor) -> list[Image.Image]:
        """Pictures of latents (B, C, h, w)."""
        with torch.no_grad():
            return to_images(rowwise(self.autoencoder.decode, latents))

    def _predict(self, contexts: Sequence[Mapping[str, Context]], controls: Sequence[Control]) -> Predict:
        """All branches of a page in one call; on a CPU page by page, else all pages together."""
        from lianhuan.models.denoiser import watched  # slow: brings diffusers

        branches = branches_of(controls)
        layers = tuple(dict.fromkeys(layer for control in controls for layer in control.layers))
        pages = [Context.join([page[branch] for branch in branches]) for page in contexts]
        calls = pages if self.device.type == "cpu" else [Context.join(pages)]

        def predict(x: Tensor, t: float) -> Predictions:
            found: list[Tensor] = []
            seen: dict[str, list[Tensor]] = {layer: [] for layer in layers}
            for some, context in zip(x.chunk(len(calls)), calls, strict=True):
                with watched(self.denoiser.unet, layers) as activations:
                    out = self.denoiser(some.repeat_interleave(len(branches), dim=0), t, context)
                found.append(out.unflatten(0, (len(some), len(branches))))
                for layer, value in activations.items():
                    seen[layer].append(value.unflatten(0, (len(some), len(branches)))[:, -1])
            by_branch = dict(zip(branches, torch.cat(found).unbind(1), strict=True))
            return by_branch, {layer: torch.cat(values) for layer, values in seen.items()}

        return predict

    def _noise(self, requests: Sequence[PageRequest]) -> Tensor:
        shape = (self.autoencoder.config.latent_channels, self.size // 8, self.size // 8)
        rows = [page_noise(r.seed, r.scene_id, r.take, shape) for r in requests]
        return torch.from_numpy(np.stack(rows)).to(self.device)
