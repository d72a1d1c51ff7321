"""Several stories side by side: each book is the one that its story gives alone."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from cli_runs import fails, run, tree
from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.book import Settings
from lianhuan.conductor import (
    Book,
    Drawing,
    Failed,
    Finished,
    PageDone,
    Planned,
    Telling,
    draw_books,
    illustrate_many,
)
from lianhuan.errors import BookError, DeviceError
from lianhuan.generators import light
from lianhuan.memory import NoMemory

STORIES = {
    "mia.txt": "Mia ran to the beach. She sat down. They waved.",
    "jon.md": "Jon saw a fish. He slept.",
    "fox.txt": "A fox named Lily laughed. Lily put on a red hat. She slept.",
    "rain.txt": "It rained on the house.",
    "king.txt": "The king walked to the forest. He danced.",
}


@pytest.fixture
def texts(tmp_path: Path) -> list[Path]:
    (tmp_path / "texts").mkdir()
    for name, text in STORIES.items():
        (tmp_path / "texts" / name).write_text(text, encoding="utf-8")
    return [tmp_path / "texts" / name for name in STORIES]


@pytest.fixture
def options(tiny_model: Path) -> list[object]:
    return ["--generator", tiny_model, "--steps", 2, "--seed", 5]


def tellings(generator, memory, **options) -> list[Telling]:
    stories = [parse_story(text) for text in STORIES.values()]
    return [Telling(s, generator, memory, seed=i, steps=2, **options) for i, s in enumerate(stories)]


def pictures(events) -> dict[int, list[bytes]]:
    found: dict[int, list[bytes]] = {}
    for told in events:
        if isinstance(told.event, PageDone):
            found.setdefault(told.story, []).append(told.event.image.tobytes())
    return found


def alone(one: Telling) -> list[bytes]:
    how = {"memory": one.memory, "seed": one.seed, "steps": one.steps, "guidance": one.guidance}
    events = illustrate(one.story, one.generator, **how)
    return [event.image.tobytes() for event in events if isinstance(event, PageDone)]


def counted(generator, monkeypatch) -> list[int]:
    """The numbers of pages of all calls from now on."""
    calls: list[int] = []
    frames = generator.frames

    def counting(requests, contexts, controls) -> Iterator[object]:
        calls.append(len(requests))
        return frames(requests, contexts, controls)

    monkeypatch.setattr(generator, "frames", counting)
    return calls


def books(folder: Path, generator, memory) -> list[Drawing]:
    how = {"generator": generator.name, "memory": memory.name, "settings": Settings(steps=2)}
    return [
        Drawing(
            Book.create(folder / name, parse_story(text), source_text=text, seed=5, **how), generator, memory
        )
        for name, text in STORIES.items()
    ]


# --- the command ----------------------------------------------------------------------------------------------------


def test_books_drawn_together_are_those_drawn_alone_byte_for_byte(texts, options, tmp_path):
    done = run("illustrate", *texts, "-o", tmp_path / "many", "--batch", 5, "--json", *options)
    assert done.exit_code == 0
    assert "fox: page 3 of 3 drawn" in done.stderr
    told = json.loads(done.stdout)
    assert told["failed"] == []
    assert [Path(book["book"]).name for book in told["books"]] == ["mia", "jon", "fox", "rain", "king"]
    for text in texts:
        assert run("illustrate", text, "-o", tmp_path / "one" / text.stem, *options).exit_code == 0
    assert tree(tmp_path / "many") == tree(tmp_path / "one")


def test_a_bad_story_does_not_stop_the_others_and_is_named(texts, options, tmp_path):
    texts[1].write_bytes(b"Jon saw \xff a fish.")
    (tmp_path / "many" / "fox").mkdir(parents=True)
    (tmp_path / "many" / "fox" / "mine.txt").write_text("keep me")
    done = run("illustrate", *texts[:4], "-o", tmp_path / "many", *options)
    assert done.exit_code == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("error: 2 of 4 books not finished: ")
    assert [path.name for path in texts if str(path) in last] == ["jon.md", "fox.txt"]
    assert "is not UTF-8 text" in done.stderr
    assert "holds no book" in done.stderr
    made = [Path(line).relative_to(tmp_path / "many").parts[0] for line in done.stdout.splitlines()]
    assert made == ["mia", "mia", "rain", "rain"]
    assert list(tree(tmp_path / "many" / "fox")) == ["mine.txt"]
    assert not (tmp_path / "many" / "jon").exists()


def test_books_are_drawn_again_where_they_are(texts, options, tmp_path):
    run("illustrate", *texts[:2], "-o", tmp_path / "many", *options)
    before = tree(tmp_path / "many")
    done = run("illustrate", tmp_path / "many" / "mia", tmp_path / "many" / "jon")
    assert done.exit_code == 0
    assert done.stderr.count("kept") == 5
    assert tree(tmp_path / "many") == before


@pytest.mark.parametrize(
    ("names", "more", "says"),
    [
        (["mia.txt", "mia.md"], [], "would both be the book"),
        (["mia.txt", "MIA.md"], [], "would both be the book"),
        (["mia.txt", "mia.txt"], [], "would both be the book"),
        (["mia.txt", ".hidden"], [], "no good name for the folder"),
        (["mia.txt", "end..txt"], [], "no good name for the folder"),
        (["mia.txt", "a\nb.txt"], [], "no good name for the folder"),
        (["mia.txt", "-"], [], "is one story"),
        (["mia.txt", "jon.md"], ["--title", "Both"], "--title is for one story"),
        (["mia.txt", "jon.md"], ["--first-frame", "x.png"], "--first-frame is for one story"),
        (["mia.txt", "jon.md"], ["--only-stale"], "drawn already"),
        (["mia.txt", "jon.md"], ["--batch", 0], "--batch"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_drawn(texts, tmp_path, names, more, says):
    sources = [name if name == "-" else texts[0].with_name(name) for name in names]
    for source in sources:
        if source != "-":
            source.write_text(STORIES["mia.txt"])
    fails("illustrate", *sources, "-o", tmp_path / "many", *more, says=says, code=2)
    assert not (tmp_path / "many").exists()


def test_the_folder_of_several_books_is_needed_and_no_book_or_file(texts, options, tmp_path):
    fails("illustrate", *texts[:2], says="-o DIR", code=2)
    fails("illustrate", *texts[:2], "-o", texts[2], says="is a file", code=2)
    run("illustrate", texts[3], "-o", tmp_path / "book", *options)
    before = tree(tmp_path / "book")
    fails("illustrate", *texts[:2], "-o", tmp_path / "book", says="is a book itself", code=2)
    assert tree(tmp_path / "book") == before


def test_a_model_that_is_not_there_is_told_before_a_book_is_made(texts, tmp_path):
    more = ["-o", tmp_path / "many", "--generator", tmp_path / "none"]
    fails("illustrate", *texts, *more, says="no model")
    assert not (tmp_path / "many").exists()


# --- the conductor --------------------------------------------------------------------------------------------------


def test_pages_that_are_ready_at_the_same_time_are_drawn_in_one_call(tiny_model, monkeypatch):
    generator, memory = load_generator(tiny_model), load_memory("lstm", tiny_model)
    several = tellings(generator, memory)[:3]
    expected = {story: alone(one) for story, one in enumerate(several)}
    calls = counted(generator, monkeypatch)
    assert pictures(illustrate_many(several)) == expected
    assert calls == [3, 3, 3, 2]  # their portraits first
    calls.clear()
    assert pictures(illustrate_many(several, batch=2)) == expected
    assert calls == [2, 2, 2, 2, 1, 1, 1]


def test_only_pages_that_one_call_can_draw_share_it(tiny_model, monkeypatch):
    generator, memory = load_generator(tiny_model, engine="light"), NoMemory()
    several = [
        *tellings(generator, memory)[:2],
        *tellings(generator, memory, guidance=2.0)[2:4],
        *tellings(load_generator(tiny_model, engine="light"), memory)[4:],
    ]
    expected = {story: alone(one) for story, one in enumerate(several)}
    calls = counted(generator, monkeypatch)
    assert pictures(illustrate_many(several, batch=5)) == expected
    assert calls == [2, 2, 2, 1, 1, 1]


def test_pages_that_cannot_be_drawn_together_are_drawn_alone(tiny_model, monkeypatch):
    generator, memory = load_generator(tiny_model, engine="light"), NoMemory()
    several = tellings(generator, memory)[:3]
    expected = {story: alone(one) for story, one in enumerate(several)}
    frames = generator.frames

    def small(requests, contexts, controls):
        if len(requests) > 1:
            raise DeviceError("the memory of the device is too small")
        if requests[0].caption.startswith("Jon"):
            raise DeviceError("this one cannot be drawn at all")
        return frames(requests, contexts, controls)

    monkeypatch.setattr(generator, "frames", small)
    events = list(illustrate_many(several))
    assert pictures(events) == {0: expected[0], 2: expected[2]}
    ends = {told.story: told.event for told in events if isinstance(told.event, Failed | Finished)}
    assert ends[0] == ends[2] == Finished()
    assert "at all" in str(ends[1].error)


def test_stopped_books_go_on_and_end_up_the_same(tiny_model, tmp_path):
    models = load_generator(tiny_model, engine="light"), load_memory("lstm", tiny_model, engine="light")
    whole = list(draw_books(books(tmp_path / "undisturbed", *models), batch=2))
    assert Counter(type(told.event) for told in whole)[Finished] == 5
    events = draw_books(books(tmp_path / "stopped", *models), batch=2)
    drawn = (told for told in events if isinstance(told.event, PageDone))
    first = [next(drawn) for _ in range(3)]
    assert {told.story for told in first} == {0, 1}
    assert len(list((tmp_path / "stopped").glob("*/.lock"))) == 2
    events.close()
    assert list((tmp_path / "stopped").glob("*/.lock")) == []
    again = list(draw_books(books(tmp_path / "stopped", *models), batch=5))
    reused = [told.story for told in again if isinstance(told.event, PageDone) and told.event.reused]
    assert reused == sorted(told.story for told in first)
    assert tree(tmp_path / "stopped") == tree(tmp_path / "undisturbed")


def test_a_book_that_cannot_be_written_does_not_stop_the_others(tiny_model, tmp_path):
    models = load_generator(tiny_model, engine="light"), NoMemory()
    several = books(tmp_path, *models)[:3]
    (several[1].book.folder / "takes").write_text("a file where pictures should go")
    events = list(draw_books(several))
    ends = {told.story: told.event for told in events if isinstance(told.event, Failed | Finished)}
    assert ends[0] == ends[2] == Finished()
    assert isinstance(ends[1].error, BookError)
    assert all(page.picked for one in (several[0], several[2]) for page in one.book.file.scenes)
    assert [told.story for told in events if isinstance(told.event, Planned)] == [0, 1, 2]


# --- the light engine -----------------------------------------------------------------------------------------------


def rows_of_calls(generator, several, monkeypatch) -> Counter:
    """How many rows the UNet was given, by the number of calls."""
    seen: Counter = Counter()
    compute = light.LightDenoiser.__call__

    def counting(self, x, t, context):
        seen[len(x)] += 1
        return compute(self, x, t, context)

    list(illustrate_many(several, batch=5))  # the trial is over
    monkeypatch.setattr(light.LightDenoiser, "__call__", counting)
    list(illustrate_many(several, batch=5))
    return seen


def test_the_light_engine_draws_four_pages_in_one_call(tiny_model, monkeypatch):
    generator = load_generator(tiny_model, engine="light")
    seen = rows_of_calls(generator, tellings(generator, NoMemory()), monkeypatch)
    # two branches of: five pages, four pages, two pages; two steps each
    assert seen == {8: 2 * 2, 2: 2 * (1 + 0 + 2)}


def test_the_light_engine_draws_page_by_page_where_a_call_for_four_would_change_them(tiny_model, monkeypatch):
    compute = light.LightDenoiser.__call__

    def wandering(self, x, t, context):
        out = compute(self, x, t, context)
        return out if len(x) == 2 else np.nextafter(out, np.float32(9))

    monkeypatch.setattr(light.LightDenoiser, "__call__", wandering)
    generator = load_generator(tiny_model, engine="light")
    seen = rows_of_calls(generator, tellings(generator, NoMemory()), monkeypatch)
    assert seen == {2: 2 * (5 + 4 + 2)}
