"""The multimodal history encoder of AR-LDM: a small BLIP that reads a page's picture together with its words."""

from dataclasses import asdict, dataclass

import torch
from torch import Tensor, nn
from transformers.models.blip.configuration_blip import BlipTextConfig, BlipVisionConfig
from transformers.models.blip.modeling_blip import BlipEncoder
from transformers.models.blip.modeling_blip_text import BlipTextModel

from lianhuan.models.stem import CELLS, picture_stem


@dataclass(frozen=True)
class HistoryEncoderConfig:
    """Sizes of `HistoryEncoder`; the picture's latents are 16 x 16."""

    latent_channels: int = 8
    width: int = 256
    heads: int = 4
    vision_layers: int = 2
    text_layers: int = 2


class HistoryEncoder(nn.Module):
    """Words that looked at their picture: (B, L, D) tokens of a page and its latents (B, C, h, w) -> (B, L, D).

    BLIP's architecture (Li et al. 2022) at small size: a vision transformer over the picture's cells, and a text
    transformer, not causal, whose every layer cross-attends to them. It reads the context's tokens in place of word ids
    and latents in place of pixels, through a few convolutions in place of patches, from which it learns far sooner.
    """

    def __init__(self, config: HistoryEncoderConfig):
        super().__init__()
        self.config = config
        width = config.width
        self.stem = picture_stem(config.latent_channels, width)
        self.positions = nn.Parameter(0.02 * torch.randn(CELLS, width))
        vision = BlipVisionConfig(
            hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=config.vision_layers,
            num_attention_heads=config.heads,
        )
        words = BlipTextConfig(
            vocab_size=1,
            max_position_embeddings=1,
            hidden_size=width,
            encoder_hidden_size=width,
            intermediate_size=4 * width,
            num_hidden_layers=config.text_layers,
            num_attention_heads=config.heads,
            hidden_dropout_prob=0.0,
            attention_probs_dropout_prob=0.0,
            is_decoder=True,
            bos_token_id=None,
            eos_token_id=None,
            sep_token_id=None,
        )
        self.vision = BlipEncoder(vision)  # type: ignore[arg-type]  # it reads the sizes only
        self.norm = nn.LayerNorm(width)
        self.words = BlipTextModel(words, add_pooling_layer=False).encoder

    def forward(self, tokens: Tensor, mask: Tensor, latents: Tensor) -> Tensor:
        """The tokens after looking at the picture; `mask` is (B, L) bool, True = keep."""
        seen = self.stem(latents).flatten(2).transpose(1, 2) + self.positions
        seen = self.norm(self.vision(inputs_embeds=seen).last_hidden_state)
        hidden = torch.zeros_like(mask, dtype=tokens.dtype).masked_fill(~mask, torch.finfo(tokens.dtype).min)
        return self.words(
            tokens, attention_mask=hidden[:, None, None], encoder_hidden_states=seen
        ).last_hidden_state

    def to_config(self) -> dict[str, int]:
        """The sizes as plain JSON."""
        return asdict(self.config)
