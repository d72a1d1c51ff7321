"""Paths between pictures and noise: x_t = alpha(t) x0 + sigma(t) eps."""

import itertools
import math
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt


class Shares(Protocol):
    """Any path: how much of the picture and how much of the noise there is at time t."""

    def alpha(self, t: float) -> float:
        """Share of the picture."""
        ...

    def sigma(self, t: float) -> float:
        """Share of the noise."""
        ...


def clean(prediction: str, x: Any, out: Any, alpha: Any, sigma: Any) -> Any:
    """The estimate of x0 behind `x` = alpha x0 + sigma eps, from what a network makes of it; on arrays or tensors.

    Args:
        prediction: what `out` is: "epsilon", or v = alpha eps - sigma x0 (Salimans and Ho 2022).
        x: (B, C, H, W) noisy latents.
        out: the network's own output, of the same shape.
        alpha: share of the picture, a number or one for each of B.
        sigma: share of the noise.
    """
    if prediction == "epsilon":
        return (x - sigma * out) / alpha
    return alpha * x - sigma * out


@dataclass(frozen=True)
class FlowPath:
    """The straight path of flow matching (Liu et al. 2023), from the picture at time 0 to the noise at time `times`.

    The noisiest time keeps `least` of the picture, for some rules divide by its share.
    """

    times: int = 1000
    least: float = 2.0**-12

    def alpha(self, t: float) -> float:
        """Share of the picture at time t; 1 before time 0."""
        return max(1 - max(t, 0) / self.times, self.least)

    def sigma(self, t: float) -> float:
        """Share of the noise at time t; 0 before time 0."""
        return max(t, 0) / self.times


@dataclass(frozen=True)
class NoisePath:
    """A variance-preserving path given by the cumulative products of DDPM (Ho et al. 2020, eq. 4).

    `alphas_cumprod` has one number in (0, 1) per training time, falling; time t is an index into it. Between two times
    sigma / alpha is interpolated linearly, as k-diffusion and the schedulers after it have it.
    """

    alphas_cumprod: npt.NDArray[np.float64]

    @classmethod
    def cosine(cls, times: int = 1000, max_beta: float = 0.999) -> "NoisePath":
        """The cosine path of Nichol and Dhariwal 2021, eq. 17 (diffusers' "squaredcos_cap_v2")."""
        level = [math.cos((i / times + 0.008) / 1.008 * math.pi / 2) ** 2 for i in range(times + 1)]
        betas = [min(1 - after / before, max_beta) for before, after in itertools.pairwise(level)]
        return cls(np.cumprod(1 - np.array(betas, dtype=np.float32), dtype=np.float32).astype(np.float64))

    def alpha(self, t: float) -> float:
        """Share of the picture at time t; 1 before the first time (t = -1), where nothing is left to remove."""
        return 1.0 if t < 0 else math.sqrt(self._share(t))

    def sigma(self, t: float) -> float:
        """Share of the noise at time t; 0 at t = -1."""
        return 0.0 if t < 0 else math.sqrt(1 - self._share(t))

    def times(self, steps: int) -> list[float]:
        """`steps` times from the noisiest downwards, evenly spaced ("trailing", Lin et al. 2024), then -1, the picture.

        Raises:
            ValueError: `steps` is not between 1 and the number of training times.
        """
        total = len(self.alphas_cumprod)
        if not 1 <= steps <= total:
            raise ValueError(f"steps must be between 1 and {total}, not {steps}")
        return [*(round(total - i * total / steps) - 1 for i in range(steps)), -1]

    def _share(self, t: float) -> float:
        """Share of the picture's variance at a time from 0 on."""
        before = math.floor(t)
        if before == t:
            return float(self.alphas_cumprod[before])
        ratios = [math.sqrt((1 - a) / a) for a in self.alphas_cumprod[before : before + 2]]
        ratio = ratios[0] + (t - before) * (ratios[1] - ratios[0])
        return 1 / (1 + ratio**2)
