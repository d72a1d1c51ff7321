# ruff: noqa: RUF001
"""Stories of the full world: every word occurs, makes sense and is said in both languages."""

import re
from dataclasses import replace

import pytest

from lianhuan.bench import world as bench
from lianhuan.bench.pages import expected
from lianhuan.metrics import world as metrics
from lianhuan.world.chinese import chinese
from lianhuan.world.english import english
from lianhuan.world.names import CHINESE
from lianhuan.world.phrases_en import MOVE, VISIT, VISIT_PROP, Phrase
from lianhuan.world.phrases_zh import COLOURS as COLOURS_ZH, RUSH, VISIT as VISIT_ZH
from lianhuan.world.scene import WorldFrame, classes, labels, world_of
from lianhuan.world.sense import (
    FEELINGS,
    FOOD,
    HELD_FOR,
    HOLDING,
    IMPLIED,
    KICKED,
    LIKELY,
    LIVE,
    MADE,
    MOUNTS,
    RESTING,
    RIDDEN,
    SEATS,
)
from lianhuan.world.stories import SPLITS, recaption, story
from lianhuan.world.vocabulary import (
    ACTIONS,
    COLOURS,
    FULL,
    INDOORS,
    LARGE,
    MIDDLE,
    PLACES,
    PROPS,
    SMALL,
    WORN,
)

STORIES = [story(SPLITS["train"], index, world=FULL) for index in range(700)]
FRAMES = [frame for told in STORIES for frame in told.frames]
EN, ZH = english("free"), chinese("free")


def _forms(phrase: Phrase) -> list[str]:
    forms = [*phrase.past, *phrase.present]
    return [*forms, phrase.progressive] if phrase.progressive else forms


def _pattern(texts: list[str], before: str = "", behind: str = "") -> re.Pattern[str]:
    loose = [re.sub(r"\\?\{\w+\\?\}", ".+", re.escape(text)) for text in texts]
    return re.compile(before + "(" + "|".join(sorted(loose, key=len, reverse=True)) + ")" + behind)


def _english(action: str) -> re.Pattern[str]:
    tables = [EN.plain, EN.at_prop, EN.at_large, EN.hold, EN.upon, MOVE]
    phrases = [phrase for table in tables for phrase in table.get(action, ())]
    more = {"walk": (*VISIT, *VISIT_PROP), "sit": EN.upon["ride"]}
    return _pattern(
        [text for phrase in (*phrases, *more.get(action, ())) for text in _forms(phrase)], r"\b", r"\b"
    )


def _chinese(action: str) -> re.Pattern[str]:
    tables = [ZH.plain, ZH.at_prop, ZH.at_large, ZH.hold, ZH.upon]
    texts = [text for table in tables for text in table.get(action, ())]
    more = {"walk": VISIT_ZH, "run": RUSH, "sit": ZH.upon["ride"]}
    drunk = [text for said in ZH.drink.values() for text in said] if action == "drink" else []
    return _pattern([*texts, *more.get(action, ()), *drunk])


SAID_EN = {action: _english(action) for action in ACTIONS}
SAID_ZH = {action: _chinese(action) for action in ACTIONS}


def _unsaid(frame: WorldFrame, slot: int) -> bool:
    return slot == 1 and len(frame.graph.actors) == 2 and frame.graph.actors[1].action == "stand"


def test_a_story_is_a_pure_function_of_its_arguments():
    assert [story(0, index, world=FULL) for index in reversed(range(20))][::-1] == STORIES[:20]
    assert story(0, 3) != story(0, 3, world=FULL)


def test_a_story_told_again_has_the_same_pictures():
    for told in STORIES[:40]:
        other = recaption(told, 5)
        assert other == recaption(told, 5)
        assert [frame.graph for frame in other.frames] == [frame.graph for frame in told.frames]
        assert replace(other, frames=()) == replace(told, frames=())
        assert [f.caption_en for f in other.frames] != [f.caption_en for f in told.frames]


def test_every_word_of_the_vocabulary_occurs_and_no_other():
    graphs = [frame.graph for frame in FRAMES]
    actors = [actor for graph in graphs for actor in graph.actors]
    assert {graph.place for graph in graphs} == set(FULL.places)
    assert {graph.view for graph in graphs} == set(FULL.views)
    assert {graph.style for graph in graphs} == set(FULL.styles)
    assert {graph.prop.kind for graph in graphs if graph.prop} == set(FULL.props)
    assert {actor.kind for actor in actors} == set(FULL.kinds)
    assert {actor.action for actor in actors} == set(FULL.actions)
    assert {actor.emotion for actor in actors} == set(FULL.emotions)
    assert {actor.look.worn for actor in actors} == set(FULL.worn)
    assert {len(graph.actors) for graph in graphs} == {1, 2, 3, 4}


