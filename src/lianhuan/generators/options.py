"""How a checkpoint is loaded: what is added to it, and what it computes with."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from lianhuan.errors import CheckpointError, DeviceError
from lianhuan.late import Late

DtypeName = Literal["fp32", "fp16", "bf16"]
LEANER = "switch on --low-memory (in Python Compute(low_memory=True)), take --dtype fp16, or draw with --device cpu"


@dataclass(frozen=True)
class Extras:
    """What is added to a checkpoint. It decides the pictures, so a book keeps it.

    Attributes:
        config: folder or hub name with the settings and the tokenizers that a single file does not hold.
        vae: folder of another autoencoder.
        loras: files of LoRA adapters (Hu et al. 2021), each FILE or FILE:SCALE.
        embeddings: files of textual inversions (Gal et al. 2022); each is a word of the prompt, by its file's name.
    """

    config: str | None = None
    vae: str | None = None
    loras: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()

    def recipe(self) -> dict[str, Any]:
        """What there is, as plain JSON, for the record of a picture."""
        return {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(self).items() if v}


@dataclass(frozen=True)
class Compute:
    """What a checkpoint computes with. It changes no more than the last bits of a picture, so a book does not keep it.

    Attributes:
        device: of torch: cpu, cuda, cuda:1, mps ...
        dtype: precision of the networks; None for single precision, or what `lianhuan.generators.attached` says.
        low_memory: on a GPU, networks that do not compute wait in main memory; everywhere, the autoencoder works picture by
            picture and large pictures tile by tile.
        compile: whether torch compiles the denoiser, which takes minutes at first.

    Raises:
        DeviceError: there is no such device here, or it cannot compute in this precision.
    """

    device: str = "cpu"
    dtype: DtypeName | None = None
    low_memory: bool = False
    compile: bool = False

    def __post_init__(self) -> None:
        kind = self.device.partition(":")[0]
        if kind != "cpu" and kind not in devices():
            raise DeviceError(f"no device {self.device!r} here; there is: {', '.join(devices())}")
        if self.dtype not in (None, *get_args(DtypeName)):
            raise DeviceError(f"no precision {self.dtype!r}; there is: {', '.join(get_args(DtypeName))}")
        if kind == "cpu" and self.dtype == "fp16":
            raise DeviceError("fp16 is for GPUs; on a CPU leave --dtype away, or take --dtype bf16")

    def recipe(self) -> dict[str, Any]:
        """What is not as by default, as plain JSON, for the record of a picture."""
        default = Compute()
        values = asdict(self) | {"dtype": self.precision()}
        return {name: v for name, v in values.items() if v not in (None, getattr(default, name), "fp32")}

    @property
    def offloads(self) -> bool:
        """Whether networks that do not compute wait in main memory."""
        return self.low_memory and self.device != "cpu"

    def precision(self, default: DtypeName = "fp32") -> DtypeName:
        """The precision that is asked for, else `default`."""
        return self.dtype or default


def devices() -> list[str]:
    """The kinds of devices that are here; the first is taken where none is named."""
    torch = Late("torch")
    there = {"cuda": torch.cuda.is_available(), "cpu": True, "mps": torch.backends.mps.is_available()}
    return [kind for kind, found in there.items() if found]


def lora(text: str) -> tuple[Path, float]:
    """File and scale of FILE or FILE:SCALE.

    Raises:
        CheckpointError: the scale is no finite number.
    """
    name, _, scale = text.rpartition(":")
    if not name or not scale or Path(text).exists():
        return Path(text), 1.0
    try:
        value = float(scale)
    except ValueError:
        return Path(text), 1.0
    if not math.isfinite(value):
        raise CheckpointError(f"{text}: the scale of a LoRA must be a number, as in {name}:0.8")
    return Path(name), value


@contextmanager
def told_when_full() -> Iterator[None]:
    """Says what to do where the memory of a device is too small.

    Raises:
        DeviceError: it is.
    """
    try:
        yield
    except RuntimeError as error:
        if (
            type(error).__name__ != "OutOfMemoryError"
        ):  # torch's own; the light engine may run where torch is not installed
            raise
        raise DeviceError(f"the memory of the device is too small for this model; {LEANER}") from error
