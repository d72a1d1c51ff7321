"""A story while it is told: who has been met, and what is remembered of its pages so far."""

import hashlib
from collections.abc import Callable, Generator as Steps, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from PIL import Image

from lianhuan.book import CAST, Settings
from lianhuan.conductor.cast import Cast
from lianhuan.conductor.events import PortraitDone, Ready
from lianhuan.errors import CheckpointError
from lianhuan.generators import Control, Generator
from lianhuan.generators.options import told_when_full
from lianhuan.images import load_picture
from lianhuan.memory import Memory, NoMemory
from lianhuan.memory.base import State
from lianhuan.memory.load import check_accepted, fit, load_memory
from lianhuan.models.context import Context
from lianhuan.models.files import short_hash
from lianhuan.story import DEFAULT_GUIDANCE, PageRequest, StageEntry, Story, page_request, stage_entry

Recipe = Mapping[str, Any]
Known = Callable[[str, Recipe], Image.Image | None]
"""Looks up a finished picture of a scene, or a portrait ("cast/" and a name), by its recipe; None if there is none."""


@dataclass(frozen=True)
class Telling:
    """A story and how it is drawn; `lianhuan.conductor.illustrate` says what the attributes are."""

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


class Tale:
    """A story while it is told.

    Attributes:
        generator, memory: what draws it, and what crosses from page to page.
        how: the settings of its pages.
        shared: what the recipes of all its pictures have in common.
        requests: its pages.
        before: a name for all that is remembered so far; None for nothing.

    Raises:
        CheckpointError: as `lianhuan.conductor.illustrate`.
        PictureError: a picture of the cast cannot be read.
    """

    def __init__(self, telling: Telling):
        story, generator = telling.story, telling.generator
        generator.check(telling.sampler, telling.negative_prompt)
        self.memory = default_memory(generator) if telling.memory is None else telling.memory
        check_accepted(self.memory.name, self.memory.gives, generator.name, generator.accepts)
        self._networks = id(generator), self.memory.fingerprint
        self.generator = generator = fit(generator, self.memory)
        own = generator.steps(telling.guidance, telling.sampler)
        self.how: dict[str, Any] = {
            "seed": telling.seed,
            "steps": own if telling.steps is None else telling.steps,
            "guidance": telling.guidance,
            "sampler": telling.sampler,
            "negative_prompt": telling.negative_prompt,
        }
        self.shared: dict[str, Any] = {
            "generator": generator.name,
            "weights": weights_of(generator, self.memory),
            "engine": generator.engine,
            "memory": self.memory.name,
            "version": version("lianhuan"),
        }
        loaded = {"extras": generator.extras.recipe(), "compute": generator.compute.recipe()}
        self.shared |= {name: told for name, told in loaded.items() if told}
        self.requests = [page_request(story, scene, **self.how) for scene in story.scenes]
        _check_weights(self.requests, generator)
        self.before: str | None = None
        self._known = telling.known
        self._state, self._null = self.memory.start(1), generator.null(1, telling.negative_prompt)
        learnt = [member.name for member in story.cast if member.adapter]
        self._cast = Cast(self.memory.casts or {}, own=learnt)
        for entry, picture in _brought(story, self.memory, telling.home):
            shown = PageRequest(scene_id=f"{CAST}{entry.name}", caption="", stage=(entry,))
            self.remember(shown, self.words(shown), picture, portrait=True)

    def recipe(self, request: PageRequest) -> dict[str, Any]:
        """All that decides a picture, but for what is remembered when it is drawn."""
        return {**self.shared, **request.model_dump(mode="json")}

    def known(self, request: PageRequest, recipe: Recipe) -> Image.Image | None:
        """The finished picture of a page or a portrait, if there is one."""
        return None if self._known is None else self._known(request.scene_id, recipe)

    def words(self, request: PageRequest) -> Context:
        """The words of a page or a portrait as the generator reads them, of a page once everybody on it has been met."""
        return self.generator.encode([self._cast.told(request)])

    def draw(
        self, number: int, request: PageRequest, words: Context, controls: Sequence[Control] = ()
    ) -> Steps[Ready, None, Image.Image]:
        """The picture of page `number`, from its words and what is remembered."""
        contexts = contexts_of(self.memory, self._state, words, self._null)
        return (yield from _drawn(Ready(number, request, contexts, controls, self.generator, self._networks)))

    def remember(
        self, request: PageRequest, words: Context, image: Image.Image, *, portrait: bool = False
    ) -> None:
        """Take a finished picture, and who is on it, into memory."""
        if isinstance(self.memory, NoMemory):
            return
        if portrait:
            self._cast.show(request)
        else:
            self._cast.meet(request)
        self._state = written(self.generator, self.memory, self._state, words, image, portrait=portrait)
        told = request.model_dump_json(exclude={"seed", "take", *Settings.model_fields})
        self.before = short_hash(f"{self.before} {told} {picture_hash(image)}")

    def cast(
        self, number: int, request: PageRequest, *, anew: bool
    ) -> Steps[Ready | PortraitDone, None, None]:
        """Remember a portrait of everybody who comes onto page `number` and whom nobody has met yet, for memories that want it.

        A portrait shows its character alone and is drawn from its name, kind and look, with nothing remembered: so a look belongs
        to the character and to the seed of the book, whatever happens on its first page. Unless `anew`, portraits are taken
        that are there and none is drawn: then the page has its picture already, and whoever is on it looks as there.
        """
        if self.memory.casts is None:
            return
        for entry in self._cast.newcomers(request):
            asked = self._cast.portrait_of(entry, request, seed=self.how["seed"])
            recipe, words = self.recipe(asked), self.words(asked)
            there = self.known(asked, recipe)
            if there is None and not anew:
                continue
            contexts = contexts_of(NoMemory(), {}, words, self._null)
            ready = Ready(number, asked, contexts, (), self.generator, self._networks, portrait=True)
            image = there or (yield from _drawn(ready))
            self.remember(asked, words, image, portrait=True)
            yield PortraitDone(entry.name, image, recipe, there is not None)


