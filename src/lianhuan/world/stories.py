"""Stories of the procedural world: pure functions of their arguments."""

from collections.abc import Sequence
from dataclasses import replace

from lianhuan.world.beats import Changes, beats
from lianhuan.world.captions_en import captions_en
from lianhuan.world.captions_zh import captions_zh
from lianhuan.world.dice import Dice
from lianhuan.world.names import CHINESE, names_for
from lianhuan.world.scene import Actor, Look, Prop, SceneGraph, WorldFrame, WorldStory
from lianhuan.world.sense import (
    FEELINGS,
    HELD_FOR,
    HOLDING,
    IMPLIED,
    KICKED,
    LIKELY,
    MOUNTS,
    OPEN_AIR,
    RESTING,
    SEATS,
)
from lianhuan.world.vocabulary import (
    COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    INDOORS,
    PROPS,
    SMALL,
    TIMES,
    TONES,
    WEATHERS,
    Vocabulary,
)

SPLITS = {"train": 0, "validation": 1, "test": 2}
"""Seed of each split; `story(SPLITS["test"], i)` never is a story of another split."""

_VARIANTS = 3


def story(seed: int, index: int, frames: int = 5, world: Vocabulary = SMALL) -> WorldStory:
    """Story `index` of the split `seed`, told in `frames` pictures that show words of `world`.

    The same arguments always give the same story; `frames` of a shorter story are no prefix of a longer one's captions.
    """
    return _Author(seed, index, world).write(frames)


def recaption(told: WorldStory, seed: int) -> WorldStory:
    """The very same pictures in other words: `seed` chooses them."""
    graphs = [frame.graph for frame in told.frames]
    changes = [frame.changes for frame in told.frames]
    return _told(replace(told, frames=()), graphs, changes, (seed, told.index, 1))


def _told(
    empty: WorldStory, graphs: Sequence[SceneGraph], changes: Sequence[Changes], seed: tuple[int, ...]
) -> WorldStory:
    """The story `empty` with its pictures in words that `seed` chooses."""
    facts = tuple(beats(graphs, changes))
    english = captions_en(facts, Dice(*seed, 2), empty.world.wording)
    chinese = captions_zh(facts, empty.names_zh, Dice(*seed, 3), empty.world.wording)
    frames = tuple(
        WorldFrame(graph=graph, caption_en=en, caption_zh=zh, changes=changed)
        for graph, changed, en, zh in zip(graphs, changes, english, chinese, strict=True)
    )
    return replace(empty, frames=frames)


