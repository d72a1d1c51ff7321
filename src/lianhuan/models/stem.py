"""What looks at the latents of a picture first, in every memory."""

from torch import nn

CELLS = 8 * 8
"""Features of a picture's latents at 16 x 16 cells."""


def picture_stem(channels: int, width: int) -> nn.Sequential:
    """Convolutions (B, channels, 16, 16) -> (B, width, 8, 8)."""
    return nn.Sequential(
        nn.Conv2d(channels, 64, 3, padding=1),
        nn.GELU(),
        nn.Conv2d(64, 128, 3, stride=2, padding=1),
        nn.GELU(),
        nn.Conv2d(128, width, 3, padding=1),
        nn.GELU(),
    )
