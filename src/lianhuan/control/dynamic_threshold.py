"""Dynamic thresholding (Imagen: Saharia et al. 2022, section 2.3)."""

from typing import Any

from lianhuan.arrays import Array, quantiles
from lianhuan.generators.base import Control, Moment


class DynamicThreshold(Control):
    """Pulls estimates back that strong guidance has driven too far.

    For each page s is the `percentile` of |x0|; where s is above `bound`, x0 is clipped to [-s, s] and scaled to
    [-bound, bound].

    Args:
        percentile: share in 0..1.
        bound: largest value of a clean estimate: 1 for pixels in [-1, 1], about 3 for whitened latents.
    """

    def __init__(self, percentile: float = 0.995, bound: float = 3.0):
        self.percentile = percentile
        self.bound = bound

    def x0(self, moment: Moment, x0: Array) -> Array:  # noqa: ARG002 - the hook's form
        """The estimate within the bound."""
        size = quantiles(abs(x0), self.percentile).clip(min=self.bound)[:, None, None, None]
        return x0.clip(-size, size) * (self.bound / size)

    def recipe(self) -> dict[str, Any]:
        """Percentile and bound."""
        return {**super().recipe(), "percentile": self.percentile, "bound": self.bound}
