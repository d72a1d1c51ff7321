"""Stable Diffusion 1.5 and SDXL as large as they are, with random weights: they draw noise, at the real price.

Sizes are those that the settings of the published checkpoints state. The tokenizer spells every word letter by letter, so
that a page's prompt is two chunks of 77 tokens where a real tokenizer makes one.
"""

from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import save_file
from torch import nn
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from lianhuan.testing.checkpoints import tiny_clip_tokenizer

Family = Literal["sd1", "sdxl"]
SIDES: dict[Family, int] = {"sd1": 64, "sdxl": 128}
"""Of the latents; pictures are 8 times as large."""
UNETS: dict[Family, dict[str, Any]] = {
    "sd1": {
        "block_out_channels": (320, 640, 1280, 1280),
        "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
    },
    "sdxl": {
        "block_out_channels": (320, 640, 1280),
        "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        "cross_attention_dim": 2048,
        "attention_head_dim": (5, 10, 20),
        "transformer_layers_per_block": (1, 2, 10),
        "use_linear_projection": True,
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
}
VIT_L = {"hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12}
VIT_BIG_G = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
}
VIT_H = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 16,
    "patch_size": 14,
    "image_size": 224,
}
FEATURES = 1024
"""Numbers of a picture that an IP-Adapter for ViT-H reads."""


def real_unet(family: Family, side: int | None = None) -> Any:
    """The UNet of a family, for latents of `side`; the family's own for None."""
    return UNet2DConditionModel(sample_size=side or SIDES[family], layers_per_block=2, **UNETS[family]).eval()  # type: ignore[attr-defined]  # diffusers hides that it is a module


def attended(family: Family) -> int:
    """Numbers that enter the self-attention layers for one picture, reckoned on torch's meta device."""
    counts: list[int] = []
    with torch.device("meta"):
        unet = real_unet(family)
        for name, module in unet.named_modules():
            if name.endswith("attn1"):
                module.register_forward_pre_hook(lambda _layer, args: counts.append(args[0].numel()))
        added = {"text_embeds": torch.empty(1, 1280), "time_ids": torch.empty(1, 6)}
        side, words = SIDES[family], UNETS[family]["cross_attention_dim"]
        latents, tokens = torch.empty(1, 4, side, side), torch.empty(1, 77, words)
        unet(latents, torch.empty(1), tokens, added_cond_kwargs=added)
    return sum(counts)


def real_checkpoint(folder: Path, family: Family, device: str, side: int | None = None) -> Path:
    """Write a checkpoint of real size with random weights, in half precision, into `folder` and return it.

    Args:
        folder: where.
        family: which.
        device: where the weights are drawn.
        side: of the latents; the family's own for None.
    """
    tokenizer = tiny_clip_tokenizer(folder / "tokenizer")
    with torch.device(device):
        parts: dict[str, Any] = {
            "unet": real_unet(family, side),
            "vae": _vae(family),
            "text_encoder": _words(tokenizer, CLIPTextModel, VIT_L, "quick_gelu"),
        }
        if family == "sdxl":
            parts["text_encoder_2"] = _words(tokenizer, CLIPTextModelWithProjection, VIT_BIG_G, "gelu")
    parts = {name: part.half() for name, part in parts.items()}
    times = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
    if family == "sdxl":
        second = tiny_clip_tokenizer(folder / "tokenizer_2", pad="!")
        pipeline: Any = StableDiffusionXLPipeline(
            **parts, tokenizer=tokenizer, tokenizer_2=second, scheduler=times, add_watermarker=False
        )
    else:
        pipeline = StableDiffusionPipeline(
            **parts,
            tokenizer=tokenizer,
            scheduler=times,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipeline.save_pretrained(folder, safe_serialization=True)
    return folder


def real_ip_adapter(folder: Path, family: Family, device: str) -> Path:
    """Write an IP-Adapter of real size (plain, for ViT-H) with random weights for a family, and return its file."""
    with torch.device("meta"):
        unet = real_unet(family)
    words = unet.config.cross_attention_dim
    with torch.device(device):
        config = CLIPVisionConfig(projection_dim=FEATURES, **VIT_H)
        CLIPVisionModelWithProjection(config).half().save_pretrained(folder / "image_encoder")
        parts = {"proj": nn.Linear(FEATURES, 4 * words), "norm": nn.LayerNorm(words)}
        tensors = {
            f"image_proj.{name}.{key}": value
            for name, part in parts.items()
            for key, value in part.state_dict().items()
        }
        looking = [name.removesuffix(".processor") for name in unet.attn_processors if "attn2" in name]
        for number, name in enumerate(looking):
            width = unet.get_submodule(name).to_k.out_features
            for part in ("to_k_ip", "to_v_ip"):
                weight = nn.Linear(words, width, bias=False).weight.detach()
                tensors[f"ip_adapter.{2 * number + 1}.{part}.weight"] = weight
    file = folder / "ip-adapter_random.safetensors"
    save_file({name: tensor.cpu() for name, tensor in tensors.items()}, file)
    return file


def _vae(family: Family) -> Any:
    vae: Any = AutoencoderKL(
        block_out_channels=(128, 256, 512, 512),
        layers_per_block=2,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        sample_size=8 * SIDES[family],
        scaling_factor=0.13025 if family == "sdxl" else 0.18215,
        force_upcast=family == "sdxl",
    )
    return vae.eval()


def _words(tokenizer: CLIPTokenizer, kind: Any, sizes: dict[str, int], activation: str) -> Any:
    ids = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    width = sizes["hidden_size"]
    config = CLIPTextConfig(vocab_size=49408, projection_dim=width, hidden_act=activation, **sizes, **ids)
    return kind(config).eval()
