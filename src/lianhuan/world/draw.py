"""One picture of the world: a pure function from a scene graph to pixels."""

import skia
from PIL import Image

from lianhuan.world.draw_characters import Hold, draw_character, draw_shadow
from lianhuan.world.draw_places import draw_place
from lianhuan.world.draw_props import draw_prop
from lianhuan.world.pen import UNITS, Pen
from lianhuan.world.scene import Prop, SceneGraph

SLOTS = {0: (), 1: (52.0,), 2: (38.0, 82.0), 3: (26.0, 62.0, 98.0)}
"""Where the actors stand, by their number."""

_FEET = 112.0
_BESIDE = {"left": 15.0, "right": 113.0}
_RAISED = {"sit": 17.0, "sleep": 19.0}


def draw(graph: SceneGraph, size: int = 128) -> Image.Image:
    """The picture of `graph`, RGB, `size` x `size` pixels; the same graph gives the same bytes."""
    surface = skia.Surface(size, size)
    canvas = surface.getCanvas()
    canvas.scale(size / UNITS, size / UNITS)
    pen = Pen(canvas)
    draw_place(pen, graph.place, graph.time, graph.weather, graph.variant)
    places = SLOTS[len(graph.actors)]
    prop = graph.prop
    holder = prop.holder if prop is not None and prop.where == "held" else None
    for i in sorted(range(len(places)), key=lambda i: (graph.actors[i].action == "sleep", i == holder)):
        _draw_actor(pen, graph, i, places[i])
    if prop is not None and prop.where in _BESIDE:
        x = _BESIDE[prop.where]
        pen.ellipse(x, 122, 13, 3, 0x1A1440, 0.28)
        draw_prop(pen, prop.kind, x, 108, 29)
    return Image.fromarray(surface.toarray(colorType=skia.kRGBA_8888_ColorType)[..., :3])


def _draw_actor(pen: Pen, graph: SceneGraph, i: int, x: float) -> None:
    """Actor `i` with the prop that it holds or that carries it."""
    actor, prop = graph.actors[i], graph.prop
    y = _FEET + 6 if actor.action == "sleep" else _FEET
    draw_shadow(pen, x, y, actor.action)
    hold: Hold | None = None
    if prop is not None and prop.holder == i:
        if prop.where == "under":
            pen.ellipse(x, y + 6, 17, 3.4, 0x1A1440, 0.28)
            draw_prop(pen, prop.kind, x, y - 10, 34)
            y -= _RAISED.get(actor.action, 21.0)
        elif prop.where == "held":
            hold = _holding(pen, prop, mirror=actor.facing == "left", carried=actor.action == "carry")
    draw_character(pen, actor, x, y, hold, 0.9 if len(graph.actors) == 3 or actor.action == "sleep" else 1.0)


def _holding(pen: Pen, prop: Prop, *, mirror: bool, carried: bool) -> Hold:
    """Draws the prop at a hand, unmirrored."""
    size = 27.0 if carried else 23.0

    def hold(x: float, y: float) -> None:
        with pen.moved(x + 2, y - (5 if carried else 2), mirror=mirror):
            draw_prop(pen, prop.kind, 0, 0, size)

    return hold
