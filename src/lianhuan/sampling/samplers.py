"""Samplers as generators: each step yields what is known; the caller may stop, look, or send another `x` to go on from.

All of them see `denoise(x, t) -> x0` and a path, and use only + - * / on arrays, so the same functions run on torch
tensors and on NumPy arrays.
"""

import itertools
import math
from collections.abc import Callable, Generator
from typing import Any, NamedTuple

from lianhuan.errors import CheckpointError
from lianhuan.sampling.path import NoisePath

Array = Any
"""A torch tensor or a NumPy array."""
Denoise = Callable[[Array, float], Array]
Walk = Generator["Denoised", Array | None]
Walker = Callable[[Denoise, NoisePath, Array, list[float]], Walk]
Sampler = Callable[[NoisePath, int], tuple[list[float], Walker]]
"""From a path and a number of steps: the times to visit, -1 last, and how to walk along them or along the last of them."""


class Denoised(NamedTuple):
    """After a step: `x` at the next time, and the estimate `x0` of the clean latents behind it."""

    x: Array
    x0: Array


def ddim(denoise: Denoise, path: NoisePath, x: Array, times: list[float]) -> Walk:
    """Deterministic DDIM (Song et al. 2021, eq. 12 with sigma = 0) from noise `x` along `times`."""
    for t, after in itertools.pairwise(times):
        x0 = denoise(x, t)
        eps = (x - path.alpha(t) * x0) / path.sigma(t)
        x = path.alpha(after) * x0 + path.sigma(after) * eps
        x = _sent((yield Denoised(x, x0)), x)


def dpmpp_2m(denoise: Denoise, path: NoisePath, x: Array, times: list[float]) -> Walk:
    """DPM-Solver++(2M), multistep, data prediction (Lu et al. 2022, algorithm 2); the last step is of first order."""

    def log_snr(t: float) -> float:
        return math.log(path.alpha(t)) - math.log(path.sigma(t))

    previous: tuple[Array, float] | None = None
    for t, after in itertools.pairwise(times):
        x0 = denoise(x, t)
        if after < 0:
            yield Denoised(x0, x0)
            return
        step = log_snr(after) - log_snr(t)
        estimate = x0
        if previous is not None:
            estimate = x0 + (x0 - previous[0]) * (0.5 * step / previous[1])
        x = path.sigma(after) / path.sigma(t) * x - path.alpha(after) * math.expm1(-step) * estimate
        previous = (x0, step)
        x = _sent((yield Denoised(x, x0)), x)


def ddpm(denoise: Denoise, path: NoisePath, x: Array, times: list[float], noise: Callable[[], Array]) -> Walk:
    """Ancestral DDPM sampling from the posterior q(x_{t-1} | x_t, x_0) (Ho et al. 2020, eq. 6 and 7).

    `noise()` gives fresh standard normal noise of the shape of `x`; the variance is beta-tilde.
    """
    for t, after in itertools.pairwise(times):
        x0 = denoise(x, t)
        left, kept = path.alpha(t) / path.alpha(after), path.sigma(after) / path.sigma(t)
        beta = 1 - left**2
        x = path.alpha(after) * beta / path.sigma(t) ** 2 * x0 + left * kept**2 * x
        if after >= 0:
            x = x + math.sqrt(beta) * kept * noise()
        x = _sent((yield Denoised(x, x0)), x)


def _sent(other: Array | None, x: Array) -> Array:
    return x if other is None else other


SAMPLERS: dict[str, Walker] = {"ddim": ddim, "dpmpp-2m": dpmpp_2m}
"""The deterministic samplers, by their command-line names."""


def own_sampler(name: str) -> Sampler:
    """One of `SAMPLERS` at evenly spaced times.

    Raises:
        ValueError: no such sampler.
    """
    if name not in SAMPLERS:
        raise CheckpointError(f"no sampler is called {name!r}; there are: {', '.join(SAMPLERS)}")
    return lambda path, steps: (path.times(steps), SAMPLERS[name])
