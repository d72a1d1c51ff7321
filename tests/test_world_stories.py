# ruff: noqa: RUF001
"""Stories of the world: pure, varied, and their captions say what the pictures show."""

import json
import re
from dataclasses import replace
from itertools import pairwise

import pytest
from PIL import Image

from lianhuan.world import phrases_en, phrases_zh
from lianhuan.world.export import write_stories
from lianhuan.world.mike_and_jon import SENTENCES, mike_and_jon
from lianhuan.world.names import CHINESE, names_for
from lianhuan.world.phrases_en import Phrase
from lianhuan.world.scene import Look, WorldFrame, WorldStory, classes, labels
from lianhuan.world.stories import RESTING, SEATS, SPLITS, recaption, story
from lianhuan.world.vocabulary import (
    COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    KINDS,
    SMALL,
    TIMES,
    TONES,
    WEATHERS,
)

PLACES, ACTIONS, PROPS = SMALL.places, SMALL.actions, SMALL.props

STORIES = [story(SPLITS["train"], index) for index in range(400)]
FRAMES = [frame for told in STORIES for frame in told.frames]


def _graphs(told: WorldStory) -> list:
    return [frame.graph for frame in told.frames]


def _spoken(phrase: Phrase) -> list[str]:
    forms = [*phrase.past, *phrase.present]
    return [*forms, phrase.progressive] if phrase.progressive else forms


def _pattern(phrases: list[str], edge: str) -> re.Pattern[str]:
    loose = [re.sub(r"\\\{\w+\\\}", ".+", re.escape(text)) for text in phrases]
    return re.compile(edge + "(" + "|".join(sorted(loose, key=len, reverse=True)) + ")" + edge)


def _english(action: str) -> re.Pattern[str]:
    tables = [phrases_en.PLAIN, phrases_en.AT_PROP, phrases_en.HOLD, phrases_en.UPON, phrases_en.MOVE]
    phrases = [phrase for table in tables for phrase in table.get(action, ())]
    phrases += phrases_en.CARRY if action == "carry" else ()
    phrases += (*phrases_en.VISIT, *phrases_en.VISIT_PROP) if action == "walk" else ()
    return _pattern([text for phrase in phrases for text in _spoken(phrase)], r"\b")


def _chinese(action: str) -> re.Pattern[str]:
    tables = [phrases_zh.PLAIN, phrases_zh.AT_PROP, phrases_zh.HOLD, phrases_zh.UPON]
    phrases = [text for table in tables for text in table.get(action, ())]
    phrases += phrases_zh.CARRY if action == "carry" else ()
    phrases += {"walk": phrases_zh.VISIT, "run": phrases_zh.RUSH}.get(action, ())
    return _pattern(phrases, "")


ENGLISH = {action: _english(action) for action in ACTIONS}
CHINESE_ACTIONS = {action: _chinese(action) for action in ACTIONS if action != "carry"} | {
    "carry": _chinese("carry")
}


def _unsaid(frame: WorldFrame, slot: int) -> bool:
    """The right one of two may stand without a word: "Mia ran beside Ben"."""
    return slot == 1 and len(frame.graph.actors) == 2 and frame.graph.actors[1].action == "stand"


def test_a_story_is_a_pure_function_of_its_arguments():
    again = [story(0, index) for index in reversed(range(20))]
    assert list(reversed(again)) == STORIES[:20]
    assert [len(story(0, 3, frames=n).frames) for n in (1, 2, 7)] == [1, 2, 7]


def test_splits_share_no_story():
    assert len(set(SPLITS.values())) == 3
    seen = [
        tuple(frame.graph for frame in story(seed, index).frames)
        for seed in SPLITS.values()
        for index in range(60)
    ]
    assert len(set(seen)) == len(seen)


