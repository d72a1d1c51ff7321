"""Takes of a book, and one editor at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lianhuan.book import Book, differing_pages, find_take, list_takes, read_recipe
from lianhuan.errors import BookError, PictureError
from test_book import RECIPE, STORY, edit, files, make, picture

# --- takes -----------------------------------------------------------------------------------------------------


def test_a_take_carries_its_recipe_and_its_bytes_depend_on_nothing_else(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    marked = picture()
    marked.info["icc_profile"] = b"a profile"
    path = one.add_take("001", picture(), RECIPE)
    assert path == two.add_take("001", marked, dict(reversed(RECIPE.items())))
    assert files(one.folder)[path] == files(two.folder)[path]
    assert read_recipe(one.folder / path) == RECIPE
    with Image.open(one.folder / path) as image:
        assert (
            image.info["parameters"]
            == "Mike, 麦克\nSteps: 20, Sampler: ddim, CFG scale: 3.5, Seed: 7, Size: 16x16"
        )
        assert "digitalsourcetype/trainedAlgorithmicMedia" in image.info["XML:com.adobe.xmp"]
        assert image.getpixel((3, 3)) == (255, 0, 0)


def test_pictures_without_a_recipe_are_named(tmp_path: Path) -> None:
    picture().save(tmp_path / "plain.png")
    with pytest.raises(PictureError, match=r"plain\.png carries no recipe"):
        read_recipe(tmp_path / "plain.png")
    with pytest.raises(PictureError, match="not a readable picture"):
        read_recipe(b"\x89PNG\r\n\x1a\n")


def test_takes_are_added_never_overwritten(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    first = book.add_take("001", picture("red"), RECIPE)
    second = book.add_take("001", picture("red"), {**RECIPE, "seed": 8})
    third = book.add_take("001", picture("blue"), RECIPE)
    assert book.takes("001") == sorted({first, second, third})
    assert len({first, second, third}) == 3
    with pytest.raises(BookError, match="no scene '009'; it has 001, 002"):
        book.add_take("009", picture(), RECIPE)


def test_resume_finds_exactly_the_wanted_take(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    assert book.finished("001", RECIPE) is None
    path = book.add_take("001", picture(), RECIPE)
    assert Book.open(book.folder).finished("001", {**RECIPE, "stage": (("Mike", "boy"),)}) == path
    assert book.finished("001", {**RECIPE, "guidance": 3.6}) is None
    assert book.finished("001", {**RECIPE, "more": None}) is None
    assert book.finished("002", RECIPE) is None


def test_a_truncated_take_is_not_finished_and_is_drawn_again(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    path = book.add_take("001", picture(), RECIPE)
    whole = (book.folder / path).read_bytes()
    (book.folder / path).write_bytes(whole[:-30])
    assert book.finished("001", RECIPE) is None
    assert book.add_take("001", picture(), RECIPE) == path
    assert book.finished("001", RECIPE) == path
    assert sorted(files(book.folder / "takes").values()) == sorted([whole, whole[:-30]])


def test_only_takes_of_the_scene_can_be_picked(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    path = book.add_take("001", picture(), RECIPE)
    for bad in ("book.yaml", "takes/001/none.png", f"takes/../{path}", str(book.folder / path)):
        with pytest.raises(BookError, match="has no take"):
            book.pick("001", bad)
    with pytest.raises(BookError, match="has no take"):
        book.pick("002", path)


def test_a_take_that_a_link_leads_outside_is_refused(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    path = book.add_take("001", picture(), RECIPE)
    book.pick("001", path)
    (book.folder / path).unlink()
    picture().save(tmp_path / "secret.png")
    (book.folder / path).symlink_to(tmp_path / "secret.png")
    with pytest.raises(BookError, match="outside"):
        book.picture("001")


def test_picking_keeps_what_the_user_edited_meanwhile(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    path = book.add_take("001", picture(), RECIPE)
    edit(book, "it is green", "it is blue, 蓝色")
    book.pick("001", path)
    there = Book.open(book.folder)
    assert there.story().scenes[1].text == "They see a frog: it is blue, 蓝色."
    assert there.picture("001") == book.folder / path
    assert there.picture("002") is None


def test_edits_made_while_pages_are_drawn_are_kept(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    with book.editing():
        path = book.add_take("001", picture(), RECIPE)
        edit(book, "title: Mike and Jon", "title: Two Boys")
        book.pick("001", path)
    assert Book.open(book.folder).file.title == "Two Boys"


def test_edited_words_make_a_drawn_page_stale(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    book.pick("001", book.add_take("001", picture(), RECIPE))
    edit(book, "walk to", "run to")
    edit(book, "it is green", "it is blue")
    book = Book.open(book.folder)
    assert book.stale() == {"001": "its words were edited after it was drawn"}
    book.pick("001", book.add_take("001", picture("blue"), RECIPE))
    assert book.stale() == {}


def test_books_are_compared_by_the_bytes_of_their_pages(tmp_path: Path) -> None:
    one, two = make(tmp_path / "one"), make(tmp_path / "two")
    assert differing_pages(one, two) == []
    one.pick("002", one.add_take("002", picture(), RECIPE))
    assert differing_pages(one, two) == ["002"]
    two.pick("002", two.add_take("002", picture(), RECIPE))
    assert differing_pages(one, two) == []
    short = make(tmp_path / "short", story=STORY.model_copy(update={"scenes": STORY.scenes[:1]}))
    assert differing_pages(one, short) == ["002"]


def test_takes_are_numbered_as_they_were_drawn_and_found_by_number_or_path(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    paths = [book.add_take("001", picture(colour), RECIPE) for colour in ("red", "blue", "green", "pink")]
    for age, path in enumerate(paths):
        os.utime(book.folder / path, ns=(age, age))
    book.pick("001", paths[2])
    (book.folder / paths[3]).write_bytes(b"damaged")
    os.utime(book.folder / paths[3], ns=(9, 9))
    takes = list_takes(book, "001")
    assert [(take.number, take.path) for take in takes] == list(enumerate(paths, start=1))
    assert [take.picked for take in takes] == [False, False, True, False]
    assert [take.recipe for take in takes] == [RECIPE, RECIPE, RECIPE, {}]
    for name in ("2", paths[1], str(book.folder / paths[1])):
        assert find_take(book, "001", name) == takes[1]
    for bad in ("0", "5", "takes/001/none.png", "story.txt", ""):
        with pytest.raises(BookError, match=r"page 1 has no take .* lists its 4 takes"):
            find_take(book, "001", bad)
    with pytest.raises(PictureError, match="not a readable picture"):
        book.pick("001", paths[3])


def test_a_picked_take_brings_its_seed_and_its_number(tmp_path: Path) -> None:
    book = make(tmp_path / "b", seed=7)
    own, others = (book.add_take("001", picture(), {**RECIPE, "seed": n, "take": 4}) for n in (7, 8))
    book.pick("001", own)
    assert (book.page("001").seed, book.page("001").take) == (None, 4)
    book.pick("001", others)
    assert (book.page("001").seed, book.page("001").take) == (8, 4)
    assert book.stale() == {}


def test_pages_are_found_by_number_or_by_the_id_of_their_scene(tmp_path: Path) -> None:
    scenes = [scene.model_copy(update={"id": i}) for scene, i in zip(STORY.scenes, ("2", "end"), strict=True)]
    book = make(tmp_path / "b", story=STORY.model_copy(update={"scenes": tuple(scenes)}))
    assert [book.find(page).id for page in (1, 2, "1", "2", "end")] == ["2", "end", "2", "2", "end"]
    assert [book.number(i) for i in ("2", "end")] == [1, 2]
    for bad in (0, 3, "0", "-1", "", "x", "1.0", "²"):
        with pytest.raises(BookError, match=r"has no page .*; it has the pages 1 to 2"):
            book.find(bad)


# --- undo ------------------------------------------------------------------------------------------------------


def drawn(folder: Path) -> Book:
    book = make(folder)
    for page in book.file.scenes:
        book.pick(page.id, book.add_take(page.id, picture(), RECIPE))
    return book


def test_the_first_pictures_are_no_change_to_undo(tmp_path: Path) -> None:
    book = drawn(tmp_path / "b")
    assert not (book.folder / "history").exists()
    with pytest.raises(BookError, match="there is nothing to undo"):
        book.undo()


def test_undo_brings_back_the_bytes_and_keeps_what_it_replaces(tmp_path: Path) -> None:
    book = drawn(tmp_path / "b")
    edit(book, "title: Mike", "title:   Mike")
    before = files(book.folder)
    book.lock("001")
    edit(book, "it is green", "it is blue")
    edited = files(book.folder)["book.yaml"]
    kept = book.undo()
    assert kept.read_bytes() == edited
    kept.unlink()
    assert files(book.folder) == before
    assert not book.page("001").locked


def test_changes_made_together_are_undone_together(tmp_path: Path) -> None:
    book = drawn(tmp_path / "b")
    before = files(book.folder)["book.yaml"]
    with book.editing():
        book.lock("001")
        book.lock("002")
    book.lock("002")
    book.undo()
    assert files(book.folder)["book.yaml"] == before


def test_undo_goes_past_a_change_that_was_killed_before_it_was_made(tmp_path: Path) -> None:
    book = drawn(tmp_path / "b")
    before = files(book.folder)
    book.lock("001")
    (book.folder / "history/000002.yaml").write_bytes(files(book.folder)["book.yaml"])
    book.undo().unlink()
    assert files(book.folder) == before


def test_a_damaged_past_is_named_and_the_present_stays(tmp_path: Path) -> None:
    book = drawn(tmp_path / "b")
    book.lock("001")
    (book.folder / "history/000001.yaml").write_text("seed: [")
    before = files(book.folder)
    with pytest.raises(BookError, match=r"history/000001\.yaml: line 1"):
        book.undo()
    assert files(book.folder) == before


def test_the_history_has_an_end(tmp_path: Path) -> None:
    book = drawn(tmp_path / "b")
    past = book.folder / "history"
    past.mkdir()
    for number in range(1, 101):
        (past / f"{number:06d}.yaml").write_text(f"state {number}")
        (past / f"{number:06d}.undone.yaml").write_text(f"state {number}")
    (past / "notes.yaml").write_text("mine")
    book.lock("001")
    names = {path.name for path in past.iterdir()}
    states = {f"{n:06d}.yaml" for n in range(2, 102)} | {f"{n:06d}.undone.yaml" for n in range(2, 101)}
    assert names == states | {"notes.yaml"}


# --- one editor at a time --------------------------------------------------------------------------------------


def test_a_second_editor_is_told_who_holds_the_book(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    other = Book.open(book.folder)
    with book.editing(), book.editing():
        with pytest.raises(BookError, match=f"process id {os.getpid()}"), other.editing():
            pass
        assert (book.folder / ".lock").exists()
    with other.editing():
        pass
    assert not (book.folder / ".lock").exists()


def test_an_editor_sees_what_the_one_before_wrote(tmp_path: Path) -> None:
    book, other = make(tmp_path / "b"), Book.open(tmp_path / "b")
    path = other.add_take("002", picture(), RECIPE)
    other.pick("002", path)
    with book.editing():
        assert book.page("002").picked == path


def test_the_lock_of_a_killed_program_is_taken_over(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    code = (
        "import os, sys; from lianhuan.book import Book\n"
        "with Book.open(sys.argv[1]).editing(): os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(book.folder)], check=False)
    assert (book.folder / ".lock").exists()
    with book.editing():
        assert (book.folder / ".lock").read_text().startswith(f"{os.getpid()} ")
    assert set(files(book.folder)) == {"story.txt", "book.yaml"}
