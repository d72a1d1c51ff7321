"""The embedded model's generator."""

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from tokenizers import Tokenizer

from lianhuan.errors import CheckpointError
from lianhuan.generators.latent import LatentGenerator, Quick
from lianhuan.generators.options import Compute
from lianhuan.generators.placing import settle
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.few_steps import FEW_STEPS, read_few_steps
from lianhuan.models.files import fingerprint, load_weights, read_config
from lianhuan.models.sizes import SIDE, AutoencoderConfig, TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import NoisePath
from lianhuan.story import PageRequest


class LatentDiffusion(LatentGenerator):
    """The embedded model's generator, and that of models trained like it; see `lianhuan.generators.Generator`.

    Args:
        name: what the user called it.
        fingerprint: hash of its weights.
        autoencoder, text_encoder, tokenizer, denoiser: its parts, in evaluation mode, on one device.
        bound: of its estimates of clean latents, see `lianhuan.generators.loop.within_bound`; None for none.
        quick: a denoiser made to draw in few steps; None for none.
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
        bound: float | None = None,
        quick: Quick | None = None,
    ):
        self.name = name
        self.fingerprint = fingerprint
        self.autoencoder = autoencoder
        self.text_encoder = text_encoder
        self.tokenizer = tokenizer
        self.denoiser = denoiser
        self.size = autoencoder.config.size
        self.cell = self.size // SIDE
        self.bound = bound
        self.quick = quick

    @torch.no_grad()
    def encode(self, requests: Sequence[PageRequest]) -> Context:
        """Context of each page, (B, S + L, D); a page has the same numbers in any batch."""
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


def load_latent_diffusion(folder: Path, name: str, parts: Sequence[str], compute: Compute) -> LatentDiffusion:
    """The generator in a folder in the embedded model's layout, where it shall compute.

    Args:
        folder: of the model.
        name: what the user called it.
        parts: what decides its pictures, for the fingerprint.
        compute: what it computes with.

    Raises:
        CheckpointError: a part is missing, damaged, or of another version.
    """
    text_config, path_config = read_config(folder / "text_encoder"), read_config(folder / "path")
    try:
        autoencoder = Autoencoder(AutoencoderConfig(**read_config(folder / "autoencoder")))
        text_encoder = StoryTextEncoder(TextEncoderConfig(**text_config))
        path = NoisePath.cosine(path_config["times"])
        denoisers = {
            part: Denoiser(
                UNet2DConditionModel.from_config(read_config(folder / part)), path, path_config["prediction"]
            )
            for part in ("unet", FEW_STEPS)
            if part == "unet" or (folder / part).is_dir()
        }
        tokenizer = Tokenizer.from_file(str(folder / "text_encoder" / "tokenizer.json"))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(autoencoder, folder / "autoencoder")
    load_weights(text_encoder, folder / "text_encoder")
    for part, denoiser in denoisers.items():
        load_weights(denoiser.unet, folder / part)
    quick = denoisers.get(FEW_STEPS)
    generator = LatentDiffusion(
        name=name,
        fingerprint=fingerprint(folder, parts),
        autoencoder=autoencoder,
        text_encoder=text_encoder,
        tokenizer=PageTokenizer(tokenizer, text_encoder.config),
        denoiser=denoisers["unet"],
        bound=path_config.get("bound"),
        quick=None if quick is None else Quick(quick, read_few_steps(folder / FEW_STEPS)),
    )
    generator.compute = compute
    settle(generator)
    return generator