def test_every_word_of_the_vocabulary_occurs():
    graphs = [frame.graph for frame in FRAMES]
    actors = [actor for graph in graphs for actor in graph.actors]
    assert {graph.place for graph in graphs} == set(PLACES)
    assert {graph.time for graph in graphs} == set(TIMES)
    assert {graph.weather for graph in graphs} == set(WEATHERS)
    assert {graph.variant for graph in graphs} == {0, 1, 2}
    assert {graph.prop.kind for graph in graphs if graph.prop} == set(PROPS)
    assert {graph.prop.where for graph in graphs if graph.prop} == {"left", "right", "held", "under"}
    assert {actor.kind for actor in actors} == set(SMALL.kinds)
    assert {actor.action for actor in actors} == set(ACTIONS)
    assert {actor.look.top for actor in actors} == {actor.look.bottom for actor in actors} == set(COLOURS)
    assert {actor.look.hair for actor in actors} == set(HAIR_COLOURS)
    assert {actor.look.hair_style for actor in actors} == set(HAIR_STYLES)
    assert {actor.look.tone for actor in actors} == set(TONES)


def test_actions_and_props_are_spread_evenly():
    actions = [frame.graph.actors[0].action for frame in FRAMES]
    assert all(len(FRAMES) / 12 * 0.7 < actions.count(action) < len(FRAMES) / 12 * 1.3 for action in ACTIONS)
    props = [frame.graph.prop.kind for frame in FRAMES if frame.graph.prop]
    assert 0.7 < len(props) / len(FRAMES) < 0.8
    assert all(len(props) / 40 * 0.4 < props.count(prop) < len(props) / 40 * 1.8 for prop in PROPS)
    together = [len({a.action for a in f.graph.actors}) == 1 for f in FRAMES if len(f.graph.actors) > 1]
    assert 0.4 < sum(together) / len(together) < 0.6


def test_every_label_is_a_class():
    for frame in FRAMES:
        assert all(-1 <= value < classes()[key] for key, value in labels(frame.graph).items())


def test_props_are_where_they_can_be():
    for frame in FRAMES:
        prop, actors = frame.graph.prop, frame.graph.actors
        if "carry" in (actor.action for actor in actors):
            assert prop is not None
            assert (prop.where, actors[prop.holder].action) == ("held", "carry")
        elif prop is not None and prop.where == "under":
            assert prop.kind in SEATS
            assert actors[prop.holder].action in RESTING


def test_facing_follows_the_rule():
    for frame in FRAMES:
        graph = frame.graph
        facing = tuple(actor.facing for actor in graph.actors)
        alone = "left" if graph.prop and graph.prop.where == "left" else "right"
        assert facing == {1: (alone,), 2: ("right", "left"), 3: ("right", "right", "left")}[len(facing)]


def test_looks_places_and_changes_persist():
    changed = 0
    for told in STORIES:
        worn: dict[str, Look] = {}
        variants: dict[str, int] = {}
        for frame in told.frames:
            assert variants.setdefault(frame.graph.place, frame.graph.variant) == frame.graph.variant
            for actor in frame.graph.actors:
                before = worn.get(actor.name)
                colour = dict(frame.changes).get(actor.name)
                if before is not None:
                    assert (actor.look.top != before.top) == (colour is not None)
                    assert replace(actor.look, top=before.top) == before
                assert colour in (None, actor.look.top)
                worn[actor.name] = actor.look
            assert {name for name, _ in frame.changes} <= set(frame.on_stage)
            changed += len(frame.changes)
    assert 0.05 < changed / len(FRAMES) < 0.12


def test_captions_say_every_action():
    for frame in FRAMES:
        for slot, actor in enumerate(frame.graph.actors):
            assert _unsaid(frame, slot) or ENGLISH[actor.action].search(frame.caption_en), (
                frame.caption_en,
                actor.action,
            )
            assert CHINESE_ACTIONS[actor.action].search(frame.caption_zh), (frame.caption_zh, actor.action)


