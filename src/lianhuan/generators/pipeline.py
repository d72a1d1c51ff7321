"""Stock pipelines of diffusers, attached: their own loop draws a page from the page's own noise."""

import inspect
import math
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from lianhuan.errors import CheckpointError
from lianhuan.generators.attach import attach, check_attachable
from lianhuan.generators.base import Control, Drawn, DrawStep, Engine, Input
from lianhuan.generators.options import Compute, Extras
from lianhuan.generators.packing import packed
from lianhuan.generators.prompt import page_prompt
from lianhuan.generators.stepwise import Tell, stepwise
from lianhuan.images import fit_square
from lianhuan.models.context import Context
from lianhuan.sampling import page_noise, page_seed
from lianhuan.story import DEFAULT_STEPS, PageRequest
from lianhuan.tensors import to_images, to_tensor


class PipelineGenerator:
    """Draws with any text-to-image pipeline of diffusers; see `lianhuan.generators.Generator`.

    The pipeline reads the words and runs its loop itself: a context holds no tokens, and what stands for latents are the
    pictures themselves, (B, 3, size, size) in [-1, 1]. Controls are attached to it, see `lianhuan.generators.attach`.

    Args:
        name: what the user called it.
        fingerprint: hash of its weights.
        pipeline: of diffusers, in evaluation mode, on its device.
        size: side of its pictures in pixels.
    """

    engine: Engine = "torch"
    accepts: frozenset[Input] = frozenset({"picture"})
    extras = Extras()
    compute = Compute()

    def __init__(self, *, name: str, fingerprint: str, pipeline: Any, size: int):
        self.name = name
        self.fingerprint = fingerprint
        self.pipeline = pipeline
        self.size = size

    @property
    def negates(self) -> bool:
        """Whether guidance can lead away from words."""
        return "negative_prompt" in inspect.signature(self.pipeline.__call__).parameters

    def check(self, sampler: str, negative_prompt: str) -> None:
        """Check what a book wants.

        Raises:
            CheckpointError: it cannot draw with this sampler, or away from these words; "" is always well.
        """
        if sampler:
            raise CheckpointError(
                f"{self.name} is drawn by its stock pipeline with the scheduler that it comes with; leave --sampler away"
            )
        if negative_prompt and not self.negates:
            raise CheckpointError(f"{self.name} takes no negative prompt; leave it away")

    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """The cast of each page; there are no tokens."""
        return Context(
            torch.zeros(len(requests), 0, 0),
            torch.zeros(len(requests), 0, dtype=torch.bool),
            tuple(frozenset(entry.name for entry in page.stage) for page in requests),
        )

    def null(self, count: int, words: str = "") -> Context:  # noqa: ARG002 - the pipeline reads them itself
        """The context of `count` pages that say nothing."""
        return self.encode([PageRequest(scene_id="", caption="")] * count)

    def encode_pictures(self, images: Sequence[Image.Image]) -> Tensor:
        """Pictures of any size as they stand for latents, cropped to the middle square."""
        return to_tensor([fit_square(image, self.size) for image in images])

    @torch.no_grad()
    def control_latents(self, picture: Image.Image) -> Tensor:
        """Latents (1, C, h, w) of a picture of any size, for controls; cropped to the middle square.

        Raises:
            CheckpointError: the pipeline is of a kind that controls cannot be attached to.
        """
        from lianhuan.generators.stable_diffusion import StableAutoencoder  # brings transformers

        check_attachable(self.pipeline)
        device = torch.device(self.compute.device)
        autoencoder = StableAutoencoder(self.pipeline.vae)
        for name, buffer in list(autoencoder.named_buffers(recurse=False)):
            setattr(autoencoder, name, buffer.to(device))
        return autoencoder.encode(self.encode_pictures([picture]).to(device))

    def frames(
        self,
        requests: Sequence[PageRequest],
        contexts: Sequence[Mapping[str, Context]],
        controls: Sequence[Control],
    ) -> Iterator[DrawStep | Drawn]:
        """Draw one frame per request, one after another.

        Args:
            requests: B pages.
            contexts: for each page, branch name -> its context; the pipeline makes its own null.
            controls: guidance, and what bends the sampling of each page, in order.

        Yields:
            a `DrawStep` after every step of every page, if the pipeline tells of its steps, and `Drawn` with B pictures of
            `size` px at the end.

        Raises:
            CheckpointError: the pipeline is of a kind that controls cannot be attached to, or cannot give one what it needs.
        """
        scales = [scale for control in controls if (scale := control.guidance()) is not None]
        bending = [control for control in controls if control.guidance() is None]
        total, done = sum(request.steps for request in requests), 0
        images: list[Image.Image] = []
        for request, page in zip(requests, contexts, strict=True):
            context = page["cond"]
            if context.picture is not None:
                images += to_images(context.picture)
            else:
                how = self.call(request, scales[0] if scales else 1.0, _examples(context))
                images.append((yield from self._draw(how, bending, done, total)))
            done += request.steps
        yield Drawn(images)

    def steps(self, guidance: float, sampler: str) -> int:  # noqa: ARG002 - the same for all
        """The denoising steps of a page where nobody wants another number."""
        return DEFAULT_STEPS

    def call(self, request: PageRequest, guidance: float, examples: Sequence[Image.Image]) -> dict[str, Any]:  # noqa: ARG002 - for the families
        """The arguments with which the pipeline draws a page.

        Args:
            request: the page.
            guidance: scale; 1 means none.
            examples: pictures to go by; none where the family accepts none.
        """
        seed = page_seed(request.seed, request.scene_id, request.take)
        return {
            **self._shared(request),
            "guidance_scale": guidance,
            "generator": torch.Generator().manual_seed(seed),
            **({"negative_prompt": request.negative_prompt} if request.negative_prompt else {}),
        }

    def _shared(self, request: PageRequest) -> dict[str, Any]:
        return {
            "prompt": page_prompt(request),
            "height": self.size,
            "width": self.size,
            "num_inference_steps": request.steps,
        }

    def _noise(self, request: PageRequest, channels: int, factor: int) -> Tensor:
        """(1, channels, size / factor, size / factor), the page's own."""
        shape = (channels, self.size // factor, self.size // factor)
        return torch.from_numpy(page_noise(request.seed, request.scene_id, request.take, shape))[None]

    def _draw(
        self, how: Mapping[str, Any], controls: Sequence[Control], done: int, total: int
    ) -> Generator[DrawStep, None, Image.Image]:
        hook = "callback_on_step_end"
        known = inspect.signature(self.pipeline.__call__).parameters

        def run(tell: Tell[DrawStep]) -> Image.Image:
            def after(_pipeline: Any, number: int, _time: Any, _tensors: Any) -> dict[str, Any]:
                tell(DrawStep(done + number + 1, total))
                return {}

            with attach(self.pipeline, controls) if controls else nullcontext():
                return self.pipeline(**how, **({hook: after} if hook in known else {})).images[0]

        return (yield from stepwise(run))


class Flux(PipelineGenerator):
    """FLUX.1: the scale of guidance is told to the network, as it was distilled; FLUX.1 schnell knows none."""

    negates = False

    def call(self, request: PageRequest, guidance: float, examples: Sequence[Image.Image]) -> dict[str, Any]:  # noqa: ARG002 - it accepts none
        """The arguments with which the pipeline draws a page."""
        noise = self._noise(request, self.pipeline.vae.config.latent_channels, self.pipeline.vae_scale_factor)
        return {**self._shared(request), "guidance_scale": guidance, "latents": packed(noise)}


class FluxKontext(Flux):
    """FLUX.1 Kontext: takes one picture, so several examples stand in it side by side."""

    accepts: frozenset[Input] = frozenset({"picture", "examples"})

    def call(self, request: PageRequest, guidance: float, examples: Sequence[Image.Image]) -> dict[str, Any]:
        """The arguments with which the pipeline draws a page; all examples together are as large as the page."""
        return {
            **super().call(request, guidance, examples),
            "image": _side_by_side(examples, self.size) if examples else None,
            "max_area": self.size**2,
            "_auto_resize": False,
        }


class Flux2Klein(PipelineGenerator):
    """FLUX.2 klein: takes any number of pictures; its distilled form knows no guidance."""

    accepts: frozenset[Input] = frozenset({"picture", "examples"})

    def call(self, request: PageRequest, guidance: float, examples: Sequence[Image.Image]) -> dict[str, Any]:
        """The arguments with which the pipeline draws a page."""
        channels, factor = self.pipeline.transformer.config.in_channels, 2 * self.pipeline.vae_scale_factor
        return {
            **self._shared(request),
            "guidance_scale": 1.0 if self.pipeline.config.is_distilled else guidance,
            "latents": self._noise(request, channels, factor),
            "image": list(examples) or None,
        }


def _examples(context: Context) -> list[Image.Image]:
    """The pictures of the context of one page."""
    found = context.examples
    return [] if found is None else to_images(found.latents[0, found.there[0]])


def _side_by_side(pictures: Sequence[Image.Image], size: int) -> Image.Image:
    """Square pictures of one size in a row, about `size` x `size` pixels in all."""
    side = round(size / math.sqrt(len(pictures)))
    row = Image.new("RGB", (side * len(pictures), side))
    for i, picture in enumerate(pictures):
        row.paste(fit_square(picture, side), (i * side, 0))
    return row
