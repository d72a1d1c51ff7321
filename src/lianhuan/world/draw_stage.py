"""Where everything stands in a picture: actors by number and view, props by size and place."""

from dataclasses import dataclass

from lianhuan.world.draw_poses import BUILDS, POSES, joints
from lianhuan.world.scene import Prop, SceneGraph

SLOTS = {0: (), 1: (52.0,), 2: (38.0, 82.0), 3: (26.0, 62.0, 98.0), 4: (17.0, 48.0, 80.0, 111.0)}
"""Where the actors stand in the middle view, by their number."""

_NEAR = {0: (), 1: (56.0,), 2: (34.0, 92.0), 3: (23.0, 64.0, 105.0), 4: (17.0, 48.0, 80.0, 111.0)}
_FAR = {0: (), 1: (56.0,), 2: (48.0, 74.0), 3: (40.0, 61.0, 82.0), 4: (33.0, 53.0, 73.0, 93.0)}
_CLOSE = {0: 2.0, 1: 2.0, 2: 1.7, 3: 1.3, 4: 1.0}
"""How large actors are in the near view, by their number."""

_DISTANT = 0.52
_FEET = 112.0
_SIZES = {
    1.7: ("tree", "pine", "house", "train", "bus", "truck", "volcano", "whale", "giraffe", "rainbow", "dragon", "rocket",
          "airplane", "helicopter", "fountain"),
    1.5: ("horse", "cow", "camel", "zebra", "unicorn", "deer", "kangaroo", "crocodile", "shark", "dolphin", "car", "tractor", "bed",
          "sofa", "door", "ladder", "octopus"),
    1.25: ("goat", "swan", "eagle", "flamingo", "peacock", "seal", "bicycle", "scooter", "sled", "window", "mirror", "snowman",
           "television", "telescope", "cactus", "fire", "robot", "moon", "sunflower", "piano", "penguin"),
    0.85: ("bee", "ladybug", "ant", "spider", "worm", "coin", "ring", "chestnut", "strawberry", "egg", "candy", "cookie", "cherry"),
}  # fmt: skip
_SIZE = {kind: size for size, kinds in _SIZES.items() for kind in kinds}
"""How much larger than other props these are beside the actors."""

_SKY = frozenset({"rainbow", "moon", "airplane", "helicopter", "eagle", "bat", "bee"})
"""Props that hang or fly in the air beside the actors."""

_ON_SEAT = 1.35
_ASIDE = {1: 14.0, 2: 26.0, 4: 12.0}
_MANY = 3
_LOW = 1.15
_RAISED = {"sit": 17.0, "sleep": 19.0}
_SEAT = 34.0
_SEATS = {
    48.0: ("bed", "sofa", "car", "bus", "truck", "train", "tractor", "airplane", "helicopter", "horse", "camel", "zebra",
           "deer", "whale", "dolphin", "unicorn", "dragon", "rocket"),
    42.0: ("bicycle", "scooter", "sled"),
}  # fmt: skip
_SEAT_SIZE = {kind: size for size, kinds in _SEATS.items() for kind in kinds}
"""Sizes of what carries an actor, where it is larger than a stone."""

_INSIDE = frozenset({"car", "bus", "truck", "train", "tractor", "airplane", "helicopter", "rocket"})
_ASTRIDE = frozenset({"horse", "camel", "zebra", "deer", "whale", "dolphin", "unicorn", "dragon"})
_BACK_ROW = 20.0
_FLIGHT = 17.0
_LOW_DOWN = ("fall", "sleep", "crouch")
"""Poses as wide as they are low; the first of them covers its neighbours even where there are two."""


@dataclass(frozen=True)
class Spot:
    """Where and how large something is drawn: feet of an actor, middle of a prop."""

    x: float
    y: float
    size: float


def actor_spots(graph: SceneGraph) -> list[Spot]:
    """Where the feet of the actors are, and their scale."""
    count = len(graph.actors)
    if graph.view == "near":
        return [_near(graph, i, x, seat_scale(graph)) for i, x in enumerate(_NEAR[count])]
    if graph.view == "far":
        return [
            Spot(x, 106.0 + (2.0 if actor.action == "sleep" else 0.0), _DISTANT)
            for actor, x in zip(graph.actors, _FAR[count], strict=True)
        ]
    crowd = 0.8 if count > _MANY else 0.9 if count == _MANY else 1.0
    places = _beside_prop(SLOTS[count], graph)
    return [_middle(graph, i, x, crowd) for i, x in enumerate(places)]


def _middle(graph: SceneGraph, i: int, x: float, crowd: float) -> Spot:
    """On the ground; of several who lie, every other one lies farther back where they would cover one another."""
    actor = graph.actors[i]
    near = [graph.actors[k] for k in (i - 1, i + 1) if 0 <= k < len(graph.actors)]
    low = _LOW_DOWN if len(graph.actors) > _MANY else _LOW_DOWN[:1]
    if actor.action in low and i % 2 and any(other.action in _LOW_DOWN for other in near):
        return Spot(x, _FEET - _BACK_ROW, 0.8 * crowd)
    return Spot(x, _FEET + 6, min(crowd, 0.9)) if actor.action == "sleep" else Spot(x, _FEET, crowd)


