"""Memory: what crosses from one frame to the next. One method per file."""

from typing import TYPE_CHECKING

from lianhuan.late import late_names
from lianhuan.memory.base import Memory, NoMemory

if TYPE_CHECKING:
    from lianhuan.memory.ar_ldm import ARLDMMemory
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

__getattr__ = late_names(
    __name__,
    {
        "ARLDMMemory": "lianhuan.memory.ar_ldm",
        "CopyPasteMemory": "lianhuan.memory.copy_paste",
        "ImagePromptMemory": "lianhuan.memory.image_prompt",
        "LSTMMemory": "lianhuan.memory.lstm",
        "ReferenceMemory": "lianhuan.memory.reference",
        "SharedAttentionMemory": "lianhuan.memory.shared_attention",
        "Stack": "lianhuan.memory.stack",
    },
)
