"""Tiny checkpoints in one file, with the names that weights have in the original code of Stable Diffusion."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from lianhuan.testing.checkpoints import Family

_BLOCK = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_ENDS = {
    "conv_in.": "input_blocks.0.0.",
    "time_embedding.linear_1.": "time_embed.0.",
    "time_embedding.linear_2.": "time_embed.2.",
    "add_embedding.linear_1.": "label_emb.0.0.",
    "add_embedding.linear_2.": "label_emb.0.2.",
    "conv_norm_out.": "out.0.",
    "conv_out.": "out.2.",
    "mid_block.resnets.0.": "middle_block.0.",
    "mid_block.attentions.0.": "middle_block.1.",
    "mid_block.resnets.1.": "middle_block.2.",
}
_VAE = {
    "mid_block.resnets.0": "mid.block_1",
    "mid_block.resnets.1": "mid.block_2",
    "mid_block.attentions.0": "mid.attn_1",
    "down_blocks": "down",
    "up_blocks": "up",
    "resnets": "block",
    "downsamplers.0": "downsample",
    "upsamplers.0": "upsample",
    "conv_shortcut": "nin_shortcut",
    "conv_norm_out": "norm_out",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}
_CLIP = {
    "embeddings.position_embedding.weight": "positional_embedding",
    "embeddings.token_embedding": "token_embedding",
    "final_layer_norm": "ln_final",
    "encoder.layers": "transformer.resblocks",
    "layer_norm1": "ln_1",
    "layer_norm2": "ln_2",
    "self_attn": "attn",
    "mlp.fc1": "mlp.c_fc",
    "mlp.fc2": "mlp.c_proj",
}


def single_file(folder: Path, family: Family, path: Path) -> Path:
    """Write the weights of a `tiny_checkpoint` as a checkpoint in one file, and return its path.

    Args:
        folder: the checkpoint.
        family: its family.
        path: of the file.
    """
    tensors = {f"model.diffusion_model.{name}": value for name, value in _unet(folder / "unet")}
    tensors |= {f"first_stage_model.{name}": value for name, value in _vae(folder / "vae")}
    plain, open_clip = {
        "sd1": ("cond_stage_model.transformer.", None),
        "sd2": (None, ("cond_stage_model.model.", "text_encoder")),
        "sdxl": (
            "conditioner.embedders.0.transformer.",
            ("conditioner.embedders.1.model.", "text_encoder_2"),
        ),
    }[family]
    if plain is not None:
        text = _text(folder / "text_encoder")
        tensors |= {f"{plain}text_model.{name}": value for name, value in text.items()}
        tensors[f"{plain}text_model.embeddings.position_ids"] = torch.arange(77)[None]
    if open_clip is not None:
        start, part = open_clip
        tensors |= {start + name: value for name, value in _open_clip(_text(folder / part))}
    save_file({name: value.contiguous() for name, value in tensors.items()}, path)
    return path


def _unet(folder: Path) -> Iterator[tuple[str, Tensor]]:
    tensors = load_file(folder / "diffusion_pytorch_model.safetensors")
    per = json.loads((folder / "config.json").read_text())["layers_per_block"] + 1
    for name, value in tensors.items():
        yield _unet_name(name, per, tensors), value


def _unet_name(name: str, per: int, tensors: Mapping[str, Tensor]) -> str:
    for old, new in _ENDS.items():
        if name.startswith(old):
            return _inner(new + name.removeprefix(old))
    found = re.fullmatch(r"(down|up)_blocks\.(\d+)\.(\w+)\.(\d+)\.(.*)", name)
    assert found is not None, name
    way, block, kind, number, rest = found.groups()
    at = int(block) * per + (per - 1 if kind.endswith("samplers") else int(number))
    home = f"input_blocks.{at + 1}" if way == "down" else f"output_blocks.{at}"
    if kind == "downsamplers":
        return f"{home}.0.op.{rest.removeprefix('conv.')}"
    if kind == "upsamplers":
        attends = any(other.startswith(f"up_blocks.{block}.attentions") for other in tensors)
        return f"{home}.{2 if attends else 1}.{rest}"
    return f"{home}.1.{rest}" if kind == "attentions" else _inner(f"{home}.0.{rest}")


def _inner(name: str) -> str:
    """Names inside a residual block; those inside attention are the same in both."""
    if "transformer_blocks" in name:
        return name
    return ".".join(_BLOCK.get(part, part) for part in name.split("."))


def _vae(folder: Path) -> Iterator[tuple[str, Tensor]]:
    levels = len(json.loads((folder / "config.json").read_text())["block_out_channels"])
    for name, value in load_file(folder / "diffusion_pytorch_model.safetensors").items():
        old = name
        for part, other in _VAE.items():
            old = old.replace(part, other)
        old = re.sub(r"decoder\.up\.(\d+)", lambda m: f"decoder.up.{levels - 1 - int(m[1])}", old)
        dense = ".attn_1." in old and value.ndim == 2  # 1x1 convolutions there
        yield old, value[:, :, None, None] if dense else value


def _text(folder: Path) -> dict[str, Tensor]:
    tensors = load_file(folder / "model.safetensors")
    return {name.removeprefix("text_model."): value for name, value in tensors.items()}


def _open_clip(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Queries, keys and values in one; and a last layer that the settings do not ask for, as in Stable Diffusion 2."""
    packed: dict[str, list[Tensor]] = {}
    for name, value in tensors.items():
        old = name
        for part, other in _CLIP.items():
            old = old.replace(part, other)
        if name == "text_projection.weight":
            yield "text_projection", value.T
        elif re.search(r"\.[qkv]_proj\.", old):
            packed[re.sub(r"\.[qkv]_proj\.", ".in_proj_", old)] = []
        else:
            yield old, value
    for name in packed:
        start, kind = (
            name.replace("transformer.resblocks", "encoder.layers")
            .replace(".attn.", ".self_attn.")
            .split(".in_proj_")
        )
        yield name, torch.cat([tensors[f"{start}.{one}_proj.{kind}"] for one in "qkv"])
    yield "transformer.resblocks.2.ln_1.weight", torch.ones(1)
    yield "logit_scale", torch.ones(())
