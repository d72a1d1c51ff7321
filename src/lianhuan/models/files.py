"""Model folders: a diffusers-style layout, one sub-folder per part, safetensors only."""

import hashlib
import json
import math
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from lianhuan.errors import CheckpointError

if TYPE_CHECKING:
    from torch import nn

Numbers = npt.NDArray[np.float32]
Range = tuple[float, float]
"""The least and the largest number that enters a layer."""

CONFIG = "config.json"
WEIGHTS = "model.safetensors"
LARGE = 4096
SCALE = ".int8-scale"
RANGES = "ranges.json"
"""The layers of a part that compute with 8-bit numbers on the light engine, and the range of what enters each."""
PICKLES = (".bin", ".ckpt", ".pt", ".pth", ".pkl")


def grid(span: Range) -> tuple[float, int]:
    """How far the 256 steps of a range are apart, and the number of the step that is 0."""
    low, high = span
    step = (high - low) / 255
    return step, round(-low / step)


def read_config(folder: Path) -> dict[str, Any]:
    """The part's `config.json`.

    Raises:
        CheckpointError: it is missing or no JSON object.
    """
    path = folder / CONFIG
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{path} is missing; is {folder.parent} a complete model folder?") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error})") from error
    if not isinstance(config, dict):
        raise CheckpointError(f"{path} holds no settings")
    return config


class Arrays(Mapping[str, Numbers]):
    """The weights of a part by their names: kept as short as their file has them, float32 when they are asked for.

    Args:
        stored: what the file holds.
    """

    def __init__(self, stored: dict[str, npt.NDArray[Any]]):
        self._stored = stored

    def __getitem__(self, name: str) -> Numbers:
        return self.rows(name, ...)

    def __contains__(self, name: object) -> bool:
        return name in self._stored

    def __iter__(self) -> Iterator[str]:
        return (name for name in self._stored if not name.endswith(SCALE))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def rows(self, name: str, rows: EllipsisType | npt.NDArray[np.int64]) -> Numbers:
        """All of a weight, or its rows with these indices, of any shape."""
        short = self.short(name)
        if short is None:
            return self._stored[name][rows].astype(np.float32)
        numbers, scale = short
        return numbers[rows].astype(np.float32) * scale[rows]

    def short(self, name: str) -> tuple[npt.NDArray[np.int8], Numbers] | None:
        """A weight's 8-bit numbers and what its rows are multiplied by, (n, 1, ...); None if its file has longer ones."""
        scale = self._stored.get(name + SCALE)
        return None if scale is None else (self._stored[name], scale.astype(np.float32))


def load_weights(module: "nn.Module", folder: Path) -> None:
    """Put the weights of `folder` into `module`, as float32, and set it to evaluation mode.

    Raises:
        CheckpointError: the file is missing, truncated, a pickle, or of another network.
    """
    import torch

    arrays = load_arrays(folder)
    try:
        module.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()})
    except RuntimeError as error:
        raise CheckpointError(
            f"{folder / WEIGHTS} is damaged or belongs to another model ({error})"
        ) from error
    module.eval().requires_grad_(False)


def load_arrays(folder: Path) -> Arrays:
    """The weights of `folder`, without torch.

    Raises:
        CheckpointError: the file is missing, truncated or a pickle.
    """
    path = folder / WEIGHTS
    if not path.exists():
        pickles = [p.name for p in folder.glob("*") if p.suffix in PICKLES]
        if pickles:
            raise CheckpointError(
                f"{folder} holds {pickles[0]}, a pickle that can run code when opened; convert it to {WEIGHTS} first"
            )
        raise CheckpointError(f"{path} is missing; is {folder.parent} a complete model folder?")
    try:
        return Arrays(load_file(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(f"{path} is damaged or belongs to another model ({error})") from error


def read_ranges(folder: Path) -> dict[str, Range]:
    """The ranges of a part; of none if they have not been measured.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / RANGES
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        spans = {name: (float(low), float(high)) for name, (low, high) in told.items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{path} cannot be read ({error})") from error
    wrong = [
        name
        for name, (low, high) in spans.items()
        if not -math.inf < low <= 0 <= high < math.inf or low == high
    ]
    if wrong:
        raise CheckpointError(f"{path} has no range with 0 in it for {wrong[0]}")
    return spans


def save_ranges(ranges: Mapping[str, Range], folder: Path) -> None:
    """Write the ranges of a part beside its weights."""
    (folder / RANGES).write_text(json.dumps(ranges, indent=0) + "\n", encoding="utf-8")


def save_part(module: "nn.Module", config: dict[str, Any], folder: Path, *, int8: bool = False) -> None:
    """Write a part: its config, and its weights as 16-bit floats or, if `int8`, large matrices and kernels as 8 bits per number.

    Ranges that are there are those of other weights, and go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RANGES).unlink(missing_ok=True)
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    arrays: dict[str, npt.NDArray[Any]] = {}
    for name, tensor in module.state_dict().items():
        value = tensor.detach().cpu().float().numpy()
        if int8 and value.ndim > 1 and value.size >= LARGE:
            arrays[name], arrays[name + SCALE] = to_int8(value)
        else:
            arrays[name] = value.astype(np.float16)
    save_file(arrays, folder / WEIGHTS)


def to_int8(value: Numbers, largest: int = 127) -> tuple[npt.NDArray[np.int8], Numbers]:
    """Symmetric 8-bit numbers, none further from 0 than `largest`, and their scale per output channel."""
    size = np.abs(value).max(axis=tuple(range(1, value.ndim)), keepdims=True)
    scale = np.maximum(size, np.float32(1e-8)) / np.float32(largest)
    return np.rint(value / scale).astype(np.int8), scale


def short_hash(text: str) -> str:
    """16 hex digits that stand for a text, as those of `fingerprint` do for files."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def fingerprint(folder: Path, parts: Iterable[str] = ("",)) -> str:
    """A short hash of the weights and settings under `folder`; large files are not held in memory.

    Args:
        folder: of a model, or of one part.
        parts: the files and folders in it that count; all by default.
    """
    digest = hashlib.sha256()
    homes = [folder / part for part in parts]
    found = [path for home in homes for path in ([home] if home.is_file() else home.rglob("*"))]
    for path in sorted(path for path in found if path.suffix in (".safetensors", ".json", ".jinja", ".txt")):
        digest.update(path.relative_to(folder).as_posix().encode())
        with path.open("rb") as file:
            hashlib.file_digest(file, lambda: digest)
    return digest.hexdigest()[:16]
