"""Claims about what the stage tells beside the caption, who puts on what and who looks how, and what training makes of it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from lianhuan.data.world import (
    TELL_LOOKS,
    WorldPictures,
    cast_of,
    frame_request,
    portraits,
    told_looks,
    training_story,
    world_story,
)
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.models.tokens import PageTokenizer
from lianhuan.script import parse_story
from lianhuan.script.stage import put_on
from lianhuan.story import Change, PageRequest, StageEntry
from lianhuan.testing.models import tiny_tokenizer
from lianhuan.train.story_data import HIDDEN, hidden_classes
from lianhuan.world.looks import look_words
from lianhuan.world.vocabulary import COLOURS, FULL, PEOPLE, SMALL, Vocabulary
from test_training import full_data, pictures, story

__all__ = ["pictures"]
MIA, JON = StageEntry(name="mia", kind="girl"), StageEntry(name="jon", kind="boy")


def words_of(*stage: StageEntry, changes: tuple[Change, ...] = ()) -> dict[int, list[str]]:
    """The words of a page by their segment."""
    tokenizer = tiny_tokenizer()
    pages = PageTokenizer(tokenizer, TextEncoderConfig(tokenizer.get_vocab_size()))
    request = PageRequest(scene_id="s", caption="they ran", stage=stage, changes=changes)
    ids, segments, mask = (part[0].tolist() for part in pages([request]))
    found: dict[int, list[str]] = {}
    for word, segment, there in zip(ids, segments, mask, strict=True):
        if there:
            found.setdefault(segment, []).append(tokenizer.id_to_token(word))
    return found


def test_what_is_put_on_stands_beside_who_puts_it_on_and_nowhere_else() -> None:
    plain = words_of(MIA, JON)
    told = words_of(MIA, JON, changes=(Change(character="jon", item="red coat"),))
    assert {segment for segment in told if told[segment] != plain[segment]} == {3}
    assert told[3][: len(plain[3])] == plain[3]
    assert told[3] == words_of(MIA, JON.model_copy(update={"look": "red coat"}))[3]
    assert words_of(MIA, JON, changes=(Change(character="zoe", item="red coat"),)) == plain


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("world", [SMALL, FULL])
def test_pages_of_the_world_tell_who_puts_on_what_in_the_words_of_the_caption(
    world: Vocabulary, language: str
) -> None:
    tops = 0
    for index in range(200):
        tale = world_story("train", index, world)
        for number, frame in enumerate(tale.frames):
            request = frame_request(tale, number, language)
            names = [tale.names_zh[who] if language == "zh" else who for who, _ in frame.changes]
            assert [change.character for change in request.changes] == names
            for (_, what), change in zip(frame.changes, request.changes, strict=True):
                if what in COLOURS:
                    tops += 1
                    assert change.item in request.caption
                    assert language == "zh" or change.item.startswith(f"{what} ")
    assert tops > 20


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("Then Poppy slips into a green top.", "green top"),
        ("Mia changed into an orange coat.", "orange coat"),
        ("Tom got dressed in a blue jumper and ran.", "blue jumper"),
        ("Mia put her red hat on.", "red hat"),
        ("The rabbit ties on an apron.", "apron"),
        ("Mia put on some warm gloves.", "warm gloves"),
        ("Nora walked along the street in a long red coat.", "long red coat"),
        ("Nora kept the key in her coat.", None),
        ("Mia climbed to the top of the hill.", None),
        ("Mia ran.", None),
    ],
)
def test_what_a_sentence_says_is_put_on(text: str, item: str | None) -> None:
    assert put_on(text, "en") == item
    changes = parse_story(text).scenes[0].changes
    assert [change.item for change in changes] == ([] if item is None else [item])


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("小红套上了一件蓝色的毛衣。", "蓝色的毛衣"),
        ("小明换上了红色的夹克。", "红色的夹克"),
        ("小明跑了。", None),
    ],
)
def test_what_a_chinese_sentence_says_is_put_on(text: str, item: str | None) -> None:
    assert put_on(text, "zh") == item


@pytest.mark.parametrize(
    ("text", "looks"),
    [
        ("Mia had long red hair. She met a fox with dark fur.", {"Mia": "long red hair", "fox": "dark fur"}),
        ("Tom ran. His black hair was wet. Then his hair was red hair.", {"Tom": "black hair"}),
        ("Anna and Tom went home. They had brown hair.", {}),
        ("Mia saw the grey fur coat of the lady.", {}),
        ("The hair was red. Mia ran.", {}),
        ("小红有一头黑色的长发。小明跑了。", {"小红": "黑色的长发"}),
        ("小红穿着一件红色的毛衣。", {}),
    ],
)
def test_hair_and_fur_are_read_from_a_story(text: str, looks: dict[str, str]) -> None:
    found = {member.name: member.look for member in parse_story(text).cast if member.look}
    assert found == looks


def test_some_training_stories_tell_the_looks_that_their_characters_have_at_first() -> None:
    told = stale = 0
    for index in range(300):
        one = training_story("train", index, np.random.default_rng(index), drop_stage=0)
        looks = {entry.name: entry.look for portrait in one.portraits for entry in portrait.stage}
        first: dict[str, set[str]] = {}
        for actor in cast_of(one.tale):
            words = {*look_words(actor, "en"), *look_words(actor, "zh")}
            first[actor.name] = first[one.tale.names_zh[actor.name]] = words
        assert all(set(look.split(", ")) <= first[name] for name, look in looks.items() if look)
        assert all(looks.values()) or not any(looks.values())
        said = {entry.look for page in one.pages for entry in page.stage} - {""}
        assert not said or any(looks.values()), "what pages tell, portraits do"
        told += bool(said)
        changed: set[str] = set()
        for page in one.pages if said else ():
            changed |= {change.character for change in page.changes}
            for entry in page.stage:
                assert entry.look in (looks[entry.name], looks[entry.name].split(", ")[0], "")
                assert entry.look == looks[entry.name] or entry.name in changed
                stale += entry.look == looks[entry.name] and entry.name in changed
    assert 0.8 * TELL_LOOKS < told / 300 < 1.2 * TELL_LOOKS
    assert stale > 5


@pytest.mark.parametrize("world", [SMALL, FULL])
def test_portraits_of_the_world_show_each_of_the_cast_alone_as_at_first_and_nothing_else(
    world: Vocabulary,
) -> None:
    for index in range(60):
        tale = world_story("train", index, world)
        for actor, graph in zip(cast_of(tale), portraits(tale), strict=True):
            (shown,) = graph.actors
            assert (shown.name, shown.kind, shown.look) == (actor.name, actor.kind, actor.look)
            assert graph.style == tale.frames[0].graph.style
            assert graph.prop is None
            assert (graph.place, graph.time, graph.weather) == ("meadow", "day", "clear")


def test_a_batch_knows_its_portraits(tmp_path: Path) -> None:
    data = full_data(tmp_path, stories=30, batch=30)
    cast = data.batch(0).cast
    assert cast.there.shape == cast.latents.shape[:2] == cast.focus.shape[:2] == (30, 4)
    assert cast.there[:, 0].all()
    assert not cast.there.all()
    for name in ("kind", "top", "head", *HIDDEN):
        assert (cast.labels[name][~cast.there] == -1).all(), name
    assert not cast.told[~cast.there].any()
    assert cast.told.any(0).all()
    assert (cast.mask.view(30, 4, -1).any(2) == cast.there).all(), "words where somebody is shown"
    rows = cast.some(1000, torch.Generator())
    assert sorted(rows.tolist()) == cast.there.flatten().nonzero()[:, 0].tolist()
    assert len(cast.some(7, torch.Generator())) == 7


def test_some_portraits_are_drawn_beside_the_pages_by_their_words_alone(pictures: WorldPictures) -> None:
    objective = story(pictures)
    batch = objective.batch(0)
    x0, focus, words, null = objective.pictures(batch, 0)
    pages = batch.latents.shape[0] * batch.latents.shape[1]
    assert len(x0) == len(focus) == len(words.tokens) == len(null.tokens) == pages + 1
    (row,) = [i for i, latents in enumerate(batch.cast.latents.flatten(0, 1)) if torch.equal(latents, x0[-1])]
    cast = batch.cast
    alone = objective.text(cast.ids, cast.segments, cast.mask)[0][row]
    assert torch.equal(words.tokens[-1, : len(alone)], alone)
    assert (null.tokens[0] == null.tokens).all()


def test_hidden_looks_of_an_animal_are_its_trousers_alone() -> None:
    for index in range(30):
        for actor in cast_of(world_story("train", index)):
            found = dict(zip(HIDDEN, hidden_classes(actor), strict=True))
            assert HIDDEN["bottom"][found["bottom"]] == actor.look.bottom
            if actor.kind in PEOPLE:
                assert HIDDEN["skin"][found["skin"]] == actor.look.tone
                assert HIDDEN["cut"][found["cut"]] == actor.look.hair_style
            else:
                assert found["skin"] == found["cut"] == -1


def test_what_a_page_tells_of_looks_is_known_of_each_actor() -> None:
    heads = tops = 0
    for index in range(200):
        tale = world_story("train", index)
        pages = training_story("train", index, np.random.default_rng(index), drop_stage=0.2).pages
        for number, page in enumerate(pages):
            actors = tale.frames[number].graph.actors
            said = " ".join(entry.look for entry in page.stage)
            for (head, top), actor in zip(told_looks(tale, number, page), actors, strict=True):
                words = [look_words(actor, language) for language in ("en", "zh")]
                assert not head or any(one[0] in said for one in words)
                assert not top or any(one[1] in said for one in words)
                if len(page.stage) == 1:
                    assert [head, top] == [any(one[i] in said for one in words) for i in (0, 1)]
                heads, tops = heads + head, tops + top
    assert heads > 50 < tops


def test_told_looks_are_asked_of_the_words_and_others_are_not(pictures: WorldPictures) -> None:
    objective = story(pictures)
    batch = next(one for one in map(objective.batch, range(50)) if one.told.any() and not one.told.all())
    figures = objective.loss(batch, 0, torch.device("cpu"))[1]
    assert {"told_head", "told_top"} <= set(figures)
    some = {
        name: objective.loss(replace(batch, told=told), 0, torch.device("cpu"))[0]
        for name, told in {"as it is": batch.told, "nothing": torch.zeros_like(batch.told)}.items()
    }
    assert some["as it is"] > some["nothing"]  # the same seed, and two losses more


def test_changes_are_left_out_at_times_as_the_stage_is() -> None:
    asked = told = 0
    for index in range(400):
        tale = world_story("train", index)
        pages = training_story("train", index, np.random.default_rng(index), drop_stage=0.5).pages
        asked += sum(bool(frame.changes) for frame in tale.frames)
        told += sum(bool(page.changes) for page in pages)
    assert 0.3 * asked < told < 0.7 * asked


def test_the_first_page_knows_the_portraits_that_were_looked_at_and_only_then(
    pictures: WorldPictures, tmp_path: Path
) -> None:
    objective = story(pictures)
    objective.drop_memory, objective.drop_all = 0.0, 0.0
    torch.manual_seed(1)
    torch.nn.init.normal_(objective.memories[0].recall.weight)
    batch = objective.batch(0)
    others = replace(batch, cast=replace(batch.cast, latents=batch.cast.latents + 1))
    stories = len(batch.latents)

    def first_pages(share: float, step: int) -> torch.Tensor:
        """How far apart the first pages of each story are when all portraits differ."""
        objective.met = share
        seen = [objective.pictures(one, step)[2].tokens[:stories] for one in (batch, others)]
        return (seen[0] - seen[1]).abs().amax((1, 2))

    assert (first_pages(1.0, 0) > 1e-3).all()
    assert (first_pages(0.0, 0) == 0).all()
    assert (first_pages(1.0, 1) == 0).all()  # AR-LDM's turn, which has no looks under names
