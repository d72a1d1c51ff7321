"""Draw a story, page after page, each one remembering the pages before it."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from PIL import Image

from lianhuan.conductor.cast import Cast
from lianhuan.conductor.events import Event, PageDone, Pages, Planned, Told
from lianhuan.conductor.tale import (
    Known,
    Tale,
    Telling,
    contexts_of,
    picture_hash,
    written,
)
from lianhuan.conductor.together import BATCH, drawn, together
from lianhuan.control import ClassifierFree
from lianhuan.generators import Control, Drawn, Generator
from lianhuan.images import fit_square
from lianhuan.memory import Memory, NoMemory
from lianhuan.memory.base import State
from lianhuan.memory.load import check_accepted, fit
from lianhuan.models.context import Context
from lianhuan.story import DEFAULT_GUIDANCE, PageRequest, Story


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
        `Planned`, then for every page a `PortraitDone` for each character whom the memory wants to see first, its `Step`s and
        its `PageDone`. Closing the generator stops the drawing.

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
    """The events of a story, with a `Ready` for each page and portrait that has to be drawn, which waits for its picture."""
    tale, given = Tale(telling), telling.first_frame
    yield Planned(telling.story, {**tale.shared, **tale.how, "extras": tale.generator.extras})
    for number, request in enumerate(tale.requests, start=1):
        recipe, there = tale.recipe(request), None
        if telling.controls:
            recipe["controls"] = [control.recipe() for control in telling.controls]
        if number == 1 and given is not None:
            recipe |= {"given": picture_hash(given), "after": tale.before}
            words, image = tale.words(request), fit_square(given, tale.generator.size)
        else:
            there = tale.known(request, recipe)  # whatever is remembered
            yield from tale.cast(number, request, anew=there is None)
            recipe["after"] = tale.before
            there = there or tale.known(request, recipe)
            words = tale.words(request)
            image = there or (yield from tale.draw(number, request, words, telling.controls))
        tale.remember(request, words, image)
        yield PageDone(number, request.scene_id, image, recipe, there is not None, "given" in recipe)


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
    fed = range(len(stories)) if feed is None else feed
    portraits = _Portraits(generator, memory, null, fed)
    for requests in zip(*stories, strict=True):
        given = first if not rows[0] else None
        if given is None:
            states = portraits.shown(requests, states)
        pages = portraits.told(requests)
        words = [generator.encode([page]) for page in pages]
        if given is None:
            images = _drawn_together(generator, memory, pages, words, states, null)
        else:
            images = [fit_square(picture, generator.size) for picture in given]
        for row, image in zip(rows, images, strict=True):
            row.append(image)
        back = [images[i] for i in fed]
        states = [written(generator, memory, *one) for one in zip(states, words, back, strict=True)]
    return rows


class _Portraits:
    """The portraits of stories that are drawn side by side; `fed` names, for each story, the one whose portraits it is shown."""

    def __init__(self, generator: Generator, memory: Memory, null: Context, fed: Sequence[int]):
        self.generator, self.memory, self.null, self.fed = generator, memory, null, fed
        self.casts = [Cast(memory.casts or {}) for _ in fed]
        self.images: list[list[Image.Image]] = [[] for _ in fed]

    def told(self, pages: Sequence[PageRequest]) -> list[PageRequest]:
        """The pages, with the looks of those who have been shown; everybody on them is known from now on."""
        for page, cast in zip(pages, self.casts, strict=True):
            cast.meet(page)
        return [cast.told(page) for page, cast in zip(pages, self.casts, strict=True)]

    def shown(self, pages: Sequence[PageRequest], states: Sequence[State]) -> list[State]:
        """The states once everybody who is new on the pages has been seen, for a memory that wants it."""
        after = list(states)
        if self.memory.casts is None:
            return after
        asked = [
            (i, cast.portrait_of(entry, page, seed=page.seed, take=page.take))
            for i, (page, cast) in enumerate(zip(pages, self.casts, strict=True))
            for entry in cast.newcomers(page)
        ]
        requests = [request for _, request in asked]
        words = [self.generator.encode([request]) for request in requests]
        images = _drawn_together(self.generator, NoMemory(), requests, words, [{} for _ in asked], self.null)
        numbers = []
        for (i, request), image in zip(asked, images, strict=True):
            self.casts[i].show(request)
            numbers.append(len(self.images[i]))
            self.images[i].append(image)
        for (i, _), number, said in zip(asked, numbers, words, strict=True):
            others = self.images[self.fed[i]]
            image = others[number % len(others)]
            after[i] = written(self.generator, self.memory, after[i], said, image, portrait=True)
        return after


def _drawn_together(
    generator: Generator,
    memory: Memory,
    pages: Sequence[PageRequest],
    words: Sequence[Context],
    states: Sequence[State],
    null: Context,
) -> list[Image.Image]:
    """The pictures of some pages in one call of the generator."""
    if not pages:
        return []
    contexts = [contexts_of(memory, *pair, null) for pair in zip(states, words, strict=True)]
    *_, last = generator.frames(pages, contexts, [ClassifierFree(pages[0].guidance)])
    assert isinstance(last, Drawn)
    return last.images
