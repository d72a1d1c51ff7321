"""Draws the books that the bench reads; those that are there already stay."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from itertools import pairwise, product
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from PIL import Image

    from lianhuan.bench.run import Run
    from lianhuan.cli.options import EngineWish
    from lianhuan.generators import Generator
    from lianhuan.generators.base import Engine
    from lianhuan.memory import Memory
    from lianhuan.story import PageRequest
    from lianhuan.world.scene import WorldStory

CONTROL = "lstm-shuffled"
"""The LSTM memory fed with another story's pictures."""


@dataclass(frozen=True)
class Method:
    """A memory under its name; `shuffled` feeds it the pictures of the next story of the batch."""

    name: str
    memory: "Memory"
    shuffled: bool = False


def shared_engine(wish: "EngineWish", generator: str, memories: Sequence[str]) -> "Engine":
    """The engine that draws with all of the memories: one for all, so that they are compared like for like.

    Raises:
        CheckpointError: the light engine is wanted and cannot draw with all of them; or there is no such model.
    """
    from lianhuan.conductor import choose_engine

    chosen = [choose_engine(wish, generator, memory) for memory in memories]
    return "light" if all(engine == "light" for engine in chosen) else "torch"


def load_methods(
    names: Sequence[str], generator: str, device: str, engine: "Engine", control: bool
) -> list[Method]:
    """The memories called `names`, and the control of the LSTM if wanted.

    Raises:
        CheckpointError: there is no such memory.
    """
    from lianhuan.memory.load import load_memory

    methods = []
    for name in names:
        memory = load_memory(name, generator, device, engine=engine)
        methods.append(Method(name, memory))
        if name == "lstm" and control:
            methods.append(Method(CONTROL, memory, shuffled=True))
    return methods


def draw_runs(
    runs: "Sequence[Run]",
    methods: Sequence[Method],
    generator: "Generator",
    settings: Mapping[str, Any],
    *,
    split: str,
    batch: int,
) -> Iterator[tuple[int, str]]:
    """Draw all books of `runs` that are not there yet; a story's pages have the same noise under every method.

    Args:
        runs: what is wanted; folders of methods with other names stay empty.
        methods: what remembers.
        generator: what draws.
        settings: seed, steps and guidance of the pages.
        split: which stories of the world they are.
        batch: stories drawn side by side.

    Yields:
        the number of finished stories of all runs, and the same in words.
    """
    before = 0
    for run, method in product(runs, methods):
        given = partial(_true_start, run, generator.size) if run.task.given else None
        for take, folder in enumerate(run.folders[method.name]):
            pages = [_pages(tale, {**settings, "take": take}) for tale in run.tales]
            name = ", ".join([run.title, *(f"take {n}" for n in (take,) if n), method.name])
            for done in draw_missing(folder, method, generator, pages, split=split, batch=batch, given=given):
                yield before + done, f"{name}: {done} of {len(pages)} stories drawn"
            before += len(pages)


def draw_missing(
    folder: Path,
    method: Method,
    generator: "Generator",
    pages: "Sequence[Sequence[PageRequest]]",
    *,
    split: str,
    batch: int,
    given: "Callable[[int], Image.Image] | None" = None,
) -> Iterator[int]:
    """Draw the stories whose books are not in `folder` yet, `batch` at a time.

    Args:
        folder: the books of the method.
        method: what remembers.
        generator: what draws.
        pages: the pages of each story.
        split: which stories of the world they are.
        batch: stories drawn side by side.
        given: the first picture of a story by its number, if stories are continued and not drawn from the start.

    Yields:
        the number of finished stories, before the first batch and after each.
    """
    from lianhuan.bench.books import is_finished, keep_story
    from lianhuan.conductor import draw_stories
    from lianhuan.conductor.tale import weights_of

    groups = _groups(range(len(pages)), batch)
    fed = {i: g[(k + 1) % len(g)] for g in groups for k, i in enumerate(g)} if method.shuffled else {}
    shared = {
        "generator": generator.name,
        "weights": weights_of(generator, method.memory),
        "engine": generator.engine,
        "memory": method.name,
        "version": version("lianhuan"),
        "split": split,
        "first": "drawn" if given is None else "given",
    }
    recipes = {i: _recipes(story, {**shared, "story": i, "fed": fed.get(i)}) for i, story in enumerate(pages)}
    missing = [i for i, story in enumerate(pages) if not is_finished(folder, i, story, recipes[i])]
    if method.shuffled:  # a picture depends on the whole group
        groups = [group for group in groups if set(group) & set(missing)]
    else:
        groups = _groups(missing, batch)
    done = len(pages) - sum(map(len, groups))
    yield done
    for group in groups:
        feed = [group.index(fed[i]) for i in group] if method.shuffled else None
        first = None if given is None else [given(i) for i in group]
        drawn = draw_stories(generator, method.memory, [pages[i] for i in group], feed=feed, first=first)
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


def _recipes(story: "Sequence[PageRequest]", shared: dict[str, Any]) -> list[dict[str, Any]]:
    return [{**shared, **page.model_dump(mode="json")} for page in story]


def _pages(tale: "WorldStory", settings: Mapping[str, Any]) -> "list[PageRequest]":
    """All pages of a story; noise is the same under every memory and differs between stories and takes."""
    from lianhuan.data.world import frame_request

    own = {**settings, "seed": settings["seed"] + tale.index}
    return [frame_request(tale, number, **own) for number in range(len(tale.frames))]


def _true_start(run: "Run", size: int, story: int) -> "Image.Image":
    from lianhuan.world.draw import draw

    return draw(run.tales[story].frames[0].graph, size)
