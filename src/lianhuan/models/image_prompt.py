"""Image prompts: pictures that cross-attention reads beside the words.

After IP-Adapter (Ye et al., "IP-Adapter: text compatible image prompt adapter for text-to-image diffusion models", 2023):
a CLIP reads a picture, a projection makes a few tokens of what it saw, and every cross-attention layer reads them with
keys and values of their own. What is found is added to what is found of the words:

    out = softmax(Q K^T / sqrt(d)) V + strength * softmax(Q K'^T / sqrt(d)) V'

The regions are this project's: where several characters are on a page, each place reads the pictures of the one whose
words it looks at.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from diffusers.models.attention_processor import Attention
from diffusers.models.embeddings import ImageProjection
from PIL import Image
from torch import Tensor, nn

from lianhuan.models.prompts import Prompts, Regions


class ImagePrompter(nn.Module):
    """The parts of an IP-Adapter.

    Args:
        fingerprint: hash of its weights.
        encoder: CLIP's picture encoder with its projection.
        processor: makes its input of pictures.
        projection: diffusers' own; makes tokens of features.
        layers: name of a cross-attention layer -> its keys and values, `to_k` and `to_v`.
    """

    null: Tensor

    def __init__(
        self,
        *,
        fingerprint: str,
        encoder: Any,
        processor: Any,
        projection: nn.Module,
        layers: Mapping[str, nn.Module],
    ):
        super().__init__()
        self.fingerprint = fingerprint
        self.encoder: Any = encoder
        self.processor = processor
        self.projection = projection
        self.layers = dict(layers)
        self._kept = nn.ModuleList(layers.values())
        side = encoder.config.image_size
        self.register_buffer("null", self._nothing(torch.zeros(1, 3, side, side)))

    @torch.no_grad()
    def look(self, images: Sequence[Image.Image]) -> Tensor:
        """Features (B, ...) of pictures of any size; each is read for itself."""
        return torch.cat([self._features(self._pixels(image)) for image in images])

    @torch.no_grad()
    def tokens(self, features: Tensor) -> Tensor:
        """Tokens (B, N, D) for cross-attention, of the features (B, ...) of as many pictures."""
        return self.projection(features)

    def _pixels(self, image: Image.Image) -> Tensor:
        return self.processor(image, return_tensors="pt").pixel_values.to(self.null.device)

    def _features(self, pixels: Tensor) -> Tensor:
        """One vector of the whole picture, or, for projections that look closer, one of each patch."""
        if isinstance(self.projection, ImageProjection):
            return self.encoder(pixels).image_embeds
        return self.encoder(pixels, output_hidden_states=True).hidden_states[-2]

    @torch.no_grad()
    def _nothing(self, black: Tensor) -> Tensor:
        """The features that stand for no picture: zeros, or those of no light, where every patch has some."""
        found = self._features(black)
        return torch.zeros_like(found) if isinstance(self.projection, ImageProjection) else found


def read_pictures(attn: Attention, hidden_states: Tensor, prompts: Prompts, layer: str) -> Tensor:
    """What a cross-attention layer adds for the pictures of characters.

    Args:
        attn: the layer.
        hidden_states: (B, n, C) that it is given.
        prompts: of the B pages.
        layer: its name.

    Returns:
        (B, n, C), zero where nothing is read.
    """
    made: Any = prompts.layers[layer]
    tokens = prompts.tokens.flatten(1, 2)
    query = _heads(attn, attn.to_q(hidden_states)).to(tokens.dtype)
    keys, values = _heads(attn, made.to_k(tokens)), _heads(attn, made.to_v(tokens))
    readable = prompts.there.flatten(1)[:, None].expand(-1, query.shape[2], -1)
    if prompts.regions is not None:
        own = find_regions(attn, query, prompts.regions)
        readable = readable & own.repeat_interleave(prompts.there.shape[2], dim=2)
    reads = readable.any(2, keepdim=True)
    found = nn.functional.scaled_dot_product_attention(
        query, keys, values, attn_mask=(readable | ~reads)[:, None]
    )
    found = (found.transpose(1, 2).flatten(2) * reads).to(hidden_states.dtype)
    project: Any = attn.to_out[0]
    return prompts.strength * (project(found) - project(torch.zeros_like(found[:1, :1])))


@torch.no_grad()
def find_regions(attn: Attention, query: Tensor, regions: Regions) -> Tensor:
    """Where each character is, by how much each place of a page looks at the words that speak of it.

    A place belongs to the character whose share there, in 0..1 over the page, is the largest, if it is at least 1/2.

    Args:
        attn: a cross-attention layer.
        query: (B, heads, n, d) of the places.
        regions: the words of B pages.

    Returns:
        (B, n, C) bool; nowhere true for a character that the page does not name.
    """
    keys = _heads(attn, attn.to_k(regions.tokens.to(attn.to_k.weight.dtype))).to(query.dtype)
    scores = query @ keys.transpose(2, 3) / query.shape[3] ** 0.5
    absent = ~regions.mask[:, None, None]
    looks = scores.masked_fill(absent, torch.finfo(scores.dtype).min).softmax(-1).mean(1)
    found = looks @ regions.spoken.to(looks.dtype).transpose(1, 2)
    low, high = found.amin(1, keepdim=True), found.amax(1, keepdim=True)
    share = (found - low) / (high - low).clamp(min=torch.finfo(found.dtype).tiny)
    return (share >= 0.5) & (share == share.amax(2, keepdim=True))


def _heads(attn: Attention, states: Tensor) -> Tensor:
    """(B, heads, n, d) from (B, n, heads * d)."""
    return states.unflatten(2, (attn.heads, -1)).transpose(1, 2)
