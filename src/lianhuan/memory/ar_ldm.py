"""History attention after AR-LDM (seed document 001).

Pan et al., "Synthesizing coherent story with auto-regressive latent diffusion models", 2022.

Each earlier frame leaves one block of tokens, made by a multimodal encoder of its words and its picture. The denoiser's
cross-attention reads the words of the new frame and all blocks that are kept:

    m_j = BLIP(c_j, x_j) + type_1 + time_{k-j}               one block per earlier frame
    tokens_k = [c_k + type_0 + W_o f(c_k; m_1 .. m_{k-1}) ; m_1 .. m_{k-1}],  W_o = 0 at the start of training

The article counts frames from the first one and has five of them; here time is the distance back, so that a story may
have any number of frames, and a sliding window bounds what is kept. The residual f is this project's: one transformer layer by
which the words look at the history before the denoiser does, so that a character's token knows its look already. It can
be learnt from labels without the denoiser, which on two cores decides whether history attention is learnt at all.
"""

from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor, nn

from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks
from lianhuan.models.context import Context
from lianhuan.models.history import HistoryEncoder, HistoryEncoderConfig

SIDE = 16
"""Cells of a picture's latents."""


@dataclass(frozen=True)
class ARLDMMemoryConfig:
    """Sizes of `ARLDMMemory`; `window` is the number of earlier frames that it keeps."""

    latent_channels: int = 8
    width: int = 256
    heads: int = 4
    layers: int = 2
    window: int = 4


class ARLDMMemory(nn.Module):
    """Implements `lianhuan.memory.Memory` with the state {"tokens": (B, n, L, D), "mask": (B, n, L)}, n at most `window`.

    Its null, for guidance, is what the article trains with: for every earlier frame the words of an empty page with an
    empty picture. `black` holds that picture's latents.
    """

    name = "ar-ldm"
    fingerprint = ""
    gives: frozenset[Input] = frozenset({"tokens"})
    casts: Looks | None = None
    black: Tensor

    def __init__(self, config: ARLDMMemoryConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.encoder = HistoryEncoder(
            HistoryEncoderConfig(config.latent_channels, width, config.heads, config.layers, config.layers)
        )
        self.types = nn.Embedding(2, width)
        self.times = nn.Embedding(config.window, width)
        nn.init.zeros_(self.types.weight)
        nn.init.normal_(self.times.weight, std=0.1)
        self.recall = nn.TransformerDecoderLayer(
            width, config.heads, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.register_buffer("black", torch.zeros(1, config.latent_channels, SIDE, SIDE))

    def start(self, stories: int) -> State:  # noqa: ARG002 - the protocol's form
        """Nothing seen yet."""
        return {}

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """The words, after a look at the blocks of the earlier frames, and behind them those blocks."""
        if not state:
            return self.with_history(context, None, None)
        blocks, keep = state["tokens"], state["mask"]
        if branch == "uncond":
            black = self.black.expand(len(context.tokens), -1, -1, -1)
            block = self.encoder(context.tokens, context.mask, black)
            blocks = block[:, None].expand(-1, blocks.shape[1], -1, -1)
            keep = context.mask[:, None].expand(-1, blocks.shape[1], -1)
        return self.with_history(context, blocks, keep)

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """Add the frame's block, and forget the oldest one if the window is full."""
        return self.remember(state, context, self.look(context, latents))

    def look(self, context: Context, latents: Tensor) -> Tensor:
        """The frame's block (B, L, D): its words after looking at its picture, the summary tokens first."""
        return self.encoder(context.tokens, context.mask, latents)

    def remember(self, state: State, context: Context, seen: Tensor) -> State:
        """`write`, of a picture that `look` has seen."""
        tokens, mask = seen[:, None], context.mask[:, None]
        if state:
            length = max(mask.shape[2], state["mask"].shape[2])
            tokens = torch.cat([_padded(state["tokens"], length), _padded(tokens, length)], dim=1)
            mask = torch.cat([_padded(state["mask"], length), _padded(mask, length)], dim=1)
        return {"tokens": tokens[:, -self.config.window :], "mask": mask[:, -self.config.window :]}

    def with_history(self, context: Context, blocks: Tensor | None, keep: Tensor | None) -> Context:
        """The context with blocks (B, n, L, D), oldest first, behind its own tokens."""
        tokens = context.tokens + self.types.weight[0]
        if blocks is None or keep is None:
            return replace(context, tokens=tokens)
        back = torch.arange(blocks.shape[1] - 1, -1, -1, device=blocks.device)
        history = (blocks + self.types.weight[1] + self.times(back)[:, None]).flatten(1, 2)
        known = keep.flatten(1)
        looked = self.recall(
            tokens, history, tgt_key_padding_mask=~context.mask, memory_key_padding_mask=~known
        )
        return replace(
            context,
            tokens=torch.cat([tokens + self.out(self.norm(looked)), history], dim=1),
            mask=torch.cat([context.mask, known], dim=1),
        )

    def to_config(self) -> dict[str, int]:
        """The sizes as plain JSON."""
        return asdict(self.config)


def _padded(blocks: Tensor, length: int) -> Tensor:
    """Blocks (B, n, L, ...) made `length` long: pages of Stable Diffusion are not equally long."""
    after = (0, 0) * (blocks.dim() - 3)
    return nn.functional.pad(blocks, (*after, 0, length - blocks.shape[2]))
