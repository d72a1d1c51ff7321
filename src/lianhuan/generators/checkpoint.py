"""Loading checkpoints in diffusers' folder layout: safetensors only, nothing from the network."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from torch import nn
from transformers import CLIPImageProcessorPil, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging

from lianhuan.errors import CheckpointError
from lianhuan.generators.clip_words import ClipWords
from lianhuan.generators.safety import SafetyChecker
from lianhuan.generators.schedulers import noise_path
from lianhuan.generators.stable_diffusion import StableAutoencoder, StableDiffusion
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.files import PICKLES, fingerprint
from lianhuan.models.pointwise import fix_pointwise

DOUBLE = "StableDiffusionXLPipeline"
"""The family with two text encoders."""


def load_stable_diffusion(folder: Path, index: dict[str, Any], name: str, device: str) -> StableDiffusion:
    """The generator in a diffusers folder of one of `lianhuan.generators.load.FAMILIES`.

    Args:
        folder: where it is.
        index: what its model_index.json says.
        name: what the user called it.
        device: a torch device.

    Raises:
        CheckpointError: a part is missing, damaged, a pickle, or of a kind that is not supported.
    """
    double = index["_class_name"] == DOUBLE
    weights, others = ["unet", "vae", "text_encoder"], ["tokenizer", "scheduler"]
    if double:
        weights, others = [*weights, "text_encoder_2"], [*others, "tokenizer_2"]
    parts = (*weights, *others)
    for part in parts:
        check_there(folder / part, weights=part in weights)
    vae = load_network(AutoencoderKL, folder / "vae")
    unet = load_network(UNet2DConditionModel, folder / "unet")
    words = [_words(folder, "", CLIPTextModel, penultimate=double)]
    if double:
        words.append(_words(folder, "_2", CLIPTextModelWithProjection, penultimate=True))
    config = _json(folder / "scheduler" / "scheduler_config.json")
    _check_supported(folder, unet.config, vae.config, config, double=double)
    try:
        denoiser = Denoiser(unet, noise_path(config), config.get("prediction_type", "epsilon"))
    except (KeyError, NotImplementedError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{folder / 'scheduler'}: a scheduler that is not supported ({error})"
        ) from error
    autoencoder, checker = StableAutoencoder(vae), _checker(folder, index)
    judges = [] if checker is None else [checker.network]
    for module in (denoiser, autoencoder, *(one.encoder for one in words), *judges):
        fix_pointwise(module)
        module.eval().requires_grad_(False).to(torch.device(device))
    return StableDiffusion(
        name=name,
        fingerprint=fingerprint(folder, ("model_index.json", *parts, "safety_checker", "feature_extractor")),
        autoencoder=autoencoder,
        words=words,
        denoiser=denoiser,
        scheduler=config,
        checker=checker,
        empty_is_zero=double and bool(index.get("force_zeros_for_empty_prompt", True)),
    )


def _words(folder: Path, number: str, kind: Any, *, penultimate: bool) -> ClipWords:
    there = folder / f"tokenizer{number}"
    try:
        tokenizer = CLIPTokenizer.from_pretrained(there, local_files_only=True)
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"{there} is damaged ({error})") from error
    return ClipWords(tokenizer, load_network(kind, folder / f"text_encoder{number}"), penultimate=penultimate)


def _checker(folder: Path, index: dict[str, Any]) -> SafetyChecker | None:
    """The safety checker that the index names, if it names one."""
    if (index.get("safety_checker") or [None])[0] is None:
        return None
    parts = [folder / "safety_checker", folder / "feature_extractor"]
    for part in parts:
        check_there(part, weights=part == parts[0])
    try:
        processor = CLIPImageProcessorPil.from_pretrained(parts[1], local_files_only=True)
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{parts[1]} is damaged ({error})") from error
    return SafetyChecker(load_network(StableDiffusionSafetyChecker, parts[0]), processor)


def load_network(kind: Any, folder: Path, dtype: torch.dtype = torch.float32) -> Any:
    """A network of diffusers or transformers in evaluation mode; half-precision files are read where there are no others.

    Raises:
        CheckpointError: it is damaged or belongs to another model.
    """
    half = not _plain(folder)
    try:
        with _quiet():
            network, told = kind.from_pretrained(
                folder,
                local_files_only=True,
                use_safetensors=True,
                variant="fp16" if half else None,
                output_loading_info=True,
                dtype=dtype,
            )
    except Exception as error:  # both libraries let through whatever the file's reader raises
        raise CheckpointError(f"{folder} is damaged or belongs to another model ({error})") from error
    wrong = [*told["missing_keys"], *told["mismatched_keys"]]
    if wrong:
        raise CheckpointError(
            f"{folder} is damaged or belongs to another model ({len(wrong)} weights are missing, as {wrong[0]})"
        )
    assert isinstance(network, nn.Module)
    return network.requires_grad_(False)


@contextmanager
def _quiet() -> Iterator[None]:
    """No progress bars of transformers."""
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def check_there(folder: Path, *, weights: bool) -> None:
    """Raises: CheckpointError: the part is missing, or has no safetensors."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is missing; is {folder.parent} a complete diffusers folder?")
    if not weights or any(folder.glob("*.safetensors")):
        return
    pickles = sorted(path.name for path in folder.iterdir() if path.suffix in PICKLES)
    if not pickles:
        raise CheckpointError(f"{folder} holds no weights; is {folder.parent} a complete diffusers folder?")
    raise CheckpointError(
        f"{folder} holds {pickles[0]}, a pickle that can run code when opened; take the checkpoint's safetensors files, or "
        "load it where you trust it and write it anew with diffusers' save_pretrained(..., safe_serialization=True)"
    )


def _plain(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.safetensors") if ".fp16" not in path.name]


def _check_supported(folder: Path, unet: Any, vae: Any, scheduler: dict[str, Any], *, double: bool) -> None:
    """Raises: CheckpointError: a member of the family that our loop does not draw with."""
    prediction = scheduler.get("prediction_type", "epsilon")
    reasons = {
        f"its UNet reads {unet.in_channels} channels, as those for inpainting do; take the text-to-image checkpoint": (
            unet.in_channels != vae.latent_channels
        ),
        "its pictures are not square": not isinstance(unet.sample_size, int),
        "it is distilled with built-in guidance": unet.time_cond_proj_dim is not None,
        "its UNet has inputs that are not of this family": (
            unet.class_embed_type is not None or (unet.addition_embed_type == "text_time") != double
        ),
        f"its prediction {prediction!r} is not known": prediction not in ("epsilon", "v_prediction"),
    }
    for reason, met in reasons.items():
        if met:
            raise CheckpointError(f"{folder} cannot be drawn with: {reason}")


def _json(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} is missing or damaged ({error})") from error
    if not isinstance(values, dict) or "_class_name" not in values:
        raise CheckpointError(f"{path} names no scheduler")
    return values
