"""Training of a memory beside a Stable Diffusion model that stays as it is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.find import read_stories
from lianhuan.data.stories import Split
from lianhuan.generators import load_generator
from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.load import own_loop
from lianhuan.memory import ARLDMMemory
from lianhuan.memory.bridged import BridgedMemory
from lianhuan.memory.load import fit
from lianhuan.models.context import Context
from lianhuan.story import PageRequest
from lianhuan.train.diffusion import prediction_error, random_noise, step_rng
from lianhuan.train.encoded import EncodedStories, encode_stories
from lianhuan.train.loop import DataRead, TrainConfig, TrainStep, autocast, train
from lianhuan.train.processes import Processes

Feed = Literal["own", "other", "none"]
FEEDBACK_NOISE = 0.5
"""Pictures are fed back with noise up to this share, against exposure bias."""
VALIDATION_STORIES = 40
COARSE = 2
"""Squares a side whose mean latents are guessed."""


@dataclass(frozen=True, kw_only=True)
class FrozenPlan:
    """What is trained beside what, on what.

    Attributes:
        base: a Stable Diffusion model: a folder in diffusers' layout, or a hub name.
        data: a data set, see `lianhuan.data.find.read_stories`.
        memory: "lstm" or "ar-ldm".
        width: of the memory's own tokens.
        rank: of the changes of the base's attention; 0 leaves it alone.
        frames: pages of a story that are told in a row; longer stories are begun at a random page.
        drop: share of the frames that are drawn from nothing, for guidance.
        guess: weight of the guess at the coarse latents of each page; 0 for none.
        checkpointing: tell frames one after another and keep little of each for the way back: slower, far less memory.
        seed: of the order, the times and the noise.
    """

    base: str
    data: Path
    memory: str = "lstm"
    width: int = 256
    rank: int = 0
    frames: int = 5
    drop: float = 0.1
    guess: float = 0.1
    checkpointing: bool = False
    seed: int = 0


@dataclass(frozen=True)
class FrozenBatch:
    """A story of V frames: latents (V, C, h, w) and the words of each."""

    latents: Tensor
    captions: tuple[str, ...]


class FrozenBaseObjective:
    """The base's own loss, eps or v, over the frames of a story: true pictures fed back, gradients through time.

    A tenth of the frames is drawn from nothing, each memory with its own null, as AR-LDM does. An LSTM memory without changes
    of the base has nothing to learn there, for its null is the base's own, so that no frame is dropped.

    A new memory is nearly blind, and what a picture tells of the next one is small beside the noise, so that the base's loss
    alone hardly teaches it to look. Therefore a linear head, which is thrown away afterwards, guesses from what the memory
    adds to the words the mean latents of the quarters of the page that is to be drawn.
    """

    def __init__(
        self, generator: LatentGenerator, memory: BridgedMemory, data: EncodedStories, plan: FrozenPlan
    ):
        self.memory, self.data, self.plan = memory, data, plan
        base = memory.config.base
        self.head = nn.Linear(base.context_width, base.latent_channels * COARSE**2)
        self.module: nn.Module = nn.ModuleDict({"memory": memory, "head": self.head})
        fitted = fit(generator, memory)
        assert isinstance(fitted, LatentGenerator)
        self.generator = fitted
        unet: Any = fitted.denoiser.unet
        if plan.checkpointing:
            unet.enable_gradient_checkpointing()
        learns = bool(plan.rank) or isinstance(memory.inner, ARLDMMemory)
        self.drop = plan.drop if learns else 0.0

    def batch(self, step: int) -> FrozenBatch:
        """Some pages in a row of a random story, each with one of its captions."""
        rng = np.random.default_rng((self.plan.seed, step))
        number = int(rng.integers(len(self.data.captions)))
        words = self.data.captions[number]
        first = int(rng.integers(max(1, len(words) - self.plan.frames + 1)))
        chosen = slice(first, first + self.plan.frames)
        captions = tuple(options[int(rng.integers(len(options)))] for options in words[chosen])
        return FrozenBatch(self.data.story(number)[chosen], captions)

    def loss(self, batch: FrozenBatch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of a story; `step` seeds times and noise."""
        move(self.generator, device)
        rng = step_rng(self.plan.seed, step)
        x0 = batch.latents.to(device)
        level = FEEDBACK_NOISE * torch.rand(len(x0), 1, 1, 1, generator=rng)
        fed = x0 + (level * torch.randn(x0.shape, generator=rng)).to(device)
        dropped = (torch.rand(len(x0), generator=rng) < self.drop).tolist()
        words = read_words(self.generator, batch.captions)
        contexts = tell(self.generator, self.memory, words, fed, dropped)
        t, noise = random_noise(self.generator.denoiser, x0, rng)
        size = 1 if self.plan.checkpointing else len(x0)
        errors = [
            prediction_error(
                self.generator.denoiser, x0[rows], Context.join(contexts[rows]), t[rows], noise[rows]
            )
            for rows in (slice(k, k + size) for k in range(0, len(x0), size))
        ]
        guess = self._guess(words, contexts, x0, dropped)
        figures = {"frames": torch.tensor(len(x0)), "guess": guess.detach()}
        return torch.cat(errors).mean() + self.plan.guess * guess, figures

    def _guess(
        self, words: Sequence[Context], contexts: Sequence[Context], x0: Tensor, dropped: Sequence[bool]
    ) -> Tensor:
        """How wrong the guess at the frames from the second on is, mean square; 0 where there are none."""
        told = [k for k in range(1, len(x0)) if not dropped[k]]
        if not told:
            return x0.new_zeros(())
        pairs = ((contexts[k].tokens, words[k].tokens) for k in told)
        added = torch.cat([(after[:, : before.shape[1]] - before).mean(1) for after, before in pairs])
        coarse = nn.functional.adaptive_avg_pool2d(x0[told], COARSE).flatten(1)
        return (self.head(added) - coarse).square().mean()


