"""Claims about stories and pictures of the full world that fit one another: what is done to a prop is seen being done."""

from dataclasses import replace

import numpy as np
import pytest

from lianhuan.world.draw import draw
from lianhuan.world.draw_stage import actor_spots, kicker, raised, seat_size
from lianhuan.world.scene import Actor, Look, Prop, SceneGraph
from lianhuan.world.sense import KICKED
from lianhuan.world.stories import story
from lianhuan.world.vocabulary import FULL, INDOORS

GRAPHS = [frame.graph for index in range(300) for frame in story(0, index, world=FULL).frames]
LOOK = Look(tone="tan", hair="brown", hair_style="short", top="red", bottom="blue")
MIA = Actor(name="Mia", kind="girl", look=LOOK)
SCENE = SceneGraph(place="park", actors=(MIA,))


def changed(one: SceneGraph, other: SceneGraph) -> np.ndarray:
    pixels = (np.asarray(draw(graph)).astype(np.int16) for graph in (one, other))
    return np.abs(np.subtract(*pixels)).max(axis=2) > 24


def acting(*actions: str, prop: Prop | None = None) -> SceneGraph:
    actors = tuple(replace(MIA, name=f"{i}", action=action) for i, action in enumerate(actions))
    return replace(SCENE, actors=actors, prop=prop)


def test_what_is_kicked_lies_before_those_who_kick_it() -> None:
    kicks = [graph for graph in GRAPHS if any(actor.action == "kick" for actor in graph.actors)]
    assert len(kicks) > 20
    for graph in kicks:
        assert graph.prop is not None
        assert graph.prop.kind in KICKED
        assert graph.prop.where in ("left", "right")
        assert {actor.facing for actor in graph.actors if actor.action == "kick"} == {graph.prop.where}


@pytest.mark.parametrize("where", ["left", "right"])
@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_the_prop_flies_from_one_foot_and_stays_in_the_picture(where: str, count: int) -> None:
    graph = acting(*["kick"] * count, prop=Prop(kind="stone", where=where))
    graph = replace(graph, actors=tuple(replace(actor, facing=where) for actor in graph.actors))
    assert kicker(graph) == (0 if where == "left" else count - 1)
    moved = np.nonzero(changed(graph, replace(graph, prop=Prop(kind="pumpkin", where=where))))[1]
    assert moved.min() > 0
    assert moved.max() < 127
    assert np.ptp(moved) < 30


@pytest.mark.parametrize(("action", "kind"), [("read", "map"), ("eat", "carrot"), ("drink", "coconut"), ("throw", "egg")])  # fmt: skip
def test_those_who_use_the_same_prop_have_one_each(action: str, kind: str) -> None:
    both = acting(action, action, prop=Prop(kind=kind, where="held", holder=0))
    none = replace(both, prop=None)
    columns = np.nonzero(changed(both, none))[1]
    assert columns.min() < 64 < columns.max()
    alone = acting(action, "stand", prop=both.prop)
    assert np.nonzero(changed(alone, replace(alone, prop=None)))[1].max() < 75


def test_riders_are_seen_on_what_carries_them() -> None:
    for kind in ("stone", "bus", "horse", "bed"):
        graph = acting("sit", prop=Prop(kind=kind, where="under"))
        assert raised(graph, 0) > 0
        top = np.nonzero(changed(graph, replace(graph, actors=(replace(graph.actors[0], kind="fox"),))))[0]
        assert top.min() < 75
    sizes = [seat_size(Prop(kind=kind, where="under"), 1) for kind in ("stone", "bicycle", "bus")]
    assert sizes == sorted(set(sizes))


def test_those_who_fall_do_not_cover_one_another() -> None:
    spots = actor_spots(acting("fall", "fall", "stand", "fall"))
    assert spots[1].y < spots[0].y == spots[2].y == spots[3].y
    for action in ("sleep", "crouch"):
        low = actor_spots(acting(action, action, action, action))
        assert low[1].y == low[3].y < low[0].y == low[2].y


def test_nobody_climbs_a_tree_indoors() -> None:
    climbs = [graph for graph in GRAPHS if any(actor.action == "climb" for actor in graph.actors)]
    assert climbs
    assert not {graph.place for graph in climbs} & INDOORS


def test_strokes_of_wax_are_not_taken_for_rain() -> None:
    """At night drops are much lighter than the sky; bare paper between the strokes is not."""
    night = SceneGraph(place="park", actors=(), time="night")
    flat, wax, rain = (
        np.asarray(draw(graph)).max(axis=2)[20:50, 15:60].astype(np.int16)
        for graph in (night, replace(night, style="crayon"), replace(night, weather="rain"))
    )
    light = [float((sky > flat + 60).mean()) for sky in (wax, rain)]
    assert 2 * light[0] < light[1]
