"""Checkpoints of stock pipelines with random weights in diffusers' own layout: they draw noise."""

import string
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    DPMSolverMultistepScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    FluxKontextPipeline,
    FluxPipeline,
    FluxTransformer2DModel,
    PixArtSigmaPipeline,
    PixArtTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
)
from transformers import (
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Qwen2Tokenizer,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
    T5Tokenizer,
)

from lianhuan.testing.checkpoints import WIDTH, tiny_clip_text, tiny_clip_tokenizer

PipelineFamily = Literal["flux", "kontext", "klein", "sd3", "pixart"]
SIDE = 64
"""Side of the pictures, the least that FLUX.2 takes."""
PIXART_SIDE = 256
"""That of PixArt-Sigma, the least that its pipeline draws."""
CHANNELS = 4
"""Of the latents."""
_CHAT = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}"
    "<|im_start|>assistant\n"
)


def tiny_pipeline(folder: Path, family: PipelineFamily, seed: int = 0, *, distilled: bool = False) -> Path:
    """Write a checkpoint with random weights, always the same for a `seed`, into `folder` and return it.

    Args:
        folder: where.
        family: FLUX.1, FLUX.1 Kontext, FLUX.2 klein, Stable Diffusion 3 or PixArt-Sigma; layout and settings are those of the real ones.
        seed: of the weights.
        distilled: whether a FLUX.2 klein is of the form that knows no guidance.
    """
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if family == "klein":
            pipeline: Any = Flux2KleinPipeline(**_klein(), is_distilled=distilled)
        elif family == "sd3":
            pipeline = StableDiffusion3Pipeline(**_sd3(folder))
        elif family == "pixart":
            pipeline = PixArtSigmaPipeline(**_pixart())
        else:
            kind = FluxPipeline if family == "flux" else FluxKontextPipeline
            pipeline = kind(**_flux(folder))
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def _flux(folder: Path) -> dict[str, Any]:
    clip, t5 = tiny_clip_tokenizer(folder / "tokenizer"), _t5_tokenizer()
    transformer: Any = FluxTransformer2DModel(
        in_channels=4 * CHANNELS,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=WIDTH,
        pooled_projection_dim=WIDTH,
        guidance_embeds=True,
        axes_dims_rope=(4, 4, 8),
    )
    return {
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        "vae": _vae(),
        "text_encoder": tiny_clip_text(clip, CLIPTextModel),
        "tokenizer": clip,
        "text_encoder_2": _t5(t5),
        "tokenizer_2": t5,
        "transformer": transformer.eval(),
    }


def _klein() -> dict[str, Any]:
    tokenizer = _qwen_tokenizer()
    width = 16
    config = Qwen3Config(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=width,
        num_hidden_layers=27,  # the pipeline reads layers 9, 18 and 27
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=8,
        tie_word_embeddings=True,
    )
    transformer: Any = Flux2Transformer2DModel(
        in_channels=4 * CHANNELS,
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=3 * width,
        timestep_guidance_channels=16,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=False,
    )
    vae: Any = AutoencoderKLFlux2(
        **_levels(), block_out_channels=(8, 8, 8, 8), layers_per_block=1, latent_channels=CHANNELS
    )
    return {
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True),
        "vae": vae.eval(),
        "text_encoder": Qwen3ForCausalLM(config).eval(),
        "tokenizer": tokenizer,
        "transformer": transformer.eval(),
    }


def _sd3(folder: Path) -> dict[str, Any]:
    first = tiny_clip_tokenizer(folder / "tokenizer")
    second, t5 = tiny_clip_tokenizer(folder / "tokenizer_2", pad="!"), _t5_tokenizer()
    transformer: Any = SD3Transformer2DModel(
        sample_size=SIDE // 8,
        in_channels=CHANNELS,
        out_channels=CHANNELS,
        num_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=2 * WIDTH,
        caption_projection_dim=WIDTH,
        pooled_projection_dim=2 * WIDTH,
        pos_embed_max_size=SIDE // 8,
    )
    return {
        "scheduler": FlowMatchEulerDiscreteScheduler(shift=3.0),
        "vae": _vae(),
        "text_encoder": tiny_clip_text(first, CLIPTextModelWithProjection),
        "tokenizer": first,
        "text_encoder_2": tiny_clip_text(second, CLIPTextModelWithProjection),
        "tokenizer_2": second,
        "text_encoder_3": _t5(t5, 2 * WIDTH),
        "tokenizer_3": t5,
        "transformer": transformer.eval(),
    }


def _pixart() -> dict[str, Any]:
    tokenizer = _t5_tokenizer()
    transformer: Any = PixArtTransformer2DModel(
        sample_size=PIXART_SIDE // 8,
        in_channels=CHANNELS,
        out_channels=2 * CHANNELS,
        num_layers=1,
        num_attention_heads=2,
        attention_head_dim=16,
        cross_attention_dim=WIDTH,
        caption_channels=WIDTH,
        use_additional_conditions=False,
    )
    return {
        "scheduler": DPMSolverMultistepScheduler(),
        "vae": _vae(),
        "text_encoder": _t5(tokenizer),
        "tokenizer": tokenizer,
        "transformer": transformer.eval(),
    }


def _vae() -> Any:
    vae: Any = AutoencoderKL(
        **_levels(),
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        latent_channels=CHANNELS,
        scaling_factor=0.3611,
        shift_factor=0.1159,
        use_quant_conv=False,
        use_post_quant_conv=False,
    )
    return vae.eval()


def _levels() -> dict[str, Any]:
    return {
        "sample_size": SIDE,
        "norm_num_groups": 4,
        "down_block_types": ("DownEncoderBlock2D",) * 4,
        "up_block_types": ("UpDecoderBlock2D",) * 4,
    }


def _t5_tokenizer() -> T5Tokenizer:
    """A T5 tokenizer that spells every word."""
    pieces = ["<pad>", "</s>", "<unk>", "▁", *string.ascii_letters, *string.digits, *",.!?'-"]
    return T5Tokenizer(vocab=[(piece, -1.0) for piece in pieces], extra_ids=0, model_max_length=512)


def _t5(tokenizer: T5Tokenizer, width: int = WIDTH) -> Any:
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=width,
        d_kv=8,
        d_ff=width,
        num_layers=1,
        num_heads=2,
        feed_forward_proj="gated-gelu",
    )
    return T5EncoderModel(config).eval()


def _qwen_tokenizer() -> Qwen2Tokenizer:
    """A Qwen tokenizer that spells every word, with a chat template that ends where the assistant would speak."""
    letters = [chr(code) for code in range(33, 127)] + ["Ġ", "Ċ", "<|endoftext|>"]
    tokenizer = Qwen2Tokenizer(vocab={letter: i for i, letter in enumerate(letters)}, merges=[])
    tokenizer.chat_template = _CHAT
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|im_start|>", "<|im_end|>"]})
    return tokenizer