class _Author:
    """Thinks out one story. `_more` are dice for what the first world had none of, so that its stories stay as they were."""

    def __init__(self, seed: int, index: int, world: Vocabulary) -> None:
        self._seed = (seed, index)
        self._world = world
        self._dice = Dice(seed, index, 0)
        self._more = Dice(seed, index, 4)

    def write(self, frames: int) -> WorldStory:
        cast = self._cast()
        graphs: list[SceneGraph] = []
        changes: list[Changes] = []
        for setting in self._settings(frames):
            first = not graphs
            stage = self._stage(cast, first)
            changed: Changes = ()
            if not first and self._dice.chance(0.1):
                who = self._dice.pick(stage)
                cast[who], what = self._dressed(cast[who])
                changed = ((cast[who].name, what),)
            before = graphs[-1].prop if graphs else None
            graphs.append(self._picture([cast[who] for who in stage], setting, before))
            changes.append(changed)
        names_zh = {actor.name: CHINESE[actor.name] for actor in cast}
        empty = WorldStory(index=self._seed[1], frames=(), names_zh=names_zh, world=self._world)
        return _told(empty, graphs, changes, self._seed)

    def _cast(self) -> list[Actor]:
        draw = self._dice.random()
        count = 1 + sum(draw >= share for share in self._world.casts)
        cast: list[Actor] = []
        while len(cast) < count:
            kind = self._dice.pick(self._world.kinds)
            name = self._dice.pick(names_for(kind))
            if all(actor.name != name for actor in cast):
                cast.append(Actor(name=name, kind=kind, look=self._look()))
        return cast

    def _look(self) -> Look:
        dice = self._dice
        return Look(
            tone=dice.pick(TONES),
            hair=dice.pick(HAIR_COLOURS),
            hair_style=dice.pick(HAIR_STYLES),
            top=dice.pick(COLOURS),
            bottom=dice.pick(COLOURS),
            worn=self._more.pick(self._world.worn) if self._more.chance(0.5) else self._world.worn[0],
        )

    def _dressed(self, actor: Actor) -> tuple[Actor, str]:
        """The actor in a top of another colour or, if the world has such a thing and it wears none, with one more thing."""
        look, things = actor.look, self._world.worn[1:]
        top = self._dice.pick([colour for colour in COLOURS if colour != look.top])
        if things and not look.worn and self._more.chance(0.6):
            worn = self._more.pick(things)
            return replace(actor, look=replace(look, worn=worn)), worn
        return replace(actor, look=replace(look, top=top)), top

    def _settings(self, frames: int) -> list[SceneGraph]:
        """Empty pictures: place with its hidden variant, time of day and weather of every frame, the style of all."""
        dice, places = self._dice, self._world.places
        variants = {place: int(dice.random() * _VARIANTS) for place in places}
        draw = dice.random()
        moves = set(
            dice.sample(range(1, frames), min(frames - 1, 0 if draw < 0.6 else 1 if draw < 0.9 else 2))
        )
        place = dice.pick(places)
        time = dice.pick(("day", *TIMES))
        weather = dice.pick(("clear", "clear", *WEATHERS))
        style = self._more.pick(self._world.styles)
        settings = []
        for frame in range(frames):
            if frame in moves:
                place = dice.pick([other for other in places if other != place])
            if frame and dice.chance(0.05):
                time = dice.pick(TIMES)
            if frame and dice.chance(0.05):
                weather = dice.pick(WEATHERS)
            settings.append(
                SceneGraph(
                    place=place, actors=(), time=time, weather=weather, variant=variants[place], style=style
                )
            )
        return settings

    def _stage(self, cast: Sequence[Actor], first: bool) -> list[int]:
        """Who is on stage, as indices into `cast`, from left to right."""
        dice = self._dice
        everybody = list(range(len(cast)))
        if not dice.chance(0.85 if first else 0.65):
            everybody = sorted(dice.sample(everybody, 1 + int(dice.random() * len(cast))))
        return dice.sample(everybody, len(everybody)) if dice.chance(0.25) else everybody

    def _picture(self, stage: Sequence[Actor], setting: SceneGraph, before: Prop | None) -> SceneGraph:
        actions = self._actions(len(stage), setting.place)
        prop = self._prop(actions, setting.place, before)
        facings = _facings(actions, prop)
        emotions = self._emotions(actions)
        actors = tuple(
            replace(actor, action=action, facing=facing, emotion=emotion)
            for actor, action, facing, emotion in zip(stage, actions, facings, emotions, strict=True)
        )
        return replace(setting, actors=actors, prop=prop, view=self._view(len(stage), setting.place))

    def _actions(self, count: int, place: str) -> list[str]:
        """One action per actor; those who do the same stand side by side, and one action at most uses a prop."""
        dice = self._dice
        possible = [act for act in self._world.actions if place not in INDOORS or act not in OPEN_AIR]
        draw = dice.random()
        if draw < 0.5:
            return [dice.pick(possible)] * count
        chosen = dice.sample(possible, count)
        if count == 3 and draw < 0.75:
            chosen[1] = chosen[0] if dice.chance(0.5) else chosen[2]
        if count == 4:
            first = 1 + int(dice.random() * 3)
            chosen = [chosen[0]] * first + [chosen[1]] * (4 - first)
        using = [act for act in dict.fromkeys(chosen) if act in _USED]
        idle = [act for act in possible if act not in _USED and act not in chosen]
        others = {act: self._more.pick(idle) for act in using[1:]}
        return [others.get(act, act) for act in chosen]

    def _prop(self, actions: Sequence[str], place: str, before: Prop | None) -> Prop | None:
        dice = self._dice
        used = next((act for act in actions if act in _USED), None)
        if used is None and not dice.chance(0.7):
            return None
        kept = before is not None and dice.chance(0.15)
        kind = before.kind if before and kept else dice.pick(self._world.props)
        kind = self._sensible(kind, used, place, kept)
        if used in HELD_FOR:
            return Prop(kind=kind, where="held", holder=actions.index(used))
        resting = [
            slot
            for slot, act in enumerate(actions)
            if act == "sit" or (act in RESTING and kind not in MOUNTS)
        ]
        if used is None and kind in SEATS and resting and dice.chance(0.6):
            return Prop(kind=kind, where="under", holder=dice.pick(resting))
        holding = [slot for slot, act in enumerate(actions) if act in HOLDING]
        if used is None and holding and kind not in self._world.large and dice.chance(0.15):
            return Prop(kind=kind, where="held", holder=dice.pick(holding))
        return Prop(kind=kind, where="left" if dice.chance(0.35) else "right")

    def _sensible(self, kind: str, used: str | None, place: str, kept: bool) -> str:
        """The prop `kind`, or another that serves the action `used` or fits the place better."""
        serves = frozenset(self._world.props)
        if used:
            serves &= _USED[used]
        if used in HELD_FOR:
            serves -= self._world.large
        near = [prop for prop in LIKELY[place] if prop in serves]
        if not kept and near and self._more.chance(self._world.fitting):
            return self._more.pick(near)
        return kind if kind in serves else self._more.pick([prop for prop in PROPS if prop in serves])

    def _emotions(self, actions: Sequence[str]) -> list[str]:
        """Mostly calm; those of one action may feel something more, all the same."""
        known = self._world.emotions
        felt = [IMPLIED.get(act, "calm") for act in actions]
        felt = [feeling if feeling in known else "calm" for feeling in felt]
        act = self._more.pick(actions)
        possible = [feeling for feeling in FEELINGS[act] if feeling in known]
        if not possible or not self._more.chance(0.4):
            return felt
        feeling = self._more.pick(possible)
        return [feeling if other == act else now for other, now in zip(actions, felt, strict=True)]

    def _view(self, count: int, place: str) -> str:
        """One alone may be seen from near, those outdoors from afar."""
        fits = {"middle": True, "near": count == 1, "far": place not in INDOORS}
        views = [view for view in self._world.views if fits[view]]
        return views[0] if self._more.chance(0.7) else self._more.pick(views)


_USED = HELD_FOR | {"kick": KICKED}


def _facings(actions: Sequence[str], prop: Prop | None) -> list[str]:
    """Several face one another, one alone and those who kick the prop."""
    count = len(actions)
    aside = "left" if prop and prop.where == "left" else "right"
    facings = ["right"] * (count - count // 2) + ["left"] * (count // 2)
    return [
        aside if count == 1 or (prop and act == "kick") else face
        for act, face in zip(actions, facings, strict=True)
    ]
