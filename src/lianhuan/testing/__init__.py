"""Public doubles for tests: a tiny model in the real layout."""

from lianhuan.testing.models import tiny_model

__all__ = ["tiny_model"]
