"""Memory: what crosses from one frame to the next. One method per file."""

from lianhuan.memory.ar_ldm import ARLDMMemory
from lianhuan.memory.base import Memory, NoMemory
from lianhuan.memory.copy_paste import CopyPasteMemory
from lianhuan.memory.image_prompt import ImagePromptMemory
from lianhuan.memory.lstm import LSTMMemory
from lianhuan.memory.reference import ReferenceMemory
from lianhuan.memory.shared_attention import SharedAttentionMemory
from lianhuan.memory.stack import Stack

__all__ = [
    "ARLDMMemory",
    "CopyPasteMemory",
    "ImagePromptMemory",
    "LSTMMemory",
    "Memory",
    "NoMemory",
    "ReferenceMemory",
    "SharedAttentionMemory",
    "Stack",
]
