"""Public doubles and checks for tests: a tiny model in the real layout, and the contracts of the protocols."""

from lianhuan.testing.contracts import check_memory
from lianhuan.testing.models import tiny_model

__all__ = ["check_memory", "tiny_model"]
