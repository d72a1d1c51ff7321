"""Generators draw one frame."""

from lianhuan.generators.base import Control, Drawn, DrawStep, Generator
from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.latent_diffusion import LatentDiffusion
from lianhuan.generators.load import STORYBOOK, load_generator
from lianhuan.generators.pipeline import PipelineGenerator

__all__ = [
    "STORYBOOK",
    "Control",
    "DrawStep",
    "Drawn",
    "Generator",
    "LatentDiffusion",
    "LatentGenerator",
    "PipelineGenerator",
    "load_generator",
]
