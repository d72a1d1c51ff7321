"""Self-attention shared between pages that are in one batch."""

from typing import Any

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor

from lianhuan.models.image_prompt import read_pictures
from lianhuan.models.prompts import Prompts


class SharedAttention(AttnProcessor2_0):
    """The attention of a UNet's layer; with `pages` it lets each picture of a group look at those before it.

    Without `pages`, and in cross-attention without `prompts`, it is diffusers' own. The causal, training-free form of shared attention:
    Zhou et al., "StoryDiffusion" (2024), and Tewel et al., "ConsiStory" (2024), share keys and values in both directions
    among pictures that are drawn at the same time; here a picture looks back only, so that a page never depends on a
    later one.

    Args:
        layer: name of the layer, as the UNet has it in `attn_processors`.
    """

    def __init__(self, layer: str):
        super().__init__()
        self.layer = layer

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
        pages: Tensor | None = None,
        prompts: Prompts | None = None,
    ) -> Tensor:
        """Attend.

        Args:
            attn: the layer.
            hidden_states: (B * G, n, C), the pictures of B groups of G pages.
            encoder_hidden_states: the tokens of cross-attention.
            attention_mask: additive mask of cross-attention.
            temb: time embedding, if the layer uses one.
            pages: (B, G, G) additive weight of page j's tokens when page i looks at them; -inf for not at all.
            prompts: pictures of characters that cross-attention reads beside its tokens.
        """
        shared: dict[str, Any] = {"temb": temb}
        if encoder_hidden_states is not None or pages is None:
            out = super().__call__(attn, hidden_states, encoder_hidden_states, attention_mask, **shared)
            if encoder_hidden_states is None or prompts is None:
                return out
            return out + read_pictures(attn, hidden_states, prompts, self.layer)
        groups, size = pages.shape[:2]
        tokens = hidden_states.shape[1]
        everything = hidden_states.unflatten(0, (groups, size)).flatten(1, 2)
        looked_at = everything.repeat_interleave(size, dim=0)  # (B * G, G * n, C)
        weights = pages.flatten(0, 1).repeat_interleave(tokens, dim=1)[:, None]
        return super().__call__(attn, hidden_states, looked_at, weights.to(hidden_states.dtype), **shared)


def look_back(there: Tensor, strength: Tensor) -> Tensor:
    """The weights (B, G, G) of groups of P references and, last, the page itself, G = P + 1.

    Args:
        there: (B, P) bool, which references there are.
        strength: (B,) in (0, 1], how much a look at another page weighs against one at the page itself; 1 is plain
            attention over both.
    """
    size = there.shape[1] + 1
    there = torch.cat([there, there.new_ones(len(there), 1)], dim=1)
    earlier = torch.ones(size, size, dtype=torch.bool, device=there.device).tril(-1)
    weights = torch.full((len(there), size, size), -torch.inf, device=there.device)
    weights = torch.where(earlier & there[:, None], strength.log()[:, None, None], weights)
    return weights.masked_fill(torch.eye(size, dtype=torch.bool, device=there.device), 0.0)