WORDS = ("places", "kinds", "actions", "props", "emotions", "worn", "styles", "views")


@pytest.mark.parametrize(("smaller", "larger"), [(SMALL, MIDDLE), (MIDDLE, FULL)])
def test_each_world_is_the_beginning_of_the_next(smaller, larger):
    for part in WORDS:
        assert getattr(larger, part)[: len(getattr(smaller, part))] == getattr(smaller, part)
    assert set(classes(smaller)) <= set(classes(larger))
    assert classes(smaller) != classes(larger)
    assert world_of(classes(larger)) == larger


def test_the_middle_world_shows_all_its_words_and_no_other():
    graphs = [frame.graph for index in range(700) for frame in story(0, index, world=MIDDLE).frames]
    actors = [actor for graph in graphs for actor in graph.actors]
    assert {graph.place for graph in graphs} == set(MIDDLE.places)
    assert {graph.prop.kind for graph in graphs if graph.prop} == set(MIDDLE.props)
    assert {actor.kind for actor in actors} == set(MIDDLE.kinds)
    assert {actor.action for actor in actors} == set(MIDDLE.actions)
    assert {len(graph.actors) for graph in graphs} == {1, 2, 3}


def test_the_tables_of_sense_use_words_of_the_world():
    tables = (LIVE, FOOD, MADE, SEATS, MOUNTS, RIDDEN, KICKED, LARGE, *HELD_FOR.values(), *LIKELY.values())
    assert all(set(table) <= set(PROPS) for table in tables)
    assert set(LIKELY) == set(PLACES)
    assert {"eat", "drink", "read", "throw", "carry"} == set(HELD_FOR)


def test_labels_are_classes_and_can_be_told_apart():
    counts = classes(FULL)
    assert {name.rstrip("0123") for name in counts} >= {"view", "style", "emotion", "worn"}
    for frame in FRAMES[:500]:
        found = labels(frame.graph, FULL)
        assert found.keys() == counts.keys()
        assert all(-1 <= value < counts[name] for name, value in found.items())
        for slot, actor in enumerate(frame.graph.actors):
            assert FULL.emotions[found[f"emotion{slot}"]] == actor.emotion
            assert FULL.worn[found[f"worn{slot}"]] == actor.look.worn
        assert all(found[f"worn{slot}"] == -1 for slot in range(len(frame.graph.actors), 4))


def test_props_are_where_they_can_be():
    for frame in FRAMES:
        prop, actors = frame.graph.prop, frame.graph.actors
        used = {actor.action for actor in actors} & (HELD_FOR.keys() | {"kick"})
        assert len(used) <= 1
        for action in used & HELD_FOR.keys():
            assert prop is not None
            assert (prop.where, actors[prop.holder].action) == ("held", action)
            assert prop.kind in HELD_FOR[action]
        if prop is None:
            continue
        holder = actors[prop.holder].action
        if prop.where == "held":
            assert prop.kind not in LARGE
            assert holder in HOLDING or holder in HELD_FOR
        if prop.where == "under":
            assert prop.kind in SEATS
            assert holder == "sit" or (holder in RESTING and prop.kind not in MOUNTS)
        if "kick" in used:
            assert prop.kind in KICKED


def test_many_props_fit_the_place():
    graphs = [frame.graph for frame in FRAMES if frame.graph.prop]
    fitting = sum(graph.prop.kind in LIKELY[graph.place] for graph in graphs) / len(graphs)
    assert 0.4 < fitting < 0.75
    wet = [graph.place for graph in graphs if graph.prop.kind in ("whale", "crab", "octopus")]
    assert sum(place in ("beach", "harbour", "island") for place in wet) > len(wet) / 3


def test_nobody_digs_indoors_and_views_suit_the_stage():
    for frame in FRAMES:
        graph = frame.graph
        assert graph.place not in INDOORS or "dig" not in [actor.action for actor in graph.actors]
        assert graph.view != "near" or len(graph.actors) == 1
        assert graph.view != "far" or graph.place not in INDOORS
    assert 0.7 < sum(frame.graph.view == "middle" for frame in FRAMES) / len(FRAMES) < 0.95


