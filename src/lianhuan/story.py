"""A story is a value: frozen records that cross files and processes; no torch here."""

import operator
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

DEFAULT_STEPS = 20
"""Denoising steps of a page."""
DEFAULT_GUIDANCE = 4.5
"""Classifier-free guidance of a page; 1 means none."""
Span = Annotated[tuple[int, int], Field(description="[start, end) in characters of the source text")]


Weight = Annotated[float, Field(ge=0.0, le=2.0, exclude_if=lambda weight: weight == 1)]
"""How much the words of a character count; 1, as they are, is not written down."""
Picture = Annotated[str | None, Field(exclude_if=lambda picture: picture is None)]
"""Path of a picture of a character, from the book's folder; not written down where there is none."""

PortraitTake = Annotated[int, Field(ge=0, exclude_if=operator.not_)]
"""Number of the attempt at the portrait of a character; the first, 0, is not written down."""


class Value(BaseModel):
    """A frozen record; unknown keys raise, equality means the same content."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Character(Value):
    """One member of the cast.

    `kind` is a word the generator can draw: girl, boy, woman, man, fox, rabbit ... or "person" when the text
    does not say. `look` says what it looks like, as "red top". `adapter` is the file of a character learnt from pictures. `picture` is a picture that shows how it
    looks: the memory sees it before the first page; without one, a memory that wants it sees a drawn portrait, the attempt
    `take`. `weight` says how much its words count in the prompts of
    checkpoints that take weights, see `docs/guides/checkpoints.md`.
    """

    name: str
    kind: str = "person"
    aliases: tuple[str, ...] = ()
    look: str = ""
    adapter: str | None = None
    picture: Picture = None
    take: PortraitTake = 0
    weight: Weight = 1.0
    spans: tuple[Span, ...] = ()


class Place(Value):
    """A place of the story and the words that name it."""

    name: str
    spans: tuple[Span, ...] = ()


class Mention(Value):
    """A pronoun or noun phrase that points to characters."""

    span: Span
    text: str
    refers_to: tuple[str, ...] = ()
    ambiguous: bool = False


class Change(Value):
    """An intended change of clothes: from this scene on, `character` wears `item`."""

    character: str
    item: str
    span: Span | None = None


class Scene(Value):
    """One page: its exact words and the state of the stage.

    `on_stage` lists cast names in the order in which the scene mentions them; `place` is carried forward from
    earlier scenes until the text names another one; `prompt` (set by the user) replaces `text` for the generator;
    `seed` (set by the user) replaces the book's seed for this page, and `take` is the number of the attempt at it.
    """

    id: str
    text: str
    span: Span
    on_stage: tuple[str, ...] = ()
    place: str | None = None
    changes: tuple[Change, ...] = ()
    prompt: str | None = None
    seed: int | None = None
    take: int = Field(default=0, ge=0)


class Story(Value):
    """A text read as scenes, cast, places and mentions. The scenes' texts, joined, give the source back."""

    title: str
    language: str = "en"
    scenes: tuple[Scene, ...]
    cast: tuple[Character, ...] = ()
    places: tuple[Place, ...] = ()
    mentions: tuple[Mention, ...] = ()
    style: str = ""

    def character(self, name: str) -> Character:
        """The cast member called `name`; a bare `Character` if the cast has none."""
        return next((c for c in self.cast if c.name == name), Character(name=name))


class StageEntry(Value):
    """Who is on stage, as far as the generator needs to know."""

    name: str
    kind: str = "person"
    look: str = ""
    picture: Picture = None
    take: PortraitTake = 0
    weight: Weight = 1.0


class PageRequest(Value):
    """All that decides the pixels of one page, apart from the generator and the memory's state.

    Attributes:
        scene_id: id of the scene; with `seed` and `take` it decides the noise.
        caption: the words to draw.
        place: place word, or None when unknown.
        stage: the characters on stage, left to right unless the caption says otherwise.
        changes: intended changes of clothes in this scene.
        style: style word, "" for the generator's own.
        seed: seed of the book, or the page's own.
        take: number of this attempt at the page, from 0.
        steps: denoising steps.
        guidance: classifier-free guidance scale; 1 means none.
        sampler: name of the sampler, "" for the generator's own.
        negative_prompt: words that guidance leads away from, "" for none.
    """

    scene_id: str
    caption: str
    place: str | None = None
    stage: tuple[StageEntry, ...] = ()
    changes: tuple[Change, ...] = ()
    style: str = ""
    seed: int = 0
    take: int = 0
    steps: int = Field(default=DEFAULT_STEPS, ge=1, le=1000)
    guidance: float = Field(default=DEFAULT_GUIDANCE, ge=0.0, le=100.0)
    sampler: str = Field(default="", exclude_if=operator.not_)
    negative_prompt: str = Field(default="", exclude_if=operator.not_)


def stage_entry(character: Character) -> StageEntry:
    """What the generator is told of a character on stage."""
    known = {field: getattr(character, field) for field in StageEntry.model_fields}
    return StageEntry(**known)


def page_request(
    story: Story,
    scene: Scene,
    *,
    seed: int,
    steps: int = DEFAULT_STEPS,
    guidance: float = DEFAULT_GUIDANCE,
    sampler: str = "",
    negative_prompt: str = "",
) -> PageRequest:
    """What to draw for `scene` of `story`: its words and its stage state. `seed` is the book's."""
    cast = (story.character(name) for name in scene.on_stage)
    return PageRequest(
        scene_id=scene.id,
        caption=scene.prompt or scene.text,
        place=scene.place,
        stage=tuple(stage_entry(c) for c in cast),
        changes=scene.changes,
        style=story.style,
        seed=seed if scene.seed is None else scene.seed,
        take=scene.take,
        steps=steps,
        guidance=guidance,
        sampler=sampler,
        negative_prompt=negative_prompt,
    )
