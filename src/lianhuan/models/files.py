"""Model folders: a diffusers-style layout, one sub-folder per part, safetensors only."""

import hashlib
import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from lianhuan.errors import CheckpointError

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
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
        module.load_state_dict({name: tensor.float() for name, tensor in tensors.items()})
    except (SafetensorError, OSError, RuntimeError) as error:
        raise CheckpointError(f"{path} is damaged or belongs to another model ({error})") from error
    module.eval().requires_grad_(False)


def save_part(
    module: nn.Module, config: dict[str, Any], folder: Path, dtype: torch.dtype = torch.float16
) -> None:
    """Write a part: its config and its weights as `dtype`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    save_file(
        {name: t.detach().cpu().to(dtype).contiguous() for name, t in module.state_dict().items()},
        folder / WEIGHTS,
    )


def fingerprint(folder: Path) -> str:
    """A short hash of all weights and settings under `folder`."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.suffix in (".safetensors", ".json")):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
