"""Claims about the pictures of the world: pure, scalable, and every label shows."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lianhuan.world.draw import draw
from lianhuan.world.draw_stage import SLOTS
from lianhuan.world.mike_and_jon import mike_and_jon
from lianhuan.world.scene import Actor, Look, Prop, SceneGraph
from lianhuan.world.vocabulary import (
    ACTIONS,
    COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    KINDS,
    PEOPLE,
    PLACES,
    PROPS,
    TIMES,
    TONES,
    WEATHERS,
)

LOOK = Look(tone="tan", hair="brown", hair_style="short", top="red", bottom="blue")
MIA = Actor(name="Mia", kind="girl", look=LOOK)
SCENE = SceneGraph(place="meadow", actors=(MIA,))


def pixels(graph: SceneGraph, size: int = 128) -> np.ndarray:
    return np.asarray(draw(graph, size)).astype(int)


def with_actor(**changes: object) -> SceneGraph:
    return replace(SCENE, actors=(replace(MIA, **changes),))  # type: ignore[arg-type]


def distances(graphs: list[SceneGraph], size: int = 128) -> list[tuple[float, int, int]]:
    """(share of differing pixels, i, j) of all pairs."""
    drawn = [pixels(graph, size).astype(np.int16) for graph in graphs]
    return [
        (float((np.abs(drawn[i] - drawn[j]).max(axis=2) > 24).mean()), i, j) for i in range(len(drawn)) for j in range(i)
    ]  # fmt: skip


def test_a_picture_is_rgb_of_the_asked_size() -> None:
    picture = draw(SCENE, 96)
    assert picture.mode == "RGB"
    assert picture.size == (96, 96)
    assert draw(SCENE).size == (128, 128)


def test_the_same_graph_gives_the_same_bytes_whatever_was_drawn_before() -> None:
    first = draw(SCENE).tobytes()
    draw(replace(SCENE, place="castle", prop=Prop(kind="tent"), time="night", weather="snow"))
    assert draw(replace(SCENE)).tobytes() == first


@pytest.mark.parametrize("place", ["stream", "kitchen", "castle"])
def test_a_large_picture_made_small_is_the_small_picture(place: str) -> None:
    graph = replace(SCENE, place=place, prop=Prop(kind="duck"), weather="rain")
    large = draw(graph, 256).resize((128, 128), Image.Resampling.BOX)
    assert np.abs(np.asarray(large).astype(int) - pixels(graph)).mean() < 3.0


def test_all_places_differ_widely() -> None:
    for time in TIMES:
        for weather in WEATHERS:
            graphs = [SceneGraph(place=place, actors=(), time=time, weather=weather) for place in PLACES]
            assert min(distances(graphs, 64))[0] > 0.2


@pytest.mark.parametrize("place", PLACES)
def test_time_weather_and_variant_show_in_every_place(place: str) -> None:
    empty = SceneGraph(place=place, actors=())
    assert min(distances([replace(empty, time=time) for time in TIMES]))[0] > 0.3
    assert min(distances([replace(empty, weather=weather) for weather in WEATHERS]))[0] > 0.04
    assert min(distances([replace(empty, variant=variant) for variant in range(3)]))[0] > 0.04


@pytest.mark.parametrize("weather", ["rain", "snow"])
def test_drops_and_flakes_fall_in_the_open(weather: str) -> None:
    night = SceneGraph(place="mountain", actors=(), time="night")
    clear, falling = (
        pixels(graph)[60:80].min(axis=2) > 140 for graph in (night, replace(night, weather=weather))
    )
    assert clear.mean() < 0.005
    assert falling.mean() > 0.02


def test_all_kinds_differ() -> None:
    assert min(distances([with_actor(kind=kind) for kind in KINDS]))[0] > 0.02


@pytest.mark.parametrize("kind", KINDS)
def test_all_actions_differ(kind: str) -> None:
    assert min(distances([with_actor(kind=kind, action=action) for action in ACTIONS], 64))[0] > 0.02


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("action", ["stand", "crouch", "sleep", "fall"])
def test_clothes_and_heads_show_in_every_pose(kind: str, action: str) -> None:
    def worn(**changes: str) -> SceneGraph:
        return with_actor(kind=kind, action=action, look=replace(LOOK, **changes))

    assert min(distances([worn(top=colour) for colour in COLOURS]))[0] > 0.008
    assert min(distances([worn(bottom=colour) for colour in ("red", "blue", "white")]))[0] > 0.001
    if kind in PEOPLE:
        assert min(distances([worn(hair=colour) for colour in HAIR_COLOURS]))[0] > 0.006
        assert min(distances([worn(hair_style=style) for style in HAIR_STYLES]))[0] > 0.003
    assert min(distances([worn(tone=tone) for tone in TONES]))[0] > 0.006


@pytest.mark.parametrize("where", ["left", "right", "held", "under"])
def test_all_props_differ_wherever_they_are(where: str) -> None:
    graphs = [SCENE, *(replace(SCENE, prop=Prop(kind=kind, where=where)) for kind in PROPS)]
    assert min(distances(graphs, 64))[0] > 0.006


def test_each_place_of_a_prop_looks_different() -> None:
    graphs = [
        replace(SCENE, prop=Prop(kind="stone", where=where)) for where in ("left", "right", "held", "under")
    ]
    assert min(distances(graphs))[0] > 0.02


def test_facing_left_is_the_mirror_image() -> None:
    blank = pixels(replace(SCENE, actors=()))
    right = np.abs(pixels(with_actor(action="point")) - blank).max(axis=2) > 24
    left = np.abs(pixels(with_actor(action="point", facing="left")) - blank).max(axis=2) > 24
    middle = round(SLOTS[1][0])
    mirrored = right[:, : 2 * middle][:, ::-1]
    assert (mirrored != left[:, : 2 * middle]).mean() < 0.02
    assert (right != left).mean() > 0.02


def test_one_more_actor_shows_at_its_own_place() -> None:
    for count in (1, 2, 3, 4):
        with_all = replace(SCENE, actors=(MIA,) * count)
        changed = (np.abs(pixels(with_all) - pixels(replace(SCENE, actors=()))).max(axis=2) > 24)[70:104]
        for x in SLOTS[count]:
            assert changed[:, round(x) - 2 : round(x) + 3].mean() > 0.8


def test_the_story_of_mike_and_jon_can_be_drawn() -> None:
    assert min(distances(list(mike_and_jon())))[0] > 0.03
