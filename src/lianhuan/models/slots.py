"""What stands between a memory and a text encoder, and an autoencoder, that it was not made with."""

from dataclasses import replace

import torch
from torch import Tensor, nn

from lianhuan.models.context import Context
from lianhuan.models.sizes import SIDE

SUMMARY_TOKENS = 4
"""Leading tokens that are made where the text encoder has none."""


class Slots(nn.Module):
    """Tokens of any text encoder in a memory's own width, led by summary tokens that have looked at them.

    The text encoders of Stable Diffusion give a token for each word and nothing for the page or for who is on stage. Here
    `SUMMARY_TOKENS` learned queries look at the words, as in the Perceiver (Jaegle et al. 2021), so that each may learn to
    stand for the page or for one of several characters.
    """

    def __init__(self, context_width: int, width: int, heads: int):
        super().__init__()
        self.norm = nn.LayerNorm(context_width)
        self.enter = nn.Linear(context_width, width)
        self.queries = nn.Parameter(torch.randn(SUMMARY_TOKENS, width))
        self.look = nn.TransformerDecoderLayer(
            width, heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )

    def forward(self, context: Context) -> Context:
        """A context of (B, 4 + L, width) tokens from one of (B, L, D)."""
        words = self.enter(self.norm(context.tokens.to(self.norm.weight)))
        queries = self.queries.expand(len(words), -1, -1)
        slots = self.look(queries, words, memory_key_padding_mask=~context.mask)
        there = context.mask.new_ones(len(words), SUMMARY_TOKENS)
        return replace(
            context, tokens=torch.cat([slots, words], dim=1), mask=torch.cat([there, context.mask], dim=1)
        )


def grid(latents: Tensor, fold: int) -> Tensor:
    """(B, C fold², 16, 16) from latents (B, C, h, w): each cell holds a square of `fold` x `fold` latents, none is lost.

    Latents of another side than 16 `fold` are resized first.
    """
    side = SIDE * fold
    if latents.shape[-2:] != (side, side):
        latents = nn.functional.interpolate(latents, size=(side, side), mode="bilinear", antialias=True)
    return nn.functional.pixel_unshuffle(latents, fold)
