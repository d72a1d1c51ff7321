"""Looks by lot: what is drawn of somebody whose look nobody tells, so that no two characters must look alike."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, TypeAdapter

from lianhuan.errors import CheckpointError
from lianhuan.models.files import short_hash

LOOKS = "looks.json"
"""The file in the folder of a memory that holds its `Looks`."""
Looks = Mapping[str, Sequence[Sequence[str]]]
"""Kind of character -> lists of words, the last of them about clothes; a look is a word of each list."""
_FORM = TypeAdapter(dict[str, list[Annotated[list[str], Field(min_length=1)]]])


def look_by_lot(looks: Looks, kind: str, lot: str) -> list[str]:
    """Words about somebody of this kind, the same for the same `lot`; none where none are known."""
    dice = np.random.default_rng(int(short_hash(lot), 16))
    return [words[int(dice.integers(len(words)))] for words in looks.get(kind, ())]


def read_looks(folder: Path) -> Looks:
    """The looks that a memory has words for; none if its folder has no such file.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / LOOKS
    try:
        return _FORM.validate_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:  # pydantic's is a ValueError
        raise CheckpointError(f"{path} has to name, for each kind, lists of words ({error})") from error


def save_looks(looks: Looks, folder: Path) -> None:
    """Write the looks into the folder of a memory."""
    (folder / LOOKS).write_text(json.dumps(looks, indent=0) + "\n", encoding="utf-8")
