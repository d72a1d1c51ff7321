"""Noise paths, samplers and per-page noise: plain arithmetic on arrays, torch or NumPy."""

from lianhuan.sampling.noise import page_noise
from lianhuan.sampling.path import NoisePath
from lianhuan.sampling.samplers import SAMPLERS, Denoised, ddim, ddpm, dpmpp_2m

__all__ = ["SAMPLERS", "Denoised", "NoisePath", "ddim", "ddpm", "dpmpp_2m", "page_noise"]
