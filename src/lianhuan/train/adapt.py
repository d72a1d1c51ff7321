"""Adaptation to a new character from a few pictures (adaptive AR-LDM, seed document 001)."""

import copy
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.captioned import CaptionedPicture
from lianhuan.errors import RecipeError
from lianhuan.generators import LatentDiffusion
from lianhuan.models.adapter import MODES, Adapter, AdapterInfo, add_low_rank, add_word, word_vector
from lianhuan.models.context import Context
from lianhuan.models.tokens import PageTokenizer
from lianhuan.story import PageRequest, StageEntry
from lianhuan.train.diffusion import diffusion_loss, step_rng
from lianhuan.train.loop import TrainConfig, TrainStep, train

RATES = {"token": 1e-2, "lora": 1e-3, "full": 1e-5}
"""Learning rate of each mode."""

BATCH = 8
SHIFT = 1
"""Pictures are shifted by up to so many latent cells sideways, so that the place is not learnt along."""


@dataclass(frozen=True, kw_only=True)
class AdaptConfig:
    """How a character is learnt.

    Attributes:
        name: the new word.
        kind: the word that it starts from; also what the character is said to be.
        mode: one of `lianhuan.models.adapter.MODES`.
        steps: optimiser steps of 8 pictures.
        learning_rate: None for the mode's own: 1e-2 for the word's vector alone, 1e-3 with low-rank changes, 1e-5 (the
            article's) with everything.
        rank: of the changes in "lora" mode.
        seed: of noise and order.
    """

    name: str
    kind: str = "person"
    mode: str = "lora"
    steps: int = 200
    learning_rate: float | None = None
    rank: int = 4
    seed: int = 0


class AdaptObjective:
    """The denoiser's loss on the character's pictures; a tenth of them without words, for guidance."""

    def __init__(self, generator: LatentDiffusion, pictures: Sequence[CaptionedPicture], config: AdaptConfig):
        self.config = config
        self.text, self.denoiser = copy.deepcopy((generator.text_encoder, generator.denoiser))
        start = word_vector(generator.tokenizer.tokenizer, self.text, config.kind)
        words = add_word(generator.tokenizer.tokenizer, self.text, config.name, start)
        self.module: nn.Module = nn.ModuleDict({"text": self.text, "unet": self.denoiser.unet})
        self.before = {name: value.clone() for name, value in self.module.state_dict().items()}
        self._choose_what_learns()
        self.latents = generator.encode_pictures([picture.image for picture in pictures]).clone()
        entry = StageEntry(name=config.name, kind=config.kind)
        pages = [
            PageRequest(scene_id="", caption=p.caption or f"{config.name}.", stage=(entry,)) for p in pictures
        ]
        pages.append(PageRequest(scene_id="", caption=""))
        self.words = PageTokenizer(words, generator.tokenizer.sizes)(pages)

    def _choose_what_learns(self) -> None:
        self.module.requires_grad_(self.config.mode == "full")
        if self.config.mode == "lora":
            add_low_rank(self.denoiser.unet, self.config.rank)
        table = self.text.words.weight
        table.requires_grad_(True)
        only_new = torch.zeros(len(table), 1)
        only_new[-1] = 1
        table.register_hook(lambda gradient: gradient * only_new.to(gradient))

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Which pictures, and which words, the empty page among them: both (8,) int64."""
        rng = np.random.default_rng((self.config.seed, step))
        chosen = rng.integers(len(self.latents), size=BATCH)
        words = np.where(rng.random(BATCH) < 0.1, len(self.latents), chosen)
        return torch.from_numpy(chosen), torch.from_numpy(words)

    def loss(
        self, batch: tuple[Tensor, Tensor], step: int, device: torch.device
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some pictures."""
        chosen, words = batch
        rng = step_rng(self.config.seed, step)
        shift = int(torch.randint(-SHIFT, SHIFT + 1, (1,), generator=rng))
        x0 = self.latents[chosen].to(device).roll(shift, dims=3)
        context = Context(*self.text(*(part[words].to(device) for part in self.words)))
        return diffusion_loss(self.denoiser, x0, context, rng), {}

    def adapter(self, base: str) -> Adapter:
        """What was learnt, for the model with the fingerprint `base`."""
        config = self.config
        now = self.module.state_dict()
        if config.mode == "lora":
            layers = {n: m for n, m in self.module.named_modules() if hasattr(m, "parametrizations")}
            changes = {
                f"{n}.weight": m.weight.detach() - self.before[f"{n}.weight"] for n, m in layers.items()
            }
        else:
            changes = {n: now[n] - old for n, old in self.before.items() if not n.startswith("text.words")}
        changed = {name: change.cpu() for name, change in changes.items() if bool(change.any())}
        rank = config.rank if config.mode == "lora" else 0
        info = AdapterInfo(config.name, config.kind, config.mode, base, rank)
        return Adapter(info, now["text.words.weight"][-1].cpu().clone(), changed)


def adapt(
    generator: LatentDiffusion, pictures: Sequence[CaptionedPicture], config: AdaptConfig, path: Path
) -> Iterator[TrainStep]:
    """Learn a character and write its adapter to `path` at the end; `generator` stays as it is.

    Args:
        generator: the model.
        pictures: 3 or more of the character; words that name it bind it best.
        config: how.
        path: the adapter's file.

    Raises:
        RecipeError: there are too few pictures, their words never use the name, or the mode is unknown.
        CheckpointError: the model knows the name already, or does not know the kind.
    """
    check_pictures(pictures, config)
    objective = AdaptObjective(generator, pictures, config)
    with tempfile.TemporaryDirectory() as folder:
        yield from train("adapt", objective, schedule(config, RATES), Path(folder))
    adapter = objective.adapter(generator.fingerprint)
    adapter.save(path)


def schedule(config: AdaptConfig, rates: Mapping[str, float]) -> TrainConfig:
    """How a character is learnt: one short run, with the learning rate of its mode unless another is asked for."""
    return TrainConfig(
        steps=config.steps,
        learning_rate=config.learning_rate or rates[config.mode],
        warmup=min(10, config.steps),
        weight_decay=0.0,
        ema=0.9,
        checkpoint_every=config.steps,
    )


def check_pictures(pictures: Sequence[CaptionedPicture], config: AdaptConfig) -> None:
    """Check that a character can be learnt.

    Raises:
        RecipeError: there are too few pictures, their words never use the name, or the mode is unknown.
    """
    if config.mode not in MODES:
        raise RecipeError(f"mode {config.mode!r}: there are {', '.join(MODES)}")
    if len(pictures) < 3:
        raise RecipeError(f"{len(pictures)} pictures are too few to learn a character from; give 3 or more")
    told = [picture.caption for picture in pictures if picture.caption]
    if told and not any(config.name in caption for caption in told):
        raise RecipeError(f"none of the pictures' words has the name {config.name!r} in it")
