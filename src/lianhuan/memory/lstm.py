"""LSTM memory after "continuous illustration with LSTM and diffusion" (seed document 000).

Text features and features of the previous picture are concatenated, an LSTM carries them from frame to frame, and its
output enters the diffusion model's conditioning as a residual:

    v_{t-1} = image_encoder(z_{t-1} seen together with its own summary tokens)
    h_t, C_t = LSTM([pool(c_t); v_{t-1}], h_{t-1}, C_{t-1})
    tokens_t = c_t + W_o gelu(W_h h_t + W_c c_t),  W_o = 0 at the start of training

The document leaves open how the residual enters; that it differs per token (so that a character's token asks for that
character's look) and that the picture is encoded together with its own words are this project's reading. A vector mixes up
who wore what, so beside it the LSTM has a second cell, a matrix, that keeps looks under names (`MatrixCell`).
"""

from dataclasses import asdict, dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks
from lianhuan.models.context import Context
from lianhuan.models.stem import CELLS, picture_stem

SHARPNESS = 4.0
"""Factor of the keys before their softmax: names are well apart from the start of training."""
GATE_LIMIT = 6.0
"""Logarithms of the gates stay between minus and plus this, so that no story overflows."""


@dataclass(frozen=True)
class LSTMMemoryConfig:
    """Sizes of `LSTMMemory`; `summary_tokens` are those that lead a page, S below."""

    latent_channels: int = 8
    width: int = 256
    picture_width: int = 512
    hidden: int = 384
    heads: int = 4
    summary_tokens: int = 4


