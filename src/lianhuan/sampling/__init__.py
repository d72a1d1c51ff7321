"""Noise paths, samplers and per-page noise: plain arithmetic on arrays, torch or NumPy."""

from lianhuan.sampling.noise import page_noise, page_seed
from lianhuan.sampling.path import FlowPath, NoisePath, Shares, clean
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
    "FlowPath",
    "NoisePath",
    "Sampler",
    "Shares",
    "Walk",
    "Walker",
    "clean",
    "ddim",
    "ddpm",
    "dpmpp_2m",
    "own_sampler",
    "page_noise",
    "page_seed",
]
