"""Classifier-free guidance (Ho and Salimans 2022)."""

from lianhuan.arrays import Array
from lianhuan.generators.base import Control


class ClassifierFree(Control):
    """x0 = x0(null) + scale (x0(y) - x0(null)); the same as guiding eps or v, since x_t is the same in both branches.

    `scale` 1 means no guidance: the null branch is not run. It needs a model trained with the condition dropped at times.
    """

    def __init__(self, scale: float):
        self.scale = scale

    def guidance(self) -> float:
        """Its scale."""
        return self.scale

    def branches(self) -> tuple[str, ...]:
        """The conditionings to run; "cond" last."""
        return ("cond",) if self.scale == 1 else ("uncond", "cond")

    def combine(self, predictions: dict[str, Array]) -> Array:
        """One prediction from those of the branches, all of one shape."""
        if self.scale == 1:
            return predictions["cond"]
        return predictions["uncond"] + self.scale * (predictions["cond"] - predictions["uncond"])
