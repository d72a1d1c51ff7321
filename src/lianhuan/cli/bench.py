"""`lianhuan bench`: draw held-out stories of the world with each memory, read the pictures, print the scores."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lianhuan.cli.terminal import progress
from lianhuan.cli.threads import use_cores

if TYPE_CHECKING:
    from lianhuan.generators import Generator
    from lianhuan.memory import Memory
    from lianhuan.story import PageRequest

CONTROL = "lstm-shuffled"
"""The LSTM memory fed with another story's pictures."""


class Suite(StrEnum):
    """What is measured."""

    WORLD = "world"


class Split(StrEnum):
    """Which stories of the world; the model was trained on "train"."""

    TEST = "test"
    VALIDATION = "validation"
    TRAIN = "train"


def bench(  # noqa: PLR0913 - one argument per option
    suite: Annotated[Suite, typer.Argument(help="What to measure.")],  # noqa: ARG001 - there is one suite so far
    memory: Annotated[str, typer.Option(help="Memories to compare, with commas between them.")] = "none,lstm",
    stories: Annotated[int, typer.Option(min=2, help="Number of stories.")] = 64,
    json_file: Annotated[Path, typer.Option("--json", help="File for the scores.")] = Path(
        "out/bench-world.json"
    ),
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder for the books; beside the scores if not given."
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Folder for a table and sheets of pictures.")] = None,
    generator: Annotated[str, typer.Option(help="Model: storybook or a model folder.")] = "storybook",
    reader: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the reader, if not the embedded one.")
    ] = None,
    split: Annotated[Split, typer.Option(help="Which stories of the world.")] = Split.TEST,
    frames: Annotated[int, typer.Option(min=2, help="Pictures per story.")] = 5,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 0,
    steps: Annotated[int, typer.Option(min=1, max=1000, help="Denoising steps per picture.")] = 20,
    guidance: Annotated[
        float, typer.Option(min=0.0, max=100.0, help="Classifier-free guidance; 1 is none.")
    ] = 3.0,
    batch: Annotated[int, typer.Option(min=2, help="Stories drawn side by side.")] = 16,
    control: Annotated[bool, typer.Option(help="Also feed the LSTM another story's pictures.")] = True,
) -> None:
    """Measure how well pictures show their stories and how well hidden looks stay.

    Stories are drawn page after page with their own pictures fed back. Run the same command again after an
    interruption: finished stories are not drawn again.
    """
    from lianhuan.bench.books import world_tales
    from lianhuan.bench.report import markdown_table, write_report
    from lianhuan.bench.world import bench_world
    from lianhuan.book import write_atomically
    from lianhuan.data.world import frame_request
    from lianhuan.generators import load_generator
    from lianhuan.metrics.reader import load_reader

    use_cores()
    eyes = load_reader(reader)
    device = _device()
    model = load_generator(generator, device=device)
    methods = _methods(memory, generator, device, control)
    tales = world_tales(split, stories, frames)
    settings: dict[str, Any] = {"seed": seed, "steps": steps, "guidance": guidance}
    pages = [
        [frame_request(tale, k, **{**settings, "seed": seed + tale.index}) for k in range(frames)]
        for tale in tales
    ]
    root = out or json_file.with_suffix("")
    with progress(len(methods) * stories) as shown:
        for number, method in enumerate(methods):
            for done in draw_missing(root / method.name, method, model, pages, split=split, batch=batch):
                shown.at(number * stories + done, method.name)
                shown.milestone(f"{method.name}: {done} of {stories} stories drawn")
        shown.milestone("reading the pictures")
    folders = {method.name: root / method.name for method in methods}
    shared = {
        **settings,
        "frames": frames,
        "batch": batch,
        "generator": model.name,
        "weights": model.fingerprint,
    }
    result = bench_world(folders, tales, eyes, seed=seed, split=split, settings=shared)
    write_atomically(json_file, (json.dumps(result, indent=1) + "\n").encode())
    if report is not None:
        write_report(result, folders, tales, report)
    print(markdown_table(result), end="")


@dataclass(frozen=True)
class Method:
    """A memory under its name; `shuffled` feeds it the pictures of the next story of the batch."""

    name: str
    memory: "Memory"
    shuffled: bool = False


def draw_missing(
    folder: Path,
    method: Method,
    generator: "Generator",
    pages: "Sequence[Sequence[PageRequest]]",
    *,
    split: str,
    batch: int,
) -> Iterator[int]:
    """Draw the stories whose books are not in `folder` yet, `batch` at a time.

    Yields:
        the number of finished stories, before the first batch and after each.
    """
    from lianhuan.bench.books import is_finished, keep_story
    from lianhuan.conductor import draw_stories

    groups = _groups(range(len(pages)), batch)
    fed = {i: g[(k + 1) % len(g)] for g in groups for k, i in enumerate(g)} if method.shuffled else {}
    recipes = {i: _recipes(story, method, generator, split, i, fed.get(i)) for i, story in enumerate(pages)}
    missing = [i for i, story in enumerate(pages) if not is_finished(folder, i, story, recipes[i])]
    if method.shuffled:  # a picture depends on the whole group
        groups = [group for group in groups if set(group) & set(missing)]
    else:
        groups = _groups(missing, batch)
    done = len(pages) - sum(map(len, groups))
    yield done
    for group in groups:
        feed = [group.index(fed[i]) for i in group] if method.shuffled else None
        drawn = draw_stories(generator, method.memory, [pages[i] for i in group], feed=feed)
        for i, images in zip(group, drawn, strict=True):
            keep_story(folder, i, pages[i], recipes[i], images)
        done += len(group)
        yield done


def _groups(stories: Sequence[int], batch: int) -> list[list[int]]:
    """`stories` in groups of about `batch`, none of which is a single story unless there is but one."""
    number = max(1, min(-(-len(stories) // batch), len(stories) // 2))
    size, larger = divmod(len(stories), number)
    starts = [k * size + min(k, larger) for k in range(number + 1)]
    return [list(stories[a:b]) for a, b in pairwise(starts) if a < b]


def _recipes(
    story: "Sequence[PageRequest]",
    method: Method,
    generator: "Generator",
    split: str,
    index: int,
    fed: int | None,
) -> list[dict[str, Any]]:
    from importlib.metadata import version

    shared = {
        "generator": generator.name,
        "weights": generator.fingerprint,
        "memory": method.name,
        "version": version("lianhuan"),
        "split": split,
        "story": index,
        "fed": fed,
    }
    return [{**shared, **page.model_dump(mode="json")} for page in story]


def _methods(names: str, generator: str, device: str, control: bool) -> list[Method]:
    from torch import nn

    from lianhuan.memory.load import load_memory

    methods = []
    for name in dict.fromkeys(part.strip() for part in names.split(",")):
        memory = load_memory(name, generator)
        if isinstance(memory, nn.Module):
            memory.to(device)
        methods.append(Method(name, memory))
        if name == "lstm" and control:
            methods.append(Method(CONTROL, memory, shuffled=True))
    return methods


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
