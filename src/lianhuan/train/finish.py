"""The parts that finish the embedded model once it draws: a decoder for its own latents, a denoiser of few steps."""

import copy
import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import torch

from lianhuan.data.world import WorldPictures
from lianhuan.memory import LSTMMemory
from lianhuan.models.denoiser import save_unet
from lianhuan.models.few_steps import FEW_STEPS, HOW, FewSteps
from lianhuan.models.files import save_part
from lianhuan.train.decoder import DecoderObjective
from lianhuan.train.distill import DistillObjective
from lianhuan.train.loop import TrainConfig, TrainStep, train
from lianhuan.train.parts import run_model, story_data, trained_memory
from lianhuan.train.story import StoryObjective
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
) -> Iterator[TrainStep]:
    """Train the denoiser that draws in few steps, from the one that is there; `batch` counts stories."""
    torch.manual_seed(0)
    model = run_model(folder, "few steps")
    data = story_data(folder, model.text_encoder.config, stories, batch, seed=8, world=world)
    story = StoryObjective(model.text_encoder, [trained_memory(folder, LSTMMemory.name)], data)
    story.module.requires_grad_(False).to(model.device)
    student = copy.deepcopy(model.denoiser).requires_grad_(True)
    objective = DistillObjective(student, model.denoiser, story, how, model.bound)
    yield from train("few-steps", objective, config, folder, resume=resume)
    part = folder / "model" / FEW_STEPS
    save_unet(student.unet, part)
    (part / HOW).write_text(json.dumps(asdict(how)) + "\n")