def test_feelings_suit_what_is_done_and_calm_is_the_rule():
    actors = [actor for frame in FRAMES for actor in frame.graph.actors]
    for actor in actors:
        usual = IMPLIED.get(actor.action, "calm")
        assert actor.emotion == usual or actor.emotion in FEELINGS[actor.action], actor
    assert 0.5 < sum(actor.emotion == "calm" for actor in actors) / len(actors) < 0.75


def test_looks_and_style_persist_but_for_what_is_put_on():
    put_on = set()
    for told in STORIES:
        looks = {}
        assert len({frame.graph.style for frame in told.frames}) == 1
        for frame in told.frames:
            changes = dict(frame.changes)
            for actor in frame.graph.actors:
                before, what = looks.get(actor.name), changes.get(actor.name)
                looks[actor.name] = actor.look
                if what is not None:
                    assert what in (actor.look.top, actor.look.worn)
                    put_on.add(what)
                elif before is not None:
                    assert actor.look == before
    assert put_on == {*COLOURS, *WORN[1:]}


def test_captions_say_who_does_what():
    for frame in FRAMES:
        for slot, actor in enumerate(frame.graph.actors):
            assert _unsaid(frame, slot) or SAID_EN[actor.action].search(frame.caption_en), (
                frame.caption_en,
                actor,
            )
            assert SAID_ZH[actor.action].search(frame.caption_zh), (frame.caption_zh, actor)


def test_captions_say_the_prop_and_its_side():
    for frame in FRAMES:
        prop = frame.graph.prop
        if prop is None:
            continue
        assert any(re.search(rf"\b{noun}\b", frame.caption_en) for noun in EN.nouns[prop.kind]), (
            frame.caption_en
        )
        assert any(entry[1:] in frame.caption_zh for entry in ZH.nouns[prop.kind]), frame.caption_zh
        if prop.where == "left":
            assert re.search(r"(on|to) the left", frame.caption_en)
            assert "左边" in frame.caption_zh


def test_captions_say_new_places():
    for told in STORIES:
        before = None
        for frame in told.frames:
            place = frame.graph.place
            if place != before:
                names = (*EN.where[place], *EN.to[place], *EN.through[place])
                assert any(name in frame.caption_en.lower() for name in names), frame.caption_en
                assert any(name in frame.caption_zh for name in (*ZH.where[place], *ZH.to[place]))
            before = place


def test_a_feeling_is_said_unless_the_action_says_it_and_no_other_is():
    said_en = {
        feeling: _pattern([*EN.feels[feeling], *EN.with_[feeling], *EN.cries[feeling]], r"(?<!\w)")
        for feeling in EN.feels
    }
    said_zh = {
        feeling: _pattern([*ZH.feels[feeling], *ZH.with_[feeling], *ZH.cries[feeling]])
        for feeling in ZH.feels
    }
    assert set(said_en) == set(said_zh) == set(FULL.emotions[1:])
    for frame in FRAMES:
        felt = {actor.emotion for actor in frame.graph.actors}
        due = {a.emotion for a in frame.graph.actors if a.emotion not in ("calm", IMPLIED.get(a.action))}
        for caption, said in ((frame.caption_en, said_en), (frame.caption_zh, said_zh)):
            assert all(said[feeling].search(caption) for feeling in due), (caption, due)
            assert not any(said[feeling].search(caption) for feeling in said if feeling not in felt), caption


def test_captions_say_what_is_put_on():
    for frame in FRAMES:
        for _, what in frame.changes:
            if what in COLOURS:
                assert re.search(rf"\ban? {what} ({'|'.join(EN.garments)})\b", frame.caption_en)
                assert COLOURS_ZH[what] in frame.caption_zh
            else:
                assert _pattern([text for one in EN.wear[what] for text in _forms(one)]).search(
                    frame.caption_en
                )
                assert any(text in frame.caption_zh for text in ZH.wear[what])


@pytest.mark.parametrize("view", ["near", "far"])
def test_views_are_said_at_times_and_never_when_they_are_not_so(view):
    seen = {"near": "close|near enough|right before our eyes", "far": "far|distance|a long way off"}[view]
    leads = _pattern([*EN.views[view]])
    shown = [frame for frame in FRAMES if frame.graph.view == view]
    said = sum(bool(re.search(seen, frame.caption_en.lower())) for frame in shown)
    assert 0.4 < said / len(shown) < 0.95
    assert not any(leads.search(frame.caption_en) for frame in FRAMES if frame.graph.view != view)


