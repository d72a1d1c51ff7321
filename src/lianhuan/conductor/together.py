"""Several stories side by side: pages that are ready at the same time are drawn in one call of their generator."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import fields

from lianhuan.conductor.events import Event, Failed, Finished, Pages, Ready, Step, Told
from lianhuan.control import ClassifierFree
from lianhuan.errors import LianhuanError
from lianhuan.generators import Drawn
from lianhuan.generators.options import told_when_full
from lianhuan.models.context import Context

BATCH = 4
"""Stories that are drawn side by side where nobody says how many."""


def drawn(events: Pages) -> Iterator[Event]:
    """The events of one story, its pages drawn; raises what ends it."""
    for told in together([events], 1):
        if isinstance(told.event, Failed):
            raise told.event.error
        if not isinstance(told.event, Finished):
            yield told.event


def together(stories: Iterable[Pages], batch: int) -> Iterator[Told]:
    """The events of several stories, their pages drawn together where that goes; see `lianhuan.conductor.illustrate_many`.

    Raises:
        ValueError: `batch` is not positive.
    """
    if batch < 1:
        raise ValueError(f"{batch} stories cannot be drawn side by side; 1 or more can")
    return _Desk(stories, batch).draw()


class _Desk:
    """The stories that are open, at most `batch`, and the page of each that waits for its picture."""

    def __init__(self, stories: Iterable[Pages], batch: int):
        self._coming = enumerate(stories)
        self._batch = batch
        self._open: dict[int, Pages] = {}
        self._ready: dict[int, Ready] = {}

    def draw(self) -> Iterator[Told]:
        try:
            yield from self._begin()
            while self._ready:
                waiting, self._ready = self._ready, {}
                for group in _groups(waiting):
                    yield from _draw(group)
                for story in waiting:
                    yield from self._go_on(story)
                yield from self._begin()
        finally:
            for events in self._open.values():
                events.close()

    def _begin(self) -> Iterator[Told]:
        while len(self._open) < self._batch and (coming := next(self._coming, None)) is not None:
            story, self._open[story] = coming
            yield from self._go_on(story)

    def _go_on(self, story: int) -> Iterator[Told]:
        """The events of a story up to its next page that has to be drawn, or to its end."""
        try:
            for event in self._open[story]:
                if isinstance(event, Ready):
                    self._ready[story] = event
                    return
                yield Told(story, event)
            end: Finished | Failed = Finished()
        except (LianhuanError, OSError) as error:
            end = Failed(error)
        del self._open[story]
        yield Told(story, end)


def _groups(ready: Mapping[int, Ready]) -> Iterable[Mapping[int, Ready]]:
    """The pages, by the number of their story, in groups that one call can draw."""
    groups: dict[Hashable, dict[int, Ready]] = {}
    for story, page in ready.items():
        how = page.request
        given = [getattr(c, part.name) is None for c in page.contexts.values() for part in fields(Context)]
        kind = page.weights, how.steps, how.sampler, how.guidance, *map(id, page.controls), *given
        groups.setdefault(kind, {})[story] = page
    return groups.values()


def _draw(group: Mapping[int, Ready]) -> Iterator[Told]:
    """Give every page its picture; pages that cannot be drawn together are tried alone, and those that cannot be drawn get the error."""
    pages = list(group.values())
    guided = [ClassifierFree(pages[0].request.guidance), *pages[0].controls]
    requests, contexts = [page.request for page in pages], [page.contexts for page in pages]
    try:
        with told_when_full():
            for event in pages[0].generator.frames(requests, contexts, guided):
                if isinstance(event, Drawn):
                    for page, image in zip(pages, event.images, strict=True):
                        page.picture.set_result(image)
                    return
                for story, page in group.items():
                    if not page.portrait:
                        yield Told(story, Step(page.page, event.number, event.total))
    except LianhuanError as error:
        if len(pages) == 1:
            pages[0].picture.set_exception(error)
            return
        for story, page in group.items():
            yield from _draw({story: page})
