"""The storybook world as training data: pictures, captions with their stage, labels."""

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lianhuan.script.stage import put_on
from lianhuan.story import Change, PageRequest, StageEntry
from lianhuan.world.draw import draw
from lianhuan.world.looks import look_words
from lianhuan.world.scene import Actor, SceneGraph, WorldStory, classes, labels
from lianhuan.world.stories import SPLITS, recaption, story
from lianhuan.world.vocabulary import SMALL, STYLES, Vocabulary

FRAMES = 5
"""Frames of a training story."""
TELL_LOOKS = 0.6
"""Share of the training stories whose looks are told."""
SIDES = re.compile(
    r"to the (left|right) of|on the (left\b.*on the right|right\b.*on the left)\b|左边.*右边|右边.*左边"
)
"""Who stands left and who right; of a thing, captions of the world name one side."""


@dataclass(frozen=True)
class WorldPictures:
    """Pictures of the first stories of a split.

    Attributes:
        split: "train", "validation" or "test".
        pixels: (stories, FRAMES, size, size, 3) uint8.
        labels: name -> (stories, FRAMES) int64, see `lianhuan.world.scene.labels`.
        world: whose stories they are.
    """

    split: str
    pixels: npt.NDArray[np.uint8]
    labels: dict[str, npt.NDArray[np.int64]]
    world: Vocabulary = SMALL

    @classmethod
    def render(
        cls,
        folder: Path,
        split: str,
        stories: int,
        size: int,
        workers: int | None = None,
        world: Vocabulary = SMALL,
    ) -> "WorldPictures":
        """Draw the stories, or read them back from `folder` where an earlier call left them; `workers` None: on all cores."""
        path = folder / f"{world.prefix}{split}-{stories}-{size}px.npy"
        pixels = _by_story(
            path, partial(_draw_story, world, split, size), (stories, FRAMES, size, size, 3), workers
        )
        graphs = [
            [labels(f.graph, world) for f in world_story(split, i, world).frames] for i in range(stories)
        ]
        table = {
            name: np.array([[frame[name] for frame in row] for row in graphs]) for name in classes(world)
        }
        return cls(split, pixels, table, world)


def focus_maps(
    folder: Path, split: str, stories: int, cells: int, workers: int | None = None, world: Vocabulary = SMALL
) -> npt.NDArray[np.uint8]:
    """(stories, FRAMES, cells, cells, 2) shares, 0..255, of each cell that characters and the prop cover; kept in `folder`."""
    path = folder / f"{world.prefix}{split}-{stories}-focus{cells}.npy"
    return _by_story(
        path, partial(_focus_story, world, split, cells), (stories, FRAMES, cells, cells, 2), workers
    )


