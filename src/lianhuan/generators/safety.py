"""The safety checker that some checkpoints come with."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image


class SafetyChecker:
    """Blackens the pictures that the checkpoint's own checker flags, as the stock pipelines do.

    Args:
        network: diffusers' StableDiffusionSafetyChecker, in evaluation mode.
        processor: makes its input of pictures.
    """

    def __init__(self, network: Any, processor: Any):
        self.network = network
        self.processor = processor

    @torch.no_grad()
    def __call__(self, images: Sequence[Image.Image]) -> list[Image.Image]:
        """The pictures, flagged ones black; each is judged for itself."""
        return [Image.new("RGB", image.size) if self._flags(image) else image for image in images]

    def _flags(self, image: Image.Image) -> bool:
        pixels = self.processor(image, return_tensors="pt").pixel_values.to(self.network.device)
        _, flags = self.network(clip_input=pixels, images=[np.zeros(1)])
        return bool(flags[0])
