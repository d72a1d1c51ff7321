"""Stock pipelines of tiny size, the controls to attach to them, and what could be left behind."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from PIL import Image
from torch import Tensor

from checkpoint_runs import SHORT, noise, page
from lianhuan.control import DynamicThreshold, Inpaint, SDEdit, Semantic, Sketch
from lianhuan.generators import Control
from lianhuan.generators.base import Moment
from lianhuan.generators.packing import packed
from lianhuan.generators.stable_diffusion import StableAutoencoder
from lianhuan.models.denoiser import watched
from lianhuan.models.edges import EdgePredictor, EdgePredictorConfig
from lianhuan.tensors import to_tensor
from test_metrics_clip import tiny_clip

STEPS, SIDE = 5, 64
KINDS = {"sd1": StableDiffusionPipeline, "sd2": StableDiffusionPipeline, "sdxl": StableDiffusionXLPipeline}
LAYERS = ("mid_block.resnets.0", "up_blocks.1.resnets.0")


class Pull(Control):
    """Wants the mean of the clean estimate, or of a layer's activations, to be large."""

    def __init__(self, rule: str, scale: float, layers: tuple[str, ...] = (), window: tuple = (0.01, 1)):
        self.rule, self.scale, self.layers, self.window = rule, scale, layers, window  # type: ignore[assignment]
        self.seen: list[float] = []

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        what = (
            sum(features[name].flatten(1).mean(1) for name in self.layers)
            if self.layers
            else x0.flatten(1).mean(1)
        )
        self.seen.append(float(what.mean().detach()))
        return -what


class Broken(Control):
    layers = ()

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        raise RuntimeError("stop here")


def picture(seed: int = 0) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def mask() -> Image.Image:
    found = Image.new("L", (SIDE, SIDE))
    found.paste(255, (10, 16, 40, 50))
    return found


@torch.no_grad()
def latents_of(pipeline: Any, seed: int = 0) -> Tensor:
    return StableAutoencoder(pipeline.vae).encode(to_tensor([picture(seed)]))


def predictor(pipeline: Any, layers: Sequence[str]) -> EdgePredictor:
    """An untrained one for some layers."""
    torch.manual_seed(0)
    words = torch.zeros(1, 77, pipeline.unet.config.cross_attention_dim)
    more = {"text_embeds": torch.zeros(1, 32), "time_ids": torch.zeros(1, 6)}
    with torch.no_grad(), watched(pipeline.unet, layers) as seen:
        pipeline.unet(torch.zeros(1, 4, 8, 8), 0, words, added_cond_kwargs=more)
    channels = sum(value.shape[1] for value in seen.values())
    return EdgePredictor(EdgePredictorConfig(tuple(layers), channels, 4)).eval()


def controls(pipeline: Any, layers: Sequence[str] = LAYERS) -> dict[str, list[Control]]:
    """Each control of the package, and all of them together."""
    clip = tiny_clip().eval().requires_grad_(False)
    goal = clip.features(to_tensor([picture(3).resize((clip.size, clip.size))]))
    given = latents_of(pipeline)
    found: dict[str, list[Control]] = {
        "inpaint": [Inpaint(picture(), given, mask())],
        "sdedit": [SDEdit(given, 0.6)],
        "threshold": [DynamicThreshold(0.9, bound=0.3)],
        "semantic": [Semantic(StableAutoencoder(pipeline.vae), clip, goal, scale=3000.0)],
        "score": [Pull("score", 50.0)],
        "normalised": [Pull("normalised", 0.3, window=(0, 0.7))],
    }
    if hasattr(pipeline, "unet"):
        found["sketch"] = [Sketch(predictor(pipeline, layers), latents_of(pipeline, 2))]
    found["all"] = [one for some in found.values() for one in some]
    return found


def ready(kind: Any, folder: Path) -> Any:
    found = kind.from_pretrained(folder, local_files_only=True, low_cpu_mem_usage=False)
    found.set_progress_bar_config(disable=True)
    return found


def call(pipeline: Any, **how: Any) -> Any:
    start = noise(page())
    if "Flux" in type(pipeline).__name__:
        start = packed(start)
    size = (
        {}
        if "Kontext" not in type(pipeline).__name__
        else {"max_area": SIDE**2, "_auto_resize": False, "image": picture(5)}
    )
    told = {
        "prompt": SHORT,
        "num_inference_steps": STEPS,
        "guidance_scale": 4.0,
        "latents": start,
        "height": SIDE,
        "width": SIDE,
    }
    return pipeline(**{**told, **size, **how}).images


def pixels(pipeline: Any, **how: Any) -> np.ndarray:
    return np.asarray(call(pipeline, **how)[0]).astype(float)


def state(pipeline: Any) -> tuple[dict[str, Any], ...]:
    """All that could be left behind: attributes, hooks and gradients."""
    network = getattr(pipeline, "unet", None) or pipeline.transformer
    hooks = {
        f"{name}.{key}": list(value)
        for name, module in network.named_modules()
        for key, value in vars(module).items()
        if "hook" in key and isinstance(value, dict)
    }
    grads = {name: weight.grad for name, weight in network.named_parameters()}
    return (
        dict(vars(pipeline)),
        dict(vars(pipeline.scheduler)),
        dict(vars(pipeline.image_processor)),
        hooks,
        grads,
    )


def assert_equal(one: tuple[dict[str, Any], ...], other: tuple[dict[str, Any], ...]) -> None:
    for before, after in zip(one, other, strict=True):
        assert before.keys() == after.keys()
        for key, value in before.items():
            kept = after[key]
            same = torch.equal(value, kept) if isinstance(value, Tensor) else value is kept or value == kept
            assert same, key


class Probe(Control):
    """Finds the gradient of its loss in the first step by what the score rule does with it."""

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor | None:
        if moment.number:
            return None
        loss = x0.square().flatten(1).sum(1)
        self.found, self.before = float(loss.detach()), x0.detach()
        return loss

    def x0(self, moment: Moment, x0: Tensor) -> Tensor:
        if moment.number == 0:
            self.gradient = (
                (self.before - x0) * moment.path.alpha(moment.t) / moment.path.sigma(moment.t) ** 2
            )
        return x0
