"""The parts of the embedded model, trained one after another in one run folder.

`folder`/data holds drawn pictures and latents, `folder`/*.safetensors the checkpoints that resume, `folder`/model the
finished parts in the layout that `lianhuan.generators.load_generator` reads, `folder`/reader the reader of the bench.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures, focus_maps, pictures_at, portrait_focus, portrait_pixels
from lianhuan.errors import RecipeError
from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.ar_ldm import ARLDMMemoryConfig
from lianhuan.memory.looks import save_looks
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.denoiser import Denoiser, build_unet, save_unet
from lianhuan.models.files import CONFIG, WEIGHTS, fingerprint, load_weights, read_config, save_part
from lianhuan.models.known_words import load_known_words, save_known_words
from lianhuan.models.sizes import SIDE, AutoencoderConfig, TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import NoisePath
from lianhuan.train.autoencoder import AutoencoderObjective
from lianhuan.train.loop import TrainConfig, TrainStep, has_bf16, train
from lianhuan.train.processes import pick_device
from lianhuan.train.story import StoryObjective, TrainedMemory
from lianhuan.train.story_data import Encoded, StoryData
from lianhuan.train.words import build_words, known_words, sizes_for
from lianhuan.world.looks import every_look
from lianhuan.world.vocabulary import SMALL, Vocabulary

SIZE = 128
"""Side of the pictures that the encoder, the reader and the CLIP look at."""
DECODER = (48, 96, 160)
"""Widths of the decoder, which draws at 256 px."""
WORD_WIDTH = 128
BOUND = 3.5
"""Of the whitened latents, see `lianhuan.generators.loop.within_bound`; chosen on stories of the training split (`LOG.md`)."""


def train_autoencoder(
    folder: Path, config: TrainConfig, *, stories: int, batch: int, resume: bool, world: Vocabulary = SMALL
) -> Iterator[TrainStep]:
    """Train the autoencoder on drawn pictures, from the one that is there if there is one, and measure its whitening."""
    torch.manual_seed(0)
    module = Autoencoder(AutoencoderConfig(decoder_widths=DECODER))
    load_if_there(module, folder / "model" / "autoencoder")
    module.requires_grad_(True)
    size = module.config.size
    pictures = WorldPictures.render(folder / "data", "train", stories, size, world=world)
    focus = focus_maps(folder / "data", "train", stories, SIDE, world=world)
    objective = AutoencoderObjective(module, pictures, focus, batch, seed=1)
    yield from train("autoencoder", objective, config, folder, resume=resume)
    flat = pictures.pixels.reshape(-1, size, size, 3)
    some = pictures_at(flat, np.arange(min(500, len(flat))))
    module.cpu().whiten(some)
    save_part(module, module.to_config(), folder / "model" / "autoencoder")


def train_story(
    folder: Path, config: TrainConfig, *, stories: int, batch: int, resume: bool, world: Vocabulary = SMALL
) -> Iterator[TrainStep]:
    """Train words and LSTM memory from labels alone, before the denoiser; from those that are there if there are some."""
    torch.manual_seed(0)
    if not (folder / "model" / "text_encoder").exists():
        _start_words(folder, world)
    text = trained_words(folder)
    memory = trained_memory(folder, LSTMMemory.name)
    data = story_data(folder, text.config, stories, batch, seed=3, world=world)
    objective = StoryObjective(text, [memory], data)
    load_if_there(objective.heads, folder / "heads")
    objective.module.requires_grad_(True)
    yield from train("story", objective, config, folder, resume=resume)
    _save_words(folder, text.cpu(), [memory], world)
    save_part(objective.heads.cpu(), {}, folder / "heads")


def train_heads(
    folder: Path, config: TrainConfig, *, stories: int, batch: int, resume: bool, world: Vocabulary = SMALL
) -> Iterator[TrainStep]:
    """Fit the heads to the words and the LSTM memory that are there, where they came without heads."""
    torch.manual_seed(0)
    objective = _labels_only(folder, LSTMMemory.name, stories, batch, world=world)
    objective.module.requires_grad_(False)
    objective.heads.requires_grad_(True)
    yield from train("heads", objective, config, folder, resume=resume)
    save_part(objective.heads.cpu(), {}, folder / "heads")


def train_memory(
    folder: Path,
    config: TrainConfig,
    *,
    name: str,
    anew: bool = False,
    stories: int,
    batch: int,
    resume: bool,
    world: Vocabulary = SMALL,
) -> Iterator[TrainStep]:
    """Train the memory called `name` alone, from labels, with the words as they are; with `anew` not from the weights that are there.

    A new memory reads its labels through the heads that are there, so that it speaks to the denoiser as the others do.
    """
    torch.manual_seed(0)
    objective = _labels_only(folder, name, stories, batch, anew=anew, world=world)
    objective.module.requires_grad_(True)
    objective.text.requires_grad_(False)
    yield from train(f"memory-{name}", objective, config, folder, resume=resume)
    _save_words(folder, objective.text.cpu(), objective.memories, world)
    save_part(objective.heads.cpu(), {}, folder / "heads")


@dataclass(frozen=True, kw_only=True)
class DenoiserPlan:
    """What `train_denoiser` trains.

    Attributes:
        name: of the run, and of its checkpoint.
        widths: of the UNet's levels, if there is none in the run folder yet.
        memories: names of the memories that take turns; those that are not there yet start from nothing.
        freeze_words: leave the text encoder as it is, which saves a quarter of the time.
    """

    name: str = "denoiser"
    widths: tuple[int, ...]
    memories: tuple[str, ...] = ("lstm",)
    freeze_words: bool


def train_denoiser(
    folder: Path,
    config: TrainConfig,
    plan: DenoiserPlan,
    *,
    stories: int,
    batch: int,
    resume: bool,
    world: Vocabulary = SMALL,
) -> Iterator[TrainStep]:
    """Train everything that draws, from the words and memories, and the denoiser, that are there already."""
    torch.manual_seed(0)
    text = trained_words(folder)
    memories = [trained_memory(folder, name) for name in plan.memories]
    data = story_data(folder, text.config, stories, batch, seed=4, world=world)
    unet = build_unet(data.pages.latents.shape[2], text.config.width, plan.widths, text.config.summary_tokens)
    denoiser = Denoiser(unet, NoisePath.cosine(), "v_prediction")
    objective = StoryObjective(text, memories, data, denoiser, aux_weight=0.1)
    load_if_there(objective.heads, folder / "heads")
    load_if_there(objective.cells, folder / "cells")
    load_if_there(denoiser.unet, folder / "model" / "unet")
    objective.module.requires_grad_(True)
    text.requires_grad_(not plan.freeze_words)
    yield from train(plan.name, objective, config, folder, resume=resume)
    _save_words(folder, text.cpu(), memories, world)
    save_part(objective.heads.cpu(), {}, folder / "heads")
    save_part(objective.cells.cpu(), {}, folder / "cells")
    save_denoiser(folder, denoiser)
    _add_known_words(folder / "model", stories, world)


def save_denoiser(folder: Path, denoiser: Denoiser) -> None:
    """Write the UNet, its path and the index of the model folder."""
    save_unet(denoiser.unet, folder / "model" / "unet")
    path = folder / "model" / "path"
    path.mkdir(parents=True, exist_ok=True)
    times = len(denoiser.path.alphas_cumprod)
    how = {"times": times, "prediction": denoiser.prediction, "bound": BOUND}
    (path / "config.json").write_text(json.dumps(how) + "\n")
    (folder / "model" / "model_index.json").write_text(json.dumps({"_class_name": "LatentDiffusion"}) + "\n")


def _add_known_words(model: Path, stories: int, world: Vocabulary) -> None:
    """Write which words the model has seen, beside those of the model that it grew from."""
    before = load_known_words(model)
    known = known_words(stories, world)
    if before is not None:
        known = {language: words | before.words[language] for language, words in known.items()}
    save_known_words(known, model)


def _start_words(folder: Path, world: Vocabulary) -> None:
    """Write a text encoder that has learnt nothing yet but MiniLM's words."""
    tokenizer, start = build_words(WORD_WIDTH, world=world)
    text = StoryTextEncoder(sizes_for(world, len(start), WORD_WIDTH))
    with torch.no_grad():
        text.words.weight.copy_(start)
    part = folder / "model" / "text_encoder"
    save_part(text, text.to_config(), part)
    tokenizer.save(str(part / "tokenizer.json"), pretty=False)


