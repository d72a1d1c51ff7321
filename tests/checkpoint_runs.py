"""Drawing pages with tiny Stable Diffusion checkpoints."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from lianhuan.generators import Control, Drawn, DrawStep
from lianhuan.generators.prompt import page_prompt
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


def drawn_by_stock(
    pipeline: Any, one: PageRequest, guidance: float, **words: Any
) -> tuple[Tensor, np.ndarray]:
    """The latents and the picture (H, W, 3), 0..255, of the stock pipeline."""
    how = {"latents": noise(one), "num_inference_steps": one.steps, "guidance_scale": guidance}
    words = words or {"prompt": page_prompt(one)}
    latents = pipeline(**words, **how, output_type="latent").images
    picture = pipeline(**words, **how, output_type="np").images[0]
    return latents, picture * 255


def assert_same(ours: tuple[Tensor, list[Image.Image]], theirs: tuple[Tensor, np.ndarray]) -> None:
    assert (ours[0] - theirs[0]).abs().max() <= 1e-4 * theirs[0].abs().max()
    assert np.abs(np.asarray(ours[1][0]) - theirs[1]).max() <= 1.001
    assert np.asarray(ours[1][0]).std() > 1  # there is something to compare
