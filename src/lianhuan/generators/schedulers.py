"""diffusers' schedulers as samplers of our loop."""

import copy
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from diffusers import (
    DDIMScheduler,
    DEISMultistepScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    PNDMScheduler,
    UniPCMultistepScheduler,
)
from torch import Tensor

from lianhuan.errors import CheckpointError
from lianhuan.sampling import SAMPLERS, Denoise, Denoised, NoisePath, Walk, Walker

SCHEDULERS: dict[str, Any] = {
    "euler": EulerDiscreteScheduler,
    "heun": HeunDiscreteScheduler,
    "pndm": PNDMScheduler,
    "unipc": UniPCMultistepScheduler,
    "deis": DEISMultistepScheduler,
}
"""Schedulers that are called by name, beside `lianhuan.sampling.SAMPLERS`."""
DETERMINISTIC = (
    *SCHEDULERS.values(),
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
)
_OWN = {kind.__name__: kind for kind in DETERMINISTIC}
CHECKPOINT = "checkpoint"
"""Name of the scheduler that a checkpoint comes with."""
SMALLEST = 2.0**-24
"""Least share of the picture at the noisiest time; without any, the noise there could not be told from the prediction."""


def noise_path(config: Mapping[str, Any]) -> NoisePath:
    """The path that a checkpoint was trained on.

    Args:
        config: of any scheduler of diffusers with betas.

    Raises:
        ValueError: it has no betas.
        NotImplementedError: its betas have a form that is not known.
    """
    if "beta_schedule" not in config:
        raise ValueError(f"{config['_class_name']} has no betas")
    kept = DDIMScheduler.from_config(dict(config)).alphas_cumprod.double().numpy()
    return NoisePath(np.maximum(kept, SMALLEST))


class SchedulerSampler:
    """A `lianhuan.sampling.Sampler` that takes the times and the steps of a scheduler of diffusers.

    It gives what the stock pipelines give with this scheduler. The scheduler itself is not changed. One evaluation or
    two make a step, as many as lead to the next time.

    Args:
        scheduler: one without noise of its own, for a page's noise comes from its seed alone.

    Raises:
        TypeError: it is none of `DETERMINISTIC`.
        ValueError: it is one of them, but set to draw noise, or not trained to predict eps or v.
    """

    def __init__(self, scheduler: Any):
        known = ", ".join(sorted(kind.__name__ for kind in DETERMINISTIC))
        if not isinstance(scheduler, DETERMINISTIC):
            raise TypeError(f"{type(scheduler).__name__} cannot draw pages that come out again; use {known}")
        if str(getattr(scheduler.config, "algorithm_type", "")).startswith("sde"):
            raise ValueError("a scheduler with noise of its own cannot draw pages that come out again")
        if scheduler.config.prediction_type not in ("epsilon", "v_prediction"):
            raise ValueError(
                f"the scheduler's prediction {scheduler.config.prediction_type!r} is not supported"
            )
        self.scheduler = scheduler

    def __call__(self, path: NoisePath, steps: int) -> tuple[list[float], Walker]:  # noqa: ARG002 - the form of samplers
        """The scheduler's times, -1 at their end, and the walk along them.

        A walk that starts at a later time takes the steps that are left.
        """
        ready = type(self.scheduler).from_config(self.scheduler.config)
        ready.set_timesteps(steps)
        groups = evaluations(list(ready.timesteps), ready.order)

        def walk(denoise: Denoise, path: NoisePath, x: Tensor, times: list[float]) -> Walk:
            return _walk(copy.deepcopy(ready), groups[1 - len(times) :], denoise, path, x)

        return [*(time_of(group[0]) for group in groups), -1], walk


def scheduler_sampler(name: str, config: Mapping[str, Any]) -> SchedulerSampler:
    """The sampler of a name in `SCHEDULERS`, or of "checkpoint".

    Args:
        name: what is wanted.
        config: settings of the checkpoint's own scheduler.

    Raises:
        CheckpointError: there is none, or the checkpoint's own scheduler draws noise.
    """
    kinds = {**SCHEDULERS, CHECKPOINT: _OWN.get(str(config["_class_name"]))}
    if name not in kinds:
        raise CheckpointError(f"no sampler is called {name!r}; there are: {', '.join([*SAMPLERS, *kinds])}")
    if kinds[name] is None:
        raise CheckpointError(
            f"the checkpoint's own {config['_class_name']} cannot draw pages that come out again"
        )
    return SchedulerSampler(kinds[name].from_config({"skip_prk_steps": True, **config}))


def evaluations(times: list[Tensor], order: int) -> list[list[Tensor]]:
    """The evaluations of each step: one that the next evaluation repeats looks ahead, and belongs to the step before."""
    groups: list[list[Tensor]] = []
    for i, t in enumerate(times):
        repeated = i + 1 < len(times) and bool(times[i + 1] == t)
        if groups and (i % order or repeated):
            groups[-1].append(t)
        else:
            groups.append([t])
    return groups


def _walk(scheduler: Any, groups: list[list[Tensor]], denoise: Denoise, path: NoisePath, x: Tensor) -> Walk:
    """Along the steps that are left; all `x` outside are scaled to variance 1, as the network sees them."""
    start = _index(scheduler, groups)
    if start and isinstance(scheduler, PNDMScheduler):
        raise CheckpointError("PNDM cannot start from a picture; choose another sampler")
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(start)
    scale = scheduler.scale_model_input(x.new_ones(()), groups[0][0])
    x = x / scale if start else x * scheduler.init_noise_sigma
    for group, following in itertools.zip_longest(groups, groups[1:]):
        for t in group:
            seen = scheduler.scale_model_input(x, t)
            x0 = denoise(seen, time_of(t))
            out = _output(scheduler.config.prediction_type, path, seen, x0, time_of(t))
            x = scheduler.step(out, t, x, return_dict=False)[0]
        if following is None:
            yield Denoised(x, x)
            return
        scale = scheduler.scale_model_input(x.new_ones(()), following[0])
        other = yield Denoised(x * scale, x0)
        x = x if other is None else other / scale


def _index(scheduler: Any, groups: list[list[Tensor]]) -> int:
    return len(scheduler.timesteps) - sum(len(group) for group in groups)


def _output(prediction: str, path: NoisePath, x: Tensor, x0: Tensor, t: float) -> Tensor:
    """What a network of this kind would have said, eps or v, if its estimate was `x0`."""
    alpha, sigma = path.alpha(t), path.sigma(t)
    return (x - alpha * x0) / sigma if prediction == "epsilon" else (alpha * x - x0) / sigma


def time_of(t: Tensor) -> float:
    """A whole number if it is one: the network's own times are whole."""
    value = float(t)
    return int(value) if value.is_integer() else value