def _drawn(ready: Ready) -> Steps[Ready, None, Image.Image]:
    yield ready
    return ready.picture.result(timeout=0)


def default_memory(generator: Generator) -> Memory:
    """The LSTM memory trained with this generator."""
    return load_memory("lstm", generator.name, generator.compute.device, engine=generator.engine)


def contexts_of(memory: Memory, state: State, words: Context, null: Context) -> dict[str, Context]:
    """What a page with these words is drawn with, by the names of the branches."""
    nothing = replace(null, cast=words.cast, told=words.told)
    return {"cond": memory.read(state, words, "cond"), "uncond": memory.read(state, nothing, "uncond")}


def written(
    generator: Generator,
    memory: Memory,
    state: State,
    words: Context,
    image: Image.Image,
    *,
    portrait: bool = False,
) -> State:
    """What is remembered after a page with these words, or a portrait, and its finished picture."""
    if isinstance(memory, NoMemory):
        return state
    with told_when_full():
        told = replace(words, images=(image,), portrait=portrait)
        return memory.write(state, told, generator.encode_pictures([image]))


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


def _brought(story: Story, memory: Memory, home: Path) -> list[tuple[StageEntry, Image.Image]]:
    """Who of the cast has a picture of the user's; nobody for a memory that remembers nothing."""
    if isinstance(memory, NoMemory):
        return []
    return [(stage_entry(c), load_picture(home / c.picture)) for c in story.cast if c.picture]


def picture_hash(image: Image.Image) -> str:
    """A name for the pixels of a picture."""
    return hashlib.sha256(image.convert("RGB").tobytes() + str(image.size).encode()).hexdigest()[:16]
