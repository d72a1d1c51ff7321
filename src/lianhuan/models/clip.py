"""A small CLIP of our own: pictures and captions in one space, where a picture lies near its words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from math import log
from pathlib import Path
from typing import Self

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from lianhuan.errors import CheckpointError
from lianhuan.models.files import load_weights, read_config, save_part
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.story import PageRequest

TOKENIZER = "tokenizer.json"
CELLS = 8 * 8
HOTTEST = 100.0
"""Largest factor on the cosines (Radford et al., 2021, section 2.5)."""


@dataclass(frozen=True)
class ClipConfig:
    """Sizes of `StoryClip`; all but `pictures`, the convolutions' channels, and `width` are the text encoder's."""

    vocabulary: int
    word_width: int = 128
    text_width: int = 192
    text_layers: int = 2
    heads: int = 4
    max_length: int = 60
    pictures: tuple[int, ...] = (64, 128, 192)
    width: int = 192
    stage: int = 3
    styles: bool = False

    @classmethod
    def with_words(cls, text: TextEncoderConfig) -> Self:
        """The sizes with a text encoder of another model."""
        return cls(
            text.vocabulary,
            text.word_width,
            text.width,
            text.layers,
            text.heads,
            text.max_length,
            stage=text.stage,
            styles=text.styles,
        )

    @property
    def text(self) -> TextEncoderConfig:
        """The sizes of the text encoder."""
        return TextEncoderConfig(
            self.vocabulary,
            self.word_width,
            self.text_width,
            self.text_layers,
            self.heads,
            self.max_length,
            self.stage,
            self.styles,
        )


class PictureEncoder(nn.Module):
    """Pictures (B, 3, 128, 128) in [-1, 1] -> (B, width): convolutions down to 8 x 8 cells, then a small transformer.

    Args:
        channels: of the convolutions at 32, 16 and 8 cells a side.
        width: of the result.
        heads: of the transformer.
    """

    def __init__(self, channels: Sequence[int], width: int, heads: int):
        super().__init__()
        layers: list[nn.Module] = [nn.PixelUnshuffle(4)]
        before = 3 * 4 * 4
        for level, after in enumerate(channels):
            layers += _convolution(before, after, 2 if level else 1) + _convolution(after, after, 1)
            before = after
        self.trunk = nn.Sequential(*layers, nn.Conv2d(before, width, 1))
        self.summary = nn.Parameter(torch.randn(1, width))
        self.positions = nn.Parameter(0.1 * torch.randn(1 + CELLS, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)

    def forward(self, pictures: Tensor) -> Tensor:
        """(B, width) features of pictures (B, 3, 128, 128)."""
        cells = self.trunk(pictures).flatten(2).transpose(1, 2)  # (B, 64, width)
        x = torch.cat([self.summary.expand(len(cells), 1, -1), cells], dim=1) + self.positions
        return self.norm(self.transformer(x)[:, 0])


class StoryClip(nn.Module):
    """Contrastive pair of a picture encoder and a caption encoder.

    Radford et al., "Learning Transferable Visual Models From Natural Language Supervision" (2021). A caption is its words
    alone: no stage, no place.

    Args:
        config: sizes.
        tokenizer: the words, a WordPiece tokenizer of the `tokenizers` library with a [PAD] token.
    """

    size = 128
    """Side of the pictures that it sees, in pixels."""

    def __init__(self, config: ClipConfig, tokenizer: Tokenizer):
        super().__init__()
        self.config = config
        self.words = PageTokenizer(tokenizer, config.text)
        self.pictures = PictureEncoder(config.pictures, config.width, config.heads)
        self.text = StoryTextEncoder(config.text)
        self.to_shared = nn.Linear(config.text_width, config.width)
        self.log_scale = nn.Parameter(torch.tensor(log(1 / 0.07)))

    @property
    def scale(self) -> Tensor:
        """The learnt factor on the cosines, at most 100: one over the temperature."""
        return self.log_scale.exp().clamp(max=HOTTEST)

    def tokens(self, captions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """(B, L) int64 word ids of captions and their mask, True = keep."""
        ids, _, mask = self.words([PageRequest(scene_id="caption", caption=text) for text in captions])
        return ids, mask

    def features(self, pictures: Tensor) -> Tensor:
        """(B, width) features of length 1 of pictures (B, 3, 128, 128) in [-1, 1]; differentiable."""
        return nn.functional.normalize(self.pictures(pictures).float(), dim=1)

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(B, width) features of length 1 of word ids (B, L) with their mask (B, L), True = keep."""
        tokens, _ = self.text(ids, torch.zeros_like(ids), mask)
        return nn.functional.normalize(self.to_shared(tokens[:, 0]).float(), dim=1)

    def caption_features(self, captions: Sequence[str]) -> Tensor:
        """(B, width) features of length 1 of captions."""
        device = self.log_scale.device
        ids, mask = self.tokens(captions)
        return self.text_features(ids.to(device), mask.to(device))


def contrastive_loss(pictures: Tensor, captions: Tensor, scale: Tensor) -> Tensor:
    """Mean of the cross-entropies of finding the caption of a picture and the picture of a caption in the batch.

    Radford et al. (2021), figure 3. Row i of both belongs together.

    Args:
        pictures: (B, D) features of length 1.
        captions: (B, D) features of length 1.
        scale: factor on the cosines.
    """
    logits = scale * pictures @ captions.T
    own = torch.arange(len(logits), device=logits.device)
    return (nn.functional.cross_entropy(logits, own) + nn.functional.cross_entropy(logits.T, own)) / 2


def save_clip(clip: StoryClip, folder: Path) -> None:
    """Write `config.json`, `model.safetensors` and `tokenizer.json` into `folder`."""
    save_part(clip, asdict(clip.config), folder)
    clip.words.tokenizer.save(str(folder / TOKENIZER), pretty=False)


def load_clip(folder: Path | None = None) -> StoryClip:
    """The model in `folder`, ready to use; None for the embedded one.

    Raises:
        CheckpointError: a file is missing, damaged, unsafe, or of another network.
    """
    home = Path(str(files("lianhuan"))) / "weights" / "clip" if folder is None else folder
    settings = read_config(home)
    if not (home / TOKENIZER).is_file():
        raise CheckpointError(f"{home / TOKENIZER} is missing; is {home} a complete CLIP folder?")
    try:
        tokenizer = Tokenizer.from_file(str(home / TOKENIZER))
        clip = StoryClip(ClipConfig(**settings | {"pictures": tuple(settings["pictures"])}), tokenizer)
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"{home}: settings that this version cannot use ({error})") from error
    load_weights(clip, home)
    return clip


def _convolution(before: int, after: int, stride: int) -> list[nn.Module]:
    return [
        nn.Conv2d(before, after, 3, stride, 1, bias=False),
        nn.GroupNorm(8, after),
        nn.SiLU(),
    ]
