"""Looks by lot: portraits of those whose look nobody tells are told one that the memory has words for."""

import shutil
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.conductor import PortraitDone, draw_stories
from lianhuan.conductor.cast import Cast
from lianhuan.conductor.tale import Tale, Telling
from lianhuan.errors import CheckpointError
from lianhuan.memory import NoMemory
from lianhuan.memory.looks import LOOKS, look_by_lot, read_looks, save_looks
from lianhuan.story import Change, PageRequest, StageEntry
from lianhuan.world.looks import every_look, look_words
from lianhuan.world.stories import story
from lianhuan.world.vocabulary import FULL, SMALL

SOME = {"girl": [["red hair", "black hair"], ["blue top", "pink top"]], "fox": [["dark fur"], ["white top"]]}
TEXT = "Mia ran to the beach. A fox named Lily laughed. They waved."


@pytest.fixture(scope="module", params=["torch", "light"])
def models(request: pytest.FixtureRequest, tiny_model: Path, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("looks") / "model"
    shutil.copytree(tiny_model, folder)
    save_looks(SOME, folder / "memory" / "lstm")
    engine = request.param
    return load_generator(folder, engine=engine), load_memory("lstm", folder, engine=engine)


def told(models, text: str = TEXT, **how) -> dict[str, str]:
    """Name -> the look that the portrait was told."""
    generator, memory = models
    events = illustrate(parse_story(text), generator, memory=memory, **{"seed": 5, "steps": 1, **how})
    return {e.name: e.recipe["stage"][0]["look"] for e in events if isinstance(e, PortraitDone)}


def test_portraits_are_told_a_look_of_their_kind_and_the_same_seed_the_same(models):
    looks = told(models)
    assert looks["Mia"].split(", ")[0] in SOME["girl"][0]
    assert looks["Mia"].split(", ")[1] in SOME["girl"][1]
    assert looks["Lily"] == "dark fur, white top"
    assert told(models) == looks
    assert len({told(models, seed=seed)["Mia"] for seed in range(12)}) > 1


def asked(models, monkeypatch, text: str, **how) -> dict[str, dict[str, str]]:
    """Id of a page or portrait -> name -> the look that was told there."""
    generator, memory = models
    encode, requests = generator.encode, []
    with monkeypatch.context() as patch:
        patch.setattr(generator, "encode", lambda some: requests.extend(some) or encode(some))
        list(illustrate(parse_story(text), generator, memory=memory, seed=5, steps=1, **how))
    return {request.scene_id: {e.name: e.look for e in request.stage} for request in requests}


def test_pages_are_told_it_too_until_clothes_change(models, monkeypatch):
    text = (
        "Mia ran to the beach. A fox named Lily laughed at Mia. Mia put on a green jacket. Mia waved at Lily."
    )
    looks, found = told(models, text), asked(models, monkeypatch, text)
    assert found["cast/Mia"] == {"Mia": looks["Mia"]}
    assert found["s001"] == {"Mia": looks["Mia"]}
    assert found["s002"] == looks
    hair = looks["Mia"].split(", ")[0]
    assert found["s003"] == {"Mia": hair}, "not of the clothes that she has no longer"
    assert found["s004"] == looks | {"Mia": hair}


def test_of_a_look_that_is_told_the_clothes_are_said_until_they_change():
    cast, seen = Cast(SOME), []
    for look in ("long red hair, blue top", "blue top", "a blue top"):
        mia = StageEntry(name="Mia", kind="girl", look=look)
        before = PageRequest(scene_id="s001", caption="Mia ran.", stage=(mia,))
        change = Change(character="Mia", item="green jacket")
        pages = (before, before.model_copy(update={"changes": (change,)}), before)
        seen += [cast.told(page).stage[0].look for page in pages]
        cast = Cast(SOME)
    assert seen[:3] == ["long red hair, blue top", "long red hair", "long red hair"]
    assert seen[3:6] == ["blue top", "", ""]
    assert seen[6:] == ["a blue top"] * 3, "other words than those of lots stay"


def test_whoever_is_on_a_given_page_is_told_none(models, monkeypatch):
    given = Image.new("RGB", (128, 128), "red")
    found = asked(models, monkeypatch, TEXT, first_frame=given)
    assert found["s001"] == {"Mia": ""}
    assert found["s003"] == {"Mia": "", "Lily": "dark fur, white top"}


def test_a_learnt_character_has_its_own_look(models, monkeypatch):
    plan = parse_story(TEXT)
    cast = tuple(
        c.model_copy(update={"adapter": "mia.safetensors"} if c.name == "Mia" else {}) for c in plan.cast
    )
    tale = Tale(Telling(plan.model_copy(update={"cast": cast}), models[0], memory=models[1]))
    page = tale.requests[2]
    assert {e.name: tale._cast.portrait_of(e, page, seed=5).stage[0].look for e in page.stage} == {
        "Mia": "",
        "Lily": "dark fur, white top",
    }


def test_portraits_follow_their_words_alone_whatever_the_memory_makes_of_nothing(models):
    generator, memory = models
    first = {
        e.name: e.image.tobytes()
        for e in illustrate(parse_story(TEXT), generator, memory=memory, seed=5, steps=1)
        if isinstance(e, PortraitDone)
    }
    for name, image in first.items():
        stage = (StageEntry(name=name, kind="girl" if name == "Mia" else "fox", look=told(models)[name]),)
        page = PageRequest(scene_id=f"cast/{name}", caption="", stage=stage, seed=5, steps=1)
        ((alone,),) = draw_stories(generator, NoMemory(), [[page]])
        assert alone.tobytes() == image


def test_a_look_that_is_told_stays_as_it_is(models):
    assert told(models, "Mia had long red hair. Mia ran.")["Mia"] == "long red hair"


def test_stories_side_by_side_are_cast_as_books_are(models, monkeypatch):
    generator, memory = models
    stage = (StageEntry(name="Mia", kind="girl"),)
    page = PageRequest(scene_id="s001", caption="Mia ran.", stage=stage, seed=5, steps=1)
    encode, asked = generator.encode, []
    monkeypatch.setattr(generator, "encode", lambda requests: asked.extend(requests) or encode(requests))
    draw_stories(generator, memory, [[page]])
    looks = {request.scene_id: request.stage[0].look for request in asked if request.stage}
    assert set(looks) == {"s001", "cast/Mia"}
    assert set(looks.values()) == {told(models, "Mia ran.")["Mia"]}


def test_every_word_has_its_turn():
    lots = Counter(tuple(look_by_lot(SOME, "girl", f"{seed} Mia 0")) for seed in range(400))
    assert len(lots) == 4
    assert min(lots.values()) > 60
    assert look_by_lot(SOME, "bear", "1") == []
    assert look_by_lot({}, "girl", "1") == []


@pytest.mark.parametrize("world", [SMALL, FULL])
def test_every_look_of_a_world_is_one_that_its_stories_tell(world):
    every = every_look(world)
    assert set(every) == set(world.kinds)
    for index in range(50):
        for frame in story(0, index, 3, world).frames:
            for actor in frame.graph.actors:
                assert all(
                    word in words
                    for word, words in zip(look_words(actor, "en"), every[actor.kind], strict=True)
                )


@pytest.mark.parametrize(
    "damaged", ["{", "[]", '{"girl": 1}', '{"girl": [[]]}', '{"girl": [[1]]}', '{"girl": ["red"]}']
)
def test_damaged_looks_are_told_of(tmp_path, damaged):
    (tmp_path / LOOKS).write_text(damaged)
    with pytest.raises(CheckpointError, match=r"looks\.json"):
        read_looks(tmp_path)


def test_looks_come_back_as_they_were_written(tmp_path):
    assert read_looks(tmp_path) == {}
    save_looks(SOME, tmp_path)
    assert read_looks(tmp_path) == SOME
