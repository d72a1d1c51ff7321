"""The protocol of all generators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from PIL import Image

from lianhuan.generators.options import Compute, Extras
from lianhuan.models.context import Context
from lianhuan.sampling import Shares
from lianhuan.story import PageRequest

if TYPE_CHECKING:
    from torch import Tensor

Engine = Literal["light", "torch"]
"""What computes: OpenVINO and NumPy, or torch."""
Input = Literal["tokens", "references", "picture", "examples", "prompts", "weights"]
"""What can reach a generator beside the words of a page: parts of its `Context` that memories fill, weights of characters."""


@dataclass(frozen=True)
class DrawStep:
    """Step `number` of `total` (from 1) is done.

    `x0` (B, C, H, W) is the present estimate of the clean latents, None where a stock pipeline does not tell it.
    """

    number: int
    total: int
    x0: Tensor | None = None


@dataclass(frozen=True)
class Drawn:
    """The finished pictures, one per page."""

    images: list[Image.Image]


@dataclass(frozen=True)
class Moment:
    """One step of the sampling of some pages.

    Attributes:
        number: of the step, from 0.
        total: number of steps.
        t: its training time; the time of a look ahead in samplers that evaluate a step twice.
        path: between pictures and noise.
        x: (B, C, H, W) latents at `t`.
    """

    number: int
    total: int
    t: float
    path: Shares
    x: Tensor


class Control:
    """What bends the sampling of a frame. This one does nothing; a control overrides the hooks that it needs.

    Attributes:
        window: share of the steps, (first, last) in 0..1, in which `x0` and `loss` are asked.
        rule: what a loss does. "score" adds its gradient to the prediction of the noise (Dhariwal and Nichol 2021,
            algorithm 2); "normalised" moves the latents after the step against it, as far as `scale` times the step
            itself (sketch guidance, seed document 004).
        scale: strength of the loss.
        layers: names of the denoiser's layers whose activations `loss` wants.
    """

    window: tuple[float, float] = (0.0, 1.0)
    rule: Literal["score", "normalised"] = "score"
    scale: float = 1.0
    layers: tuple[str, ...] = ()

    def guidance(self) -> float | None:
        """The scale of classifier-free guidance if that is all that it does, which stock pipelines do themselves; or None."""
        return None

    def start(self, x: Tensor, times: list[float], path: Shares) -> tuple[Tensor, list[float]]:  # noqa: ARG002
        """Latents to start from and the times to visit, from pure noise and all times."""
        return x, times

    def branches(self) -> tuple[str, ...]:
        """Which conditionings to run, "cond" last; () leaves it to others."""
        return ()

    def combine(self, predictions: dict[str, Tensor]) -> Tensor:
        """One x0 estimate from those of the branches."""
        return predictions["cond"]

    def x0(self, moment: Moment, x0: Tensor) -> Tensor:  # noqa: ARG002
        """The estimate of the clean latents, edited."""
        return x0

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor | None:  # noqa: ARG002
        """(B,) what should become small, a differentiable function of `moment.x` through `x0` and `features`; or None."""
        return None

    def picture(self, images: list[Image.Image]) -> list[Image.Image]:
        """The finished pictures, edited."""
        return images

    def recipe(self) -> dict[str, Any]:
        """What decides what it does, as plain JSON, for the record of a picture."""
        return {"control": type(self).__name__}


class Generator(Protocol):
    """Draws frames. `fingerprint` names the weights: equal fingerprints and requests give equal pictures.

    `accepts` declares what can reach it; memories that give anything else are refused. With the engine "light" all arrays
    are NumPy's, and a memory must be of the same engine. `extras` and `compute` say how it was loaded.
    """

    engine: Engine
    name: str
    fingerprint: str
    size: int
    accepts: frozenset[Input]
    extras: Extras
    compute: Compute

    def check(self, sampler: str, negative_prompt: str) -> None:
        """Raises: CheckpointError: it cannot draw with this sampler, or away from these words; "" is always well."""
        ...

    def steps(self, guidance: float, sampler: str) -> int:
        """The denoising steps of a page where nobody wants another number."""
        ...

    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """The context of each page: its words and its stage."""
        ...

    def null(self, count: int, words: str = "") -> Context:
        """The context of `count` pages that say nothing, or nothing but `words`: what guidance leads away from."""
        ...

    def encode_pictures(self, images: Sequence[Image.Image]) -> Tensor:
        """Latents (B, C, h, w) of pictures of any size, for memories."""
        ...

    def control_latents(self, picture: Image.Image) -> Tensor:
        """Latents (1, C, h, w) of a picture of any size, as controls see them."""
        ...

    def frames(
        self,
        requests: Sequence[PageRequest],
        contexts: Sequence[Mapping[str, Context]],
        controls: Sequence[Control],
    ) -> Iterator[DrawStep | Drawn]:
        """Draw one frame per request, each with its context per branch; the last event is `Drawn`."""
        ...