def test_telling_is_free():
    texts = [frame.caption_en for frame in FRAMES]
    spoken = sum('"' in text for text in texts) / len(texts)
    assert 0.1 < spoken < 0.35
    assert sum("“" in frame.caption_zh for frame in FRAMES) > 0.1 * len(FRAMES)
    whole = " ".join(texts)
    asides = [aside.past[0] for aside in EN.asides]
    assert all(aside in whole for aside in asides)
    assert re.search(r"\b(While|When|Although|Because|As soon as) ", whole)
    assert len(set(texts)) > 0.98 * len(texts)


def test_nobody_off_stage_is_named():
    for told in STORIES:
        for frame in told.frames:
            for name in set(told.names_zh) - set(frame.on_stage):
                assert not re.search(rf"\b{re.escape(name)}\b", frame.caption_en), frame.caption_en
                assert told.names_zh[name] not in frame.caption_zh, frame.caption_zh


def test_english_is_clean():
    for frame in FRAMES:
        text = frame.caption_en
        assert text.isascii()
        assert re.search(r'[.!?"]$', text)
        assert not re.search(r"[{}<>]|  | ,|,,|\.\.|,\.|[!?],|- ", text), text
        assert not re.search(r"\b(\w+) \1\b", text), text
        assert not re.search(r"\ba [aeiou](?!ni)|\ban [^aeiou]", text), text
        assert text.count('"') % 2 == 0
        assert not re.search(r"\b(they|friends|both of them|all of them) (was|is|has)\b", text, re.IGNORECASE)
    lengths = sorted(len(frame.caption_en.split()) for frame in FRAMES)
    assert lengths[len(lengths) // 20] >= 4
    assert lengths[-len(lengths) // 20] <= 45


def test_chinese_is_clean():
    for frame in FRAMES:
        assert not re.search(r"[A-Za-z0-9 ,.;{}\"]", frame.caption_zh), frame.caption_zh
        assert re.search("[。！？”]$", frame.caption_zh), frame.caption_zh
        assert not re.search("，，|。。|，。|的的|一起一起|了了|地地|！，|？，", frame.caption_zh), (
            frame.caption_zh
        )


@pytest.mark.parametrize("table", [EN.plain, EN.at_prop, EN.hold])
def test_no_english_phrase_means_two_actions(table):
    forms = [form for said in table.values() for form in {text for phrase in said for text in _forms(phrase)}]
    assert len(set(forms)) == len(forms)
    assert set(table) >= set(ACTIONS) - HELD_FOR.keys() or table is EN.hold


@pytest.mark.parametrize("table", [ZH.plain, ZH.at_prop, ZH.hold])
def test_no_chinese_phrase_means_two_actions(table):
    texts = [text for said in table.values() for text in said]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("book", [EN, ZH])
def test_everything_has_words(book):
    assert set(book.nouns) == set(PROPS)
    assert set(book.where) == set(book.to) == set(PLACES)
    assert set(book.wear) == set(WORN[1:])
    assert set(book.hold) >= HELD_FOR.keys() - {"drink"} | HOLDING
    assert all(said for table in (book.plain, book.at_prop, book.at_large) for said in table.values())
    nouns = [noun for names in book.nouns.values() for noun in names]
    assert len(set(nouns)) == len(nouns)


def test_names_of_old_people_are_their_own():
    assert len(set(CHINESE.values())) == len(CHINESE)
    cast = {actor.name: actor.kind for frame in FRAMES for actor in frame.graph.actors}
    old = {name for name, kind in cast.items() if kind in ("grandmother", "grandfather")}
    assert len(old) > 30


def test_the_bench_judges_four_places_and_new_tops_only():
    wanted = bench.wanted(STORIES[:60])
    assert wanted.who.shape == (60, 5, 4)
    assert wanted.labels.keys() == classes(FULL).keys()
    tops = sum(what in COLOURS for told in STORIES[:60] for frame in told.frames for _, what in frame.changes)
    assert 0 < tops == wanted.changed.sum()
    judged = expected(wanted, wanted.labels)
    assert all((judged[f"worn{slot}"] == -1).all() for slot in range(4))
    assert (judged["emotion3"] >= 0).any()
    perfect = metrics.score(wanted, wanted.labels)
    assert all(
        (perfect[name].hits == perfect[name].total).all() for name in ("action", "presence", "prop", "top")
    )
