"""Checkpoints in one file with the names that weights have in the original code: Stable Diffusion 1.x, 2.x and XL.

Such a file holds the weights alone. Settings and tokenizers come from a diffusers folder of the same family.
"""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors import SafetensorError, safe_open
from torch import Tensor

from lianhuan.errors import CheckpointError

UNET, VAE = "model.diffusion_model.", "first_stage_model."
SINGLE, DOUBLE = "StableDiffusionPipeline", "StableDiffusionXLPipeline"
TEXT: dict[str, tuple[str, str]] = {
    "cond_stage_model.transformer.": (SINGLE, "text_encoder"),
    "cond_stage_model.model.": (SINGLE, "text_encoder"),
    "conditioner.embedders.0.transformer.": (DOUBLE, "text_encoder"),
    "conditioner.embedders.1.model.": (DOUBLE, "text_encoder_2"),
}
"""How the names of a text encoder's weights begin -> the pipeline and its part; ".model." is one of OpenCLIP."""
_OPEN_CLIP = {
    "positional_embedding": "embeddings.position_embedding.weight",
    "token_embedding.": "embeddings.token_embedding.",
    "ln_final.": "final_layer_norm.",
    "transformer.resblocks.": "encoder.layers.",
    ".ln_1.": ".layer_norm1.",
    ".ln_2.": ".layer_norm2.",
    ".attn.": ".self_attn.",
    ".mlp.c_fc.": ".mlp.fc1.",
    ".mlp.c_proj.": ".mlp.fc2.",
}


def file_family(path: Path) -> str:
    """The pipeline that a checkpoint in one file is for, as diffusers calls it.

    Raises:
        CheckpointError: it is damaged, or of an unknown kind.
    """
    names = file_names(path)
    found = {family for start, (family, _) in TEXT.items() if _any(names, start)}
    if not _any(names, UNET) or len(found) != 1:
        raise CheckpointError(
            f"{path} is no checkpoint of Stable Diffusion 1.x, 2.x or XL in the original layout (a denoiser or a text encoder is "
            "missing); a LoRA or an embedding is named with --lora or --embedding, beside --generator"
        )
    family = found.pop()
    missing = [start for start, (of, _) in TEXT.items() if of == family == DOUBLE and not _any(names, start)]
    if missing:
        raise CheckpointError(
            f"{path} has no weights {missing[0]}*; refiners cannot draw alone, name the base model"
        )
    return family


def file_names(path: Path) -> list[str]:
    """The names of the tensors in a safetensors file.

    Raises:
        CheckpointError: it is damaged.
    """
    try:
        with safe_open(path, "pt") as file:
            return list(file.keys())
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is damaged ({error})") from error


def file_networks(path: Path, config: Path, kinds: Mapping[str, Any], dtype: torch.dtype) -> dict[str, Any]:
    """The networks in a checkpoint, in evaluation mode.

    Args:
        path: the file.
        config: diffusers folder with the settings.
        kinds: text encoders by the name of their part -> class.
        dtype: of the weights.

    Returns:
        "unet", the text encoders, and "vae" if the file has one.

    Raises:
        CheckpointError: the file is damaged or does not fit the settings.
    """
    networks = {}
    try:
        networks["unet"] = _ldm(UNet2DConditionModel, _tensors(path, [UNET], dtype), config, "unet")
        if _any(file_names(path), VAE):
            networks["vae"] = _ldm(AutoencoderKL, _tensors(path, [VAE], dtype), config, "vae")
        for part, kind in kinds.items():
            starts = [start for start, (_, of) in TEXT.items() if of == part]
            networks[part] = _text_encoder(kind, _tensors(path, starts, dtype), config / part).to(dtype)
    except (OSError, KeyError, RuntimeError, SafetensorError, ValueError) as error:
        raise CheckpointError(f"{path} does not fit the settings in {config} ({error})") from error
    return networks


def _tensors(path: Path, starts: Iterable[str], dtype: torch.dtype) -> dict[str, Tensor]:
    wanted = [name for name in file_names(path) if name.startswith(tuple(starts))]
    with safe_open(path, "pt") as file:
        return {name: file.get_tensor(name).to(dtype) for name in wanted}


def _ldm(kind: Any, tensors: Mapping[str, Tensor], config: Path, part: str) -> Any:
    """A network of diffusers, its weights renamed by diffusers."""
    how = {"config": str(config), "subfolder": part, "local_files_only": True}
    try:
        network = kind.from_single_file(dict(tensors), **how)
    except NotImplementedError as error:  # what torch says of a weight that is nowhere
        raise ValueError(f"some weights of the {part} are missing") from error
    return network.eval().requires_grad_(False)


def _text_encoder(kind: Any, tensors: Mapping[str, Tensor], config: Path) -> Any:
    """A text encoder of transformers; weights that the settings do not ask for, as those of a last layer, are left out."""
    network = kind(kind.config_class.from_pretrained(config, local_files_only=True))
    wanted = network.state_dict().keys()
    named = {}
    for name, tensor in tensors.items():
        start = next(start for start in TEXT if name.startswith(start))
        rest = name.removeprefix(start)
        for bare, value in (
            _open_clip(rest, tensor) if start.endswith(".model.") else {rest: tensor}
        ).items():
            plain = bare.removeprefix("text_model.")
            named[plain if plain in wanted else f"text_model.{plain}"] = value
    missing = [name for name in wanted if name not in named]
    if missing:
        raise ValueError(f"some weights of the {config.name} are missing, as {missing[0]}")
    network.load_state_dict(named, strict=False)
    return network.eval().requires_grad_(False)


def _open_clip(name: str, tensor: Tensor) -> dict[str, Tensor]:
    """A weight of OpenCLIP's text encoder under its name in transformers; queries, keys and values lie in one there."""
    if name == "text_projection":
        return {"text_projection.weight": tensor.T.contiguous()}
    for old, new in _OPEN_CLIP.items():
        name = name.replace(old, new)
    packed = re.fullmatch(r"(.*\.self_attn)\.in_proj_(weight|bias)", name)
    if packed is None:
        return {name: tensor}
    return {
        f"{packed[1]}.{one}_proj.{packed[2]}": part.clone()
        for one, part in zip("qkv", tensor.chunk(3), strict=True)
    }


def _any(names: Iterable[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)
