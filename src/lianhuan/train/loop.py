"""The training loop: a generator of typed events; the caller logs, draws a bar or stops."""

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.data import DataLoader, Dataset

from lianhuan.train.checkpoint import load_checkpoint, save_checkpoint
from lianhuan.train.ema import EMA
from lianhuan.train.processes import Processes


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

    Attributes:
        accumulate: batches of an optimiser step, one after another; shared out where torchrun starts several processes.
        precision: of the arithmetic of the networks, "auto" for bf16 where the hardware has it; weights stay in fp32.
        workers: processes that make batches ahead; 0 makes them in the loop.
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
    accumulate: int = 1
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"


@dataclass(frozen=True)
class DataRead:
    """A data set was read, said once before the training: how much there is, and what could not be used, by reason."""

    split: str
    stories: int
    pictures: int
    left_out: Mapping[str, int]


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


def has_bf16(device: torch.device) -> bool:
    """Whether bf16 arithmetic is native there; emulated bf16 is slower than fp32."""
    return device.type == "cuda" or torch.cpu._is_avx512_bf16_supported()


def autocast(device: torch.device, precision: str) -> torch.autocast:
    """The arithmetic of a precision of `TrainConfig`."""
    if precision == "auto":
        precision = "bf16" if has_bf16(device) else "fp32"
    kind = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device.type, kind, enabled=precision != "fp32")


@contextmanager
def plain_attention(device: torch.device) -> Iterator[None]:
    """On a CPU, attention as two matrix products: the way back of torch's fused kernel takes a quarter of a step there."""
    if device.type != "cpu":
        yield
        return
    before = torch.backends.cuda.fp16_bf16_reduction_math_sdp_allowed()
    torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(True)  # also of CPUs, whatever its name says
    try:
        with sdpa_kernel(SDPBackend.MATH):
            yield
    finally:
        torch.backends.cuda.allow_fp16_bf16_reduction_math_sdp(before)


def train(
    name: str, objective: Objective, config: TrainConfig, folder: Path, *, resume: bool = False
) -> Iterator[TrainStep]:
    """Train `objective.module` and leave its EMA weights in it.

    Checkpoints go to `folder`/`name`.safetensors, atomically. With `resume` the run goes on from there, step for step
    as if it had not been stopped. In several processes (torchrun) each takes its share of the batches, the first one
    writes and yields, and all end with the same weights.

    Raises:
        RecipeError: the checkpoint belongs to other weights, or is damaged, or the batches cannot be shared out.
    """
    here = Processes.join()
    module = objective.module.to(here.device).train()
    trained = [p for p in module.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(
        trained, lr=config.learning_rate, weight_decay=config.weight_decay, betas=(0.9, 0.99), fused=True
    )
    scaler = torch.amp.GradScaler(here.device.type, enabled=config.precision == "fp16")
    ema = EMA(module, config.ema)
    path = folder / f"{name}.safetensors"
    start = load_checkpoint(path, module, optimizer, ema, scaler) if resume and path.exists() else 0
    began = time.perf_counter()
    numbers = [n for step in range(start, config.steps) for n in here.share(step, config.accumulate)]
    batches = iter(
        DataLoader(_Batches(objective), batch_size=None, sampler=numbers, num_workers=config.workers)
    )
    for step in range(start, config.steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(config, step)
        total = torch.zeros((), device=here.device)
        for number in here.share(step, config.accumulate):
            with plain_attention(here.device):  # also where checkpointed layers are computed again
                with autocast(here.device, config.precision):
                    loss, figures = objective.loss(next(batches), number, here.device)
                scaler.scale(loss / config.accumulate).backward()
            total += loss.detach() / config.accumulate
        here.sum_gradients(trained)
        scaler.unscale_(optimizer)
        norm = nn.utils.clip_grad_norm_(trained, config.clip)
        if math.isfinite(float(norm)):
            optimizer.step()
        scaler.update()
        optimizer.zero_grad(set_to_none=True)
        ema.update(module)
        last = step + 1 == config.steps
        if here.main and (last or (step + 1) % config.checkpoint_every == 0):
            save_checkpoint(path, module, optimizer, ema, step + 1, scaler)
        if last or (step + 1) % config.log_every == 0:
            mean = float(here.total(total))
            if here.main:
                known = {key: float(value) for key, value in figures.items()}
                yield TrainStep(name, step + 1, config.steps, mean, known, time.perf_counter() - began)
    ema.copy_to(module)
    module.eval()