def trained_words(folder: Path) -> StoryTextEncoder:
    """The text encoder as an earlier part left it."""
    part = folder / "model" / "text_encoder"
    text = StoryTextEncoder(TextEncoderConfig(**read_config(part)))
    load_weights(text, part)
    return text


def trained_tokenizer(folder: Path) -> Tokenizer:
    """The tokenizer of the text encoder that is there."""
    return Tokenizer.from_file(str(folder / "model" / "text_encoder" / "tokenizer.json"))


def _save_words(
    folder: Path, text: StoryTextEncoder, memories: Sequence[TrainedMemory], world: Vocabulary
) -> None:
    save_part(text, text.to_config(), folder / "model" / "text_encoder")
    for memory in memories:
        part = folder / "model" / "memory" / memory.name
        save_part(memory.cpu(), memory.to_config(), part)
        if memory.casts is not None:
            save_looks(every_look(world), part)


def _labels_only(
    folder: Path, name: str, stories: int, batch: int, *, anew: bool = False, world: Vocabulary
) -> StoryObjective:
    """Words, one memory and heads as they are, to learn without a denoiser."""
    text = trained_words(folder)
    data = story_data(folder, text.config, stories, batch, seed=21, world=world)
    objective = StoryObjective(text, [trained_memory(folder, name, anew=anew)], data)
    load_if_there(objective.heads, folder / "heads")
    return objective


