"""Model folders: a diffusers-style layout, one sub-folder per part, safetensors only."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from lianhuan.errors import CheckpointError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
LARGE = 4096
SCALE = ".int8-scale"
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


def read_config(folder: Path) -> dict[str, Any]:
    """The part's `config.json`.

    Raises:
        CheckpointError: it is missing or no JSON object.
    """
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing; is {folder.parent} a complete model folder?") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error})") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path} holds no settings")
    return config


def load_weights(module: nn.Module, folder: Path) -> None:
    """Put the weights of `folder` into `module`, as float32, and set it to evaluation mode.

    Raises:
        CheckpointError: the file is missing, truncated, a pickle, or of another network.
    """
    path = folder / WEIGHTS
    if not path.exists():
        pickles = [p.name for p in folder.glob("*") if p.suffix in PICKLES]
        if pickles:
            raise CheckpointError(
                f"{folder} holds {pickles[0]}, a pickle that can run code when opened; convert it to {WEIGHTS} first"
            )
        raise CheckpointError(f"{path} is missing; is {folder.parent} a complete model folder?")
    try:
        tensors = load_file(path)
        module.load_state_dict(_from_int8(tensors))
    except (SafetensorError, OSError, RuntimeError) as error:
        raise CheckpointError(f"{path} is damaged or belongs to another model ({error})") from error
    module.eval().requires_grad_(False)


def save_part(module: nn.Module, config: dict[str, Any], folder: Path, *, int8: bool = False) -> None:
    """Write a part: its config, and its weights as 16-bit floats or, if `int8`, large matrices and kernels as 8 bits per number."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    tensors: dict[str, Tensor] = {}
    for name, tensor in module.state_dict().items():
        value = tensor.detach().cpu().float()
        if int8 and value.ndim > 1 and value.numel() >= LARGE:
            tensors |= _to_int8(name, value)
        else:
            tensors[name] = value.half().contiguous()
    save_file(tensors, folder / WEIGHTS)


def _to_int8(name: str, value: Tensor) -> dict[str, Tensor]:
    """Symmetric 8-bit numbers with one scale per output channel."""
    scale = value.abs().amax(dim=tuple(range(1, value.ndim)), keepdim=True).clamp(min=1e-8) / 127
    return {name: (value / scale).round().to(torch.int8).contiguous(), name + SCALE: scale.contiguous()}


def _from_int8(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """All tensors as float32."""
    scales = {name.removesuffix(SCALE): t for name, t in tensors.items() if name.endswith(SCALE)}
    plain = {name: tensor.float() for name, tensor in tensors.items() if not name.endswith(SCALE)}
    return {name: tensor * scales[name] if name in scales else tensor for name, tensor in plain.items()}


def fingerprint(folder: Path, parts: Iterable[str] = ("",)) -> str:
    """A short hash of the weights and settings under `folder`; large files are not held in memory.

    Args:
        folder: of a model, or of one part.
        parts: the files and folders in it that count; all by default.
    """
    digest = hashlib.sha256()
    homes = [folder / part for part in parts]
    found = [path for home in homes for path in ([home] if home.is_file() else home.rglob("*"))]
    for path in sorted(path for path in found if path.suffix in (".safetensors", ".json", ".jinja", ".txt")):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()[:16]
