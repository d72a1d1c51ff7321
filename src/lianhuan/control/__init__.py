"""Control: what bends one frame's sampling. One control per file."""

from lianhuan.control.classifier_free import ClassifierFree
from lianhuan.control.dynamic_threshold import DynamicThreshold
from lianhuan.control.inpaint import Inpaint
from lianhuan.control.sdedit import SDEdit
from lianhuan.control.semantic import Semantic
from lianhuan.control.sketch import Sketch

__all__ = ["ClassifierFree", "DynamicThreshold", "Inpaint", "SDEdit", "Semantic", "Sketch"]