class PictureEncoder(nn.Module):
    """Features of a picture (B, C, 16, 16) seen together with the summary tokens (B, S, D) of its own words."""

    def __init__(self, channels: int, width: int, out: int, summary_tokens: int):
        super().__init__()
        self.convs = picture_stem(channels, width)
        self.positions = nn.Parameter(0.02 * torch.randn(CELLS, width))
        self.attend = nn.TransformerDecoderLayer(
            width, 4, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(summary_tokens * width, out)

    def see(self, latents: Tensor, summary: Tensor) -> Tensor:
        """The summary tokens after looking at the picture: (B, S, D)."""
        patches = self.convs(latents).flatten(2).transpose(1, 2) + self.positions
        return self.norm(self.attend(summary, patches))

    def features(self, seen: Tensor) -> Tensor:
        """(B, out) of the whole picture, from what was seen at its summary tokens."""
        return self.out(seen.flatten(1))


class MatrixCell(nn.Module):
    """A cell that is a matrix, so that what is kept under a name is found again by that name.

    The mLSTM of Beck et al., "xLSTM" (2024), eq. 19 to 27, with one write per summary token s, no forgetting, and
    softmax for the features of keys and queries, which makes a reading a weighted mean of what was written:

        C_t = C_{t-1} + sum_s i_s v_s k_s^T,   n_t = n_{t-1} + sum_s i_s k_s,   reading(q) = C_t q / n_t^T q

    Keys and queries come from one projection of who stands there, values from what was seen. The exponential gate i_s says
    how much a look counts against those before it: new clothes much, an empty place nothing.
    """

    def __init__(self, width: int, heads: int, summary_tokens: int):
        super().__init__()
        self.heads, self.summary_tokens = heads, summary_tokens
        self.who = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm = nn.LayerNorm(width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)
        self.gate = nn.Linear(2 * width, heads)

    def start(self, like: Tensor) -> dict[str, Tensor]:
        """Nothing written yet, for as many stories as `like` has rows."""
        size = self.key.out_features // self.heads
        weight = like.new_zeros(len(like), self.heads, size)
        return {"matrix": weight[..., None].repeat(1, 1, 1, size), "weight": weight}

    def write(self, state: State, context: Context, seen: Tensor) -> dict[str, Tensor]:
        """Add what was `seen`, (B, S, D), at each summary token; "matrix" is (B, H, D / H, D / H), "weight" (B, H, D / H)."""
        names = self._names(context)
        gate = GATE_LIMIT * torch.tanh(self.gate(torch.cat([names, seen], dim=2)) / GATE_LIMIT)
        keys = self._address(names) * gate.exp().transpose(1, 2)[..., None]
        return {
            "matrix": state["matrix"] + self._split(self.value(seen)).transpose(2, 3) @ keys,
            "weight": state["weight"] + keys.sum(2),
        }

    def read(self, state: State, context: Context) -> Tensor:
        """What is known at each summary token, (B, S, D); zero before the first write."""
        queries = self._address(self._names(context))
        found = queries @ state["matrix"].transpose(2, 3)
        weight = queries @ state["weight"][..., None]
        return (found / (weight + 1e-4)).transpose(1, 2).flatten(2)

    def _names(self, context: Context) -> Tensor:
        """The summary tokens after a look at all words: who stands there."""
        summary, words = context.tokens[:, : self.summary_tokens], context.tokens
        looked, _ = self.who(summary, words, words, key_padding_mask=~context.mask, need_weights=False)
        return self.norm(summary + looked)

    def _address(self, names: Tensor) -> Tensor:
        return self._split(SHARPNESS * self.key(names)).softmax(-1)

    def _split(self, x: Tensor) -> Tensor:
        return x.unflatten(2, (self.heads, -1)).transpose(1, 2)


class LSTMMemory(nn.Module):
    """Implements `lianhuan.memory.Memory`.

    The state is {"h", "c": (B, hidden), "picture": (B, picture_width), "matrix", "weight": see `MatrixCell.write`}.
    """

    name = "lstm"
    fingerprint = ""
    gives: frozenset[Input] = frozenset({"tokens"})
    casts: Looks | None = MappingProxyType({})

    def __init__(self, config: LSTMMemoryConfig):
        super().__init__()
        self.config = config
        width, self.summary = config.width, config.summary_tokens
        self.pictures = PictureEncoder(config.latent_channels, width, config.picture_width, self.summary)
        self.first = nn.Parameter(torch.zeros(config.picture_width))
        self.pool = nn.Linear(self.summary * width, width)
        self.cell = nn.LSTMCell(width + config.picture_width, config.hidden)
        self.from_state = nn.Linear(config.hidden, 2 * width)
        self.from_token = nn.Linear(width, 2 * width)
        self.out = nn.Linear(2 * width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)
        self.matrix = MatrixCell(width, config.heads, self.summary)
        self.recall = nn.Linear(width, width)
        nn.init.zeros_(self.recall.weight)
        nn.init.zeros_(self.recall.bias)

    def start(self, stories: int) -> State:
        """Zero state and the learned vector that stands for "no picture yet"."""
        zero = self.first.new_zeros(stories, self.config.hidden)
        picture = self.first.expand(stories, -1)
        return {"h": zero, "c": zero, "picture": picture, **self.matrix.start(zero)}

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """Tokens plus the residual; the unconditional branch stays without memory."""
        if branch == "uncond":
            return context
        hidden, _ = self.advance(state, context)
        residual = self.out(
            nn.functional.gelu(self.from_state(hidden)[:, None] + self.from_token(context.tokens))
        )
        known = self.recall(self.matrix.read(state, context))
        rest = (0, 0, 0, context.tokens.shape[1] - self.summary)
        return context.with_tokens(context.tokens + residual + nn.functional.pad(known, rest))

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """Advance the LSTM by one frame and look at the picture; of a portrait the looks alone are kept, under their names."""
        seen = self.look(context, latents)
        return (self.meet if context.portrait else self.remember)(state, context, seen)

    def look(self, context: Context, latents: Tensor) -> Tensor:
        """The summary tokens (B, S, D) after looking at the picture of their page."""
        return self.pictures.see(latents, context.tokens[:, : self.summary])

    def remember(self, state: State, context: Context, seen: Tensor) -> State:
        """`write`, of a picture that `look` has seen."""
        hidden, cell = self.advance(state, context)
        return {
            "h": hidden,
            "c": cell,
            "picture": self.pictures.features(seen),
            **self.matrix.write(state, context, seen),
        }

    def meet(self, state: State, context: Context, seen: Tensor) -> State:
        """`write`, of a portrait that `look` has seen."""
        return {**state, **self.matrix.write(state, context, seen)}

    def advance(self, state: State, context: Context) -> tuple[Tensor, Tensor]:
        """The LSTM's hidden and cell state, both (B, hidden), on reading a frame's words after the previous picture."""
        pooled = self.pool(context.tokens[:, : self.summary].flatten(1))
        return self.cell(torch.cat([pooled, state["picture"]], dim=1), (state["h"], state["c"]))

    def to_config(self) -> dict[str, int]:
        """The sizes as plain JSON."""
        return asdict(self.config)
