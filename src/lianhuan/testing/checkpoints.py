"""Checkpoints with random weights in diffusers' own layout: they draw noise, but in all sizes that matter but one."""

import json
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from safetensors.torch import save_file
from torch import nn
from transformers import (
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

Family = Literal["sd1", "sd2", "sdxl"]
WIDTH = 32
SIDE = 8
"""Side of the latents; pictures are 8 times as large."""
_TIMES: dict[str, Any] = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def tiny_checkpoint(folder: Path, family: Family, seed: int = 0, checker: Any = None) -> Path:
    """Write a Stable Diffusion checkpoint with random weights, always the same for a `seed`, into `folder` and return it.

    Args:
        folder: where.
        family: "sd1" predicts eps, "sd2" v, "sdxl" has two text encoders; layout and settings are those of the real ones.
        seed: of the weights.
        checker: a safety checker for "sd1" and "sd2", see `tiny_checker`; None for none.
    """
    tokenizer = tiny_clip_tokenizer(folder / "tokenizer")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        parts = {
            "vae": _vae(family),
            "unet": _unet(family),
            "text_encoder": tiny_clip_text(tokenizer, CLIPTextModel),
        }
        if family == "sdxl":
            parts["text_encoder_2"] = tiny_clip_text(tokenizer, CLIPTextModelWithProjection)
    if family == "sdxl":
        second = tiny_clip_tokenizer(folder / "tokenizer_2", pad="!")
        euler = EulerDiscreteScheduler(**_TIMES, timestep_spacing="leading", steps_offset=1)
        pipeline: Any = StableDiffusionXLPipeline(
            **parts, tokenizer=tokenizer, tokenizer_2=second, scheduler=euler, add_watermarker=False
        )
    else:
        prediction = "v_prediction" if family == "sd2" else "epsilon"
        pndm = PNDMScheduler(**_TIMES, skip_prk_steps=True, steps_offset=1, prediction_type=prediction)
        pipeline = StableDiffusionPipeline(
            **parts,
            tokenizer=tokenizer,
            scheduler=pndm,
            safety_checker=checker,
            feature_extractor=None if checker is None else _processor(),
            requires_safety_checker=checker is not None,
        )
    pipeline.save_pretrained(folder, safe_serialization=True)
    if family != "sdxl":  # as checkpoints from before tokenizer.json have it
        (folder / "tokenizer" / "tokenizer.json").unlink()
        tiny_clip_tokenizer(folder / "tokenizer")
    return folder


def tiny_clip_tokenizer(folder: Path, pad: str = "<|endoftext|>") -> CLIPTokenizer:
    """A CLIP tokenizer that spells every word, a token for each letter, in the files that real checkpoints have.

    Args:
        folder: where its files are written.
        pad: the token that fills a prompt up.
    """
    letters = "!\"',-.0123456789:;?abcdefghijklmnopqrstuvwxyz"
    words = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: i for i, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    marks = {"bos_token": words[-2], "eos_token": words[-1], "unk_token": words[-1], "pad_token": pad}
    settings = {**marks, "model_max_length": 77, "tokenizer_class": "CLIPTokenizer"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2))
    (folder / "special_tokens_map.json").write_text(json.dumps(marks, indent=2))
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def tiny_checker(*, flags: bool) -> StableDiffusionSafetyChecker:
    """A safety checker that flags every picture, or none."""
    sizes = {
        "hidden_size": WIDTH,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": WIDTH,
    }
    config = CLIPConfig(
        vision_config={**sizes, "image_size": 32, "patch_size": 16}, text_config=sizes, projection_dim=WIDTH
    )
    checker = StableDiffusionSafetyChecker(config).eval()
    for threshold in (checker.concept_embeds_weights, checker.special_care_embeds_weights):
        threshold.fill_(-2.0 if flags else 2.0)  # cosines are compared with it
    return checker


def _processor() -> CLIPImageProcessorPil:
    return CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})


