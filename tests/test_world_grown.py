"""Claims about feelings, things worn, views and styles: each shows, none of them hides what is drawn."""

from dataclasses import replace

import numpy as np
import pytest

from lianhuan.world.draw import draw
from lianhuan.world.draw_props import draw_prop
from lianhuan.world.draw_stage import SLOTS, actor_spots, is_in_the_air, prop_spot
from lianhuan.world.pen import Pen
from lianhuan.world.scene import Actor, Look, Prop, SceneGraph
from lianhuan.world.vocabulary import EMOTIONS, KINDS, PLACES, PROPS, STYLES, VIEWS, WORN

LOOK = Look(tone="tan", hair="brown", hair_style="short", top="red", bottom="blue")
MIA = Actor(name="Mia", kind="girl", look=LOOK)
SCENE = SceneGraph(place="park", actors=(MIA,))
LATER = ("wash", "paper", "crayon")


def pixels(graph: SceneGraph, size: int = 128) -> np.ndarray:
    return np.asarray(draw(graph, size)).astype(np.int16)


def nearest(graphs: list[SceneGraph], size: int = 128) -> float:
    """The smallest share of differing pixels of all pairs."""
    drawn = [pixels(graph, size) for graph in graphs]
    pairs = [(a, b) for i, a in enumerate(drawn) for b in drawn[:i]]
    return min(float((np.abs(a - b).max(axis=2) > 24).mean()) for a, b in pairs)


def acting(**changes: object) -> SceneGraph:
    return replace(SCENE, actors=(replace(MIA, **changes),))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_all_emotions_show_on_every_kind_and_more_so_close_up(kind: str) -> None:
    middle = [acting(kind=kind, emotion=emotion) for emotion in EMOTIONS]
    near = [replace(graph, view="near") for graph in middle]
    assert nearest(middle) > 0.004
    assert nearest(near) > 0.016


@pytest.mark.parametrize("kind", KINDS)
def test_all_things_worn_show_on_every_kind(kind: str) -> None:
    assert nearest([acting(kind=kind, look=replace(LOOK, worn=worn)) for worn in WORN]) > 0.007


def test_who_sleeps_sleeps_on_in_any_mood() -> None:
    calm = pixels(acting(action="sleep"))
    proud = pixels(acting(action="sleep", emotion="proud"))
    awake = pixels(acting(emotion="proud"))
    assert 0 < (calm != proud).mean() < 0.02 < (awake != proud).mean()


def test_views_change_the_size_of_actors_and_nothing_else() -> None:
    blank = pixels(replace(SCENE, actors=()))
    covered = {}
    for view in VIEWS:
        changed = np.abs(pixels(replace(SCENE, view=view)) - blank).max(axis=2) > 24
        covered[view] = float(changed.mean())
        assert (pixels(replace(SCENE, actors=(), view=view)) == blank).all()
    assert covered["far"] * 2.5 < covered["middle"] < covered["near"] / 2


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_every_actor_shows_in_every_view(view: str, count: int) -> None:
    graph = replace(SCENE, actors=(MIA,) * count, view=view)
    spots = actor_spots(graph)
    assert [spot.x for spot in spots] == sorted({spot.x for spot in spots})
    for i in range(count):
        actors = (*graph.actors[:i], replace(MIA, look=replace(LOOK, top="green")), *graph.actors[i + 1 :])
        changed = np.abs(pixels(replace(graph, actors=actors)) - pixels(graph)).max(axis=2) > 24
        assert changed.mean() > 0.002
        assert abs(np.nonzero(changed)[1].mean() - spots[i].x) < 9


def test_heads_stay_in_the_picture_close_up() -> None:
    for kind in ("mouse", "elephant", "woman"):
        for action in ("stand", "jump", "crouch", "climb"):
            graph = replace(acting(kind=kind, action=action), view="near")
            shy = replace(graph, actors=(replace(graph.actors[0], emotion="shy"),))
            changed = np.nonzero((pixels(graph) != pixels(shy)).any(axis=2))
            assert changed[0].min() > 8
            assert changed[0].max() < 112


@pytest.mark.parametrize("style", LATER)
def test_a_style_is_unmistakable_and_keeps_the_picture(style: str) -> None:
    for place in ("park", "cave", "snowfield"):
        graph = replace(SCENE, place=place)
        flat, other = pixels(graph), pixels(replace(graph, style=style))
        assert (np.abs(flat - other).max(axis=2) > 8).mean() > 0.3
        seen = np.corrcoef(flat[12:-12, 12:-12].ravel(), other[12:-12, 12:-12].ravel())[0, 1]
        assert seen > 0.85


@pytest.mark.parametrize("size", [64, 128, 256])
def test_styles_differ_at_every_size_and_are_pure(size: int) -> None:
    graphs = [replace(SCENE, style=style) for style in STYLES]
    assert nearest(graphs, size) > 0.08
    for graph in graphs:
        first = draw(graph, size)
        draw(replace(graph, place="cave", style="crayon"), size)
        assert first.size == (size, size)
        assert draw(replace(graph), size).tobytes() == first.tobytes()


@pytest.mark.parametrize("style", LATER)
def test_clothes_show_in_every_style(style: str) -> None:
    red = replace(SCENE, style=style)
    green = replace(red, actors=(replace(MIA, look=replace(LOOK, top="green")),))
    changed = np.abs(pixels(red) - pixels(green)).max(axis=2) > 60
    assert changed.mean() > 0.01


@pytest.mark.parametrize("style", LATER)
def test_places_differ_in_every_style(style: str) -> None:
    assert nearest([SceneGraph(place=place, actors=(), style=style) for place in PLACES], 64) > 0.2


def test_large_things_are_drawn_larger_than_small_ones() -> None:
    sizes = {kind: prop_spot(SCENE, Prop(kind=kind)).size for kind in PROPS}
    assert sizes["ant"] < sizes["apple"] < sizes["goat"] < sizes["horse"] < sizes["house"]
    assert all(0 < prop_spot(SCENE, Prop(kind=kind)).x < 128 for kind in PROPS)
    assert is_in_the_air(Prop(kind="rainbow"))
    assert prop_spot(SCENE, Prop(kind="rainbow")).y < prop_spot(SCENE, Prop(kind="house")).y


def test_four_actors_make_room_for_a_thing_beside_them() -> None:
    four = replace(SCENE, actors=(MIA,) * 4)
    assert tuple(spot.x for spot in actor_spots(four)) == SLOTS[4]
    left = actor_spots(replace(four, prop=Prop(kind="ball", where="left")))
    assert left[0].x > SLOTS[4][0] + 15


def test_every_prop_has_an_icon() -> None:
    import skia

    for kind in PROPS:
        surface = skia.Surface(24, 24)
        draw_prop(Pen(surface.getCanvas()), kind, 12, 12, 20)
        assert (surface.toarray()[..., 3] > 128).mean() > 0.04, kind
