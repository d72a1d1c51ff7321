"""Control: what bends one frame's sampling. One control per file; `attach` puts them on a diffusers pipeline of your own."""

from typing import TYPE_CHECKING

from lianhuan.control.classifier_free import ClassifierFree
from lianhuan.control.dynamic_threshold import DynamicThreshold
from lianhuan.control.inpaint import Inpaint
from lianhuan.control.sdedit import SDEdit
from lianhuan.late import late_names

if TYPE_CHECKING:
    from lianhuan.control.semantic import Semantic
    from lianhuan.control.sketch import Sketch
    from lianhuan.generators.attach import attach

__all__ = ["ClassifierFree", "DynamicThreshold", "Inpaint", "SDEdit", "Semantic", "Sketch", "attach"]

__getattr__ = late_names(
    __name__,
    {
        "Semantic": "lianhuan.control.semantic",
        "Sketch": "lianhuan.control.sketch",
        "attach": "lianhuan.generators.attach",
    },
)