def tiny_clip_text(tokenizer: CLIPTokenizer, kind: Any) -> Any:
    """A text encoder of class `kind` for a tokenizer, with random weights."""
    ids = {name: getattr(tokenizer, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=WIDTH,
        intermediate_size=2 * WIDTH,
        projection_dim=WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        **ids,
    )
    return kind(config).eval()


def _vae(family: Family) -> Any:
    vae: Any = AutoencoderKL(
        sample_size=8 * SIDE,
        block_out_channels=(8, 8, 8, 8),
        norm_num_groups=4,
        layers_per_block=1,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        scaling_factor=0.13025 if family == "sdxl" else 0.18215,
    )
    return vae.eval()


def _unet(family: Family) -> Any:
    """A UNet of two levels with the switches of its family."""
    of_family: dict[str, dict[str, Any]] = {
        "sd1": {"attention_head_dim": 4, "cross_attention_dim": WIDTH},
        "sd2": {
            "attention_head_dim": (2, 4),
            "cross_attention_dim": WIDTH,
            "use_linear_projection": True,
        },
        "sdxl": {
            "attention_head_dim": (2, 4),
            "cross_attention_dim": 2 * WIDTH,
            "use_linear_projection": True,
            "transformer_layers_per_block": (1, 2),
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 8,
            "projection_class_embeddings_input_dim": 6 * 8 + WIDTH,
        },
    }
    unet: Any = UNet2DConditionModel(
        sample_size=SIDE,
        layers_per_block=1,
        block_out_channels=(WIDTH, WIDTH),
        norm_num_groups=8,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        **of_family[family],
    )
    return unet.eval()


def tiny_ip_adapter(
    folder: Path, model: Path, kind: Literal["plain", "plus"] = "plain", seed: int = 0
) -> Path:
    """Write an IP-Adapter with random weights for a checkpoint into `folder`, and return its file.

    Args:
        folder: where, as `models` of the real ones: the file, and `image_encoder` beside it.
        model: folder of a checkpoint made by `tiny_checkpoint`.
        kind: "plain" reads one vector of a picture, "plus" one of each patch.
        seed: of the weights.
    """
    unet = json.loads((model / "unet" / "config.json").read_text())
    words, width = unet["cross_attention_dim"], unet["block_out_channels"][0]
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        config = CLIPVisionConfig(
            hidden_size=WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            intermediate_size=WIDTH,
            image_size=32,
            patch_size=16,
            projection_dim=WIDTH // 2,
        )
        CLIPVisionModelWithProjection(config).eval().save_pretrained(folder / "image_encoder")
        tensors = _plain_projection(words) if kind == "plain" else _plus_projection(words)
        for number in range(_cross_attentions(unet)):
            for part in ("to_k_ip", "to_v_ip"):
                weight = nn.Linear(words, width, bias=False).weight.detach()
                tensors[f"ip_adapter.{2 * number + 1}.{part}.weight"] = 3 * weight  # strong enough to be seen
    file = folder / f"ip-adapter-{kind}_tiny.safetensors"
    save_file(tensors, file)
    return file


def _cross_attentions(config: dict[str, Any]) -> int:
    """The number of cross-attention layers of a UNet made here: a down block with 1 layer, a middle, an up block with 2."""
    deep = config["transformer_layers_per_block"]
    return 4 * (deep if isinstance(deep, int) else deep[-1])


def _plain_projection(words: int) -> dict[str, torch.Tensor]:
    parts = {"proj": nn.Linear(WIDTH // 2, 4 * words), "norm": nn.LayerNorm(words)}
    return {
        f"image_proj.{name}.{key}": value
        for name, part in parts.items()
        for key, value in part.state_dict().items()
    }


def _plus_projection(words: int) -> dict[str, torch.Tensor]:
    """A resampler with 4 queries and 4 layers, as the real ones name its parts."""
    inside = 64  # of one head
    made: dict[str, nn.Module] = {
        "proj_in": nn.Linear(WIDTH, inside),
        "proj_out": nn.Linear(inside, words),
        "norm_out": nn.LayerNorm(words),
    }
    for i in range(4):
        made[f"layers.{i}.0.norm1"] = nn.LayerNorm(inside)
        made[f"layers.{i}.0.norm2"] = nn.LayerNorm(inside)
        made[f"layers.{i}.0.to_q"] = nn.Linear(inside, inside, bias=False)
        made[f"layers.{i}.0.to_kv"] = nn.Linear(inside, 2 * inside, bias=False)
        made[f"layers.{i}.0.to_out"] = nn.Linear(inside, inside, bias=False)
        made[f"layers.{i}.1.0"] = nn.LayerNorm(inside)
        made[f"layers.{i}.1.1"] = nn.Linear(inside, 4 * inside, bias=False)
        made[f"layers.{i}.1.3"] = nn.Linear(4 * inside, inside, bias=False)
    tensors = {
        f"{name}.{key}": value for name, part in made.items() for key, value in part.state_dict().items()
    }
    return {
        f"image_proj.{name}": value
        for name, value in {"latents": torch.randn(1, 4, inside), **tensors}.items()
    }
