"""A reader that knows every true picture of a few world stories, and a generator that draws them."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from PIL import Image

from lianhuan.bench.books import keep_story, world_tales
from lianhuan.bench.run import Run
from lianhuan.bench.task import Task
from lianhuan.data.world import frame_request
from lianhuan.generators import Drawn, LatentGenerator
from lianhuan.models.context import Context
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.world.draw import draw
from lianhuan.world.scene import classes, labels

STORIES, FRAMES, WIDTH = 6, 3, 32
TALES = world_tales("test", STORIES, FRAMES)
PICTURES = [[draw(frame.graph) for frame in tale.frames] for tale in TALES]
PAGES = [[frame_request(tale, k, seed=tale.index, steps=2) for k in range(FRAMES)] for tale in TALES]


class OracleReader:
    """Knows every true picture by heart."""

    classes, size = classes(), 128

    def __init__(self) -> None:
        graphs = [frame.graph for tale in TALES for frame in tale.frames]
        flat = to_tensor([image for row in PICTURES for image in row])
        self.known = {picture.numpy().tobytes(): labels(g) for picture, g in zip(flat, graphs, strict=True)}

    def look(self, pictures: list[Image.Image]) -> dict[str, torch.Tensor]:
        rows = [self.known[picture.numpy().tobytes()] for picture in to_tensor(pictures)]
        return {name: torch.tensor([row[name] for row in rows]) for name in classes()}

    def features(self, pictures: torch.Tensor) -> torch.Tensor:
        """Mean colours of the quarters of a picture."""
        return torch.nn.functional.adaptive_avg_pool2d(pictures, 2).flatten(1)


class OracleGenerator:
    """Draws the true pictures; keeps account of what it drew and what it was shown."""

    name, size, accepts, engine = "oracle", 128, LatentGenerator.accepts, "torch"

    def __init__(self, fingerprint: str = "a") -> None:
        self.fingerprint = fingerprint
        self.drawn: list[tuple[int, str]] = []
        self.shown: list[Image.Image] = []

    def encode(self, requests: Sequence[object]) -> Context:
        return Context(torch.zeros(len(requests), 5, WIDTH), torch.ones(len(requests), 5, dtype=torch.bool))

    def null(self, count: int) -> Context:
        return self.encode([None] * count)

    def encode_pictures(self, images: Sequence[Image.Image]) -> torch.Tensor:
        self.shown += images
        return torch.zeros(len(images), 8, 16, 16)

    def frames(self, requests: Sequence[PageRequest], contexts: object, control: object) -> Iterator[Drawn]:
        self.drawn += [(request.seed, request.scene_id) for request in requests]
        yield Drawn([PICTURES[request.seed][int(request.scene_id[1:]) - 1] for request in requests])


def keep_books(
    folder: Path, order: Sequence[int], pictures: Sequence[Sequence[Image.Image]] = PICTURES
) -> None:
    """Books of all stories; book i shows row order[i] of the pictures."""
    for tale, pages, k in zip(TALES, PAGES, order, strict=True):
        recipes = [{"generator": "g", "memory": "none", "page": page.scene_id} for page in pages]
        keep_story(folder, tale.index, pages, recipes, pictures[k])


def run_of(task: Task = Task.VISUALIZATION, **folders: Path | list[Path]) -> Run:
    """A run of all stories; a method may have one folder or one per take."""
    lists = {name: [found] if isinstance(found, Path) else found for name, found in folders.items()}
    return Run(task, TALES, lists)
