"""Noise paths, samplers and per-page noise: plain arithmetic on arrays, torch or NumPy."""

from lianhuan.sampling.noise import page_noise, page_seed
from lianhuan.sampling.path import NoisePath
from lianhuan.sampling.samplers import (
    SAMPLERS,
    Denoise,
    Denoised,
    Sampler,
    Walk,
    Walker,
    ddim,
    ddpm,
    dpmpp_2m,
    own_sampler,
)

__all__ = [
    "SAMPLERS",
    "Denoise",
    "Denoised",
    "NoisePath",
    "Sampler",
    "Walk",
    "Walker",
    "ddim",
    "ddpm",
    "dpmpp_2m",
    "own_sampler",
    "page_noise",
    "page_seed",
]
