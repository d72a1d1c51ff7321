"""Claims about drawing: the same page comes out alone, in reverse, in a batch, resumed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lianhuan import Book, illustrate, load_generator, load_memory, parse_story
from lianhuan.conductor import PageDone, Planned, PortraitDone, Step, draw_book, draw_stories
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError
from lianhuan.generators import Drawn, LatentDiffusion
from lianhuan.memory import Memory, NoMemory
from lianhuan.story import PageRequest
from lianhuan.testing.models import tiny_model

TEXT = "Mia ran to the beach. She sat down. A fox named Lily laughed. They waved."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def generator(folder: Path) -> LatentDiffusion:
    return load_generator(folder)


@pytest.fixture(scope="module")
def lstm(folder: Path) -> Memory:
    return load_memory("lstm", folder)


def requests(count: int, story: int = 0) -> list[PageRequest]:
    return [
        PageRequest(scene_id=f"s{i}", caption=f"page {i} of {story}", seed=story, steps=3)
        for i in range(count)
    ]


def draw(generator: LatentDiffusion, pages: list[PageRequest]) -> list[bytes]:
    null = generator.null(1)
    contexts = [{"cond": generator.encode([page]), "uncond": null} for page in pages]
    *_, last = generator.frames(pages, contexts, [ClassifierFree(2.0)])
    assert isinstance(last, Drawn)
    return [image.tobytes() for image in last.images]


def pictures(events) -> list[bytes]:
    return [event.image.tobytes() for event in events if isinstance(event, PageDone)]


def test_a_page_is_the_same_alone_in_reverse_and_in_a_batch(generator: LatentDiffusion) -> None:
    pages = requests(5)
    batch = draw(generator, pages)
    assert batch == [draw(generator, [page])[0] for page in pages]
    assert batch == draw(generator, pages[::-1])[::-1]
    assert len(set(batch)) == 5


def test_stories_side_by_side_equal_stories_alone(generator: LatentDiffusion, lstm: Memory) -> None:
    stories = [requests(3, story) for story in range(3)]
    together = draw_stories(generator, lstm, stories)
    for story, row in zip(stories, together, strict=True):
        (alone,) = draw_stories(generator, lstm, [story])
        assert [a.tobytes() for a in alone] == [b.tobytes() for b in row]


def test_feeding_another_storys_pictures_changes_every_page_but_the_first(
    generator: LatentDiffusion, lstm: Memory
) -> None:
    stories = [requests(3, story) for story in range(2)]
    own, other = draw_stories(generator, lstm, stories), draw_stories(generator, lstm, stories, feed=[1, 0])
    same = [a.tobytes() == b.tobytes() for a, b in zip(own[0], other[0], strict=True)]
    assert same == [True, False, False]


def test_events_come_in_order_and_the_same_seed_gives_the_same_book(
    generator: LatentDiffusion, lstm: Memory
) -> None:
    story = parse_story(TEXT)
    events = list(illustrate(story, generator, memory=lstm, seed=3, steps=2))
    assert isinstance(events[0], Planned)
    kinds = [type(event) for event in events[1:] if not isinstance(event, PortraitDone)]
    assert kinds == [Step, Step, PageDone] * len(story.scenes)
    assert pictures(events) == pictures(illustrate(story, generator, memory=lstm, seed=3, steps=2))
    assert pictures(events) != pictures(illustrate(story, generator, memory=lstm, seed=4, steps=2))


def test_memory_changes_the_pages_after_the_first(generator: LatentDiffusion, lstm: Memory) -> None:
    story = parse_story(TEXT)
    first = Image.fromarray(np.full((90, 60, 3), 200, np.uint8))
    given = pictures(illustrate(story, generator, memory=lstm, steps=2, first_frame=first))
    plain = pictures(illustrate(story, generator, memory=lstm, steps=2))
    assert all(a != b for a, b in zip(given, plain, strict=True))
    forgetful = pictures(illustrate(story, generator, memory=NoMemory(), steps=2, first_frame=first))
    assert forgetful[1:] == pictures(illustrate(story, generator, memory=NoMemory(), steps=2))[1:]


def test_a_stopped_book_goes_on_and_ends_the_same(
    generator: LatentDiffusion, lstm: Memory, tmp_path: Path
) -> None:
    story = parse_story(TEXT)
    whole = pictures(illustrate(story, generator, memory=lstm, steps=2))
    events = illustrate(story, generator, memory=lstm, steps=2)
    stopped = []
    for event in events:
        stopped.append(event)
        if isinstance(event, PageDone) and event.page == 2:
            break
    events.close()
    book = Book.collect(stopped, tmp_path / "book")
    resumed = list(illustrate(story, generator, memory=lstm, steps=2, known=book.known))
    assert pictures(resumed) == whole
    assert [e.reused for e in resumed if isinstance(e, PageDone)] == [True, True, False, False]


def test_an_edited_page_is_drawn_anew_and_the_others_stay(
    generator: LatentDiffusion, lstm: Memory, tmp_path: Path
) -> None:
    story = parse_story(TEXT)
    book = Book.collect(illustrate(story, generator, memory=lstm, steps=2), tmp_path / "book")
    scenes = list(story.scenes)
    scenes[2] = scenes[2].model_copy(update={"prompt": "The fox sleeps."})
    edited = story.model_copy(update={"scenes": tuple(scenes)})

    events = illustrate(edited, generator, memory=lstm, steps=2, known=book.known)
    assert [e.reused for e in events if isinstance(e, PageDone)] == [True, True, False, True]


def test_pages_of_different_lengths_are_refused(generator: LatentDiffusion) -> None:
    pages = requests(2)
    pages[1] = pages[1].model_copy(update={"steps": 4})
    with pytest.raises(ValueError, match="same number of steps"):
        draw(generator, pages)


@pytest.mark.parametrize("damage", ["missing", "truncated", "pickle", "kind", "config"])
def test_a_broken_checkpoint_is_refused_with_its_reason(damage: str, tmp_path: Path) -> None:
    folder = tiny_model(tmp_path / "model")
    weights = folder / "unet" / "model.safetensors"
    if damage == "missing":
        weights.unlink()
    elif damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "pickle":
        weights.rename(weights.with_name("model.bin"))
    elif damage == "kind":
        (folder / "model_index.json").write_text('{"_class_name": "Something"}')
    else:
        (folder / "autoencoder" / "config.json").write_text('{"unknown": 1}')
    words = {
        "missing": "missing",
        "truncated": "damaged",
        "pickle": "pickle",
        "kind": "Something",
        "config": "settings",
    }
    with pytest.raises(CheckpointError, match=words[damage]):
        load_generator(folder)


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no model there"):
        load_generator(tmp_path)
    with pytest.raises(CheckpointError, match="no memory is called"):
        load_memory("elephant", tmp_path)


def test_a_given_first_picture_stays_when_the_book_is_drawn_again(
    generator: LatentDiffusion, lstm: Memory, tmp_path: Path
) -> None:
    first = Image.fromarray(np.full((128, 128, 3), 90, np.uint8))
    events = illustrate(parse_story(TEXT), generator, memory=lstm, steps=2, first_frame=first)
    book = Book.collect(events, tmp_path / "book")
    before = [book.picture(scene.id).read_bytes() for scene in book.story().scenes]
    again = list(draw_book(book, generator, lstm))
    assert all(event.reused for event in again if isinstance(event, PageDone))
    assert [book.picture(scene.id).read_bytes() for scene in book.story().scenes] == before
