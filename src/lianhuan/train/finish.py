"""The parts that finish the embedded model once it draws: a decoder for its own latents, a denoiser of few steps, a predictor of edges."""

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch
from torch import nn

from lianhuan.data.world import WorldPictures
from lianhuan.errors import RecipeError
from lianhuan.generators import LatentGenerator, load_generator
from lianhuan.generators.load import own_loop
from lianhuan.generators.placing import networks
from lianhuan.memory import LSTMMemory
from lianhuan.models.denoiser import save_unet, watched
from lianhuan.models.edges import EdgePredictor, EdgePredictorConfig
from lianhuan.models.few_steps import FEW_STEPS, HOW, FewSteps, read_few_steps
from lianhuan.models.files import load_arrays, load_weights, save_part
from lianhuan.train.decoder import DecoderObjective
from lianhuan.train.distill import DistillObjective
from lianhuan.train.loop import TrainConfig, TrainStep, train
from lianhuan.train.parts import load_if_there, story_data, trained_memory
from lianhuan.train.processes import pick_device
from lianhuan.train.reward import LATENT_READER, RewardObjective, latent_reader
from lianhuan.train.sketch import SketchObjective
from lianhuan.train.story import StoryObjective
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import SMALL, Vocabulary


def train_decoder(
    folder: Path,
    config: TrainConfig,
    *,
    stories: int,
    batch: int,
    sharp: int,
    resume: bool,
    world: Vocabulary = SMALL,
) -> Iterator[TrainStep]:
    """Train the decoder further, on latents as the denoiser that is there leaves them; `batch` counts pictures.

    From step `sharp` on a critic compares it with drawn pictures. The encoder stays, and with it what the denoiser knows.
    """
    torch.manual_seed(0)
    model = run_model(folder, "a decoder")
    pictures = WorldPictures.render(folder / "data", "train", stories, model.size, world=world)
    data = story_data(folder, model.text_encoder.config, stories, batch, seed=9, world=world)
    model.autoencoder.decoder.requires_grad_(True)
    objective = DecoderObjective(
        model.autoencoder, model.denoiser, model.text_encoder, pictures, data, batch=batch, sharp=sharp
    )
    yield from train("decoder", objective, config, folder, resume=resume)
    autoencoder = model.autoencoder.cpu()
    save_part(autoencoder, autoencoder.to_config(), folder / "model" / "autoencoder")


def train_few_steps(
    folder: Path,
    config: TrainConfig,
    how: FewSteps,
    *,
    stories: int,
    batch: int,
    resume: bool,
    world: Vocabulary = SMALL,
    before: Path | None = None,
) -> Iterator[TrainStep]:
    """Train the denoiser that draws in few steps, from the one that is there; `batch` counts stories.

    `before` is a model of the same sizes that draws in few steps already: what its student has learnt beyond its denoiser is
    learnt already then, which saves nine steps of ten (`LOG.md`).
    """
    objective = _distill(folder, how, stories, batch, seed=8, world=world)
    if before is not None:
        add_learnt(objective.student.unet, before)
    yield from train("few-steps", objective, config, folder, resume=resume)
    part = folder / "model" / FEW_STEPS
    save_unet(objective.student.unet, part)
    (part / HOW).write_text(json.dumps(asdict(how)) + "\n")


def train_reward(
    folder: Path,
    config: TrainConfig,
    *,
    weight: float,
    stories: int,
    batch: int,
    resume: bool,
    world: Vocabulary = SMALL,
) -> Iterator[TrainStep]:
    """Train the denoiser of few steps that is there further, by what the `latent_reader` that is there reads in its pictures.

    `batch` counts stories; `weight` is that of the reader's loss.
    """
    part = folder / "model" / FEW_STEPS
    distill = _distill(folder, read_few_steps(part), stories, batch, seed=11, world=world)
    load_weights(distill.student.unet, part)
    distill.student.requires_grad_(True)
    reader = latent_reader(classes(world), distill.story.data.pages.latents.shape[2])
    load_weights(reader, folder / LATENT_READER)
    objective = RewardObjective(distill, reader.to(pick_device()), weight)
    yield from train("reward", objective, config, folder, resume=resume)
    save_unet(distill.student.unet, part)


def _distill(
    folder: Path, how: FewSteps, stories: int, batch: int, seed: int, world: Vocabulary
) -> DistillObjective:
    """The stories of a run and its denoiser as teacher, and as student until it gets weights of its own."""
    torch.manual_seed(0)
    model = run_model(folder, "few steps")
    data = story_data(folder, model.text_encoder.config, stories, batch, seed=seed, world=world)
    story = StoryObjective(model.text_encoder, [trained_memory(folder, LSTMMemory.name)], data)
    story.module.requires_grad_(False).to(model.device)
    student = copy.deepcopy(model.denoiser).requires_grad_(True)
    return DistillObjective(student, model.denoiser, story, how, model.bound)


@torch.no_grad()
def add_learnt(unet: nn.Module, before: Path) -> None:
    """Add to a UNet what the student of few steps in the model folder `before` differs from the denoiser there.

    Raises:
        RecipeError: they are of other sizes.
    """
    denoiser, student = load_arrays(before / "unet"), load_arrays(before / FEW_STEPS)
    own = unet.state_dict()
    if {name: weight.shape for name, weight in own.items()} != {n: student[n].shape for n in student}:
        raise RecipeError(f"the networks in {before} are of other sizes than the denoiser that is there")
    for name, weight in own.items():
        weight += torch.from_numpy(student[name] - denoiser[name])


def train_sketch(
    folder: Path,
    config: TrainConfig,
    *,
    layers: tuple[str, ...],
    stories: int,
    batch: int,
    resume: bool,
    world: Vocabulary = SMALL,
) -> Iterator[TrainStep]:
    """Train the predictor of edges that sketch guidance needs, from the one that is there, for the denoiser that is there.

    `batch` counts stories.
    """
    torch.manual_seed(0)
    model = run_model(folder, "sketches")
    data = story_data(folder, model.text_encoder.config, stories, batch, seed=6, world=world)
    latents = data.pages.latents.shape[2]
    with watched(model.denoiser.unet, layers) as seen:
        some = torch.zeros(1, latents, 16, 16, device=model.device)
        model.denoiser(some, 0, model.null(1))
    sizes = EdgePredictorConfig(layers, sum(seen[name].shape[1] for name in layers), latents)
    predictor = EdgePredictor(sizes)
    load_if_there(predictor, folder / "model" / "sketch")
    predictor.requires_grad_(True)
    objective = SketchObjective(predictor, model.denoiser, model.text_encoder, model.autoencoder, data)
    yield from train("sketch", objective, config, folder, resume=resume)
    save_part(predictor.cpu(), predictor.to_config(), folder / "model" / "sketch")


def run_model(folder: Path, use: str) -> LatentGenerator:
    """The model that a run has trained so far, where training computes; `use` is what needs it, for messages."""
    model = own_loop(load_generator(folder / "model"), use)
    for network in networks(model):
        network.to(pick_device())
    return model
