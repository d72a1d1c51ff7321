"""What looks at pictures and names what they show, trained in one run folder with the parts that draw: readers and CLIP."""

from collections.abc import Iterator
from pathlib import Path

import torch

from lianhuan.data.world import WorldPictures
from lianhuan.metrics.reader import Reader
from lianhuan.models.clip import ClipConfig, StoryClip, load_clip, save_clip
from lianhuan.models.files import save_part
from lianhuan.models.noisy_clip import NOISY_CLIP, NoisyClip, NoisyClipConfig
from lianhuan.sampling import NoisePath
from lianhuan.train.clip import ClipObjective
from lianhuan.train.loop import TrainConfig, TrainStep, train
from lianhuan.train.noisy_clip import NoisyClipObjective
from lianhuan.train.parts import (
    SIZE,
    load_if_there,
    page_latents,
    trained_tokenizer,
    trained_words,
)
from lianhuan.train.processes import pick_device
from lianhuan.train.reader import ReaderObjective
from lianhuan.train.reward import LATENT_READER, LatentReaderObjective, latent_reader
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import SMALL, Vocabulary


def train_reader(
    folder: Path, config: TrainConfig, *, stories: int, batch: int, resume: bool, world: Vocabulary = SMALL
) -> Iterator[TrainStep]:
    """Train the reader of the bench, on drawn pictures only, from the one that is there if there is one."""
    torch.manual_seed(0)
    module = Reader(classes(world))
    load_if_there(module, folder / "reader")
    module.requires_grad_(True)
    pictures = WorldPictures.render(folder / "data", "train", stories, SIZE, world=world)
    yield from train(
        "reader", ReaderObjective(module, pictures, batch, seed=2), config, folder, resume=resume
    )
    save_part(module.cpu(), {"classes": classes(world)}, folder / "reader")


def train_latent_reader(
    folder: Path, config: TrainConfig, *, stories: int, batch: int, resume: bool, world: Vocabulary = SMALL
) -> Iterator[TrainStep]:
    """Train what reads noised latents, for `train_reward` alone, on drawn pictures; `batch` counts pictures."""
    torch.manual_seed(0)
    pictures = WorldPictures.render(folder / "data", "train", stories, SIZE, world=world)
    latents = page_latents(folder, pictures)
    reader = latent_reader(classes(world), latents.shape[2])
    load_if_there(reader, folder / LATENT_READER)
    reader.requires_grad_(True)
    objective = LatentReaderObjective(reader, pictures, latents, batch, seed=10)
    yield from train("latent-reader", objective, config, folder, resume=resume)
    save_part(reader.cpu(), {"classes": classes(world)}, folder / LATENT_READER)


def train_clip(
    folder: Path, config: TrainConfig, *, stories: int, batch: int, resume: bool, world: Vocabulary = SMALL
) -> Iterator[TrainStep]:
    """Train the small CLIP that judges and re-ranks, on drawn pictures and their captions; `batch` counts stories.

    Its words start from the model's, which know already what a caption says, its pictures from the one that is there if there
    is one.
    """
    torch.manual_seed(0)
    text = trained_words(folder)
    clip = StoryClip(ClipConfig.with_words(text.config), trained_tokenizer(folder))
    clip.text.load_state_dict(text.state_dict())
    if (folder / "clip").exists():
        clip.pictures.load_state_dict(load_clip(folder / "clip").pictures.state_dict())
    pictures = WorldPictures.render(folder / "data", "train", stories, SIZE, world=world)
    objective = ClipObjective(clip, pictures, batch, seed=5)
    yield from train("clip", objective, config, folder, resume=resume)
    save_clip(clip.cpu(), folder / "clip")


def train_noisy_clip(
    folder: Path, config: TrainConfig, *, stories: int, batch: int, resume: bool, world: Vocabulary = SMALL
) -> Iterator[TrainStep]:
    """Train the eye by which the CLIP of the run guides a drawing that is still noisy, from the one that is there if there is one.

    `batch` counts pictures.
    """
    torch.manual_seed(0)
    device = pick_device()
    clip = load_clip(folder / "clip").to(device)
    pictures = WorldPictures.render(folder / "data", "train", stories, SIZE, world=world)
    latents = page_latents(folder, pictures)
    eye = NoisyClip(NoisyClipConfig(latents.shape[2], clip.config.width))
    load_if_there(eye, folder / "model" / NOISY_CLIP)
    eye.requires_grad_(True)
    objective = NoisyClipObjective(eye, clip, pictures, latents, path=NoisePath.cosine(), batch=batch, seed=7)
    yield from train("noisy_clip", objective, config, folder, resume=resume)
    save_part(eye.cpu(), eye.to_config(), folder / "model" / NOISY_CLIP)
