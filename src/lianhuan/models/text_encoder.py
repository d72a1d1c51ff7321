"""The story text encoder: words of a page and its stage state -> tokens for the denoiser."""

from dataclasses import asdict

import torch
from torch import Tensor, nn

from lianhuan.models.sizes import TextEncoderConfig


class _WordConv(nn.Module):
    """Residual convolution over neighbouring words: binds a name to the words beside it."""

    def __init__(self, width: int):
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, 5, padding=2)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = (self.norm(x) * mask[..., None]).transpose(1, 2)
        return x + nn.functional.gelu(self.conv(y).transpose(1, 2))


class StoryTextEncoder(nn.Module):
    """Tokens of a page's caption and stage -> (B, S + L, D) context tokens.

    Word embeddings start from a public sentence encoder (see the model card); two convolutions over words bind names to
    what they do, a small transformer does the rest, and a raw word skip keeps the identity of every word. The S
    summary tokens lead.
    """

    def __init__(self, config: TextEncoderConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.words = nn.Embedding(config.vocabulary, config.word_width)
        self.segments = nn.Embedding(config.segments, width)
        self.positions = nn.Embedding(config.max_length, width)
        self.summary = nn.Parameter(torch.randn(config.summary_tokens, width))
        self.enter = nn.Linear(config.word_width, width)
        self.convs = nn.ModuleList([_WordConv(width) for _ in range(2)])
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.skip = nn.Linear(config.word_width, width)

    def forward(self, ids: Tensor, segments: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Encode words.

        Args:
            ids: (B, L) int64 word ids, L at most `max_length`.
            segments: (B, L) int64 segment ids.
            mask: (B, L) bool, True = keep.

        Returns:
            tokens (B, S + L, D) and their mask (B, S + L), True = keep.
        """
        words = self.words(ids)
        x = self.enter(words) + self.segments(segments) + self.positions.weight[: ids.shape[1]]
        for conv in self.convs:
            x = conv(x, mask)
        x = torch.cat([self.summary.expand(len(x), -1, -1), x], dim=1)
        lead = self.config.summary_tokens
        keep = torch.cat([mask.new_ones(len(x), lead), mask], dim=1)
        x = self.norm(self.transformer(x, src_key_padding_mask=~keep))
        x = torch.cat([x[:, :lead], x[:, lead:] + self.skip(words)], dim=1)
        return x, keep

    def to_config(self) -> dict[str, int | bool]:
        """The sizes as plain JSON."""
        return asdict(self.config)
