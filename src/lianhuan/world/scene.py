"""Scene graphs of the world: what one picture shows, exactly."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from lianhuan.world.vocabulary import (
    COLOURS,
    FULL,
    HAIR_COLOURS,
    MIDDLE,
    PEOPLE,
    SMALL,
    TIMES,
    TONES,
    WEATHERS,
    Vocabulary,
)


@dataclass(frozen=True, kw_only=True)
class Look:
    """The hidden look of a character; words from the vocabulary.

    `tone` is the skin of people and the fur shade of animals; `hair` and `hair_style` show on people only;
    `top` and `bottom` are colours of clothes, which animals wear too; `worn` is one more thing worn, of `WORN`.
    """

    tone: str
    hair: str
    hair_style: str
    top: str
    bottom: str
    worn: str = ""


@dataclass(frozen=True, kw_only=True)
class Actor:
    """A character in a picture. `facing` is "left" or "right"."""

    name: str
    kind: str
    look: Look
    action: str = "stand"
    facing: str = "right"
    emotion: str = "calm"


@dataclass(frozen=True, kw_only=True)
class Prop:
    """The one thing of a picture that matters.

    `where`: "left" or "right" (on the ground beside the actors), "held" (by actor `holder`) or "under" (actor
    `holder` sits, stands or sleeps on it).
    """

    kind: str
    where: str = "right"
    holder: int = 0


@dataclass(frozen=True, kw_only=True)
class SceneGraph:
    """One picture. `actors` stand from left to right; `variant` (0..2) is the hidden look of the place.

    `view` is how near the actors are; `style` is how everything is drawn, the same in all pictures of a story.
    """

    place: str
    actors: tuple[Actor, ...]
    prop: Prop | None = None
    time: str = "day"
    weather: str = "clear"
    variant: int = 0
    view: str = "middle"
    style: str = "flat"


@dataclass(frozen=True, kw_only=True)
class WorldFrame:
    """A picture with its sentence in both languages.

    `changes` lists (actor name, what is put on in this frame): the colour of a new top, or a thing of `WORN`; `on_stage`
    names the actors from left to right.
    """

    graph: SceneGraph
    caption_en: str
    caption_zh: str
    changes: tuple[tuple[str, str], ...] = ()

    @property
    def on_stage(self) -> tuple[str, ...]:
        """Names of the actors from left to right."""
        return tuple(actor.name for actor in self.graph.actors)


@dataclass(frozen=True, kw_only=True)
class WorldStory:
    """A story of `world`: frames in order. `names_zh` maps each actor's English name to its Chinese one."""

    index: int
    frames: tuple[WorldFrame, ...]
    names_zh: dict[str, str]
    world: Vocabulary = SMALL


def class_names(world: Vocabulary = SMALL) -> dict[str, tuple[str, ...]]:
    """The names of the classes of each label; a label of actors stands here once, without the number of its slot."""
    page = {
        "place": world.places,
        "time": TIMES,
        "weather": WEATHERS,
        "count": tuple(map(str, range(world.max_actors + 1))),
        "prop": ("nothing", *world.props),
        "view": world.views,
        "style": world.styles,
    }
    actor = {
        "kind": ("nobody", *world.kinds),
        "action": world.actions,
        "top": COLOURS,
        "head": (*(f"{colour} hair" for colour in HAIR_COLOURS), *(f"{tone} fur" for tone in TONES)),
        "emotion": world.emotions,
        "worn": world.worn,
    }
    return {label: names for label, names in (page | actor).items() if len(names) > 1}


def classes(world: Vocabulary = SMALL) -> dict[str, int]:
    """Number of classes of each label of `labels`."""
    names = class_names(world)
    slots = ACTOR_LABELS & names.keys()
    counts = {label: len(words) for label, words in names.items() if label not in slots}
    return counts | {
        f"{label}{i}": len(words)
        for label, words in names.items()
        if label in slots
        for i in range(world.max_actors)
    }


def world_of(counts: Mapping[str, int]) -> Vocabulary:
    """The world whose labels have these numbers of classes; the small one if none has."""
    return next((world for world in (SMALL, MIDDLE, FULL) if classes(world) == counts), SMALL)


def labels(graph: SceneGraph, world: Vocabulary = SMALL) -> dict[str, int]:
    """Exact labels of a picture as class indices; words that the world has only one of get no label.

    Keys: place, time, weather, count, prop (0 = none), view, style and, for each slot from left to right, kind{i} (0 =
    nobody), action{i}, top{i}, head{i} (hair colour of people, fur tone of animals), emotion{i}, worn{i}, -1 where there
    is nobody.
    """
    found = {
        "place": world.places.index(graph.place),
        "time": TIMES.index(graph.time),
        "weather": WEATHERS.index(graph.weather),
        "count": len(graph.actors),
        "prop": 0 if graph.prop is None else 1 + world.props.index(graph.prop.kind),
        "view": world.views.index(graph.view),
        "style": world.styles.index(graph.style),
    }
    for i in range(world.max_actors):
        actor = graph.actors[i] if i < len(graph.actors) else None
        found[f"kind{i}"] = 0 if actor is None else 1 + world.kinds.index(actor.kind)
        found[f"action{i}"] = -1 if actor is None else world.actions.index(actor.action)
        found[f"top{i}"] = -1 if actor is None else COLOURS.index(actor.look.top)
        found[f"head{i}"] = -1 if actor is None else _head(actor)
        found[f"emotion{i}"] = -1 if actor is None else world.emotions.index(actor.emotion)
        found[f"worn{i}"] = -1 if actor is None else world.worn.index(actor.look.worn)
    return {label: value for label, value in found.items() if label in _kept(world)}


@cache
def _kept(world: Vocabulary) -> frozenset[str]:
    return frozenset(classes(world))


def _head(actor: Actor) -> int:
    if actor.kind in PEOPLE:
        return HAIR_COLOURS.index(actor.look.hair)
    return len(HAIR_COLOURS) + TONES.index(actor.look.tone)


ACTOR_LABELS = frozenset({"kind", "action", "top", "head", "emotion", "worn"})
"""Labels of one actor; the number of the slot stands behind them."""
