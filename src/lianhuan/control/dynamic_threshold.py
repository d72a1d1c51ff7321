"""Dynamic thresholding (Imagen: Saharia et al. 2022, section 2.3)."""

from typing import Any

from lianhuan.arrays import Array
from lianhuan.generators.base import Control, Moment
from lianhuan.generators.loop import within_bound


class DynamicThreshold(Control):
    """Pulls estimates back that strong guidance has driven too far.

    The embedded model has a bound of its own, which it draws with anyway; see `lianhuan.generators.loop.within_bound`.

    Args:
        percentile: share in 0..1.
        bound: largest value of a clean estimate: 1 for pixels in [-1, 1], about 3 for whitened latents.
    """

    def __init__(self, percentile: float = 0.995, bound: float = 3.0):
        self.percentile = percentile
        self.bound = bound

    def x0(self, moment: Moment, x0: Array) -> Array:  # noqa: ARG002 - the hook's form
        """The estimate within the bound."""
        return within_bound(x0, self.bound, self.percentile)

    def recipe(self) -> dict[str, Any]:
        """Percentile and bound."""
        return {**super().recipe(), "percentile": self.percentile, "bound": self.bound}
