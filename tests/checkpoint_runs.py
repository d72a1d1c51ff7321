"""Drawing pages with tiny Stable Diffusion checkpoints."""

from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image
from torch import Tensor

from lianhuan.generators import Control, Drawn, DrawStep
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.sampling import Sampler, page_noise
from lianhuan.story import PageRequest
from lianhuan.testing.checkpoints import SIDE

SHORT = "A red fox on a hill"
LONG = "Mia walks along the river with a lantern in her hand while the fox follows her through the tall grass at night"


def page(number: int = 0, caption: str = SHORT, steps: int = 4, **more: Any) -> PageRequest:
    return PageRequest(scene_id=f"s{number}", caption=caption, steps=steps, **more)


def draw(
    generator: StableDiffusion,
    pages: Sequence[PageRequest],
    controls: Sequence[Control] = (),
    sampler: str | Sampler = "dpmpp-2m",
) -> tuple[Tensor, list[Image.Image]]:
    """The latents and the pictures of some pages."""
    contexts = [{"cond": generator.encode([one]), "uncond": generator.null(1)} for one in pages]
    *_, step, last = generator.frames(pages, contexts, controls, sampler)
    assert isinstance(step, DrawStep)
    assert isinstance(last, Drawn)
    return step.x0, last.images


def noise(one: PageRequest) -> Tensor:
    return torch.from_numpy(page_noise(one.seed, one.scene_id, one.take, (4, SIDE, SIDE)))[None]
