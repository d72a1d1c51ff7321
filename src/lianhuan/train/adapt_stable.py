"""Adaptation of a Stable Diffusion model to a new character from a few pictures."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.captioned import CaptionedPicture
from lianhuan.errors import RecipeError
from lianhuan.generators.learner import Keys, Learner
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.models.context import Context
from lianhuan.story import PageRequest
from lianhuan.train.adapt import AdaptConfig, check_pictures, schedule
from lianhuan.train.diffusion import diffusion_loss, step_rng
from lianhuan.train.frozen import move
from lianhuan.train.loop import TrainStep, train

BATCH = 2
RATES = {"token": 5e-3, "lora": 1e-4}


class StableAdaptObjective:
    """The denoiser's loss on the character's pictures; a tenth of them without words, for guidance."""

    def __init__(self, base: StableDiffusion, pictures: Sequence[CaptionedPicture], config: AdaptConfig):
        self.config = config
        self.learner = Learner(base, config.name, config.kind, config.rank if config.mode == "lora" else 0)
        self.module: nn.Module = nn.ParameterList(self.learner.parameters())
        self.generator = self.learner.generator
        self.latents = base.encode_pictures([picture.image for picture in pictures]).clone()
        self.captions = [picture.caption or f"{config.name}." for picture in pictures]

    def batch(self, step: int) -> tuple[Tensor, list[str]]:
        """Latents (2, C, h, w) of some pictures, and their words."""
        rng = np.random.default_rng((self.config.seed, step))
        chosen = rng.integers(len(self.captions), size=BATCH)
        told = ["" if rng.random() < 0.1 else self.captions[i] for i in chosen]
        return self.latents[torch.from_numpy(chosen)], told

    def loss(
        self, batch: tuple[Tensor, list[str]], step: int, device: torch.device
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some pictures."""
        move(self.generator, device)
        latents, told = batch
        pages = [PageRequest(scene_id="", caption=caption) for caption in told]
        context = Context.join([self.generator.encode([page]) for page in pages])
        rng = step_rng(self.config.seed, step)
        return diffusion_loss(self.generator.denoiser, latents.to(device), context, rng), {}


def adapt_stable(
    base: StableDiffusion,
    pictures: Sequence[CaptionedPicture],
    config: AdaptConfig,
    folder: Path,
    keys: Keys = "diffusers",
) -> Iterator[TrainStep]:
    """Learn a character and write it to `folder` at the end, as other tools read it; `base` stays as it is.

    Args:
        base: the model.
        pictures: 3 or more of the character; words that name it bind it best.
        config: how; the mode "full" is for models of the embedded kind alone.
        folder: for `learned_embeds.safetensors`, and in "lora" mode `pytorch_lora_weights.safetensors`.
        keys: what the layers are called in the latter.

    Raises:
        RecipeError: there are too few pictures, their words never use the name, or the mode is unknown, or
            has no layers to call by kohya's names.
        CheckpointError: the model knows the name already, or does not know the kind.
        MissingDependency: peft is not installed.
    """
    check_pictures(pictures, config)
    if config.mode not in RATES:
        raise RecipeError(f"mode {config.mode!r}: beside Stable Diffusion there are {', '.join(RATES)}")
    if keys == "kohya" and config.mode != "lora":
        raise RecipeError(
            f"mode {config.mode!r} changes no layers that kohya has names for; take the mode lora"
        )
    objective = StableAdaptObjective(base, pictures, config)
    with tempfile.TemporaryDirectory() as run:
        yield from train("adapt", objective, schedule(config, RATES), Path(run))
    objective.learner.save(folder, keys)
