"""The protocol of all generators."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image
from torch import Tensor

from lianhuan.models.context import Context
from lianhuan.story import PageRequest


@dataclass(frozen=True)
class DrawStep:
    """Step `number` of `total` (from 1) is done; `x0` (B, C, H, W) is the present estimate of the clean latents."""

    number: int
    total: int
    x0: Tensor


@dataclass(frozen=True)
class Drawn:
    """The finished pictures, one per page."""

    images: list[Image.Image]


class Control(Protocol):
    """What bends the sampling of a frame."""

    def branches(self) -> tuple[str, ...]:
        """Which conditionings to run, "cond" last."""
        ...

    def combine(self, predictions: dict[str, Tensor]) -> Tensor:
        """One x0 estimate from those of the branches."""
        ...


class Generator(Protocol):
    """Draws frames. `fingerprint` names the weights: equal fingerprints and requests give equal pictures."""

    name: str
    fingerprint: str
    size: int

    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """The context of each page: its words and its stage."""
        ...

    def null(self, count: int) -> Context:
        """The context of `count` pages that say nothing."""
        ...

    def encode_pictures(self, images: Sequence[Image.Image]) -> Tensor:
        """Latents (B, C, h, w) of pictures of any size."""
        ...

    def frames(
        self, requests: Sequence[PageRequest], contexts: Sequence[Mapping[str, Context]], control: Control
    ) -> Iterator[DrawStep | Drawn]:
        """Draw one frame per request, each with its context per branch; the last event is `Drawn`."""
        ...
