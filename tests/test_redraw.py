"""Claims about changing a finished book page by page: only what is asked for changes, and everything can be undone."""

import contextlib
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings as hypothesis_settings, strategies as st
from PIL import Image
from torch import Tensor

from cli_runs import tree
from lianhuan import Book, load_generator, load_memory, parse_story
from lianhuan.book import Settings, list_takes, read_recipe
from lianhuan.conductor import PageDone, Redraw, draw_book, redraw
from lianhuan.errors import BookError
from lianhuan.generators import Control, LatentDiffusion
from lianhuan.memory import Memory, NoMemory
from lianhuan.story import Story
from test_book import edit

TEXT = "Mia ran to the beach. She sat down. A fox named Lily laughed. They waved."
STORY = parse_story(TEXT)
IDS = [scene.id for scene in STORY.scenes]
SEED = 5


@dataclass
class Drawing:
    """The models, and what is drawn with them."""

    models: tuple[LatentDiffusion, Memory]

    def create(self, folder: Path, story: Story = STORY) -> Book:
        """A book of which nothing is drawn."""
        named = {"generator": self.models[0].name, "memory": self.models[1].name}
        return Book.create(folder, story, source_text=TEXT, seed=SEED, settings=Settings(steps=1), **named)

    def anew(self, book: Book, page: int | str, **wish) -> list[str]:
        """Draw a page anew; returns the scenes that were drawn."""
        return told(redraw(book, *self.models, Redraw(page, **wish)))

    def again(self, book: Book, **options) -> list[str]:
        """Draw the book; returns the scenes that were drawn."""
        return told(draw_book(book, *self.models, **options))


def told(events) -> list[str]:
    return [event.scene_id for event in events if isinstance(event, PageDone) and not event.reused]


@pytest.fixture(scope="module")
def drawing(tiny_model: Path) -> Drawing:
    return Drawing((load_generator(tiny_model), load_memory("lstm", tiny_model)))


