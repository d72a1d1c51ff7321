"""Scene graphs of the world: what one picture shows, exactly."""

from dataclasses import dataclass

from lianhuan.world.vocabulary import (
    ACTIONS,
    COLOURS,
    HAIR_COLOURS,
    KINDS,
    MAX_ACTORS,
    PEOPLE,
    PLACES,
    PROPS,
    TIMES,
    TONES,
    WEATHERS,
)  # fmt: skip


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

    `changes` lists (actor name, colour) of clothes put on in this frame; `on_stage` names the actors from left to right.
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
    """A story: frames in order. `names_zh` maps each actor's English name to its Chinese one."""

    index: int
    frames: tuple[WorldFrame, ...]
    names_zh: dict[str, str]


def labels(graph: SceneGraph) -> dict[str, int]:
    """Exact labels of a picture as class indices.

    Keys: place, time, weather, count, prop (0 = none) and, for slots 0..2 from left to right, kind{i} (0 = nobody),
    action{i}, top{i}, head{i} (hair colour of people, fur tone of animals), -1 where there is nobody.
    """
    found = {
        "place": PLACES.index(graph.place),
        "time": TIMES.index(graph.time),
        "weather": WEATHERS.index(graph.weather),
        "count": len(graph.actors),
        "prop": 0 if graph.prop is None else 1 + PROPS.index(graph.prop.kind),
    }
    for i in range(MAX_ACTORS):
        actor = graph.actors[i] if i < len(graph.actors) else None
        found[f"kind{i}"] = 0 if actor is None else 1 + KINDS.index(actor.kind)
        found[f"action{i}"] = -1 if actor is None else ACTIONS.index(actor.action)
        found[f"top{i}"] = -1 if actor is None else COLOURS.index(actor.look.top)
        found[f"head{i}"] = -1 if actor is None else _head(actor)
    return found


def _head(actor: Actor) -> int:
    if actor.kind in PEOPLE:
        return HAIR_COLOURS.index(actor.look.hair)
    return len(HAIR_COLOURS) + TONES.index(actor.look.tone)


CLASSES = {
    "place": len(PLACES),
    "time": len(TIMES),
    "weather": len(WEATHERS),
    "count": MAX_ACTORS + 1,
    "prop": 1 + len(PROPS),
    **{f"kind{i}": 1 + len(KINDS) for i in range(MAX_ACTORS)},
    **{f"action{i}": len(ACTIONS) for i in range(MAX_ACTORS)},
    **{f"top{i}": len(COLOURS) for i in range(MAX_ACTORS)},
    **{f"head{i}": len(HAIR_COLOURS) + len(TONES) for i in range(MAX_ACTORS)},
}
"""Number of classes of each label of `labels`."""
