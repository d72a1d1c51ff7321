"""One torch thread, so that tests can run side by side, and no network."""

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cli_runs import STORY, run

if TYPE_CHECKING:
    from lianhuan.generators.stable_diffusion import StableDiffusion

os.environ.setdefault("OMP_NUM_THREADS", "1")  # torch reads it when it is first imported, here or in a child
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # as the command line has it

_connect = socket.socket.connect


def _connect_here(self: socket.socket, address: object) -> None:
    here = not isinstance(address, tuple) or address[0] in ("127.0.0.1", "::1", "localhost")
    if not here:
        raise OSError(f"tests use no network, but something wants to reach {address}")
    _connect(self, address)


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _connect_here)


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder with random weights."""
    from lianhuan.testing import tiny_model as write

    return write(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("stories") / "two-friends.txt"
    path.write_text(STORY, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def drawing(story: Path, tiny_model: Path) -> list[object]:
    """The arguments that draw the story."""
    return ["illustrate", story, "--generator", tiny_model, "--steps", 2, "--seed", 5, "-o"]


@pytest.fixture(scope="session")
def book(drawing: list[object], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished book; tests do not change it."""
    folder = tmp_path_factory.mktemp("books") / "book"
    assert run(*drawing, folder).exit_code == 0
    return folder


FAMILIES = ("sd1", "sd2", "sdxl")


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A Stable Diffusion checkpoint of each family with random weights; tests do not change them."""
    from lianhuan.testing.checkpoints import tiny_checkpoint

    root = tmp_path_factory.mktemp("checkpoints")
    return {family: tiny_checkpoint(root / family, family) for family in FAMILIES}


@pytest.fixture(scope="session")
def generators(folders: dict[str, Path]) -> "dict[str, StableDiffusion]":
    """What draws with each of them."""
    from lianhuan import load_generator

    return {family: load_generator(folder) for family, folder in folders.items()}


@pytest.fixture(params=FAMILIES)
def family(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def generator(family: str, generators: "dict[str, StableDiffusion]") -> "StableDiffusion":
    return generators[family]
