"""Shared attention as StoryDiffusion describes it, for `checkpoints.py` to compare with.

After Zhou et al., "StoryDiffusion" (2024, arXiv 2405.01434), consistent self-attention with randomly sampled tokens, for pages that are
drawn one after another: of every earlier page half of the tokens that enter each self-attention layer are kept at each step, and a
later page attends to its own tokens and to all of these. Written from the paper for this comparison: in all layers, and without
its sliding window, which would bound what is kept.
"""

import copy
from typing import Any

import torch
from diffusers.models.attention_processor import Attention, AttnProcessor2_0
from torch import Tensor

from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, State
from lianhuan.models.context import Context

PART = 0.5
"""Share of the tokens that are kept."""


class TokenBank:
    """The memory `storydiffusion`: {"pages": for each page, (step, layer) -> (branches, tokens, channels)}."""

    name = "storydiffusion"
    fingerprint = ""
    gives: frozenset[Input] = frozenset()
    casts = False

    def __init__(self) -> None:
        self.earlier: tuple[dict[tuple[int, str], Tensor], ...] = ()
        self.now: dict[tuple[int, str], Tensor] = {}
        self.step = -1

    def start(self, stories: int) -> State:  # noqa: ARG002 - the protocol's form
        """No pages."""
        return {"pages": ()}

    def read(self, state: State, context: Context, branch: Branch) -> Context:  # noqa: ARG002 - the protocol's form
        """The context as it is; a page begins."""
        self.earlier, self.now, self.step = state["pages"], {}, -1
        return context

    def write(self, state: State, context: Context, latents: Tensor) -> State:  # noqa: ARG002 - the protocol's form
        """Keep the tokens of the page that was drawn."""
        return {"pages": (*state["pages"], self.now)}

    def attached(self, generator: Any) -> Any:
        """A copy of a generator, with its weights, that draws with this memory."""
        parts = generator.denoiser
        shared = {id(tensor): tensor for tensor in (*parts.parameters(), *parts.buffers())}
        drawing = copy.copy(generator)
        drawing.denoiser = copy.deepcopy(parts, shared)
        unet = drawing.denoiser.unet
        unet.set_attn_processor({name: BankAttention(name, self) for name in unet.attn_processors})
        unet.register_forward_pre_hook(lambda *_: setattr(self, "step", self.step + 1))
        return drawing


class BankAttention(AttnProcessor2_0):
    """A layer's attention that looks at the tokens of earlier pages in a bank, too."""

    def __init__(self, layer: str, bank: TokenBank):
        super().__init__()
        self.layer, self.bank = layer, bank

    def __call__(
        self,
        attn: Attention,
        hidden_states: Tensor,
        encoder_hidden_states: Tensor | None = None,
        attention_mask: Tensor | None = None,
        temb: Tensor | None = None,
    ) -> Tensor:
        """Attend."""
        shared: dict[str, Any] = {"temb": temb}
        if encoder_hidden_states is not None:
            return super().__call__(attn, hidden_states, encoder_hidden_states, attention_mask, **shared)
        count, place = hidden_states.shape[1], (self.bank.step, self.layer)
        chosen = torch.randperm(count, device=hidden_states.device)[: round(PART * count)]
        self.bank.now[place] = hidden_states[:, chosen]
        looked_at = torch.cat([hidden_states, *(page[place] for page in self.bank.earlier)], dim=1)
        return super().__call__(attn, hidden_states, looked_at, attention_mask, **shared)
