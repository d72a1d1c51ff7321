"""Drawing over a given picture (SDEdit: Meng et al. 2022)."""

from typing import Any

from lianhuan.arrays import Array
from lianhuan.generators.base import Control
from lianhuan.sampling import Shares
from lianhuan.tensors import digest


class SDEdit(Control):
    """Starts from a picture with noise on it instead of from pure noise.

    Args:
        latents: (B, C, h, w) of the picture.
        strength: above 0 and at most 1, the share of the steps that is drawn, at least one: 1 forgets the picture.

    Raises:
        ValueError: `strength` is outside that.
    """

    def __init__(self, latents: Array, strength: float):
        if not 0 < strength <= 1:
            raise ValueError(f"strength must be above 0 and at most 1, not {strength}")
        self.latents = latents
        self.strength = strength

    def start(self, x: Array, times: list[float], path: Shares) -> tuple[Array, list[float]]:
        """The picture at the first of the times that are left."""
        steps = len(times) - 1
        left = times[steps - max(1, round(self.strength * steps)) :]
        return path.alpha(left[0]) * self.latents + path.sigma(left[0]) * x, left

    def recipe(self) -> dict[str, Any]:
        """The picture and the strength."""
        return {**super().recipe(), "picture": digest(self.latents), "strength": self.strength}
