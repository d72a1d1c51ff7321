"""Memory: what crosses from one frame to the next. One method per file."""

from lianhuan.memory.base import Memory, NoMemory
from lianhuan.memory.lstm import LSTMMemory

__all__ = ["LSTMMemory", "Memory", "NoMemory"]
