"""What is imported when it is first used, so that drawing with the light engine needs no torch."""

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lianhuan.errors import MissingDependency


class Late:
    """A module that is imported when something of it is first asked for.

    Raises:
        MissingDependency: on asking, if it is not installed.
    """

    def __init__(self, name: str):
        self._name = name

    def __getattr__(self, name: str) -> Any:
        with needing_torch():
            return getattr(importlib.import_module(self._name), name)


@contextmanager
def needing_torch() -> Iterator[None]:
    """Says what to install where an import of what only the torch engine needs fails.

    Raises:
        MissingDependency: it does.
    """
    with _needing(
        ("torch", "diffusers", "transformers"), "pip install torch==2.13.0, or install lianhuan anew"
    ):
        yield


@contextmanager
def needing_openvino() -> Iterator[None]:
    """The same for the light engine.

    Raises:
        MissingDependency: OpenVINO is not installed.
    """
    with _needing(("openvino",), "pip install openvino, or take the engine 'torch'"):
        yield


@contextmanager
def _needing(libraries: tuple[str, ...], help_with_it: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "").partition(".")[0]
        if library not in libraries:
            raise
        raise MissingDependency(f"{library} is not installed, and this needs it: {help_with_it}") from error


def late_names(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """The `__getattr__` of a package whose names are imported one by one (PEP 562).

    Args:
        package: its name.
        homes: public name -> the module that has it.
    """

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(homes[name]), name)

    return find
