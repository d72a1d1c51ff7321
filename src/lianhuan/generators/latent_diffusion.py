"""The embedded model's generator."""

from collections.abc import Sequence

import torch

from lianhuan.generators.latent import LatentGenerator
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.story import PageRequest


class LatentDiffusion(LatentGenerator):
    """The embedded model's generator, and that of models trained like it; see `lianhuan.generators.Generator`.

    Args:
        name: what the user called it.
        fingerprint: hash of its weights.
        autoencoder, text_encoder, tokenizer, denoiser: its parts, in evaluation mode, on one device.
        size: side of its pictures in pixels.
        bound: of its estimates of clean latents, see `lianhuan.generators.loop.within_bound`; None for none.
    """

    negates = False
    autoencoder: Autoencoder
    text_encoder: StoryTextEncoder
    tokenizer: PageTokenizer

    def __init__(
        self,
        *,
        name: str,
        fingerprint: str,
        autoencoder: Autoencoder,
        text_encoder: StoryTextEncoder,
        tokenizer: PageTokenizer,
        denoiser: Denoiser,
        size: int = 128,
        bound: float | None = None,
    ):
        self.name = name
        self.fingerprint = fingerprint
        self.autoencoder = autoencoder
        self.text_encoder = text_encoder
        self.tokenizer = tokenizer
        self.denoiser = denoiser
        self.size = size
        self.bound = bound

    @torch.no_grad()
    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """Context of each page, (B, 4 + L, D); a page has the same numbers in any batch."""
        ids, segments, mask = (part.to(self.device) for part in self.tokenizer(requests))
        contexts = []
        for row, page in enumerate(requests):
            one = slice(row, row + 1)
            tokens, keep = self.text_encoder(ids[one], segments[one], mask[one])
            contexts.append(Context(tokens, keep, (frozenset(entry.name for entry in page.stage),)))
        return Context.join(contexts)

    def null(self, count: int, words: str = "") -> Context:
        """The context of `count` pages that say nothing, or nothing but `words`."""
        return self.encode([PageRequest(scene_id="", caption=words)] * count)
