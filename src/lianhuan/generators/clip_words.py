"""Prompts of any length through the CLIP text encoders of Stable Diffusion."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers import CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer


class ClipWords:
    """A CLIP text encoder with its tokenizer.

    CLIP reads 77 tokens at once, the first and the last of which are marks. A longer prompt is cut into chunks of 75,
    each is read for itself, and what they give stands one behind another; a prompt of one chunk is read as the stock
    pipelines do.

    Args:
        tokenizer, encoder: the parts, the encoder in evaluation mode.
        penultimate: whether its tokens come from the last layer but one, as in SDXL, or from the last.
    """

    def __init__(
        self,
        tokenizer: CLIPTokenizer,
        encoder: CLIPTextModel | CLIPTextModelWithProjection,
        *,
        penultimate: bool,
    ):
        self.tokenizer = tokenizer
        self.encoder = encoder
        self.penultimate = penultimate
        self.length: int = encoder.config.max_position_embeddings

    def chunks(self, text: str) -> tuple[Tensor, Tensor]:
        """Ids and mask, (N, 77) int64 and bool, of the N chunks of `text`, at least one."""
        words = [number for number, _ in self._words(text)]
        room = self.length - 2
        ids = torch.full((max(1, -(-len(words) // room)), self.length), self._id("pad_token_id"))
        mask = torch.zeros_like(ids, dtype=torch.bool)
        for row in range(len(ids)):
            some = words[row * room : (row + 1) * room]
            marked = [self._id("bos_token_id"), *some, self._id("eos_token_id")]
            ids[row, : len(marked)] = torch.tensor(marked)
            mask[row, : len(marked)] = True
        return ids, mask

    @torch.no_grad()
    def __call__(self, text: str) -> tuple[Tensor, Tensor | None]:
        """Tokens (1, 77 N, D) of a prompt, and one vector (1, P) of its first chunk where the encoder has a projection."""
        return self.read(text)

    def read(self, text: str) -> tuple[Tensor, Tensor | None]:
        """What a call gives, with gradients for words that are learnt."""
        found: list[Tensor] = []
        pooled: list[Tensor] = []
        wants_mask = getattr(self.encoder.config, "use_attention_mask", False)
        for ids, mask in zip(*(part.split(1) for part in self.chunks(text)), strict=True):
            out: Any = self.encoder(
                ids.to(self.encoder.device),
                attention_mask=mask.to(self.encoder.device) if wants_mask else None,
                output_hidden_states=self.penultimate,
            )
            found.append((out.hidden_states[-2] if self.penultimate else out.last_hidden_state).float())
            if isinstance(self.encoder, CLIPTextModelWithProjection):
                pooled.append(out.text_embeds.float())
        return torch.cat(found, dim=1), pooled[0] if pooled else None

    def places(self, text: str, spans: Sequence[tuple[int, int]]) -> tuple[int, ...]:
        """The numbers of the tokens, among those that a call gives, that stand in pieces [start, end) of `text`."""
        room = self.length - 2
        found = [
            number
            for number, (_, (start, end)) in enumerate(self._words(text))
            if any(start < last and first < end for first, last in spans)
        ]
        return tuple(number // room * self.length + 1 + number % room for number in found)

    def _words(self, text: str) -> list[tuple[int, tuple[int, int]]]:
        """The ids of the tokens of `text`, each with its piece [start, end); a textual inversion may stand for several."""
        read = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        added: dict[str, int] = self.tokenizer.added_tokens_encoder
        names = {number: name for name, number in added.items()}
        pieces = zip(read.input_ids, read.offset_mapping, strict=True)
        return [
            (number, piece)
            for first, piece in pieces
            for number in (first, *_further(names.get(first, ""), added))
        ]

    def _id(self, name: str) -> int:
        return int(getattr(self.tokenizer, name))


def _further(name: str, added: Mapping[str, int]) -> Iterator[int]:
    """The ids of the second and later vectors of a textual inversion; diffusers numbers them."""
    number = 1
    while f"{name}_{number}" in added:
        yield added[f"{name}_{number}"]
        number += 1
