"""Stories of the procedural world: pure functions of their arguments."""

from collections.abc import Sequence
from dataclasses import replace

from lianhuan.world.beats import Changes, beats
from lianhuan.world.captions_en import captions_en
from lianhuan.world.captions_zh import captions_zh
from lianhuan.world.dice import Dice
from lianhuan.world.names import CHINESE, names_for
from lianhuan.world.scene import Actor, Look, Prop, SceneGraph, WorldFrame, WorldStory
from lianhuan.world.vocabulary import (
    ACTIONS,
    COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    KINDS,
    PLACES,
    PROPS,
    TIMES,
    TONES,
    WEATHERS,
)

SPLITS = {"train": 0, "validation": 1, "test": 2}
"""Seed of each split; `story(SPLITS["test"], i)` never is a story of another split."""

SEATS = frozenset({"stone", "chair", "boat", "drum", "gift", "pumpkin", "bucket", "mushroom"})
"""Props that carry a character who sits, stands or sleeps on them."""

RESTING = frozenset({"sit", "stand", "sleep"})
"""Actions that are possible on top of a prop."""

HOLDING = frozenset(ACTIONS) - {"sleep", "carry"}
"""Actions beside "carry" that are possible with a prop in the hand."""

_VARIANTS = 3


def story(seed: int, index: int, frames: int = 5) -> WorldStory:
    """Story `index` of the split `seed`, told in `frames` pictures.

    The same arguments always give the same story; `frames` of a shorter story are no prefix of a longer one's captions.
    """
    dice = Dice(seed, index, 0)
    cast = _cast(dice)
    graphs: list[SceneGraph] = []
    changes: list[Changes] = []
    for setting in _settings(dice, frames):
        first = not graphs
        stage = _stage(dice, cast, first)
        changed: Changes = ()
        if not first and dice.chance(0.1):
            who = dice.pick(stage)
            colour = dice.pick([colour for colour in COLOURS if colour != cast[who].look.top])
            cast[who] = replace(cast[who], look=replace(cast[who].look, top=colour))
            changed = ((cast[who].name, colour),)
        graphs.append(_picture(dice, [cast[who] for who in stage], setting, graphs))
        changes.append(changed)
    names_zh = {actor.name: CHINESE[actor.name] for actor in cast}
    return _told(index, graphs, changes, names_zh, (seed, index))


def recaption(told: WorldStory, seed: int) -> WorldStory:
    """The very same pictures in other words: `seed` chooses them."""
    graphs = [frame.graph for frame in told.frames]
    return _told(
        told.index, graphs, [frame.changes for frame in told.frames], told.names_zh, (seed, told.index, 1)
    )


def _told(
    index: int,
    graphs: Sequence[SceneGraph],
    changes: Sequence[Changes],
    names_zh: dict[str, str],
    seed: tuple[int, ...],
) -> WorldStory:
    facts = tuple(beats(graphs, changes))
    english = captions_en(facts, Dice(*seed, 2))
    chinese = captions_zh(facts, names_zh, Dice(*seed, 3))
    frames = tuple(
        WorldFrame(graph=graph, caption_en=en, caption_zh=zh, changes=changed)
        for graph, changed, en, zh in zip(graphs, changes, english, chinese, strict=True)
    )
    return WorldStory(index=index, frames=frames, names_zh=names_zh)


def _cast(dice: Dice) -> list[Actor]:
    draw = dice.random()
    count = 1 if draw < 0.2 else 2 if draw < 0.75 else 3
    cast: list[Actor] = []
    while len(cast) < count:
        kind = dice.pick(KINDS)
        name = dice.pick(names_for(kind))
        if all(actor.name != name for actor in cast):
            cast.append(Actor(name=name, kind=kind, look=_look(dice)))
    return cast


def _look(dice: Dice) -> Look:
    return Look(
        tone=dice.pick(TONES),
        hair=dice.pick(HAIR_COLOURS),
        hair_style=dice.pick(HAIR_STYLES),
        top=dice.pick(COLOURS),
        bottom=dice.pick(COLOURS),
    )


def _settings(dice: Dice, frames: int) -> list[SceneGraph]:
    """Empty pictures: place with its hidden variant, time of day and weather of every frame."""
    variants = {place: int(dice.random() * _VARIANTS) for place in PLACES}
    draw = dice.random()
    moves = set(dice.sample(range(1, frames), min(frames - 1, 0 if draw < 0.6 else 1 if draw < 0.9 else 2)))
    place = dice.pick(PLACES)
    time = dice.pick(("day", *TIMES))
    weather = dice.pick(("clear", "clear", *WEATHERS))
    settings = []
    for frame in range(frames):
        if frame in moves:
            place = dice.pick([other for other in PLACES if other != place])
        if frame and dice.chance(0.05):
            time = dice.pick(TIMES)
        if frame and dice.chance(0.05):
            weather = dice.pick(WEATHERS)
        settings.append(
            SceneGraph(place=place, actors=(), time=time, weather=weather, variant=variants[place])
        )
    return settings


def _stage(dice: Dice, cast: Sequence[Actor], first: bool) -> list[int]:
    """Who is on stage, as indices into `cast`, from left to right."""
    everybody = list(range(len(cast)))
    if not dice.chance(0.85 if first else 0.65):
        everybody = sorted(dice.sample(everybody, 1 + int(dice.random() * len(cast))))
    return dice.sample(everybody, len(everybody)) if dice.chance(0.25) else everybody


def _picture(
    dice: Dice, stage: Sequence[Actor], setting: SceneGraph, before: Sequence[SceneGraph]
) -> SceneGraph:
    actions = _actions(dice, len(stage))
    prop = _prop(dice, actions, before[-1].prop if before else None)
    facings = _facings(len(stage), prop)
    actors = tuple(
        replace(actor, action=action, facing=facing)
        for actor, action, facing in zip(stage, actions, facings, strict=True)
    )
    return replace(setting, actors=actors, prop=prop)


def _actions(dice: Dice, count: int) -> list[str]:
    """One action per actor; those who do the same stand side by side."""
    draw = dice.random()
    if draw < 0.5:
        return [dice.pick(ACTIONS)] * count
    chosen = dice.sample(ACTIONS, count)
    if count == 3 and draw < 0.75:
        chosen[1] = chosen[0] if dice.chance(0.5) else chosen[2]
    return chosen


def _prop(dice: Dice, actions: Sequence[str], before: Prop | None) -> Prop | None:
    if "carry" not in actions and not dice.chance(0.7):
        return None
    kind = before.kind if before and dice.chance(0.15) else dice.pick(PROPS)
    if "carry" in actions:
        return Prop(kind=kind, where="held", holder=actions.index("carry"))
    resting = [slot for slot, action in enumerate(actions) if action in RESTING]
    if kind in SEATS and resting and dice.chance(0.6):
        return Prop(kind=kind, where="under", holder=dice.pick(resting))
    holding = [slot for slot, action in enumerate(actions) if action in HOLDING]
    if holding and dice.chance(0.15):
        return Prop(kind=kind, where="held", holder=dice.pick(holding))
    return Prop(kind=kind, where="left" if dice.chance(0.35) else "right")


def _facings(count: int, prop: Prop | None) -> tuple[str, ...]:
    if count == 1:
        return ("left" if prop and prop.where == "left" else "right",)
    return ("right", "left") if count == 2 else ("right", "right", "left")
