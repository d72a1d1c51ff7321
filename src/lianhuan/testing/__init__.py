"""Public doubles and checks for tests: tiny models in the real layouts, and the contracts of the protocols."""

from lianhuan.testing.contracts import check_memory
from lianhuan.testing.models import tiny_model

__all__ = ["check_memory", "tiny_model"]
