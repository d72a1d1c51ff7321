"""From the weights of one world to a start in a larger one, whose words and labels begin with those of the smaller."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.metrics.reader import CELLS, GLANCES, Reader, load_reader
from lianhuan.models.denoiser import build_unet, save_unet
from lianhuan.models.edges import SKETCH
from lianhuan.models.files import load_arrays, read_config, save_part
from lianhuan.models.known_words import KNOWN_WORDS
from lianhuan.models.noisy_clip import NOISY_CLIP
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.train.story import StoryHeads
from lianhuan.train.words import add_characters, sizes_for
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import Vocabulary

GLANCED = {"what": GLANCES, "where": GLANCES * CELLS}
"""Layers of the reader that have so many rows for each label."""


def grow(source: Path, folder: Path, world: Vocabulary) -> None:
    """Write into the run `folder` what the run `source` knows, at the sizes of a larger world, for training to go on from.

    Words, LSTM memory, UNet, heads where there are some, and the reader are widened; the autoencoder, AR-LDM's memory,
    the list of known words, the sketch predictor, and the CLIP with its eye are copied. What the smaller world says is
    read nearly as before: new places on the stage are more tokens to look at.

    Args:
        source: a run folder with the model, the reader and, perhaps, the heads of the smaller world.
        folder: the new run.
        world: the larger world; its words, in order, begin with those of the smaller.

    Raises:
        CheckpointError: a part of `source` is missing or damaged.
    """
    torch.manual_seed(0)
    old, new = source / "model", folder / "model"
    text = _grow_words(old / "text_encoder", new / "text_encoder", world)
    memory = LSTMMemory(LSTMMemoryConfig(summary_tokens=text.summary_tokens))
    part = Path("memory") / memory.name
    widen(memory, _weights(old / part))
    save_part(memory, memory.to_config(), new / part)
    sizes = read_config(old / "unet")
    unet = build_unet(
        sizes["in_channels"], text.width, tuple(sizes["block_out_channels"]), text.summary_tokens
    )
    widen(unet, _weights(old / "unet"))  # type: ignore[arg-type]  # diffusers hides that it is a module
    save_unet(unet, new / "unet")
    for name in ("autoencoder", f"memory/{ARLDMMemory.name}", NOISY_CLIP, SKETCH):
        _copy_if_there(old / name, new / name)
    _copy_if_there(source / "clip", folder / "clip")
    if (old / KNOWN_WORDS).exists():
        shutil.copyfile(old / KNOWN_WORDS, new / KNOWN_WORDS)
    if (source / "heads").exists():
        heads = StoryHeads(text, world)
        widen(heads, _weights(source / "heads"))
        save_part(heads, {}, folder / "heads")
    reader = grown_reader(load_reader(source / "reader"), world)
    save_part(reader, {"classes": classes(world)}, folder / "reader")


def _grow_words(old: Path, new: Path, world: Vocabulary) -> TextEncoderConfig:
    """Widen the text encoder; its tokenizer learns the characters of the larger world's captions."""
    sizes = read_config(old)
    spec = json.loads((old / "tokenizer.json").read_text(encoding="utf-8"))
    fresh = add_characters(spec["model"]["vocab"], world)
    config = sizes_for(world, sizes["vocabulary"] + len(fresh), sizes["word_width"])
    text = StoryTextEncoder(config)
    widen(text, _weights(old))
    save_part(text, text.to_config(), new)
    Tokenizer.from_str(json.dumps(spec)).save(str(new / "tokenizer.json"), pretty=False)
    return config


def _copy_if_there(source: Path, target: Path) -> None:
    if source.exists():
        shutil.copytree(source, target, dirs_exist_ok=True)


def _weights(part: Path) -> dict[str, Tensor]:
    return {name: torch.from_numpy(array) for name, array in load_arrays(part).items()}


def widen(module: nn.Module, smaller: Mapping[str, Tensor]) -> None:
    """Lay smaller weights into the first rows and columns of a network's own.

    Rows that were there before see nothing in new columns, so that they give what they gave; new rows, and weights
    that the smaller network lacks, stay as they start.
    """
    for name, weight in module.state_dict().items():
        if name in smaller:
            part = smaller[name]
            if part.dim() > 1:
                weight[: len(part)] = 0
            weight[tuple(slice(size) for size in part.shape)] = part


def grown_reader(reader: Reader, world: Vocabulary) -> Reader:
    """A reader of a larger world that reads the labels of the smaller one as before."""
    grown = Reader(classes(world))
    known = {
        name: weight for name, weight in reader.state_dict().items() if not name.startswith(tuple(GLANCED))
    }
    widen(grown, known)
    for old, label in enumerate(reader.classes):
        new = list(grown.classes).index(label)
        for layer, rows in GLANCED.items():
            for part in ("weight", "bias"):
                source, target = (
                    net.state_dict()[f"{layer}.{part}"].unflatten(0, (-1, rows)) for net in (reader, grown)
                )
                target[new] = source[old]
    return grown
