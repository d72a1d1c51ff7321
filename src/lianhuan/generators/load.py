"""Find a generator by name or folder."""

import json
from importlib.resources import files
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from tokenizers import Tokenizer

from lianhuan.errors import CheckpointError
from lianhuan.generators.latent_diffusion import LatentDiffusion
from lianhuan.models.autoencoder import Autoencoder, AutoencoderConfig
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.files import fingerprint, load_weights, read_config
from lianhuan.models.pointwise import fix_pointwise
from lianhuan.models.text_encoder import StoryTextEncoder, TextEncoderConfig
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import NoisePath

STORYBOOK = "storybook"
"""Name of the embedded model."""
INDEX = "model_index.json"


def model_folder(name: str | Path) -> Path:
    """The folder of a model: the embedded one for "storybook", else the folder itself.

    Raises:
        CheckpointError: there is no model.
    """
    folder = Path(str(files("lianhuan"))) / "weights" / STORYBOOK if name == STORYBOOK else Path(name)
    if not (folder / INDEX).is_file():
        raise CheckpointError(
            f"{name}: no model there ({folder / INDEX} is missing); name a model folder, or {STORYBOOK!r} for the embedded one"
        )
    return folder


def load_generator(name: str | Path = STORYBOOK, *, device: str = "cpu") -> LatentDiffusion:
    """The generator in a model folder, ready to draw.

    Args:
        name: "storybook", the embedded model, or the path of a model folder in its layout.
        device: a torch device.

    Raises:
        CheckpointError: the folder is missing, incomplete, damaged, unsafe or of an unknown kind.
    """
    folder = model_folder(name)
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        kind = index["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / INDEX} is damaged ({error})") from error
    if kind != LatentDiffusion.__name__:
        raise CheckpointError(f"{folder} is a {kind}; supported so far: {LatentDiffusion.__name__} folders")
    text_config = read_config(folder / "text_encoder")
    unet_config = read_config(folder / "unet")
    path_config = read_config(folder / "path")
    try:
        autoencoder = Autoencoder(AutoencoderConfig(**read_config(folder / "autoencoder")))
        text_encoder = StoryTextEncoder(TextEncoderConfig(**text_config))
        unet = UNet2DConditionModel.from_config(unet_config)
        denoiser = Denoiser(unet, NoisePath.cosine(path_config["times"]), path_config["prediction"])
        tokenizer = Tokenizer.from_file(str(folder / "text_encoder" / "tokenizer.json"))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    for module, part in [(autoencoder, "autoencoder"), (text_encoder, "text_encoder"), (unet, "unet")]:
        load_weights(module, folder / part)
        fix_pointwise(module)
        module.to(torch.device(device))
    return LatentDiffusion(
        name=str(name),
        fingerprint=fingerprint(folder),
        autoencoder=autoencoder,
        text_encoder=text_encoder,
        tokenizer=PageTokenizer(tokenizer, text_encoder.config.max_length),
        denoiser=denoiser,
    )