@pytest.fixture(scope="module")
def finished(drawing: Drawing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    book = drawing.create(tmp_path_factory.mktemp("finished") / "book")
    assert drawing.again(book) == IDS
    assert not (book.folder / "history").exists(), "the first drawing is no change to undo"
    return book.folder


@pytest.fixture
def book(finished: Path, tmp_path: Path) -> Book:
    return Book.open(shutil.copytree(finished, tmp_path / "book"))


def shown(book: Book) -> list[bytes]:
    return [book.picture(scene_id).read_bytes() for scene_id in IDS]


def same(before: list[bytes], after: list[bytes]) -> list[bool]:
    return [one == other for one, other in zip(before, after, strict=True)]


# --- one page ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [3, "3", IDS[2]])
def test_a_page_is_drawn_anew_and_all_others_stay(book: Book, drawing: Drawing, page: int | str) -> None:
    before, files = shown(book), tree(book.folder)
    assert drawing.anew(book, page) == [IDS[2]]
    assert same(before, shown(book)) == [True, True, False, True]
    assert read_recipe(book.picture(IDS[2]))["take"] == book.page(IDS[2]).take == 1
    kept = {name: data for name, data in tree(book.folder).items() if name in files}
    assert {name for name in files if kept[name] != files[name]} == {"book.yaml"}


def test_it_is_drawn_from_what_memory_knew_before_it(book: Book, drawing: Drawing) -> None:
    old = book.picture(IDS[2])
    content = old.read_bytes()
    drawing.anew(book, 3)
    old.unlink()
    drawing.anew(book, 3, seed=SEED)
    assert book.picture(IDS[2]) == old
    assert old.read_bytes() == content


def test_every_redraw_gives_a_new_picture_also_after_undo_and_pick(book: Book, drawing: Drawing) -> None:
    seen = {shown(book)[1]}
    for step in range(4):
        drawing.anew(book, 2)
        assert shown(book)[1] not in seen
        seen.add(shown(book)[1])
        if step == 1:
            book.undo()
        if step == 2:
            book.pick(IDS[1], list_takes(book, IDS[1])[0].path)
    assert [take.recipe["take"] for take in list_takes(book, IDS[1])] == [0, 1, 2, 3, 4]


def test_a_seed_belongs_to_one_page_and_finds_its_picture_again(book: Book, drawing: Drawing) -> None:
    assert drawing.anew(book, 2, seed=9) == [IDS[1]]
    nine = shown(book)[1]
    assert (book.page(IDS[1]).seed, book.file.seed) == (9, SEED)
    drawing.anew(book, 2)
    assert read_recipe(book.picture(IDS[1]))["seed"] == 9
    assert shown(book)[1] != nine
    assert drawing.anew(book, 2, seed=9) == []
    assert shown(book)[1] == nine


def test_a_prompt_is_kept_until_it_is_taken_away(book: Book, drawing: Drawing) -> None:
    drawing.anew(book, 2, prompt="She flew to the moon.")
    drawing.anew(book, 2)
    assert read_recipe(book.picture(IDS[1]))["caption"] == "She flew to the moon."
    assert Book.open(book.folder).story().scenes[1].prompt == "She flew to the moon."
    drawing.anew(book, 2, prompt="")
    assert read_recipe(book.picture(IDS[1]))["caption"] == STORY.scenes[1].text
    assert book.page(IDS[1]).prompt is None


def test_the_first_of_the_candidates_is_shown_or_the_selected_one(book: Book, drawing: Drawing) -> None:
    assert drawing.anew(book, 2, candidates=3) == [IDS[1]] * 3
    assert [take.picked for take in list_takes(book, IDS[1])] == [False, True, False, False]
    offered: list[Image.Image] = []

    def last(images) -> int:
        offered.extend(images)
        return len(images) - 1

    drawing.anew(book, 2, candidates=2, select=last)
    assert [take.recipe["take"] for take in list_takes(book, IDS[1]) if take.picked] == [5]
    with Image.open(book.picture(IDS[1])) as picked:
        assert offered[1].tobytes() == picked.convert("RGB").tobytes() != offered[0].tobytes()


class Blank(Control):
    """Nothing is there."""

    def x0(self, moment: object, x0: Tensor) -> Tensor:
        return torch.zeros_like(x0)


def test_controls_bend_this_page_only(book: Book, drawing: Drawing) -> None:
    wish = Redraw(2, candidates=2, controls=[Blank()], then_following=True)
    one, two, *after = [
        e.image.tobytes() for e in redraw(book, *drawing.models, wish) if isinstance(e, PageDone)
    ]
    assert one == two
    assert one not in after


def test_a_take_that_controls_bent_is_not_taken_for_another(book: Book, drawing: Drawing) -> None:
    for controls in ([Blank()], [], [Blank()]):
        assert drawing.anew(book, 2, seed=9, controls=controls) == [IDS[1]]


def test_the_book_redraws_itself(book: Book) -> None:
    assert book.redraw(3) is book
    assert book.page(IDS[2]).take == 1


# --- the pages after it ------------------------------------------------------------------------------------------


def test_following_pages_become_those_of_a_book_that_had_the_new_page_from_the_start(
    book: Book, drawing: Drawing, tmp_path: Path
) -> None:
    before = shown(book)
    assert drawing.anew(book, 2, then_following=True) == IDS[1:]
    assert same(before, shown(book)) == [True, False, False, False]
    scenes = [scene.model_copy(update={"take": int(scene.id == IDS[1])}) for scene in STORY.scenes]
    fresh = drawing.create(tmp_path / "fresh", STORY.model_copy(update={"scenes": tuple(scenes)}))
    drawing.again(fresh)
    assert shown(book) == shown(fresh)


def test_locked_pages_stay_and_are_remembered(book: Book, drawing: Drawing) -> None:
    before = shown(book)
    book.lock(IDS[2])
    assert drawing.anew(book, 2, then_following=True) == [IDS[1], IDS[3]]
    assert same(before, shown(book)) == [True, False, True, False]


def test_without_memory_nothing_follows(drawing: Drawing, tmp_path: Path) -> None:
    none = Drawing((drawing.models[0], NoMemory()))
    book = none.create(tmp_path / "book")
    none.again(book)
    assert none.anew(book, 2, then_following=True) == [IDS[1]]


# --- what is refused ---------------------------------------------------------------------------------------------


def test_what_cannot_be_drawn_anew_is_refused_and_nothing_changes(book: Book, drawing: Drawing) -> None:
    drawing.anew(book, 4)
    book.lock(IDS[2])
    edit(book, f"picked: {book.page(IDS[3]).picked}", "picked: null")
    files = tree(book.folder)
    for page, wish, says in (
        (3, {}, r"page 3 is locked; `lianhuan unlock .* --page 3`"),
        (4, {}, r"page 4 has no picture yet; `lianhuan illustrate .*` draws it"),
        (5, {}, "has no page 5; it has the pages 1 to 4"),
        ("0", {}, "has no page 0"),
        ("-1", {}, "has no page -1"),
        ("fox", {}, "has no page fox"),
        (1, {"candidates": 0}, "ask for 1 or more"),
    ):
        with pytest.raises(BookError, match=says):
            drawing.anew(book, page, **wish)
    with pytest.raises(BookError, match="page 3 is locked; `lianhuan unlock"):
        book.pick(IDS[2], book.takes(IDS[2])[0])
    with pytest.raises(BookError, match="page 4 has no picture yet"):
        book.lock(IDS[3])
    assert tree(book.folder) == files


def test_a_redraw_that_is_stopped_leaves_the_book_as_it_was(book: Book, drawing: Drawing) -> None:
    before, files = shown(book), tree(book.folder)
    events = redraw(book, *drawing.models, Redraw(2, candidates=2, then_following=True))
    done = [next(e for e in events if isinstance(e, PageDone)) for _ in range(3)]
    events.close()
    assert [event.page for event in done] == [2, 2, 3]
    left = tree(book.folder)
    assert {name: left[name] for name in files} == files
    assert set(left) - set(files) == {f"takes/{i}/{Path(p).name}" for i in IDS for p in book.takes(i)} - set(
        files
    )
    assert shown(Book.open(book.folder)) == before


# --- drawing the book afterwards -----------------------------------------------------------------------------------


def test_drawing_the_book_undoes_no_redraw_and_no_pick(book: Book, drawing: Drawing) -> None:
    drawing.anew(book, 2)
    drawing.anew(book, 3, prompt="A whale sang.", seed=9)
    drawing.anew(book, 3, prompt="")
    book.pick(IDS[2], list_takes(book, IDS[2])[1].path)
    assert read_recipe(book.picture(IDS[2]))["caption"] == "A whale sang."
    files = tree(book.folder)
    assert Book.open(book.folder).stale() == {}
    assert drawing.again(Book.open(book.folder)) == []
    assert tree(book.folder) == files


@pytest.mark.parametrize(
    ("old", "new", "reason", "drawn"),
    [
        ("She sat down.", "She stood up.", "its words were edited after it was drawn", IDS[1:2]),
        (
            "on_stage: [Mia]\n  place: beach",
            "on_stage: [Mia]\n  place: forest",
            "its stage was edited",
            IDS[:1],
        ),
        ("kind: fox", "kind: bear", "its stage was edited after it was drawn", IDS[2:]),
        ("  take: 0", "  take: 7", "its settings were changed after it was drawn", IDS[:1]),
        ("\nseed: 5", "\nseed: 6", "its settings were changed after it was drawn", IDS),
    ],
    ids=["words", "place", "cast", "take", "book seed"],
)
def test_only_pages_that_ask_for_something_else_are_drawn_again(
    book: Book, drawing: Drawing, old: str, new: str, reason: str, drawn: list[str]
) -> None:
    before = shown(book)
    edit(book, old, new)
    book = Book.open(book.folder)
    assert list(book.stale()) == drawn
    assert all(reason in why for why in book.stale().values())
    assert drawing.again(book, only_stale=True) == drawn
    assert same(before, shown(book)) == [scene_id not in drawn for scene_id in IDS]
    assert book.stale() == {}
    assert drawing.again(book) == []


def test_only_stale_leaves_pages_without_a_picture_for_later(book: Book, drawing: Drawing) -> None:
    edit(book, "She sat down.", "She stood up.")
    edit(book, f"picked: {book.page(IDS[0]).picked}", "picked: null")
    events = [e for e in draw_book(book, *drawing.models, only_stale=True) if isinstance(e, PageDone)]
    assert [(event.page, event.reused) for event in events] == [(2, False), (3, True), (4, True)]
    assert book.page(IDS[0]).picked is None


def test_an_edit_made_while_the_page_is_drawn_is_not_missed(book: Book, drawing: Drawing) -> None:
    edit(book, "She sat down.", "She stood up.")
    for event in draw_book(book, *drawing.models):
        if isinstance(event, PageDone) and event.page == 1:
            edit(book, "She stood up.", "She flew away.")
    assert list(Book.open(book.folder).stale()) == [IDS[1]]
    assert drawing.again(book) == [IDS[1]]
    assert read_recipe(book.picture(IDS[1]))["caption"] == "She flew away."


def test_stopped_and_run_again_gives_the_same_book(book: Book, drawing: Drawing, tmp_path: Path) -> None:
    drawing.anew(book, 1)
    edit(book, "She sat down.", "She stood up.")
    edit(book, "They waved.", "They slept.")
    other = Book.open(shutil.copytree(book.folder, tmp_path / "other"))
    drawing.again(book)
    events = draw_book(other, *drawing.models)
    next(event for event in events if isinstance(event, PageDone) and event.page == 2)
    events.close()
    assert drawing.again(Book.open(other.folder)) == [IDS[3]]
    shutil.rmtree(book.folder / "history")
    shutil.rmtree(other.folder / "history")
    assert tree(other.folder) == tree(book.folder)


def test_a_picture_that_cannot_be_read_is_drawn_again(book: Book, drawing: Drawing) -> None:
    before = shown(book)
    book.picture(IDS[1]).write_bytes(before[1][:-40])
    assert drawing.again(book) == [IDS[1]]
    assert shown(book) == before


# --- undo ----------------------------------------------------------------------------------------------------------

STEPS = st.one_of(
    st.tuples(st.just("redraw"), st.integers(1, 4), st.booleans()),
    st.tuples(st.sampled_from(["lock", "unlock"]), st.integers(1, 4)),
    st.tuples(st.just("pick"), st.integers(1, 4), st.integers(0, 3)),
    st.tuples(st.just("edit"), st.integers(1, 4), st.integers(0, 99)),
    st.tuples(st.sampled_from(["undo", "illustrate"])),
)


@hypothesis_settings(max_examples=12, deadline=None, derandomize=True)
@given(st.lists(STEPS, min_size=4, max_size=8))
def test_any_edits_leave_other_pages_alone_and_can_be_undone(
    finished: Path, drawing: Drawing, steps: list[tuple]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        book = Book.open(shutil.copytree(finished, Path(folder) / "book"))
        yaml = book.folder / "book.yaml"
        past: list[bytes] = []
        for step in steps:
            text, before, files = yaml.read_bytes(), shown(book), tree(book.folder / "takes")
            locked = {page.id for page in book.file.scenes if page.locked}
            touched = _take_step(book, drawing, step, past)
            if touched is not None:
                allowed = {*touched} - locked
                changed = [i for i, one in zip(IDS, same(before, shown(book)), strict=True) if not one]
                assert set(changed) <= allowed
                if yaml.read_bytes() != text and step[0] != "edit":
                    past.append(text)
            left = tree(book.folder / "takes")
            assert {name: left[name] for name in files} == files
        for state in reversed(past):
            book.undo()
            assert yaml.read_bytes() == state
        with pytest.raises(BookError, match="nothing to undo"):
            book.undo()


def _take_step(book: Book, drawing: Drawing, step: tuple, past: list[bytes]) -> list[str] | None:
    """Take a step; returns the scenes that may change, None for a step back."""
    kind, *rest = step
    if kind == "undo":
        if past:
            book.undo()
            assert (book.folder / "book.yaml").read_bytes() == past.pop()
        return None
    if kind == "illustrate":
        stale = list(book.stale())
        drawing.again(book)
        return stale
    page = book.file.scenes[rest[0] - 1]
    if kind == "edit":
        edit(book, page.caption, f"{page.caption}{rest[1]}")
        with book.editing():
            return []
    if kind in ("lock", "unlock"):
        getattr(book, kind)(page.id)
        return []
    locked = pytest.raises(BookError, match="is locked; `lianhuan unlock")
    with locked if page.locked else contextlib.nullcontext():
        if kind == "pick":
            takes = list_takes(book, page.id)
            book.pick(page.id, takes[rest[1] % len(takes)].path)
        else:
            drawing.anew(book, page.id, then_following=rest[1])
    return IDS[rest[0] - 1 :] if kind == "redraw" and rest[1] else [page.id]
