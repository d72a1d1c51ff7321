"""Takes of a book, and one editor at a time."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from lianhuan.book import Book, differing_pages, read_recipe
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
