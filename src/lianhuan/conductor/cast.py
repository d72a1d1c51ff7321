"""Whom a story has met, and what its pages are told of looks that nobody told."""

from collections.abc import Collection

from lianhuan.book import CAST
from lianhuan.memory.looks import Looks, look_by_lot
from lianhuan.story import PageRequest, StageEntry

PART = ", "
"""Between the words of a look."""


class Cast:
    """The characters of one story while it is told, page after page.

    A look that nobody tells is chosen by lot, by the seed, the name and the number of the portrait. The portrait is told it,
    and from then on the pages. Once the story puts something on somebody, pages say no more what clothes a look names.

    Args:
        looks: what lots are drawn from.
        own: names of those who get no lot, for they have a look that no words tell.
    """

    def __init__(self, looks: Looks, own: Collection[str] = ()):
        self._looks, self._own = looks, own
        self._shown: dict[str, str] = {}
        self._met: set[str] = set()
        self._changed: set[str] = set()

    def meet(self, page: PageRequest) -> None:
        """From now on everybody on the page is known."""
        self._met |= {entry.name for entry in page.stage}

    def show(self, portrait: PageRequest) -> None:
        """From now on the one whom the portrait shows is known by the look that it was told."""
        self.meet(portrait)
        self._shown |= {entry.name: entry.look for entry in portrait.stage}

    def newcomers(self, page: PageRequest) -> list[StageEntry]:
        """Those on a page whom nobody has met yet, each once."""
        found: dict[str, StageEntry] = {}
        for entry in page.stage:
            if entry.name not in self._met:
                found.setdefault(entry.name, entry)
        return list(found.values())

    def portrait_of(self, entry: StageEntry, page: PageRequest, *, seed: int, take: int = 0) -> PageRequest:
        """The portrait of somebody who comes onto `page`, as a page that shows this character alone and says no more."""
        take += entry.take
        looks = {} if entry.name in self._own else self._looks
        look = entry.look or PART.join(look_by_lot(looks, entry.kind, f"{seed} {entry.name} {take}"))
        return page.model_copy(
            update={
                "scene_id": f"{CAST}{entry.name}",
                "caption": "",
                "place": None,
                "stage": (entry.model_copy(update={"look": look}),),
                "changes": (),
                "seed": seed,
                "take": take,
            }
        )

    def told(self, page: PageRequest) -> PageRequest:
        """The next page of the story, with the looks that are told or have been shown, as far as they still hold."""
        self._changed |= {change.character for change in page.changes}
        stage = tuple(entry.model_copy(update={"look": self._look(entry)}) for entry in page.stage)
        return page.model_copy(update={"stage": stage})

    def _look(self, entry: StageEntry) -> str:
        look = entry.look or self._shown.get(entry.name, "")
        if entry.name not in self._changed:
            return look
        *_, clothes = self._looks.get(entry.kind, [[]])
        return PART.join(part for part in look.split(PART) if part not in clothes)
