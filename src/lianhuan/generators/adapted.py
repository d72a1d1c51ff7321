"""A generator that knows a character which it was not trained on."""

import copy
from collections.abc import Mapping
from dataclasses import replace

import torch

from lianhuan.errors import CheckpointError
from lianhuan.generators.latent_diffusion import LatentDiffusion
from lianhuan.models.adapter import Adapter, add_word
from lianhuan.models.files import short_hash
from lianhuan.models.tokens import PageTokenizer
from lianhuan.tensors import digest


def with_characters(generator: LatentDiffusion, characters: Mapping[str, Adapter]) -> LatentDiffusion:
    """A copy of `generator` that draws learnt characters by name; `generator` itself stays as it is.

    Args:
        generator: the model that the adapters were made with.
        characters: name in the story -> adapter. Several at once add up; only "token" adapters leave each other alone.

    Raises:
        CheckpointError: an adapter belongs to another model, or a name is a word of the model already.
    """
    text, denoiser = copy.deepcopy(generator.text_encoder), copy.deepcopy(generator.denoiser)
    words = generator.tokenizer.tokenizer
    roots = {"text": text, "unet": denoiser.unet}
    marks = [generator.fingerprint]
    for name, adapter in characters.items():
        if adapter.info.base != generator.fingerprint:
            raise CheckpointError(
                f"the character {adapter.info.name!r} was learnt with another model than {generator.name!r}; adapt again"
            )
        weights = {f"{root}.{n}": p for root, m in roots.items() for n, p in m.named_parameters()}
        try:
            with torch.no_grad():
                for weight, change in adapter.changes.items():
                    weights[weight].add_(change.view_as(weights[weight]).to(weights[weight]))
        except (KeyError, RuntimeError) as error:
            raise CheckpointError(f"the character {name!r} does not fit this model ({error})") from error
        words = add_word(words, text, name, adapter.token)
        marks += [name, *_marks(adapter)]
    knowing = LatentDiffusion(
        name=generator.name,
        fingerprint=short_hash(" ".join(marks)),
        autoencoder=generator.autoencoder,
        text_encoder=text,
        tokenizer=PageTokenizer(words, generator.tokenizer.sizes),
        denoiser=denoiser,
        bound=generator.bound,
        quick=None if generator.quick is None else replace(generator.quick, denoiser=None),
    )
    knowing.compute = generator.compute
    return knowing


def _marks(adapter: Adapter) -> list[str]:
    changes = [f"{name} {digest(change)}" for name, change in sorted(adapter.changes.items())]
    return [digest(adapter.token), *changes]
