"""Loading Stable Diffusion checkpoints, folders and single files: safetensors only, nothing from the network."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    UNet2DConditionModel,
)
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from torch import nn
from transformers import CLIPImageProcessorPil, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer
from transformers.utils import logging

from lianhuan.errors import CheckpointError
from lianhuan.generators.clip_words import ClipWords
from lianhuan.generators.extras import add_extras, marked
from lianhuan.generators.options import Compute, Extras
from lianhuan.generators.placing import DTYPES, settle
from lianhuan.generators.safety import SafetyChecker
from lianhuan.generators.schedulers import noise_path
from lianhuan.generators.single_file import DOUBLE, file_networks
from lianhuan.generators.stable_diffusion import StableAutoencoder, StableDiffusion
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.files import PICKLES, fingerprint, short_hash


@dataclass(frozen=True)
class Place:
    """Where a checkpoint lies.

    Attributes:
        folder: of diffusers, with the settings, the tokenizers and, where there is no `file`, the weights.
        index: what its model_index.json says.
        file: all weights in one, or None.
    """

    folder: Path
    index: Mapping[str, Any]
    file: Path | None = None

    @property
    def double(self) -> bool:
        """Whether there are two text encoders."""
        return self.index["_class_name"] == DOUBLE

    @property
    def encoders(self) -> dict[str, Any]:
        """The text encoders: name of the part -> class."""
        second = {"text_encoder_2": CLIPTextModelWithProjection} if self.double else {}
        return {"text_encoder": CLIPTextModel, **second}

    @property
    def others(self) -> list[str]:
        """The parts without weights."""
        return ["tokenizer", "scheduler", *(["tokenizer_2"] if self.double else [])]

    def fingerprint(self) -> str:
        """Hash of the weights and of the settings."""
        networks = ["unet", "vae", *self.encoders]
        if self.file is None:
            return fingerprint(
                self.folder,
                ("model_index.json", *networks, *self.others, "safety_checker", "feature_extractor"),
            )
        settings = [f"{part}/config.json" for part in networks]
        marks = [
            fingerprint(self.file.parent, [self.file.name]),
            fingerprint(self.folder, ("model_index.json", *settings, *self.others)),
        ]
        return short_hash(" ".join(marks))


def load_stable_diffusion(place: Place, name: str, extras: Extras, compute: Compute) -> StableDiffusion:
    """The generator in a checkpoint of one of `lianhuan.generators.load.FAMILIES`.

    Args:
        place: where it is.
        name: what the user called it.
        extras: what is added to it.
        compute: what it computes with.

    Raises:
        CheckpointError: a part is missing, damaged, a pickle, or of a kind that is not supported.
    """
    parts = _parts(place, extras, DTYPES[compute.precision()])
    config = _json(place.folder / "scheduler" / "scheduler_config.json")
    _check_supported(place.folder, parts["unet"].config, parts["vae"].config, config, double=place.double)
    if extras.loras or extras.embeddings:
        with quiet():
            add_extras(_pipeline(parts, double=place.double), extras)
    try:
        path = noise_path(config)
        denoiser = Denoiser(parts["unet"], path, config.get("prediction_type", "epsilon"))
    except (KeyError, NotImplementedError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"{place.folder / 'scheduler'}: a scheduler that is not supported ({error})"
        ) from error
    generator = StableDiffusion(
        name=name,
        fingerprint=marked(place.fingerprint(), extras),
        autoencoder=StableAutoencoder(parts["vae"]),
        words=[
            ClipWords(parts[part.replace("text_encoder", "tokenizer")], parts[part], penultimate=place.double)
            for part in place.encoders
        ],
        denoiser=denoiser,
        scheduler=config,
        checker=None if place.file is not None else _checker(place.folder, place.index),
        empty_is_zero=place.double and bool(place.index.get("force_zeros_for_empty_prompt", True)),
    )
    generator.compute = compute
    settle(generator)
    return generator


def _parts(place: Place, extras: Extras, dtype: torch.dtype) -> dict[str, Any]:
    """All parts but the scheduler, by name."""
    folder = place.folder
    for part in place.others:
        check_there(folder / part, weights=False)
    parts = {part: _tokenizer(folder / part) for part in place.others if part.startswith("tokenizer")}
    if place.file is not None:
        parts |= file_networks(place.file, folder, place.encoders, dtype)
        if "vae" not in parts and extras.vae is None:
            raise CheckpointError(f"{place.file} holds no autoencoder; name the folder of one with --vae")
    else:
        kinds = {"unet": UNet2DConditionModel, "vae": AutoencoderKL, **place.encoders}
        for part in kinds:
            check_there(folder / part, weights=True)
        parts |= {part: load_network(kind, folder / part, dtype) for part, kind in kinds.items()}
    if extras.vae is not None:
        parts["vae"] = load_vae(AutoencoderKL, Path(extras.vae), parts.get("vae"), dtype)
    if dtype == torch.float16 and parts["vae"].config.force_upcast:
        parts["vae"].float()  # its activations are too large for 16 bits
    return parts


def load_vae(kind: Any, folder: Path, instead_of: Any, dtype: torch.dtype) -> Any:
    """Another autoencoder.

    Args:
        kind: its class.
        folder: where it is.
        instead_of: the one that it replaces, None if there is none.
        dtype: of its weights.

    Raises:
        CheckpointError: it is missing, damaged, or has latents of another form.
    """
    check_there(folder, weights=True)
    vae = load_network(kind, folder, dtype)
    channels = vae.config.latent_channels
    if instead_of is not None and channels != instead_of.config.latent_channels:
        raise CheckpointError(
            f"{folder} belongs to another model family: its latents have {channels} channels, this model's have "
            f"{instead_of.config.latent_channels}"
        )
    return vae


def _pipeline(parts: Mapping[str, Any], *, double: bool) -> Any:
    """The stock pipeline of some parts."""
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline  # slow, and seldom wanted

    scheduler = DDIMScheduler(clip_sample=False, steps_offset=1)
    if double:
        return StableDiffusionXLPipeline(**parts, scheduler=scheduler, add_watermarker=False)
    return StableDiffusionPipeline(
        **parts,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def _tokenizer(there: Path) -> CLIPTokenizer:
    try:
        return CLIPTokenizer.from_pretrained(there, local_files_only=True)
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"{there} is damaged ({error})") from error


def _checker(folder: Path, index: Mapping[str, Any]) -> SafetyChecker | None:
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
        with quiet():
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
def quiet() -> Iterator[None]:
    """No progress bars and no warnings of transformers."""
    shown, said = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        yield
    finally:
        logging.set_verbosity(said)
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
