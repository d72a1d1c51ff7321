"""Latents as the tokens of FLUX.1: a token for each 2 x 2 cells."""

from torch import Tensor


def packed(latents: Tensor) -> Tensor:
    """(B, h/2 w/2, 4 C) tokens of latents (B, C, h, w)."""
    cells = latents.unfold(2, 2, 2).unfold(3, 2, 2)  # (B, C, h/2, w/2, 2, 2)
    return cells.permute(0, 2, 3, 1, 4, 5).flatten(3).flatten(1, 2)


def unpacked(tokens: Tensor, rows: int, columns: int) -> Tensor:
    """(B, C, 2 rows, 2 columns) latents of tokens (B, rows x columns, 4 C)."""
    cells = tokens.unflatten(2, (-1, 2, 2)).unflatten(1, (rows, columns))  # (B, rows, columns, C, 2, 2)
    return cells.permute(0, 3, 1, 4, 2, 5).flatten(4).flatten(2, 3)
