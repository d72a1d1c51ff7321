"""Generators draw one frame."""

from typing import TYPE_CHECKING

from lianhuan.generators.base import Control, Drawn, DrawStep, Generator
from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.load import STORYBOOK, load_generator
from lianhuan.generators.options import Compute, Extras
from lianhuan.late import late_names

if TYPE_CHECKING:
    from lianhuan.generators.latent_diffusion import LatentDiffusion
    from lianhuan.generators.light import LightDiffusion
    from lianhuan.generators.pipeline import PipelineGenerator

__all__ = [
    "STORYBOOK",
    "Compute",
    "Control",
    "DrawStep",
    "Drawn",
    "Extras",
    "Generator",
    "LatentDiffusion",
    "LatentGenerator",
    "LightDiffusion",
    "PipelineGenerator",
    "load_generator",
]

__getattr__ = late_names(
    __name__,
    {
        "LatentDiffusion": "lianhuan.generators.latent_diffusion",
        "LightDiffusion": "lianhuan.generators.light",
        "PipelineGenerator": "lianhuan.generators.pipeline",
    },
)
