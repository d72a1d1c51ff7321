"""Stories of pictures as a base's autoencoder sees them, encoded once before the training and kept in the run folder."""

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from lianhuan.data.stories import BROKEN, PictureStory, StorySet
from lianhuan.errors import PictureError, RecipeError
from lianhuan.generators.latent import LatentGenerator
from lianhuan.models.files import short_hash
from lianhuan.train.loop import DataRead

Words = tuple[str, ...]


@dataclass(frozen=True)
class EncodedStories:
    """Latents and words of the frames of some stories.

    Attributes:
        split: which one it is.
        latents: (N, C, h, w) float16, all frames, story after story.
        captions: for each story, for each frame, its words: one or more that say the same.
        left_out: what could not be used, by reason.
    """

    split: str
    latents: Tensor
    captions: tuple[tuple[Words, ...], ...]
    left_out: dict[str, int]

    def story(self, number: int) -> Tensor:
        """(V, C, h, w) float32 latents of the frames of a story."""
        start = sum(len(frames) for frames in self.captions[:number])
        return self.latents[start : start + len(self.captions[number])].float()

    def told(self) -> DataRead:
        """What there is, to be said once."""
        return DataRead(self.split, len(self.captions), len(self.latents), self.left_out)


@torch.no_grad()
def encode_stories(generator: LatentGenerator, found: StorySet, folder: Path, split: str) -> EncodedStories:
    """Encode the pictures, or read back what an earlier run left in `folder`; broken pictures are left out and counted.

    Args:
        generator: whose autoencoder it is; it computes where it is.
        found: the stories.
        folder: where the file is kept.
        split: which stories they are, for its name.

    Raises:
        RecipeError: no picture can be read.
    """
    path = folder / f"{split}-{_key(generator, found)}.safetensors"
    if not path.exists():
        left_out = Counter(found.left_out)
        rows: list[Tensor] = []
        captions = []
        for story in found.stories:
            told = _encode(generator, story, rows, left_out)
            if told:
                captions.append(told)
        if not rows:
            raise RecipeError(f"none of the pictures of the split {split!r} can be read")
        meta = {"captions": json.dumps(captions), "left_out": json.dumps(left_out)}
        folder.mkdir(parents=True, exist_ok=True)
        half = path.with_suffix(".tmp")
        save_file({"latents": torch.cat(rows)}, half, meta)
        os.replace(half, path)  # noqa: PTH105 - atomic also where the target exists, on every system
    with safe_open(path, "pt") as file:
        meta = file.metadata()
        told_words = tuple(tuple(tuple(w) for w in frames) for frames in json.loads(meta["captions"]))
        return EncodedStories(split, file.get_tensor("latents"), told_words, json.loads(meta["left_out"]))


def _encode(
    generator: LatentGenerator, story: PictureStory, rows: list[Tensor], left_out: Counter[str]
) -> list[Words]:
    """Add the latents of a story to `rows`; returns the words of the frames whose pictures can be read."""
    told = []
    for frame in story.frames:
        try:
            latents = generator.encode_pictures([frame.picture()])
        except PictureError:
            left_out[BROKEN] += 1
            continue
        rows.append(latents.half().cpu())
        told.append(frame.captions)
    return told


def _key(generator: LatentGenerator, found: StorySet) -> str:
    """A name for what is encoded by what: the model's weights, and the names and words of the stories."""
    told = [(story.id, [frame.captions for frame in story.frames]) for story in found.stories]
    return short_hash(f"{generator.fingerprint} {generator.size} {told}")