def test_captions_say_the_prop_and_its_side():
    for frame in FRAMES:
        prop = frame.graph.prop
        if prop is None:
            continue
        assert any(re.search(rf"\b{noun}\b", frame.caption_en) for noun in phrases_en.NOUNS[prop.kind]), (
            frame.caption_en
        )
        assert any(entry[1:] in frame.caption_zh for entry in phrases_zh.NOUNS[prop.kind]), frame.caption_zh
        if prop.where == "left":
            assert re.search(r"(on|to) the left", frame.caption_en)
            assert "左边" in frame.caption_zh


def test_captions_say_changes_of_clothes():
    for frame in FRAMES:
        for _, colour in frame.changes:
            assert re.search(rf"\ban? {colour} ({'|'.join(phrases_en.GARMENTS)})\b", frame.caption_en)
            assert phrases_zh.COLOURS[colour] in frame.caption_zh


def test_captions_say_new_places():
    for told in STORIES:
        graphs = _graphs(told)
        for before, frame in zip([None, *graphs], told.frames, strict=False):
            place = frame.graph.place
            if before is None or before.place != place:
                words = (*phrases_en.WHERE[place], *phrases_en.TO[place], *phrases_en.THROUGH[place])
                assert any(word in frame.caption_en.lower() for word in words), frame.caption_en
                assert any(
                    word in frame.caption_zh for word in (*phrases_zh.WHERE[place], *phrases_zh.TO[place])
                )


def test_the_order_of_mention_is_the_order_on_stage():
    checked = 0
    for told in STORIES:
        for frame in told.frames:
            if frame.changes or (frame.graph.prop and frame.graph.prop.where in ("held", "under")):
                continue
            if not re.search("left|right", frame.caption_en):
                found = [re.search(rf"\b{re.escape(name)}\b", frame.caption_en) for name in frame.on_stage]
                starts = [match.start() for match in found if match]
                assert starts == sorted(starts), frame.caption_en
                checked += len(starts) > 1
            if not re.search("[左右]边", frame.caption_zh):
                spots = [frame.caption_zh.find(told.names_zh[name]) for name in frame.on_stage]
                spots = [spot for spot in spots if spot >= 0]
                assert spots == sorted(spots), frame.caption_zh
    assert checked > 200


def test_stated_sides_are_true():
    stated = 0
    for frame in FRAMES:
        name = "|".join(re.escape(name) for name in frame.on_stage)
        match = re.search(rf", ({name}) to the (left|right) of ({name})[.,]", frame.caption_en)
        if match:
            names = [match[1], match[3]] if match[2] == "left" else [match[3], match[1]]
            assert names == list(frame.on_stage), frame.caption_en
            stated += 1
    assert stated > 5


def test_nobody_off_stage_is_named():
    for told in STORIES:
        for frame in told.frames:
            for name in set(told.names_zh) - set(frame.on_stage):
                assert not re.search(rf"\b{re.escape(name)}\b", frame.caption_en), frame.caption_en
                assert told.names_zh[name] not in frame.caption_zh, frame.caption_zh


def test_characters_are_named_when_they_appear():
    for told in STORIES:
        met: set[str] = set()
        for frame in told.frames:
            for actor in frame.graph.actors:
                if actor.name not in met:
                    assert actor.name in frame.caption_en
                    assert told.names_zh[actor.name] in frame.caption_zh
                    if actor.kind in ("fox", "rabbit", "bear", "cat"):
                        assert actor.kind in frame.caption_en
                met.add(actor.name)


