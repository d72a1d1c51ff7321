"""Claims about portraits: everybody is drawn alone before the first page, and looks as there from then on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cli_runs import fails, run
from lianhuan import Book, illustrate, load_generator, load_memory, parse_story
from lianhuan.book import Settings, read_recipe
from lianhuan.conductor import PageDone, Planned, PortraitDone, Redraw, Step, draw_book, draw_stories, redraw
from lianhuan.conductor.cast import Cast
from lianhuan.generators import LatentDiffusion
from lianhuan.memory import ARLDMMemory, LSTMMemory, Memory, NoMemory, Stack
from lianhuan.memory.ar_ldm import ARLDMMemoryConfig
from lianhuan.memory.shared_attention import SharedAttentionMemory
from lianhuan.models.context import Context
from lianhuan.story import Character, PageRequest, StageEntry, Story, page_request, stage_entry

TEXT = "Mia ran to the beach. Mia sat down. A fox named Lily laughed. They waved."
STORY = parse_story(TEXT)
HOW = {"seed": 5, "steps": 1}
LOOKS = {"matrix", "weight"}


@pytest.fixture(scope="module", params=["torch", "light"])
def models(request: pytest.FixtureRequest, tiny_model: Path) -> tuple[LatentDiffusion, Memory]:
    engine = request.param
    return load_generator(tiny_model, engine=engine), load_memory("lstm", tiny_model, engine=engine)


@pytest.fixture(scope="module")
def generator(tiny_model: Path) -> LatentDiffusion:
    return load_generator(tiny_model)


@pytest.fixture(scope="module")
def memory(tiny_model: Path) -> LSTMMemory:
    """What it remembers changes the words a great deal, as that of a trained one does."""
    lstm = load_memory("lstm", tiny_model)
    torch.manual_seed(1)
    for layer in (lstm.out, lstm.recall):
        torch.nn.init.normal_(layer.weight)
    return lstm.requires_grad_(False)


def told(generator: LatentDiffusion, memory: Memory, story: Story = STORY, **more) -> list[object]:
    """The events but for steps."""
    events = illustrate(story, generator, memory=memory, **HOW, **more)
    return [event for event in events if isinstance(event, (PortraitDone, PageDone, Planned))]


def order(events: list[object]) -> list[str]:
    return [e.name if isinstance(e, PortraitDone) else e.scene_id for e in events[1:]]


def portraits(events: list[object]) -> dict[str, bytes]:
    return {event.name: event.image.tobytes() for event in events if isinstance(event, PortraitDone)}


def pages(events: list[object]) -> list[bytes]:
    return [event.image.tobytes() for event in events if isinstance(event, PageDone)]


def grain(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (128, 128, 3), dtype=np.uint8))


def test_everybody_has_a_portrait_before_their_first_page(models):
    assert order(told(*models)) == ["Mia", "s001", "s002", "Lily", "s003", "s004"]


@pytest.mark.parametrize("name", ["none", "ar-ldm", "shared-attention", "copy-paste"])
def test_memories_that_do_not_cast_draw_none(generator, name):
    config = ARLDMMemoryConfig(latent_channels=4, width=32, heads=2, layers=1)
    memory = ARLDMMemory(config).eval() if name == "ar-ldm" else load_memory(name, generator.name)
    assert order(told(generator, memory)) == ["s001", "s002", "s003", "s004"]
    assert memory.casts is None


def test_a_stack_casts_where_one_of_it_does(memory):
    assert Stack([NoMemory(), memory]).casts is memory.casts is not None
    assert Stack([NoMemory(), SharedAttentionMemory()]).casts is None


def test_a_portrait_depends_on_nothing_but_its_character_and_the_seed(generator, memory):
    first = portraits(told(generator, memory))
    other = parse_story("A fox named Lily slept. She met Mia at the castle in the night.")
    cast = {c.name: c for c in STORY.cast}
    other = other.model_copy(update={"cast": tuple(cast[c.name] for c in other.cast)})
    assert portraits(told(generator, memory, other)) == first
    assert first["Mia"] != first["Lily"]
    more = illustrate(STORY, generator, memory=memory, seed=6, steps=1)
    assert portraits(list(more))["Mia"] != first["Mia"]


def test_pages_remember_the_portraits(generator, memory):
    seen = pages(told(generator, memory))
    blind = pages(told(generator, memory, first_frame=grain(0)))  # nobody new comes onto a given page
    memory.casts = None
    try:
        without = pages(told(generator, memory))
    finally:
        del memory.casts
    assert seen[0] != without[0]
    assert order(told(generator, memory, first_frame=grain(0))) == ["s001", "s002", "Lily", "s003", "s004"]
    assert blind[1] != seen[1]


def test_a_picture_of_the_user_takes_the_place_of_a_portrait(generator, memory, tmp_path):
    grain(3).save(tmp_path / "mia.png")
    cast = tuple(c.model_copy(update={"picture": "mia.png"}) if c.name == "Mia" else c for c in STORY.cast)
    story = STORY.model_copy(update={"cast": cast})
    found = told(generator, memory, story, home=tmp_path)
    assert order(found) == ["s001", "s002", "Lily", "s003", "s004"]
    assert pages(found)[0] != pages(told(generator, memory))[0]


def test_of_a_portrait_the_looks_alone_are_kept(models):
    generator, memory = models
    words = generator.encode([PageRequest(scene_id="s", caption="", stage=(StageEntry(name="Mia"),))])
    latents = generator.encode_pictures([grain(1)])
    context = Context(words.tokens, words.mask, portrait=True)
    start, page = memory.start(1), Context(words.tokens, words.mask)
    met, written = memory.write(start, context, latents), memory.write(start, page, latents)
    for part in start:
        after = written if part in LOOKS else start
        assert np.array_equal(np.asarray(met[part]), np.asarray(after[part])), part
        assert not np.array_equal(np.asarray(written[part]), np.asarray(start[part])), part


def test_a_book_keeps_its_portraits_and_finds_them_again(models, tmp_path):
    generator, memory = models
    first = told(generator, memory)
    book = Book.collect(iter(first), tmp_path / "book")
    kept = sorted((tmp_path / "book" / "cast").iterdir())
    assert [path.name.partition("-")[0] for path in kept] == ["Lily", "Mia"]
    assert read_recipe(kept[1])["scene_id"] == "cast/Mia"
    assert Image.open(kept[1]).tobytes() == portraits(first)["Mia"]
    events = [e for e in draw_book(book, generator, memory) if isinstance(e, (PortraitDone, PageDone))]
    assert {e.name: e.reused for e in events if isinstance(e, PortraitDone)} == {"Mia": True, "Lily": True}
    assert pages(events) == pages(first)


def test_a_portrait_that_is_gone_is_drawn_again_with_a_page_that_is_drawn(generator, memory, tmp_path):
    first = told(generator, memory)
    book = Book.collect(first, tmp_path / "book")
    (mia,) = (tmp_path / "book" / "cast").glob("Mia-*")
    mia.write_bytes(b"no picture")
    again = list(draw_book(book, generator, memory))
    assert [event.name for event in again if isinstance(event, PortraitDone)] == ["Lily"]
    assert pages(again) == pages(first)
    list(redraw(book, generator, memory, Redraw(1)))
    assert Image.open(mia).tobytes() == portraits(first)["Mia"]


def test_whoever_is_on_a_given_page_has_no_portrait_when_the_book_goes_on(generator, memory, tmp_path):
    first = told(generator, memory, first_frame=grain(0))
    book = Book.collect(first, tmp_path / "book")
    for path in (tmp_path / "book" / "takes" / "s002").iterdir():
        path.unlink()
    again = list(draw_book(book, generator, memory))
    assert [event.name for event in again if isinstance(event, PortraitDone)] == ["Lily"]
    assert [event.reused for event in again if isinstance(event, PageDone)] == [True, False, True, True]
    assert pages(again) == pages(first)


def test_names_that_are_no_file_names_stay_in_the_folder(generator, memory, tmp_path):
    named = {"generator": generator.name, "memory": memory.name, "settings": Settings(steps=1)}
    book = Book.create(tmp_path / "book", STORY, source_text=TEXT, seed=5, **named)
    for name in ("../../Mia", "a/b", "熊 大", "", "x" * 300):
        book.add_portrait(grain(1), {"scene_id": f"cast/{name}"})
        assert book.portrait({"scene_id": f"cast/{name}"}).tobytes() == grain(1).tobytes()
    assert len(list((tmp_path / "book" / "cast").iterdir())) == 5
    assert {path.name for path in tmp_path.iterdir()} == {"book"}


def test_a_page_drawn_anew_knows_the_same_portraits(generator, memory, tmp_path):
    book = Book.collect(told(generator, memory), tmp_path / "book")
    kept = {path: path.read_bytes() for path in (tmp_path / "book" / "cast").iterdir()}
    same = list(redraw(book, generator, memory, Redraw(3, seed=5)))
    assert same[-1].image.tobytes() == pages(told(generator, memory))[2]
    assert {path: path.read_bytes() for path in (tmp_path / "book" / "cast").iterdir()} == kept


def test_stories_side_by_side_have_the_portraits_that_they_have_alone(generator, memory):
    requests = [page_request(STORY, scene, **HOW) for scene in STORY.scenes]
    others = [r.model_copy(update={"seed": 9, "stage": r.stage[:1]}) for r in requests]
    ours, theirs = draw_stories(generator, memory, [requests, others])
    assert [image.tobytes() for image in ours] == pages(told(generator, memory))
    (alone,) = draw_stories(generator, memory, [others])
    assert [image.tobytes() for image in theirs] == [image.tobytes() for image in alone]


def test_whoever_is_fed_anothers_pictures_sees_their_portraits_too(generator, memory, monkeypatch):
    requests = [page_request(STORY, scene, **HOW) for scene in STORY.scenes]
    others = [r.model_copy(update={"seed": 9}) for r in requests]
    given: list[tuple[bool, bytes]] = []
    write = type(memory).write

    def noted(self, state, context, latents):
        given.append((context.portrait, context.images[0].tobytes()))
        return write(self, state, context, latents)

    monkeypatch.setattr(type(memory), "write", noted)
    draw_stories(generator, memory, [requests, others], feed=[1, 0])
    crossed, given[:] = [image for portrait, image in given if portrait], []
    draw_stories(generator, memory, [requests, others])
    straight = [image for portrait, image in given if portrait]
    assert crossed == [straight[i] for i in (1, 0, 3, 2)]


def test_recast_gives_another_portrait_and_draws_the_pages_with_it(models, tmp_path):
    generator, memory = models
    first = told(generator, memory)
    folder = tmp_path / "book"
    book = Book.collect(first, folder)
    done = run("recast", folder, "--name", "Lily", "--look", " dark fur ")
    assert done.exit_code == 0
    assert "pages 3, 4" in done.stderr
    lily = Book.open(folder).member("Lily")
    assert (lily.take, lily.look) == (1, "dark fur")
    events = [e for e in draw_book(Book.open(folder), generator, memory) if not isinstance(e, Step)]
    anew = portraits(events)
    assert anew["Mia"] == portraits(first)["Mia"]
    assert anew["Lily"] != portraits(first)["Lily"]
    assert [event.reused for event in events if isinstance(event, PageDone)] == [True, True, False, False]
    assert run("undo", folder).exit_code == 0
    assert (
        Book.open(folder).file.cast != book.file.cast
    )  # drawing was the last change, casting the one before
    assert run("undo", folder).exit_code == 0
    assert Book.open(folder).file.cast == book.file.cast


def test_nobody_else_can_be_recast(book):
    fails("recast", book, "--name", "Zoe", says="nobody in this story is called 'Zoe'; its cast is")


def test_the_number_of_a_portrait_is_written_down_where_there_is_one():
    mia = STORY.cast[0]
    assert "take" not in mia.model_dump()
    again = mia.model_copy(update={"take": 2})
    assert Character.model_validate(again.model_dump()) == again
    entry, page = stage_entry(again), PageRequest(scene_id="s", caption="Mia ran.")
    assert Cast({}).portrait_of(entry, page, seed=5).take == 2
