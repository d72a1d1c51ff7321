"""The training loop: a generator of typed events; the caller logs, draws a bar or stops."""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from lianhuan.train.checkpoint import load_checkpoint, save_checkpoint
from lianhuan.train.ema import EMA


class Objective(Protocol):
    """What is trained and how it is judged."""

    module: nn.Module

    def batch(self, step: int) -> Any:
        """The batch of `step`, on the CPU; a pure function, so that a resumed run sees the same ones."""
        ...

    def loss(self, batch: Any, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a batch, and figures worth logging."""
        ...


class _Batches(Dataset[Any]):
    """An objective's batches by step, as a data set that worker processes can read ahead."""

    def __init__(self, objective: Objective):
        self.objective = objective

    def __getitem__(self, step: int) -> Any:
        return self.objective.batch(step)


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """How long and how fast: `steps` optimiser steps with linear warm-up and, in the last `decay` share, decay to zero.

    `workers` processes make batches ahead; 0 makes them in the loop.
    """

    steps: int
    learning_rate: float
    warmup: int = 100
    decay: float = 0.3
    weight_decay: float = 0.01
    clip: float = 1.0
    ema: float = 0.999
    checkpoint_every: int = 250
    log_every: int = 20
    workers: int = 0


@dataclass(frozen=True)
class TrainStep:
    """After an optimiser step (every `log_every`-th, and the last)."""

    recipe: str
    step: int
    steps: int
    loss: float
    figures: dict[str, float]
    seconds: float


def learning_rate(config: TrainConfig, step: int) -> float:
    """Trapezoid: linear warm-up, constant, linear decay to zero in the last `decay` share of the steps."""
    up = min(1.0, (step + 1) / config.warmup)
    down = min(1.0, (config.steps - step) / max(1.0, config.decay * config.steps))
    return config.learning_rate * up * down


def pick_device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def has_bf16(device: torch.device) -> bool:
    """Whether bf16 arithmetic is native there; emulated bf16 is slower than fp32."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


def train(
    name: str, objective: Objective, config: TrainConfig, folder: Path, *, resume: bool = False
) -> Iterator[TrainStep]:
    """Train `objective.module` and leave its EMA weights in it.

    Checkpoints go to `folder`/`name`.safetensors, atomically. With `resume` the run goes on from there, step for step
    as if it had not been stopped.

    Raises:
        RecipeError: the checkpoint belongs to other weights, or is damaged.
    """
    device = pick_device()
    module = objective.module.to(device).train()
    trained = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.99), fused=True
    )
    ema = EMA(module, config.ema)
    path = folder / f"{name}.safetensors"
    start = load_checkpoint(path, module, optimizer, ema) if resume and path.exists() else 0
    began = time.perf_counter()
    steps = range(start, config.steps)
    loader = DataLoader(_Batches(objective), batch_size=None, sampler=steps, num_workers=config.workers)
    for step, batch in zip(steps, loader, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        with torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device)):
            loss, figures = objective.loss(batch, step, device)
        loss.backward()
        norm = nn.utils.clip_grad_norm_(trained, config.clip)
        if math.isfinite(float(norm)):
            optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        ema.update(module)
        last = step + 1 == config.steps
        if last or (step + 1) % config.checkpoint_every == 0:
            save_checkpoint(path, module, optimizer, ema, step + 1)
        if last or (step + 1) % config.log_every == 0:
            known = {key: float(value) for key, value in figures.items()}
            seconds = time.perf_counter() - began
            yield TrainStep(name, step + 1, config.steps, float(loss.detach()), known, seconds)
    ema.copy_to(module)
    module.eval()
