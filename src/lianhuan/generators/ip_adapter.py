"""Loading IP-Adapters for Stable Diffusion, in the layout in which they are handed around: safetensors only."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from transformers import CLIPImageProcessorPil, CLIPVisionModelWithProjection

from lianhuan.errors import CheckpointError
from lianhuan.generators.checkpoint import check_there, load_network
from lianhuan.models.files import PICKLES, fingerprint, read_config, short_hash
from lianhuan.models.image_prompt import ImagePrompter

ENCODER = "image_encoder"
Weights = dict[str, dict[str, Tensor]]
"""Part of an IP-Adapter ("image_proj", "ip_adapter") -> its tensors."""


class KeysAndValues(nn.Module):
    """What makes a layer's keys and values of the tokens of pictures."""

    def __init__(self, to_k: nn.Module, to_v: nn.Module):
        super().__init__()
        self.to_k = to_k
        self.to_v = to_v


def load_ip_adapter(where: Path, model: Path, device: str = "cpu") -> ImagePrompter:
    """The IP-Adapter in a file, or in a folder that holds one, for a Stable Diffusion checkpoint.

    Beside the file, or in `models` beside its folder, there is the picture encoder: `image_encoder`.

    Args:
        where: the file or the folder.
        model: folder of the checkpoint.
        device: a torch device.

    Raises:
        CheckpointError: a part is missing, damaged, a pickle, made for another family, or of a kind that is not supported.
    """
    file = _file(where.expanduser())
    weights = _weights(file)
    home = _encoder(file, weights["image_proj"])
    encoder = load_network(CLIPVisionModelWithProjection, home)
    with torch.device("meta"):
        unet: Any = UNet2DConditionModel.from_config(read_config(model / "unet"))
    try:  # diffusers' own readers of the format; what load_ip_adapter() does besides would change a pipeline
        read = unet._convert_ip_adapter_attn_to_diffusers([weights], low_cpu_mem_usage=False)
        projection = unet._convert_ip_adapter_image_proj_to_diffusers(
            weights["image_proj"], low_cpu_mem_usage=False
        )
    except (KeyError, IndexError, RuntimeError) as error:
        raise CheckpointError(f"{file} is no IP-Adapter for {model}, or damaged ({error})") from error
    layers = {
        name: KeysAndValues(made.to_k_ip[0], made.to_v_ip[0])
        for name, made in read.items()
        if hasattr(made, "to_k_ip")
    }
    side = encoder.config.image_size
    marks = fingerprint(file.parent, (file.name,)) + fingerprint(home)
    prompter = ImagePrompter(
        fingerprint=short_hash(marks),
        encoder=encoder,
        processor=CLIPImageProcessorPil(size=side, crop_size=side),
        projection=projection,
        layers=layers,
    )
    return prompter.eval().requires_grad_(False).to(torch.device(device))


def _file(where: Path) -> Path:
    """The one file that `where` is or holds."""
    found = sorted(where.glob("*.safetensors")) if where.is_dir() else [where]
    if len(found) > 1:
        names = ", ".join(path.name for path in found)
        raise CheckpointError(f"{where} holds several IP-Adapters; name the file: {names}")
    pickles = [path.name for path in [where, *where.glob("*")] if path.suffix in PICKLES]
    if pickles and (not found or found[0].suffix in PICKLES):
        raise CheckpointError(
            f"{where}: {pickles[0]} is a pickle that can run code when opened; take the safetensors file"
        )
    if not found or not found[0].is_file():
        raise CheckpointError(
            f"{where}: no IP-Adapter there; name its safetensors file, or a folder with one and {ENCODER}"
        )
    return found[0]


def _weights(file: Path) -> Weights:
    try:
        tensors = load_file(file)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{file} is damaged ({error})") from error
    parts: Weights = {"image_proj": {}, "ip_adapter": {}}
    for name, tensor in tensors.items():
        part, _, rest = name.partition(".")
        parts.setdefault(part, {})[rest] = tensor
    if len(parts) > 2 or not all(parts.values()):
        raise CheckpointError(f"{file} is no IP-Adapter: it holds {', '.join(sorted(parts))}")
    return parts


def _encoder(file: Path, projection: dict[str, Tensor]) -> Path:
    """The folder of the picture encoder whose features a projection reads."""
    homes = [file.parent / ENCODER, file.parent.parent / "models" / ENCODER]
    there = [home for home in homes if home.is_dir()]
    if not there:
        raise CheckpointError(f"{homes[0]} is missing; put the picture encoder of the IP-Adapter there")
    wanted = next(_wanted(projection), None)
    if wanted is None:
        raise CheckpointError(
            f"{file} reads faces that another program finds (FaceID); take an IP-Adapter for pictures"
        )
    for home in there:
        check_there(home, weights=True)
        if wanted in read_config(home).items():
            return home
    raise CheckpointError(
        f"{file} wants a picture encoder with {wanted[0]} {wanted[1]}, and {there[0]} is another; put the right one there"
    )


def _wanted(projection: dict[str, Tensor]) -> Iterator[tuple[str, int]]:
    """What the settings of the picture encoder must say, by kind of projection: plain, full, plus."""
    if "proj.weight" in projection:
        yield "projection_dim", projection["proj.weight"].shape[1]
    if "proj.3.weight" in projection:
        yield "hidden_size", projection["proj.0.weight"].shape[1]
    if "latents" in projection and "proj_in.weight" in projection:
        yield "hidden_size", projection["proj_in.weight"].shape[1]
