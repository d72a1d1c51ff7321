"""Control: what bends one frame's sampling. One control per file."""

from lianhuan.control.classifier_free import ClassifierFree

__all__ = ["ClassifierFree"]
