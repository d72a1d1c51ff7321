"""Draw a story, page after page, each one remembering the pages before it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from lianhuan.book import Settings
from lianhuan.conductor.events import Event, PageDone, Pages, Planned, Ready, Told
from lianhuan.conductor.together import BATCH, drawn, together
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError
from lianhuan.generators import Control, Drawn, Generator
from lianhuan.generators.options import told_when_full
from lianhuan.images import fit_square, load_picture
from lianhuan.memory import Memory, NoMemory
from lianhuan.memory.base import State
from lianhuan.memory.load import check_accepted, fit, load_memory
from lianhuan.models.context import Context
from lianhuan.models.files import short_hash
from lianhuan.story import (
    DEFAULT_GUIDANCE,
    PageRequest,
    Story,
    page_request,
    stage_entry,
)

Recipe = Mapping[str, Any]
Known = Callable[[str, Recipe], Image.Image | None]
"""Looks up a finished picture of a scene by its recipe; None if there is none."""


@dataclass(frozen=True)
class Telling:
    """A story and how it is drawn; `illustrate` says what the attributes are."""

    story: Story
    generator: Generator
    memory: Memory | None = None
    seed: int = 0
    steps: int | None = None
    guidance: float = DEFAULT_GUIDANCE
    sampler: str = ""
    negative_prompt: str = ""
    first_frame: Image.Image | None = None
    known: Known | None = None
    controls: Sequence[Control] = ()
    home: Path = Path()


def illustrate(  # noqa: PLR0913 - one argument per choice
    story: Story,
    generator: Generator,
    *,
    memory: Memory | None = None,
    seed: int = 0,
    steps: int | None = None,
    guidance: float = DEFAULT_GUIDANCE,
    sampler: str = "",
    negative_prompt: str = "",
    first_frame: Image.Image | None = None,
    known: Known | None = None,
    controls: Sequence[Control] = (),
    home: Path = Path(),
) -> Iterator[Event]:
    """Draw every page of `story`, in order.

    Args:
        story: what to draw.
        generator: what draws a frame.
        memory: what crosses from frame to frame; None for the LSTM memory that comes with the generator.
        seed: seed of the book; with a scene's id it decides the noise of its page.
        steps: denoising steps of a page; None for the generator's own number.
        guidance: classifier-free guidance scale; 1 means none.
        sampler: name of the sampler, "" for the generator's own.
        negative_prompt: words that guidance leads away from, "" for none; without guidance they say nothing.
        first_frame: a given picture of the first scene: the story is continued from it.
        known: finds pages that are finished already, so that a stopped book goes on.
        controls: what else bends the drawing of every page that is drawn.
        home: the folder where the paths of the cast's pictures begin.

    Yields:
        `Planned`, then for every page its `Step`s and its `PageDone`. Closing the generator stops the drawing.

    Raises:
        CheckpointError: the generator cannot draw with this memory, these controls, this sampler, this negative prompt, or
            weights of characters.
        PictureError: a picture of the cast cannot be read.
        DeviceError: the memory of the device is too small.
    """
    telling = Telling(
        story,
        generator,
        memory=memory,
        seed=seed,
        steps=steps,
        guidance=guidance,
        sampler=sampler,
        negative_prompt=negative_prompt,
        first_frame=first_frame,
        known=known,
        controls=controls,
        home=home,
    )
    return drawn(pages_of(telling))


def illustrate_many(tellings: Iterable[Telling], *, batch: int = BATCH) -> Iterator[Told]:
    """Draw several stories side by side: pages that are ready at the same time in one call of their generator.

    On a CPU every picture has the bytes that `illustrate` gives it. On a GPU the last bits may differ, as they do from one
    GPU to another. A page still remembers the pages of its own story alone, so no more pages than stories are drawn together.

    Args:
        tellings: the stories, each with what draws it; one is begun when another one ends. Pages are drawn together where
            their stories have the same generator object, weights of the memory, steps, sampler and guidance.
        batch: how many stories are open at a time, so the most pages in one call.

    Yields:
        the events of `illustrate`, each with the number of its story, and `Finished` or `Failed` as the last of each story.
        What a user can cause, a `LianhuanError` or an error of a file, ends one story and not the others. Closing the
        generator stops all.

    Raises:
        ValueError: `batch` is not positive.
    """
    return together((pages_of(telling) for telling in tellings), batch)


def pages_of(telling: Telling) -> Pages:
    """The events of a story, with a `Ready` for each page that has to be drawn, which waits for its picture."""
    story, generator, controls = telling.story, telling.generator, telling.controls
    generator.check(telling.sampler, telling.negative_prompt)
    remembering = default_memory(generator) if telling.memory is None else telling.memory
    networks = id(generator), remembering.fingerprint
    check_accepted(remembering.name, remembering.gives, generator.name, generator.accepts)
    generator = fit(generator, remembering)
    how: dict[str, Any] = {
        "seed": telling.seed,
        "steps": generator.steps(telling.guidance, telling.sampler)
        if telling.steps is None
        else telling.steps,
        "guidance": telling.guidance,
        "sampler": telling.sampler,
        "negative_prompt": telling.negative_prompt,
    }
    requests = [page_request(story, scene, **how) for scene in story.scenes]
    _check_weights(requests, generator)
    portraits = _portraits(story, remembering, telling.home)
    shared: dict[str, Any] = {
        "generator": generator.name,
        "weights": weights_of(generator, remembering),
        "engine": generator.engine,
        "memory": remembering.name,
        "version": version("lianhuan"),
    }
    loaded = {"extras": generator.extras.recipe(), "compute": generator.compute.recipe()}
    shared |= {name: told for name, told in loaded.items() if told}
    yield Planned(story, {**shared, **how, "extras": generator.extras})
    state, null = remembering.start(1), generator.null(1, telling.negative_prompt)
    previous: str | None = None
    for request, picture in portraits:
        state = _write(generator, remembering, state, generator.encode([request]), picture)
        previous = _remembered(previous, request, picture)
    for number, request in enumerate(requests, start=1):
        recipe: dict[str, Any] = {**shared, **request.model_dump(mode="json"), "after": previous}
        if controls:
            recipe["controls"] = [control.recipe() for control in controls]
        given = None
        if telling.first_frame is not None and number == 1:
            recipe["given"] = _picture_hash(telling.first_frame)
            given = fit_square(telling.first_frame, generator.size)
        there = None if given or telling.known is None else telling.known(request.scene_id, recipe)
        words = generator.encode([request])
        image = given or there
        if image is None:
            contexts = _contexts(remembering, state, words, null)
            ready = Ready(number, request, contexts, controls, generator, networks)
            yield ready
            image = ready.picture.result(timeout=0)
        state = _write(generator, remembering, state, words, image)
        previous = None if isinstance(remembering, NoMemory) else _remembered(previous, request, image)
        yield PageDone(number, request.scene_id, image, recipe, there is not None, given is not None)


def draw_stories(
    generator: Generator,
    memory: Memory,
    stories: Sequence[Sequence[PageRequest]],
    *,
    feed: Sequence[int] | None = None,
    first: Sequence[Image.Image] | None = None,
) -> list[list[Image.Image]]:
    """Draw equally long stories side by side; each comes out as it would alone.

    Args:
        generator: what draws.
        memory: what crosses from frame to frame.
        stories: the pages of each story; all with the same number of pages, steps and guidance.
        feed: for each story, the story whose pictures are fed back to it; None for its own. Another story's pictures
            are the control experiment: what is kept then did not come from memory.
        first: the given first picture of each story, to be continued; None draws the first pages, too.

    Returns:
        the pictures of each story.

    Raises:
        CheckpointError: the generator cannot draw with this memory.
    """
    check_accepted(memory.name, memory.gives, generator.name, generator.accepts)
    generator = fit(generator, memory)
    rows: list[list[Image.Image]] = [[] for _ in stories]
    states, null = [memory.start(1) for _ in stories], generator.null(1)
    for pages in zip(*stories, strict=True):
        words = [generator.encode([page]) for page in pages]
        if first is not None and not rows[0]:
            images = [fit_square(picture, generator.size) for picture in first]
        else:
            contexts = [_contexts(memory, *pair, null) for pair in zip(states, words, strict=True)]
            *_, last = generator.frames(pages, contexts, [ClassifierFree(pages[0].guidance)])
            assert isinstance(last, Drawn)
            images = last.images
        for row, image in zip(rows, images, strict=True):
            row.append(image)
        back = images if feed is None else [images[i] for i in feed]
        states = [_write(generator, memory, *one) for one in zip(states, words, back, strict=True)]
    return rows


def default_memory(generator: Generator) -> Memory:
    """The LSTM memory trained with this generator."""
    return load_memory("lstm", generator.name, generator.compute.device, engine=generator.engine)


def _contexts(memory: Memory, state: State, words: Context, null: Context) -> dict[str, Context]:
    nothing = replace(null, cast=words.cast, told=words.told)
    return {"cond": memory.read(state, words, "cond"), "uncond": memory.read(state, nothing, "uncond")}


def _write(generator: Generator, memory: Memory, state: State, words: Context, image: Image.Image) -> State:
    if isinstance(memory, NoMemory):
        return state
    with told_when_full():
        return memory.write(state, replace(words, images=(image,)), generator.encode_pictures([image]))


def weights_of(generator: Generator, memory: Memory) -> str:
    """The fingerprint of all weights that draw: the generator's own, unless the memory brings others."""
    if not memory.fingerprint:
        return generator.fingerprint
    return short_hash(f"{generator.fingerprint} {memory.fingerprint}")


