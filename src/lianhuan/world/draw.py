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
    prop_spot,
    raised,
    seat_scale,
)
from lianhuan.world.draw_styles import finish, pen_of
from lianhuan.world.pen import UNITS, Pen
from lianhuan.world.scene import Prop, SceneGraph

_USED = {"carry": 27.0, "eat": 15.0, "drink": 15.0, "read": 20.0, "throw": 19.0}
"""Sizes of held props in these actions."""


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
    if beside is not None and is_behind(graph, beside):
        _draw_prop(pen, beside, prop_spot(graph, beside))
    holder = prop.holder if prop is not None and prop.where == "held" else None
    for i in sorted(range(len(spots)), key=lambda i: (graph.actors[i].action == "sleep", i == holder)):
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
    hold: Hold | None = None
    if prop is not None and prop.holder == i:
        if prop.where == "under":
            pen.ellipse(x, y + 6 * large, 17 * large, 3.4 * large, 0x1A1440, 0.28)
            draw_prop(pen, prop.kind, x, y - 10 * large, 34 * large)
            y -= raised(graph, i) * large
        elif prop.where == "held":
            hold = _holding(pen, prop, mirror=actor.facing == "left", size=_USED.get(actor.action, 23.0))
    draw_character(pen, actor, x, y, hold, scale)


def _holding(pen: Pen, prop: Prop, *, mirror: bool, size: float) -> Hold:
    """Draws the prop at a hand, unmirrored."""
    high = 5 if size == _USED["carry"] else 2

    def hold(x: float, y: float) -> None:
        with pen.moved(x + 2, y - high, mirror=mirror):
            draw_prop(pen, prop.kind, 0, 0, size)

    return hold