def _by_story(
    path: Path, job: Callable[[int], npt.NDArray[np.uint8]], shape: tuple[int, ...], workers: int | None
) -> npt.NDArray[np.uint8]:
    """`job(index)` of each of the first stories, together of this shape, or what an earlier call left."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        half = path.with_suffix(".part.npy")
        table = np.lib.format.open_memmap(half, mode="w+", dtype=np.uint8, shape=shape)
        with ProcessPoolExecutor(workers) as pool:
            for index, made in enumerate(pool.map(job, range(shape[0]), chunksize=50)):
                table[index] = made
        table.flush()
        half.rename(path)
    found: npt.NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return found


def pictures_at(pixels: npt.NDArray[np.uint8], rows: npt.NDArray[np.int64]) -> Tensor:
    """Some of the pictures (N, H, W, 3) uint8 as float (B, 3, H, W) in [-1, 1]."""
    return torch.from_numpy(pixels[rows]).permute(0, 3, 1, 2).float() / 127.5 - 1


def world_story(split: str, index: int, world: Vocabulary = SMALL) -> WorldStory:
    """Story `index` of a split."""
    return story(SPLITS[split], index, FRAMES, world)


def _draw_story(world: Vocabulary, split: str, size: int, index: int) -> npt.NDArray[np.uint8]:
    return np.stack([_pixels(size, frame.graph) for frame in world_story(split, index, world).frames])


def _pixels(size: int, graph: SceneGraph) -> npt.NDArray[np.uint8]:
    return np.asarray(draw(graph, size))


def _focus_story(world: Vocabulary, split: str, cells: int, index: int) -> npt.NDArray[np.uint8]:
    return np.stack([_focus(cells, frame.graph) for frame in world_story(split, index, world).frames])


def _focus(cells: int, graph: SceneGraph, fold: int = 4) -> npt.NDArray[np.uint8]:
    """What changes in the picture when nobody, or no prop, is in it; (cells, cells, 2)."""
    size = cells * fold
    whole = np.asarray(draw(graph, size))
    maps = []
    for without in (replace(graph, actors=(), prop=None), replace(graph, prop=None)):
        changed = (np.asarray(draw(without, size)) != whole).any(axis=2)
        maps.append(changed.reshape(cells, fold, cells, fold).mean(axis=(1, 3)))
    return (255 * np.stack(maps, axis=2)).astype(np.uint8)


def frame_request(tale: WorldStory, number: int, language: str = "en", **settings: float) -> PageRequest:
    """What the story state says of frame `number` of a world story: words, place, style, who is on stage and of what kind, who puts on what.

    The first style is the generator's own, which has no word. Looks stay hidden but for what is put on, in the caption's
    words. `settings` are seed, take, steps and guidance of the page.
    """
    frame = tale.frames[number]
    caption = frame.caption_zh if language == "zh" else frame.caption_en
    names = {
        actor.name: tale.names_zh[actor.name] if language == "zh" else actor.name
        for actor in frame.graph.actors
    }
    return PageRequest(
        scene_id=f"s{number + 1:03d}",
        caption=caption,
        place=frame.graph.place,
        style="" if frame.graph.style == STYLES[0] else frame.graph.style,
        stage=tuple(StageEntry(name=names[a.name], kind=a.kind) for a in frame.graph.actors),
        changes=tuple(
            Change(character=names[who], item=put_on(caption, language) or what)
            for who, what in frame.changes
        ),
        **settings,  # type: ignore[arg-type]  # pydantic checks the names and numbers
    )


def says_sides(caption: str) -> bool:
    """Whether a caption of the world, in any language, says who stands on which side; where a thing lies does not count."""
    return SIDES.search(caption.lower()) is not None


@dataclass(frozen=True)
class TrainingStory:
    """A story as a training step is told it.

    Attributes:
        tale: what it shows.
        pages: of its frames.
        portraits: of its cast, in the order of `cast_of`, as pages that show one character and say no more.
    """

    tale: WorldStory
    pages: list[PageRequest]
    portraits: list[PageRequest]


def training_story(
    split: str,
    index: int,
    rng: np.random.Generator,
    drop_stage: float = 0.15,
    world: Vocabulary = SMALL,
) -> TrainingStory:
    """One story for training: a fresh paraphrase in English (3 of 4) or Chinese, parts of the stage left out at times.

    In a share `TELL_LOOKS` of the stories the stage and the portraits say what the characters looked like at first, as the cast
    of a book may; in half of these no longer once a top is changed. Of the others half tell it in the portraits alone.
    """
    tale = recaption(world_story(split, index, world), int(rng.integers(2**31)))
    language = "zh" if rng.random() < 0.25 else "en"
    pages = [frame_request(tale, k, language) for k in range(FRAMES)]
    looks = _first_looks(tale, language, rng)
    told, to_the_end, in_portraits = rng.random() < TELL_LOOKS, rng.random() < 0.5, rng.random() < 0.5
    portraits = []
    for actor, (name, look) in zip(cast_of(tale), looks.items(), strict=True):
        entry = StageEntry(name=name, kind=actor.kind, look=_joined(look) if told or in_portraits else "")
        portraits.append(
            PageRequest(scene_id=pages[0].scene_id, caption="", style=pages[0].style, stage=(entry,))
        )
    if told:
        pages = _with_looks(pages, looks, to_the_end=to_the_end)
    return TrainingStory(tale, [_thinned(page, rng, drop_stage) for page in pages], portraits)


def cast_of(tale: WorldStory) -> list[Actor]:
    """The characters of a story in the order in which they come on, as they look at first."""
    met: dict[str, Actor] = {}
    for frame in tale.frames:
        for actor in frame.graph.actors:
            met.setdefault(actor.name, actor)
    return list(met.values())


def portraits(tale: WorldStory) -> list[SceneGraph]:
    """The cast of a story, each as at first, standing alone on a meadow by day, so that a portrait tells nothing but a look."""
    return [
        SceneGraph(
            place="meadow",
            actors=(Actor(name=actor.name, kind=actor.kind, look=actor.look),),
            style=tale.frames[0].graph.style,
        )
        for actor in cast_of(tale)
    ]


def portrait_pixels(
    folder: Path, split: str, stories: int, size: int, workers: int | None = None, world: Vocabulary = SMALL
) -> npt.NDArray[np.uint8]:
    """(stories, most actors, size, size, 3) of the `portraits` of each story, black where it has fewer; kept in `folder`."""
    path = folder / f"{world.prefix}{split}-{stories}-portraits-{size}px.npy"
    shape = (world.max_actors, size, size, 3)
    return _by_story(
        path, partial(_of_portraits, world, split, shape, partial(_pixels, size)), (stories, *shape), workers
    )


def portrait_focus(
    folder: Path, split: str, stories: int, cells: int, workers: int | None = None, world: Vocabulary = SMALL
) -> npt.NDArray[np.uint8]:
    """`focus_maps` of the portraits, (stories, most actors, cells, cells, 2)."""
    path = folder / f"{world.prefix}{split}-{stories}-portraits-focus{cells}.npy"
    shape = (world.max_actors, cells, cells, 2)
    return _by_story(
        path, partial(_of_portraits, world, split, shape, partial(_focus, cells)), (stories, *shape), workers
    )


def _of_portraits(
    world: Vocabulary,
    split: str,
    shape: tuple[int, ...],
    see: Callable[[SceneGraph], npt.NDArray[np.uint8]],
    index: int,
) -> npt.NDArray[np.uint8]:
    """What `see` makes of each portrait of a story, zeros where it has fewer than the first number of `shape`."""
    seen = np.zeros(shape, np.uint8)
    for number, graph in enumerate(portraits(world_story(split, index, world))):
        seen[number] = see(graph)
    return seen


def told_looks(tale: WorldStory, number: int, page: PageRequest) -> list[tuple[bool, bool]]:
    """`said_looks` of each actor of frame `number`, on its `page`."""
    looks = {entry.name: entry.look for entry in page.stage}
    return [
        said_looks(actor, looks.get(actor.name) or looks.get(tale.names_zh[actor.name], ""))
        for actor in tale.frames[number].graph.actors
    ]


def said_looks(actor: Actor, said: str) -> tuple[bool, bool]:
    """Whether some words say the hair or fur, and the top, that an actor has."""
    words = [look_words(actor, language) for language in ("en", "zh")]
    head, top = (any(one[i] in said for one in words) for i in (0, 1))
    return head, top


Parts = tuple[str, str]
"""Words about hair or fur, and about the top; "" where nothing is said."""


def _first_looks(tale: WorldStory, language: str, rng: np.random.Generator) -> dict[str, Parts]:
    """By the names that pages use, some words about the look that each of the cast has before the story changes it.

    Looks by lot are English in any story, so half of the Chinese ones here are, too.
    """
    told: dict[str, Parts] = {}
    for actor in cast_of(tale):
        head, top = look_words(actor, "en" if rng.random() < 0.5 else language)
        name = tale.names_zh[actor.name] if language == "zh" else actor.name
        part = rng.random()
        told[name] = (head if part < 0.8 else "", top if part < 0.6 or part >= 0.8 else "")
    return told


def _joined(look: Parts) -> str:
    return ", ".join(filter(None, look))


def _with_looks(
    pages: list[PageRequest], looks: Mapping[str, Parts], *, to_the_end: bool
) -> list[PageRequest]:
    told, now = [], dict(looks)
    for page in pages:
        if not to_the_end:
            now |= {change.character: (now[change.character][0], "") for change in page.changes}
        stage = tuple(entry.model_copy(update={"look": _joined(now[entry.name])}) for entry in page.stage)
        told.append(page.model_copy(update={"stage": stage}))
    return told


def _thinned(request: PageRequest, rng: np.random.Generator, drop: float) -> PageRequest:
    stage = request.stage
    if says_sides(request.caption):
        stage = tuple(stage[i] for i in rng.permutation(len(stage)))
    return request.model_copy(
        update={
            "stage": () if rng.random() < drop else stage,
            "place": None if rng.random() < drop else request.place,
            "changes": () if rng.random() < drop else request.changes,
        }
    )