def load_if_there(module: nn.Module, part: Path) -> None:
    """Go on from the weights that an earlier part left, if it left any."""
    if part.exists():
        load_weights(module, part)


def trained_memory(folder: Path, name: str, *, anew: bool = False) -> TrainedMemory:
    """The memory as an earlier part left it, or a new one for the words that are there."""
    memory: TrainedMemory = ARLDMMemory(ARLDMMemoryConfig())
    if name == LSTMMemory.name:
        memory = _lstm(folder)
    part = folder / "model" / "memory" / name
    if part.exists() and not anew:
        load_weights(memory, part)
        return memory
    if isinstance(memory, ARLDMMemory):
        memory.black.copy_(_black(folder / "model" / "autoencoder"))
    start_looking(memory, folder)
    return memory


def _lstm(folder: Path) -> LSTMMemory:
    return LSTMMemory(LSTMMemoryConfig(summary_tokens=trained_words(folder).config.summary_tokens))


def start_looking(memory: TrainedMemory, folder: Path) -> None:
    """A new memory first looks at pictures as the trained LSTM memory in the run folder does, if there is one."""
    part = folder / "model" / "memory" / LSTMMemory.name
    if not part.exists():
        return
    trained = _lstm(folder)
    load_weights(trained, part)
    if isinstance(memory, LSTMMemory):
        memory.pictures.load_state_dict(trained.pictures.state_dict())
        return
    memory.encoder.stem.load_state_dict(trained.pictures.convs.state_dict())
    with torch.no_grad():
        memory.encoder.positions.copy_(trained.pictures.positions)


@torch.inference_mode()
def _black(part: Path) -> Tensor:
    """Latents (1, C, 16, 16) of a black picture."""
    module = Autoencoder(AutoencoderConfig(**read_config(part)))
    load_weights(module, part)
    return module.encode(torch.full((1, 3, SIZE, SIZE), -1.0))


def story_data(
    folder: Path,
    text: TextEncoderConfig,
    stories: int,
    batch: int,
    seed: int,
    *,
    split: str = "train",
    world: Vocabulary = SMALL,
) -> StoryData:
    """The first stories of a split as the run's autoencoder sees them, for this text encoder; kept in the run folder.

    Raises:
        RecipeError: the text encoder is of another world, or there is no autoencoder.
    """
    sizes = sizes_for(world, text.vocabulary, text.word_width)
    if (text.stage, text.styles, text.max_length) != (sizes.stage, sizes.styles, sizes.max_length):
        raise RecipeError(f"the words in {folder} are of another world; train them (`story`) in a new folder")
    pictures = WorldPictures.render(folder / "data", split, stories, SIZE, world=world)
    pages = PageTokenizer(trained_tokenizer(folder), text)
    latents = page_latents(folder, pictures)
    shown = portrait_pixels(folder / "data", split, stories, SIZE, world=world)
    portraits = _encoded(folder, shown, f"{world.prefix}{split}-{stories}-portraits")
    maps = [
        focus(folder / "data", split, stories, latents.shape[-1], world=world)
        for focus in (focus_maps, portrait_focus)
    ]
    return StoryData(Encoded(latents, maps[0]), Encoded(portraits, maps[1]), pictures, pages, batch, seed)


def page_latents(folder: Path, pictures: WorldPictures) -> Tensor:
    """(stories, frames, C, 16, 16) latents of the pictures."""
    name = f"{pictures.world.prefix}{pictures.split}-{len(pictures.pixels)}-latents"
    return _encoded(folder, pictures.pixels, name)


@torch.inference_mode()
def _encoded(folder: Path, pixels: npt.NDArray[np.uint8], name: str, chunk: int = 20) -> Tensor:
    """(stories, N, C, 16, 16) float16 latents of pictures (stories, N, SIZE, SIZE, 3), kept in the run folder under `name`."""
    part = folder / "model" / "autoencoder"
    if not part.exists():
        raise RecipeError(f"{part} is missing; train the autoencoder in this folder first")
    path = folder / "data" / f"{name}-{fingerprint(part, (CONFIG, WEIGHTS))}.safetensors"
    if not path.exists():
        module = Autoencoder(AutoencoderConfig(**read_config(part)))
        load_weights(module, part)
        device = pick_device()
        module.to(device)
        rows = []
        for start in range(0, len(pixels), chunk):
            some = pixels[start : start + chunk]
            flat = pictures_at(some.reshape(-1, SIZE, SIZE, 3), np.arange(some.shape[0] * some.shape[1]))
            with torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device)):
                latents = module.encode(flat.to(device))
            rows.append(latents.unflatten(0, some.shape[:2]).half().cpu())
        save_file({"latents": torch.cat(rows)}, path)
    return load_file(path)["latents"]