def test_english_is_clean():
    for frame in FRAMES:
        text = frame.caption_en
        assert text.isascii()
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"[{}<>]|  | ,|,,|\.\.|,\.", text), text
        assert not re.search(r"\b(\w+) \1\b", text), text
        assert not re.search(r"\ba [aeiou]|\ban [^aeiou]", text), text
        assert not re.search(
            r"\b(they|friends|both of them|all of them) (was|is|has)\b", text, re.IGNORECASE
        ), text
    lengths = sorted(len(frame.caption_en.split()) for frame in FRAMES)
    assert lengths[len(lengths) // 20] >= 4
    assert lengths[-len(lengths) // 20] <= 32


def test_chinese_is_clean():
    for frame in FRAMES:
        assert not re.search(r"[A-Za-z0-9 ,.;{}]", frame.caption_zh), frame.caption_zh
        assert frame.caption_zh.endswith("。")
        assert not re.search("，，|。。|，。|的的|一起一起|了了", frame.caption_zh), frame.caption_zh


def test_captions_vary():
    assert len({frame.caption_en for frame in FRAMES}) > 0.98 * len(FRAMES)
    assert len({frame.caption_zh for frame in FRAMES}) > 0.95 * len(FRAMES)
    retold = [frame for told in STORIES for frame in recaption(told, 1).frames]
    text = " ".join(frame.caption_en for frame in [*FRAMES, *retold]).lower()
    plain = (
        "explore",
        "passed by",
        "many small fish",
        "crouched down",
        "reached out",
        "trying to catch",
        "laughed along",
    )
    for words in (
        *plain,
        "couldn't help but laugh",
        "watched",
        "sitting on",
        "by a small stream",
        "they",
        "the two friends",
    ):
        assert words in text, words


def test_recaption_tells_the_same_pictures_in_other_words():
    for told in STORIES[:40]:
        other = recaption(told, 5)
        assert other == recaption(told, 5)
        assert _graphs(other) == _graphs(told)
        assert [f.changes for f in other.frames] == [f.changes for f in told.frames]
        assert other.names_zh == told.names_zh
        texts = {tuple(f.caption_en for f in t.frames) for t in (told, other, recaption(told, 6))}
        assert len(texts) == 3
        assert [f.caption_zh for f in other.frames] != [f.caption_zh for f in told.frames]


def test_names_fit_and_are_distinct():
    chinese = list(CHINESE.values())
    assert all(sum(name in other for other in chinese) == 1 for name in chinese)
    assert all(len(names_for(kind)) >= 30 for kind in KINDS)
    for told in STORIES:
        cast = {actor.name: actor.kind for frame in told.frames for actor in frame.graph.actors}
        assert all(name in names_for(kind) for name, kind in cast.items())
        assert all(told.names_zh[name] == CHINESE[name] for name in cast)


@pytest.mark.parametrize("table", [phrases_en.PLAIN, phrases_en.AT_PROP])
def test_no_phrase_means_two_actions(table):
    forms = [
        form
        for phrases in table.values()
        for form in {text for phrase in phrases for text in _spoken(phrase)}
    ]
    assert len(set(forms)) == len(forms)
    assert all(len(phrases) >= 6 for phrases in table.values())


def test_mike_and_jon():
    graphs = mike_and_jon()
    assert len(graphs) == len(SENTENCES) == 6
    assert [graph.place for graph in graphs] == ["forest", *["stream"] * 5]
    assert [[(a.name, a.action) for a in graph.actors] for graph in graphs] == [
        [("Mike", "walk"), ("Jon", "walk")],
        [("Mike", "walk"), ("Jon", "walk")],
        [("Mike", "crouch")],
        [("Mike", "reach")],
        [("Jon", "laugh"), ("Mike", "stand")],
        [("Mike", "sit")],
    ]
    looks = {(actor.name, actor.look) for graph in graphs for actor in graph.actors}
    assert len(looks) == 2
    assert all(one.variant == two.variant for one, two in pairwise(graphs))


def test_export_writes_pictures_and_labels(tmp_path):
    write_stories(2, tmp_path / "world", seed=SPLITS["test"], size=32)
    lines = (tmp_path / "world" / "stories.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2
    told = story(SPLITS["test"], 1)
    rows = json.loads(lines[1])["frames"]
    for frame, row in zip(told.frames, rows, strict=True):
        with Image.open(tmp_path / "world" / row["picture"]) as picture:
            assert picture.size == (32, 32)
        assert (row["caption_en"], row["caption_zh"]) == (frame.caption_en, frame.caption_zh)
        assert row["labels"] == labels(frame.graph)
    assert rows[0]["picture"] == "story-00001/frame-1.png"