def read_words(generator: LatentGenerator, captions: Sequence[str]) -> list[Context]:
    """What the words alone say of each frame."""
    return [generator.encode([PageRequest(scene_id="", caption=caption)]) for caption in captions]


def tell(
    generator: LatentGenerator,
    memory: BridgedMemory,
    words: Sequence[Context],
    fed: Tensor | None,
    dropped: Sequence[bool] = (),
) -> list[Context]:
    """What the denoiser is told of each frame of one story.

    Args:
        generator: whose words they are.
        memory: what is learnt.
        words: of V frames, see `read_words`.
        fed: (V, C, h, w) latents of the pictures that are fed back; None for nothing, so that every frame is a first one.
        dropped: V times whether a frame is drawn from nothing; () for never.
    """
    null = generator.null(1) if any(dropped) else None
    state, contexts = memory.start(1), []
    for k, context in enumerate(words):
        if null is not None and dropped[k]:
            contexts.append(memory.read(state, null, "uncond"))
        else:
            contexts.append(memory.read(state, context, "cond"))
        if fed is not None:
            state = memory.write(state, context, fed[k : k + 1])
    return contexts


@torch.no_grad()
def story_losses(
    generator: LatentGenerator,
    memory: BridgedMemory | None,
    data: EncodedStories,
    *,
    frames: int,
    feed: Feed = "own",
    stories: int = VALIDATION_STORIES,
) -> list[float]:
    """The loss of each story on its frames from the second on, always at the same times under the same noise.

    Args:
        generator: the base, as it is.
        memory: what was learnt beside it; None for the base alone.
        data: held-out stories; those of a single frame are left out.
        frames: of each story, from the first.
        feed: whose pictures are fed back: the story's own, or those of another one, the control experiment, or none.
        stories: at most so many.
    """
    device = generator.device
    drawing = generator if memory is None else fit(generator, memory)
    assert isinstance(drawing, LatentGenerator)
    numbers = [i for i, words in enumerate(data.captions) if len(words) > 1][:stories]
    losses = []
    for place, number in enumerate(numbers):
        x0 = data.story(number)[:frames].to(device)
        others = data.story(numbers[(place + 1) % len(numbers)])[:frames].to(device)
        fed = {"own": x0, "other": others[torch.arange(len(x0)) % len(others)], "none": None}[feed]
        contexts = read_words(drawing, [words[0] for words in data.captions[number][: len(x0)]])
        if memory is not None:
            contexts = tell(drawing, memory, contexts, fed)
        rng = torch.Generator().manual_seed(number)
        errors = []
        for k in range(1, len(x0)):
            same = x0[k : k + 1].expand(4, -1, -1, -1)
            t, noise = random_noise(drawing.denoiser, same, rng)
            context = Context.join([contexts[k]] * 4)
            errors.append(prediction_error(drawing.denoiser, same, context, t, noise).mean())
        losses.append(float(torch.stack(errors).mean()))
    return losses


def move(generator: LatentGenerator, device: torch.device) -> None:
    """Let the parts of a generator compute on `device`."""
    if generator.device != device:
        for module in (generator.denoiser, generator.autoencoder, generator.text_encoder):
            module.to(device)


def train_frozen(
    folder: Path, config: TrainConfig, plan: FrozenPlan, *, resume: bool = False
) -> Iterator[TrainStep | DataRead]:
    """Train a memory beside `plan.base` and write it to `folder`/memory; then measure it on the validation split.

    Yields:
        what was read, the steps, and as "validation" the mean losses of held-out stories: of the base alone, with memory,
        with the memory of another story's pictures, and of none.

    Raises:
        RecipeError: no picture can be read, or the checkpoint belongs to another run.
        CheckpointError: there is no such base or memory.
        PictureError: there is no such data set.
        BookError: its picture books are damaged.
    """
    torch.manual_seed(plan.seed)
    generator = own_loop(load_generator(plan.base), "training beside a model")
    memory = BridgedMemory.beside(generator, plan.memory, width=plan.width, rank=plan.rank)
    here = Processes.join()
    move(generator, here.device)
    with here.main_first():
        data = _encoded(generator, plan, folder, "train")
    yield data.told()
    objective = FrozenBaseObjective(generator, memory, data, plan)
    yield from train(f"memory-{plan.memory}", objective, config, folder, resume=resume)
    if not here.main:
        return
    memory.save(folder / "memory")
    held_out = _encoded(generator, plan, folder, "validation")
    yield held_out.told()
    with autocast(here.device, config.precision):
        figures = {
            "base": story_losses(generator, None, held_out, frames=plan.frames),
            "memory": story_losses(generator, memory, held_out, frames=plan.frames),
            "other": story_losses(generator, memory, held_out, frames=plan.frames, feed="other"),
            "none": story_losses(generator, memory, held_out, frames=plan.frames, feed="none"),
        }
    if figures["memory"]:
        means = {name: float(np.mean(losses)) for name, losses in figures.items()}
        yield TrainStep("validation", 1, 1, means["memory"], means, 0.0)


def _encoded(generator: LatentGenerator, plan: FrozenPlan, folder: Path, split: Split) -> EncodedStories:
    return encode_stories(generator, read_stories(plan.data, split), folder / "data", split)
