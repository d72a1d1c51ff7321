"""Stable Diffusion 1.x, 2.x and XL: our loop on the parts of a diffusers folder."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor, nn

from lianhuan.generators.base import Input
from lianhuan.generators.clip_words import ClipWords
from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.prompt import page_prompt, spoken_of
from lianhuan.generators.safety import SafetyChecker
from lianhuan.generators.schedulers import scheduler_sampler
from lianhuan.models.context import Context, Told
from lianhuan.models.denoiser import SIZES, Denoiser
from lianhuan.sampling import SAMPLERS, Sampler, own_sampler
from lianhuan.story import PageRequest


class StableAutoencoder(nn.Module):
    """diffusers' AutoencoderKL with latents scaled as the denoiser wants them; the mean of the latents is taken.

    What goes in and comes out is in single precision, whatever the autoencoder computes in.
    """

    mean: Tensor
    scale: Tensor

    def __init__(self, vae: AutoencoderKL):
        super().__init__()
        self.vae: Any = vae
        self.config: Any = vae.config  # type: ignore[attr-defined]  # diffusers adds it
        scale = torch.tensor(float(self.config.scaling_factor)).expand(self.config.latent_channels)
        mean, std = self.config.get("latents_mean"), self.config.get("latents_std")
        whitened = mean is not None and std is not None
        shift = torch.full_like(scale, self.config.get("shift_factor") or 0.0)
        self.register_buffer("mean", _channels(mean if whitened else shift))
        self.register_buffer("scale", _channels(scale) / (_channels(std) if whitened else 1))

    def encode(self, pictures: Tensor) -> Tensor:
        """Latents (B, C, H/8, W/8) of pictures (B, 3, H, W) in [-1, 1]."""
        found = self.vae.encode(pictures.to(self.vae.dtype)).latent_dist.mode().float()
        return (found - self.mean) * self.scale

    def decode(self, latents: Tensor) -> Tensor:
        """Pictures (B, 3, H, W), about [-1, 1], from latents."""
        found = (latents / self.scale + self.mean).to(self.vae.dtype)
        return self.vae.decode(found, return_dict=False)[0].float()


class StableDiffusion(LatentGenerator):
    """Draws with a Stable Diffusion checkpoint; see `lianhuan.generators.Generator`.

    Args:
        name: what the user called it.
        fingerprint: hash of its weights.
        autoencoder, denoiser: its parts, in evaluation mode, on one device.
        words: its text encoders with their tokenizers: one, or two for SDXL.
        scheduler: the settings of the checkpoint's own scheduler, as diffusers writes them.
        checker: its safety checker, if it comes with one.
        empty_is_zero: whether guidance leads away from zeros, as SDXL was trained, or from the empty prompt.
    """

    accepts: frozenset[Input] = LatentGenerator.accepts | {"prompts", "weights"}
    autoencoder: StableAutoencoder

    def __init__(
        self,
        *,
        name: str,
        fingerprint: str,
        autoencoder: StableAutoencoder,
        words: Sequence[ClipWords],
        denoiser: Denoiser,
        scheduler: Mapping[str, Any],
        checker: SafetyChecker | None,
        empty_is_zero: bool,
    ):
        self.name = name
        self.fingerprint = fingerprint
        self.autoencoder = autoencoder
        self.text_encoder = nn.ModuleList([one.encoder for one in words])
        self.tokenizer = [one.tokenizer for one in words]
        self.words = tuple(words)
        self.denoiser = denoiser
        self.scheduler = scheduler
        self.size = 8 * int(denoiser.unet.config.sample_size)  # type: ignore[union-attr,arg-type]  # diffusers adds it
        self.checker = checker
        self.empty_is_zero = empty_is_zero

    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """Context of each page, (B, 77 N, D) for prompts of N chunks; a page has the same numbers in any batch."""
        return Context.join([self._encode(page) for page in requests])

    def null(self, count: int, words: str = "") -> Context:
        """The context of `count` pages that say `words`; where these are empty, zeros if the checkpoint wants them."""
        empty = self.read(words)
        if self.empty_is_zero and not words:
            extra = empty.extra
            if extra is not None:
                extra = torch.cat([torch.zeros_like(extra[:, :-SIZES]), extra[:, -SIZES:]], dim=1)
            empty = replace(empty, tokens=torch.zeros_like(empty.tokens), extra=extra)
        return Context.join([empty] * count)

    def decode(self, latents: Tensor) -> list[Image.Image]:
        """Pictures of latents (B, C, h, w), black where the safety checker flags them."""
        images = super().decode(latents)
        return images if self.checker is None else self.checker(images)

    def read(self, prompt: str) -> Context:
        """The context of a prompt, taken as it is."""
        read = [words(prompt) for words in self.words]
        tokens = torch.cat([one for one, _ in read], dim=2)
        pooled = [vector for _, vector in read if vector is not None]
        extra = None
        if pooled:
            sizes = tokens.new_tensor([[self.size, self.size, 0, 0, self.size, self.size]])
            extra = torch.cat([*pooled, sizes], dim=1)
        return Context(
            tokens, torch.ones(tokens.shape[:2], dtype=torch.bool, device=tokens.device), extra=extra
        )

    def _encode(self, page: PageRequest) -> Context:
        """The context of a page, with the words of each character on stage weighted."""
        prompt = page_prompt(page)
        read, spans = self.read(prompt), spoken_of(page)
        names = {name: self.words[0].places(prompt, some) for name, some in spans.items()}
        tokens = read.tokens
        for entry in page.stage:
            if entry.weight != 1:
                tokens = self._weighted(tokens, names[entry.name], entry.weight)
        cast = (frozenset(names),)
        return replace(read, tokens=tokens, cast=cast, told=Told(tokens, read.mask, (names,)))

    def _weighted(self, tokens: Tensor, places: Sequence[int], weight: float) -> Tensor:
        """Tokens (1, 77 N, D), those at `places` moved along the line from the empty prompt, at 0, through themselves, at 1."""
        empty = self.read("").tokens.repeat(1, tokens.shape[1] // self.words[0].length, 1)
        chosen = torch.zeros(tokens.shape[1], 1, dtype=torch.bool, device=tokens.device)
        chosen[list(places)] = True
        return torch.where(chosen, torch.lerp(empty, tokens, weight), tokens)

    def sampler(self, name: str) -> Sampler:
        """The sampler of this name: our own, one of diffusers, or "checkpoint", the checkpoint's own scheduler.

        Raises:
            CheckpointError: there is none.
        """
        return own_sampler(name) if name in SAMPLERS else scheduler_sampler(name, self.scheduler)


def _channels(values: Sequence[float] | Tensor) -> Tensor:
    return torch.as_tensor(values, dtype=torch.float32).view(1, -1, 1, 1)
