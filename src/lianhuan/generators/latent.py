"""What all generators that denoise latents have in common: noise -> latents -> picture, one frame per request."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Control, Drawn, DrawStep, Engine, Input
from lianhuan.generators.loop import Predict, Predictions, any_loses, branches_of, sample
from lianhuan.generators.options import Compute, Extras
from lianhuan.images import fit_square
from lianhuan.late import Late
from lianhuan.models.context import Context
from lianhuan.models.few_steps import FewSteps
from lianhuan.sampling import Sampler, own_sampler, page_noise
from lianhuan.story import DEFAULT_STEPS, PageRequest
from lianhuan.tensors import rowwise, to_images, to_tensor

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from lianhuan.models.denoiser import Denoiser
else:
    torch = Late("torch")

DEFAULT = "dpmpp-2m"
"""The sampler of pages that name none."""


@dataclass(frozen=True)
class Quick:
    """A denoiser of few steps, and what it was made for; no denoiser where it knows too little for the pages."""

    denoiser: Denoiser | None
    how: FewSteps


@dataclass(frozen=True)
class _Way:
    """What draws some pages, and how."""

    denoiser: Denoiser
    steps: int
    sampler: Sampler
    controls: Sequence[Control]


class LatentGenerator(ABC):
    """Draws frames by denoising latents; see `lianhuan.generators.Generator`.

    Attributes:
        name: what the user called it.
        fingerprint: hash of its weights.
        autoencoder: module with `encode`, `decode` and `config.latent_channels`; its class is the family's own.
        text_encoder, tokenizer: the parts that read words; their classes are the family's own.
        denoiser: the network.
        quick: one made to draw in few steps without a second call for guidance, if there is one.
        size: side of its pictures in pixels.
        cell: side of a cell of their latents in pixels.
        bound: of its estimates of clean latents, see `lianhuan.generators.loop.within_bound`; None for none.
        extras, compute: how it was loaded.
        negates: whether guidance can lead away from words.
    """

    engine: Engine = "torch"
    accepts: frozenset[Input] = frozenset({"tokens", "references", "picture"})
    extras = Extras()
    compute = Compute()
    negates = True
    cell: int = 8
    quick: Quick | None = None
    name: str
    fingerprint: str
    autoencoder: Any
    text_encoder: Any
    tokenizer: Any
    denoiser: Denoiser
    size: int
    bound: float | None = None

    @property
    def device(self) -> torch.device:
        """Where it computes; its networks may wait elsewhere."""
        if self.compute.offloads:
            return torch.device(self.compute.device)
        return next(self.denoiser.parameters()).device

    @property
    def side(self) -> int:
        """Cells of a picture's latents, one way."""
        return self.size // self.cell

    def check(self, sampler: str, negative_prompt: str) -> None:
        """Check what a book wants.

        Raises:
            CheckpointError: it cannot draw with this sampler, or away from these words; "" is always well.
        """
        if sampler:
            self.sampler(sampler)
        if negative_prompt and not self.negates:
            raise CheckpointError(
                f"{self.name} takes no negative prompt: it was trained to be led away from the empty page alone; leave it away, "
                "and say in the story what is to be seen"
            )

    def steps(self, guidance: float, sampler: str) -> int:
        """The denoising steps of a page where nobody wants another number."""
        quick = self.quick
        if (
            quick is not None
            and quick.denoiser is not None
            and quick.how.draws(quick.how.steps, guidance, sampler)
        ):
            return quick.how.steps
        return DEFAULT_STEPS

    @abstractmethod
    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """Context of each page; a page has the same numbers in any batch."""

    @abstractmethod
    def null(self, count: int, words: str = "") -> Context:
        """The context of `count` pages that say nothing, or nothing but `words`."""

    def sampler(self, name: str) -> Sampler:
        """The sampler of this name.

        Raises:
            CheckpointError: there is none.
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
        sampler: str | Sampler = "",
    ) -> Iterator[DrawStep | Drawn]:
        """Draw one frame per request.

        Args:
            requests: B pages with the same number of steps and the same sampler.
            contexts: for each page, branch name -> its context.
            controls: what bends the sampling, in order.
            sampler: one instead of the pages' own: a name that `sampler` knows, or a sampler.

        Yields:
            a `DrawStep` after every step and `Drawn` with B pictures of `size` px at the end.

        Raises:
            ValueError: the pages want different numbers of steps or samplers, only some of them show a pasted picture, or
                two controls want to guide.
            CheckpointError: there is no such sampler.
        """
        ways = {(request.steps, request.sampler) for request in requests}
        pasted = [page["cond"].picture for page in contexts if page["cond"].picture is not None]
        if len(ways) != 1 or len(pasted) not in (0, len(requests)):
            raise ValueError(
                "pages drawn together must have the same number of steps and sampler, and all be drawn or all pasted"
            )
        if pasted:
            yield Drawn(self.decode(torch.cat(pasted)))
            return
        steps, own = ways.pop()
        way = self._way(steps, sampler or own, controls)
        predict, noise = self._predict(way.denoiser, contexts, way.controls), self._noise(requests)
        for step in sample(
            predict, self.denoiser.path, noise, way.steps, way.controls, way.sampler, self.bound
        ):
            yield step
        assert step.x0 is not None  # our own loop tells it
        images = self.decode(step.x0)
        for control in controls:
            images = control.picture(images)
        yield Drawn(images)

    def _way(self, steps: int, sampler: str | Sampler, controls: Sequence[Control]) -> _Way:
        """How to draw: the quick way where it can be gone, and the slow one with its own number of steps where only the controls or what is known forbid it."""
        walk = self.sampler(sampler or DEFAULT) if isinstance(sampler, str) else sampler
        slow = _Way(self.denoiser, steps, walk, controls)
        scales = [control.guidance() for control in controls]
        guidance = next((scale for scale in scales if scale is not None), 1.0)
        if self.quick is None or not self.quick.how.draws(steps, guidance, sampler):
            return slow
        others = [control for control in controls if control.guidance() is None]
        quick = self.quick.denoiser
        if quick is None or any_loses(others) or branches_of(others) != ("cond",):
            return replace(slow, steps=DEFAULT_STEPS)
        return _Way(quick, steps, own_sampler("ddim"), others)

    def decode(self, latents: Tensor) -> list[Image.Image]:
        """Pictures of latents (B, C, h, w)."""
        with torch.no_grad():
            return to_images(rowwise(self.autoencoder.decode, latents))

    def _predict(
        self, denoiser: Denoiser, contexts: Sequence[Mapping[str, Context]], controls: Sequence[Control]
    ) -> Predict:
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
                with watched(denoiser.unet, layers) as activations:
                    out = denoiser(some.repeat_interleave(len(branches), dim=0), t, context)
                found.append(out.unflatten(0, (len(some), len(branches))))
                for layer, value in activations.items():
                    seen[layer].append(value.unflatten(0, (len(some), len(branches)))[:, -1])
            by_branch = dict(zip(branches, torch.cat(found).unbind(1), strict=True))
            return by_branch, {layer: torch.cat(values) for layer, values in seen.items()}

        return predict

    def _noise(self, requests: Sequence[PageRequest]) -> Tensor:
        shape = (self.autoencoder.config.latent_channels, self.side, self.side)
        rows = [page_noise(r.seed, r.scene_id, r.take, shape) for r in requests]
        return torch.from_numpy(np.stack(rows)).to(self.device)
