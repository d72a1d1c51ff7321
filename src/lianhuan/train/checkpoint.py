"""Checkpoints of a training run: safetensors only, written atomically."""

import json
import os
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from lianhuan.errors import RecipeError
from lianhuan.train.ema import EMA


def save_checkpoint(
    path: Path,
    module: nn.Module,
    optimizer: torch.optim.Optimizer,
    ema: EMA,
    step: int,
    scaler: torch.amp.GradScaler,
) -> None:
    """Everything that the next step needs; a crash while writing leaves the older checkpoint in place."""
    tensors: dict[str, Tensor] = {f"model.{k}": v for k, v in module.state_dict().items()}
    tensors |= {f"ema.{k}": v for k, v in ema.shadow.items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".tmp")
    meta = {"step": str(step), "ema": str(ema.updates), "scaler": json.dumps(scaler.state_dict())}
    save_file({k: v.contiguous() for k, v in tensors.items()}, half, meta)
    os.replace(half, path)  # noqa: PTH105 - atomic also where the target exists, on every system


def load_checkpoint(
    path: Path, module: nn.Module, optimizer: torch.optim.Optimizer, ema: EMA, scaler: torch.amp.GradScaler
) -> int:
    """Restore a run and return the number of steps done.

    Raises:
        RecipeError: the file is damaged or belongs to another network.
    """
    try:
        with safe_open(path, "pt") as file:
            meta = file.metadata()
            groups: dict[str, dict[str, Tensor]] = {"model": {}, "ema": {}, "optimizer": {}}
            for key in file.keys():  # noqa: SIM118 - a safetensors handle is no mapping
                kind, _, name = key.partition(".")
                groups[kind][name] = file.get_tensor(key)
        module.load_state_dict(groups["model"])
        ema.shadow = {k: groups["ema"][k].to(v.device) for k, v in ema.shadow.items()}
    except (SafetensorError, KeyError, RuntimeError) as error:
        raise RecipeError(
            f"{path}: not a checkpoint of this recipe ({error}); start again without --resume"
        ) from error
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in groups["optimizer"].items():
        index, _, key = name.partition(".")
        state.setdefault(int(index), {})[key] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    ema.updates = int(meta["ema"])
    scale = json.loads(meta.get("scaler", "{}"))
    if scale and scaler.is_enabled():
        scaler.load_state_dict(scale)
    return int(meta["step"])
