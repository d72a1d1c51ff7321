"""A Stable Diffusion 1.x model of any size with random weights, in the layout of diffusers: what a base is trained from."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from tokenizers import pre_tokenizers, trainers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from lianhuan.generators.checkpoint import quiet

LENGTH = 77
"""Tokens that the text encoder reads at once, the marks of start and end among them."""
NARROW = 6.0
"""By so much the logarithm of the latents' variance is below 0 at the start."""
MARKS = ("<|startoftext|>", "<|endoftext|>")
LAST = "</w>"
"""Behind a word piece that ends a word."""


@dataclass(frozen=True, kw_only=True)
class FreshSizes:
    """Sizes of a new model; the defaults train in minutes on one core.

    Attributes:
        size: side of its pictures in pixels, a multiple of 8 for each level of the UNet after the first, times 8.
        vocabulary: at most so many word pieces.
        words: numbers of a token of the text encoder.
        layers: of the text encoder.
        vae: widths of the autoencoder's four levels.
        unet: widths of the UNet's levels; all but the last look at the words.
        heads: of every attention; all widths of `unet` and `words` are multiples of it.
        groups: of every normalisation; all widths of `vae` and `unet` are multiples of it.
    """

    size: int = 64
    vocabulary: int = 1500
    words: int = 64
    layers: int = 2
    vae: tuple[int, int, int, int] = (8, 16, 32, 32)
    unet: tuple[int, ...] = (32, 64)
    heads: int = 4
    groups: int = 8


def write_fresh(folder: Path, captions: Iterable[str], sizes: FreshSizes) -> None:
    """Write a new model to `folder`; its weights follow torch's seed.

    The model predicts v, not eps as the real checkpoints of 1.x do: so short a training otherwise learns nothing of what a
    picture is as a whole, for where the noise is strong eps is hardly wrong.

    Args:
        folder: where.
        captions: the words that its tokenizer is made for.
        sizes: of its networks.
    """
    tokenizer = _tokenizer(captions, sizes.vocabulary)
    deep = len(sizes.unet) - 1
    pipeline: Any = StableDiffusionPipeline(
        vae=AutoencoderKL(
            sample_size=sizes.size,
            block_out_channels=sizes.vae,
            norm_num_groups=sizes.groups,
            layers_per_block=1,
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            scaling_factor=1.0,
        ),
        unet=UNet2DConditionModel(
            sample_size=sizes.size // 8,
            layers_per_block=1,
            block_out_channels=sizes.unet,
            norm_num_groups=sizes.groups,
            attention_head_dim=sizes.heads,
            cross_attention_dim=sizes.words,
            down_block_types=("CrossAttnDownBlock2D",) * deep + ("DownBlock2D",),
            up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * deep,
        ),
        text_encoder=CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=sizes.words,
                intermediate_size=4 * sizes.words,
                projection_dim=sizes.words,
                num_hidden_layers=sizes.layers,
                num_attention_heads=sizes.heads,
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        ),
        tokenizer=tokenizer,
        scheduler=PNDMScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            skip_prk_steps=True,
            steps_offset=1,
            prediction_type="v_prediction",
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    with torch.no_grad():  # else it would take long until the first colours come through
        pipeline.vae.quant_conv.bias[pipeline.vae.config.latent_channels :] -= NARROW
    with quiet():
        pipeline.save_pretrained(folder, safe_serialization=True)


def _tokenizer(captions: Iterable[str], vocabulary: int) -> CLIPTokenizer:
    """CLIP's tokenizer with word pieces learnt from `captions`, always the same ones; any other word is spelt."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    spelt = [*letters, *(f"{letter}{LAST}" for letter in letters)]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary - len(MARKS),
        special_tokens=spelt,  # numbered beforehand: equally frequent pairs are told apart by their numbers
        end_of_word_suffix=LAST,
        show_progress=False,
    )
    backend = CLIPTokenizer().backend_tokenizer
    backend.train_from_iterator(captions, trainer)
    learnt: dict[str, Any] = json.loads(backend.to_str())["model"]
    vocab = learnt["vocab"] | {mark: len(learnt["vocab"]) + i for i, mark in enumerate(MARKS)}
    merges: Any = [tuple(pair) for pair in learnt["merges"]]
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=LENGTH)
