"""One picture of the world: a pure function from a scene graph to pixels."""

import skia
from PIL import Image

from lianhuan.world.draw_actions import Hold
from lianhuan.world.draw_characters import draw_character, draw_shadow
from lianhuan.world.draw_places import draw_place
from lianhuan.world.draw_props import draw_prop
from lianhuan.world.draw_stage import (
    Spot,
    actor_spots,
    is_behind,
    is_in_the_air,
    is_inside,
    kicker,
    prop_spot,
    raised,
    seat_scale,
    seat_size,
)
from lianhuan.world.draw_styles import finish, pen_of
from lianhuan.world.pen import UNITS, Pen
from lianhuan.world.scene import Prop, SceneGraph

_USED = {"carry": 27.0, "eat": 15.0, "drink": 15.0, "read": 20.0, "throw": 19.0}
"""Sizes of held props in these actions."""

_SHARED = frozenset({"eat", "drink", "read", "throw"})
"""Actions in which each has one of its own of what one of them holds."""

_KICKED = 17.0


def draw(graph: SceneGraph, size: int = 128) -> Image.Image:
    """The picture of `graph`, RGB, `size` x `size` pixels; the same graph gives the same bytes."""
    surface = skia.Surface(size, size)
    canvas = surface.getCanvas()
    canvas.scale(size / UNITS, size / UNITS)
    pen = pen_of(graph.style, canvas)
    draw_place(pen, graph.place, graph.time, graph.weather, graph.variant)
    spots = actor_spots(graph)
    prop = graph.prop
    beside = prop if prop is not None and prop.where in ("left", "right") else None
    if kicker(graph) is not None:
        beside = None
    if beside is not None and is_behind(graph, beside):
        _draw_prop(pen, beside, prop_spot(graph, beside))
    holder = prop.holder if prop is not None and prop.where == "held" else None
    order = sorted(
        range(len(spots)), key=lambda i: (graph.actors[i].action == "sleep", spots[i].y, i == holder)
    )
    for i in order:
        _draw_actor(pen, graph, i, spots[i])
    if beside is not None and not is_behind(graph, beside):
        _draw_prop(pen, beside, prop_spot(graph, beside))
    return finish(graph.style, Image.fromarray(surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3]))


def _draw_prop(pen: Pen, prop: Prop, spot: Spot) -> None:
    """A prop that stands on the ground or is in the air beside the actors."""
    if not is_in_the_air(prop):
        pen.ellipse(spot.x, spot.y + spot.size * 0.5 - 0.5, 13 * spot.size / 29, 3, 0x1A1440, 0.28)
    draw_prop(pen, prop.kind, spot.x, spot.y, spot.size)


def _draw_actor(pen: Pen, graph: SceneGraph, i: int, spot: Spot) -> None:
    """Actor `i` with the prop that it holds or that carries it."""
    actor, prop = graph.actors[i], graph.prop
    x, y, scale = spot.x, spot.y, spot.size
    large = seat_scale(graph)
    draw_shadow(pen, x, y, actor.action, large)
    if prop is not None and prop.where == "under" and prop.holder == i:
        size = seat_size(prop, len(graph.actors)) * large
        bottom, lift = y + 7 * large, raised(graph, i) * large
        pen.ellipse(x, bottom - large, size / 2, 0.1 * size, 0x1A1440, 0.28)
        if is_inside(prop):
            draw_character(pen, actor, x, y - lift, None, scale)
        draw_prop(pen, prop.kind, x, bottom - size / 2, size)
        if not is_inside(prop):
            draw_character(pen, actor, x, y - lift, None, scale)
        return
    draw_character(pen, actor, x, y, _hold(pen, graph, i), scale)


def _hold(pen: Pen, graph: SceneGraph, i: int) -> Hold | None:
    """What draws the prop at a hand or foot of actor `i`; None where it has none."""
    actor, prop = graph.actors[i], graph.prop
    if prop is None:
        return None
    mirror = actor.facing == "left"
    if kicker(graph) is not None and actor.action == "kick":
        return _holding(pen, prop, mirror=mirror, size=_KICKED) if kicker(graph) == i else _nothing
    shares = actor.action in _SHARED and actor.action == graph.actors[prop.holder].action
    if prop.where == "held" and (prop.holder == i or shares):
        return _holding(pen, prop, mirror=mirror, size=_USED.get(actor.action, 23.0))
    return None


def _nothing(_x: float, _y: float) -> None:
    """Holds nothing."""


def _holding(pen: Pen, prop: Prop, *, mirror: bool, size: float) -> Hold:
    """Draws the prop at a hand, unmirrored."""
    high = 5 if size == _USED["carry"] else 2

    def hold(x: float, y: float) -> None:
        with pen.moved(x + 2, y - high, mirror=mirror):
            draw_prop(pen, prop.kind, 0, 0, size)

    return hold
