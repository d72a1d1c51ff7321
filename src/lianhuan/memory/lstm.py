"""LSTM memory after "continuous illustration with LSTM and diffusion" (seed document 000).

Text features and features of the previous picture are concatenated, an LSTM carries them from frame to frame, and its
output enters the diffusion model's conditioning as a residual:

    v_{t-1} = image_encoder(z_{t-1} seen together with its own summary tokens)
    h_t, C_t = LSTM([pool(c_t); v_{t-1}], h_{t-1}, C_{t-1})
    tokens_t = c_t + W_o gelu(W_h h_t + W_c c_t),  W_o = 0 at the start of training

The document leaves open how the residual enters; that it differs per token (so that a character's token asks for that
character's look) and that the picture is encoded together with its own words are this project's reading.
"""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn

from lianhuan.memory.base import Branch, State
from lianhuan.models.context import Context
from lianhuan.models.text_encoder import SUMMARY_TOKENS


@dataclass(frozen=True)
class LSTMMemoryConfig:
    """Sizes of `LSTMMemory`."""

    latent_channels: int = 8
    width: int = 256
    picture_width: int = 512
    hidden: int = 384


class PictureEncoder(nn.Module):
    """Features of a picture (B, C, 16, 16) seen together with the summary tokens (B, 4, D) of its own words."""

    def __init__(self, channels: int, width: int, out: int):
        super().__init__()
        self.convs = nn.Sequential(
            nn.Conv2d(channels, 64, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(64, 128, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(128, width, 3, padding=1),
            nn.GELU(),
        )
        self.positions = nn.Parameter(0.02 * torch.randn(64, width))
        self.attend = nn.TransformerDecoderLayer(
            width, 4, 2 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.norm = nn.LayerNorm(width)
        self.out = nn.Linear(SUMMARY_TOKENS * width, out)

    def see(self, latents: Tensor, summary: Tensor) -> Tensor:
        """The summary tokens after looking at the picture: (B, 4, D)."""
        patches = self.convs(latents).flatten(2).transpose(1, 2) + self.positions
        return self.norm(self.attend(summary, patches))

    def forward(self, latents: Tensor, summary: Tensor) -> Tensor:
        """(B, out) features."""
        return self.out(self.see(latents, summary).flatten(1))


class LSTMMemory(nn.Module):
    """Implements `lianhuan.memory.Memory` with the state {"h", "c": (B, hidden), "picture": (B, picture_width)}."""

    name = "lstm"

    def __init__(self, config: LSTMMemoryConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.pictures = PictureEncoder(config.latent_channels, width, config.picture_width)
        self.first = nn.Parameter(torch.zeros(config.picture_width))
        self.pool = nn.Linear(SUMMARY_TOKENS * width, width)
        self.cell = nn.LSTMCell(width + config.picture_width, config.hidden)
        self.from_state = nn.Linear(config.hidden, 2 * width)
        self.from_token = nn.Linear(width, 2 * width)
        self.out = nn.Linear(2 * width, width)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def start(self, stories: int) -> State:
        """Zero state and the learned vector that stands for "no picture yet"."""
        zero = self.first.new_zeros(stories, self.config.hidden)
        return {"h": zero, "c": zero, "picture": self.first.expand(stories, -1)}

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """Tokens plus the residual; the unconditional branch stays without memory."""
        if branch == "uncond":
            return context
        hidden, _ = self.advance(state, context)
        residual = self.out(
            nn.functional.gelu(self.from_state(hidden)[:, None] + self.from_token(context.tokens))
        )
        return context.with_tokens(context.tokens + residual)

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """Advance the LSTM by one frame and look at the picture."""
        hidden, cell = self.advance(state, context)
        return {"h": hidden, "c": cell, "picture": self.pictures(latents, context.tokens[:, :SUMMARY_TOKENS])}

    def look(self, context: Context, latents: Tensor) -> Tensor:
        """The summary tokens (B, 4, D) after looking at the picture of their page."""
        return self.pictures.see(latents, context.tokens[:, :SUMMARY_TOKENS])

    def advance(self, state: State, context: Context) -> tuple[Tensor, Tensor]:
        """The LSTM's hidden and cell state, both (B, hidden), on reading a frame's words after the previous picture."""
        pooled = self.pool(context.tokens[:, :SUMMARY_TOKENS].flatten(1))
        return self.cell(torch.cat([pooled, state["picture"]], dim=1), (state["h"], state["c"]))

    def to_config(self) -> dict[str, int]:
        """The sizes as plain JSON."""
        return asdict(self.config)