def _beside_prop(slots: tuple[float, ...], graph: SceneGraph) -> tuple[float, ...]:
    """The actors make room for a large prop beside them, four of them for any, and two or more for one that flies from a foot."""
    prop, count = graph.prop, len(slots)
    if prop is None or prop.where not in ("left", "right"):
        return slots
    kicked = count > 1 and kicker(graph) is not None
    crowded = count > _MANY or kicked
    aside = _ASIDE.get(count, 0.0) * (_size(prop.kind, count) - 1)
    if crowded:
        aside = _FLIGHT if kicked else _ASIDE[4]
    aside = max(aside, 0.0) if prop.where == "left" else -max(aside, 0.0)
    close = 0.8 if crowded else 1.0
    return tuple(64 + aside + (x - 64) * close for x in slots) if aside else slots


def _near(graph: SceneGraph, i: int, x: float, scale: float) -> Spot:
    """Close up, the head decides: it is in the upper half, the feet may be below the picture."""
    actor = graph.actors[i]
    pose, build = POSES[actor.action], BUILDS[actor.kind]
    if pose.lying or actor.action == "kick":
        return Spot(x, _FEET, min(scale, 1.25))
    if raised(graph, i):
        return Spot(x, _FEET + 6, scale)
    head = joints(pose, build, None).head[1] * scale
    return Spot(x, min(max(_FEET + 34.0 * (scale - 1), 46.0 - head), 78.0 - head), scale)


def prop_spot(graph: SceneGraph, prop: Prop) -> Spot:
    """Where the middle of a prop beside the actors is, and its size."""
    left = prop.where == "left"
    size = 29.0 * _size(prop.kind, _MANY if graph.view == "near" else len(graph.actors))
    ground = 122.5
    x = 15.0 if left else 113.0
    if graph.view == "near":
        size, ground, x = size * 1.3, 126.0, 20.0 if left else 108.0
    elif graph.view == "far":
        places = _FAR[len(graph.actors)] or (64.0,)
        size, ground = size * 0.62, 110.0
        x = places[0] - 18.0 if left else places[-1] + 18.0
    x = min(max(x, size / 2 - 1), 129 - size / 2)
    return Spot(x, 40.0 + size * 0.2 if prop.kind in _SKY else ground - size / 2, size)


def _size(kind: str, actors: int) -> float:
    size = _SIZE.get(kind, 1.0)
    return min(size, _LOW) if actors >= _MANY else size


def is_in_the_air(prop: Prop) -> bool:
    """Whether the prop hangs or flies where others stand on the ground."""
    return prop.kind in _SKY


def is_behind(graph: SceneGraph, prop: Prop) -> bool:
    """Whether the prop beside the actors is so large that they stand before it."""
    return graph.view != "near" and _size(prop.kind, len(graph.actors)) > _LOW


def seat_scale(graph: SceneGraph) -> float:
    """How large what carries an actor is; close up, actors come no nearer than shows it."""
    if graph.view == "middle":
        return 0.8 if len(graph.actors) > _MANY else 1.0
    if graph.view == "far":
        return _DISTANT
    seated = graph.prop is not None and graph.prop.where == "under"
    return min(_CLOSE[len(graph.actors)], _ON_SEAT) if seated else _CLOSE[len(graph.actors)]


def raised(graph: SceneGraph, i: int) -> float:
    """How high over the ground what carries actor `i` lifts the feet, in units of its scale; 0 where nothing does."""
    prop = graph.prop
    if prop is None or prop.where != "under" or prop.holder != i:
        return 0.0
    lift = 5.0 if is_inside(prop) else 8.0 if prop.kind in _ASTRIDE else 0.0
    return lift + _RAISED.get(graph.actors[i].action, 21.0)


def seat_size(prop: Prop, actors: int) -> float:
    """How large what carries an actor is, beside so many of them."""
    size = _SEAT_SIZE.get(prop.kind, _SEAT)
    return size if actors < _MANY else min(size, 1.2 * _SEAT)


def is_inside(prop: Prop) -> bool:
    """Whether the prop carries an actor within it, so that it is drawn before the actor."""
    return prop.kind in _INSIDE


def kicker(graph: SceneGraph) -> int | None:
    """Who kicks the prop beside the actors: of those who kick, the one next to it; None where it is not kicked."""
    kicks = [i for i, actor in enumerate(graph.actors) if actor.action == "kick"]
    if not kicks or graph.prop is None or graph.prop.where not in ("left", "right"):
        return None
    return kicks[0] if graph.prop.where == "left" else kicks[-1]
