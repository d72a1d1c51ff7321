"""AR-LDM's HDF5 files: PororoSV, FlintstonesSV and VIST as its data scripts write them (Pan et al. 2022).

A file has the groups train, val and test. Each holds image0 to image4, one row per story with the bytes of a PNG, and the
words of the five frames with "|" between them: `text` (PororoSV, FlintstonesSV), or `sis` and `dii` (VIST: the told story,
and descriptions of the single pictures). The PNGs were written by OpenCV from RGB arrays, so that red and blue are swapped
in them. PororoSV and FlintstonesSV keep several pictures of a frame, 128 x 128 pixels each, one below another.
"""

import io
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from lianhuan.data.stories import Frame, PictureStory, Split, StorySet, must_have
from lianhuan.errors import PictureError
from lianhuan.late import needing_extras

GROUPS: dict[Split, str] = {"train": "train", "validation": "val", "test": "test"}
FRAMES = 5
STRIP = 128
"""Side of the pictures that stand one below another."""
UNEVEN = "stories with another number of sentences than pictures"


def read_hdf5(
    path: Path, split: Split = "train", *, words: Literal["sis", "dii"] = "sis", seed: int = 0
) -> StorySet:
    """The stories of a split; pictures stay in the file until they are asked for.

    Args:
        path: the HDF5 file.
        split: which of its groups.
        words: of VIST, the told story ("sis") or the descriptions ("dii"). VIST's script drops a description that repeats an
            earlier one of its story; such stories are left out.
        seed: decides which of the pictures of a frame is taken, where there are several.

    Raises:
        MissingDependency: h5py is not installed.
        PictureError: the file is missing, or not laid out so, or has no such story.
    """
    open_file = _opener()
    try:
        with open_file(path, "r") as file:
            group = file[GROUPS[split]]
            told = [_text(row) for row in group["text" if "text" in group else words][:]]
            strips = "text" in group
            lengths = {len(group[f"image{k}"]) for k in range(FRAMES)}
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise PictureError(f"{path} is not laid out as AR-LDM's HDF5 files are ({error})") from error
    if lengths != {len(told)}:
        raise PictureError(f"{path} is damaged: its columns in {GROUPS[split]!r} are not equally long")
    stories, left_out = [], Counter[str]()
    for row, sentences in enumerate(told):
        if len(sentences) != FRAMES or not all(sentences):
            left_out[UNEVEN] += 1
            continue
        name = f"{split}-{row}"
        picks = np.random.default_rng((seed, row)).random(FRAMES)
        frames = [
            Frame((sentence,), partial(_picture, path, split, k, row, float(picks[k]) if strips else None))
            for k, sentence in enumerate(sentences)
        ]
        stories.append(PictureStory(name, tuple(frames)))
    return must_have(StorySet(tuple(stories), dict(left_out)), f"{path}, {split}")


def _opener() -> Any:
    with needing_extras():
        import h5py
    return h5py.File


def _text(row: bytes) -> Sequence[str]:
    return [sentence.strip() for sentence in row.decode("utf-8").split("|")]


def _picture(path: Path, split: Split, frame: int, row: int, pick: float | None) -> Image.Image:
    """Picture `frame` of story `row`; of a strip the one at the share `pick`, in [0, 1), of its length."""
    where = f"{path}, {split}, story {row}, picture {frame}"
    try:
        with _opener()(path, "r") as file:
            data = bytes(file[GROUPS[split]][f"image{frame}"][row])
        with Image.open(io.BytesIO(data)) as image:
            swapped = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, KeyError, ValueError) as error:
        raise PictureError(f"{where}: not a readable picture ({error})") from error
    pixels: npt.NDArray[np.uint8] = swapped[:, :, ::-1]
    if pick is not None:
        number = int(pick * max(1, len(pixels) // STRIP))
        pixels = pixels[number * STRIP : (number + 1) * STRIP]
    return Image.fromarray(np.ascontiguousarray(pixels))