def _check_weights(requests: Sequence[PageRequest], generator: Generator) -> None:
    """Raises: CheckpointError: somebody's words are weighted, and the generator cannot do that."""
    weighted = {entry.name for request in requests for entry in request.stage if entry.weight != 1}
    if weighted and "weights" not in generator.accepts:
        raise CheckpointError(
            f"{generator.name} takes no weights of characters; remove the `weight` of {', '.join(sorted(weighted))}"
        )


def _portraits(story: Story, memory: Memory, home: Path) -> list[tuple[PageRequest, Image.Image]]:
    """The pictures of the cast, each as a page that shows the character alone; none for a memory that remembers nothing."""
    if isinstance(memory, NoMemory):
        return []
    return [
        (
            PageRequest(scene_id=f"cast/{c.name}", caption="", stage=(stage_entry(c),)),
            load_picture(home / c.picture),
        )
        for c in story.cast
        if c.picture
    ]


def _remembered(before: str | None, request: PageRequest, image: Image.Image) -> str:
    """A name for what memory was given: the words and the pictures of this page and of all pages `before` it."""
    words = request.model_dump_json(exclude={"seed", "take", *Settings.model_fields})
    return short_hash(f"{before} {words} {_picture_hash(image)}")


def _picture_hash(image: Image.Image) -> str:
    return hashlib.sha256(image.convert("RGB").tobytes() + str(image.size).encode()).hexdigest()[:16]
