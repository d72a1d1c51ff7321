"""Generators draw one frame."""

from lianhuan.generators.base import Control, Drawn, DrawStep, Generator
from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.latent_diffusion import LatentDiffusion
from lianhuan.generators.load import STORYBOOK, load_generator
from lianhuan.generators.options import Compute, Extras
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
    "PipelineGenerator",
    "load_generator",
]
