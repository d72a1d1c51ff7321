"""The verbs that change single pages of a book, run as a user runs them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cli_runs import STORY, fails, run, tree
from lianhuan.book import Book, list_takes
from lianhuan.images import load_picture
from lianhuan.models.clip import save_clip
from test_book import edit
from test_metrics_clip import tiny_clip
from test_sketch import house, model_for_sketches


@pytest.fixture
def copy(book: Path, tmp_path: Path) -> Book:
    """A finished book that may be changed."""
    return Book.open(shutil.copytree(book, tmp_path / "book"))


def shown(book: Book) -> list[bytes]:
    return [book.picture(page.id).read_bytes() for page in book.file.scenes]


def test_the_verbs_work_together(copy: Book) -> None:
    folder, before = copy.folder, shown(copy)
    done = run("redraw", folder, "--page", 3, "--candidates", 2)
    assert (done.exit_code, done.stderr.count("page 3 drawn")) == (0, 2)
    listed = json.loads(run("takes", folder, "--page", 3, "--json").stdout)
    assert [(page["page"], page["scene"], page["locked"], page["stale"]) for page in listed] == [
        (3, "s003", False, None)
    ]
    takes = listed[0]["takes"]
    assert [(take["number"], take["picked"], take["take"]) for take in takes] == [
        (1, False, 0),
        (2, True, 1),
        (3, False, 2),
    ]
    assert done.stdout == f"{folder / takes[1]['path']}\n"
    for name in ("3", takes[2]["path"], str(folder / takes[2]["path"])):
        run("pick", folder, "1", "--page", 3)
        assert run("pick", folder, name, "--page", 3).exit_code == 0
        assert Book.open(folder).page("s003").picked == takes[2]["path"]
    run("lock", folder, "--page", "s003")
    assert "page 3 (s003): locked\n" in run("takes", folder).stdout
    fails("redraw", folder, "--page", 3, says="page 3 is locked; `lianhuan unlock")
    run("unlock", folder, "--page", 3)
    for _ in range(9):
        assert run("undo", folder).exit_code == 0
    fails("undo", folder, says="there is nothing to undo")
    assert shown(Book.open(folder)) == before


def test_redraw_tells_which_pictures_are_new(copy: Book) -> None:
    told = json.loads(run("redraw", copy.folder, "--page", 3, "--then-following", "--json").stdout)
    book = Book.open(copy.folder)
    assert told["pictures"] == {"3": str(book.picture("s003")), "4": str(book.picture("s004"))}


def test_only_stale_pages_are_drawn_and_the_reason_is_told(copy: Book, tmp_path: Path) -> None:
    edit(copy, "They saw a fish.", "They saw a bird.")
    done = run("illustrate", copy.folder, "--only-stale")
    assert "page 2: its words were edited after it was drawn" in done.stderr
    assert [line for line in done.stderr.splitlines() if line.endswith("of 4 drawn")] == ["page 2 of 4 drawn"]
    (tmp_path / "story.txt").write_text(STORY)
    new = ["illustrate", tmp_path / "story.txt", "-o", tmp_path / "new", "--only-stale"]
    fails(*new, says="for a book that is drawn already", code=2)


def test_a_style_is_the_book_s_own_from_then_on(tmp_path: Path, drawing: list[object]) -> None:
    folder = tmp_path / "book"
    assert run(*drawing, folder, "--style", "watercolour").exit_code == 0
    assert Book.open(folder).file.style == "watercolour"
    again = run(*drawing, folder)
    assert again.stderr.count("of 4 kept") == 4, "a style that is not given again stays"
    other = run("illustrate", folder, "--style", "ink and wash")
    assert other.stderr.count("of 4 drawn") == 4, "another style draws every page anew"
    assert Book.open(folder).file.style == "ink and wash"


def test_a_picture_may_be_given_to_a_book_that_is_drawn(copy: Book, tmp_path: Path) -> None:
    Image.new("RGB", (128, 128), "#3366cc").save(tmp_path / "first.png")
    before = shown(copy)
    done = run("illustrate", copy.folder, "--first-frame", tmp_path / "first.png")
    assert done.stderr.count("of 4 kept") == 4
    book = Book.open(copy.folder)
    with Image.open(book.picture("s001")) as first:
        assert first.getcolors() == [(128 * 128, (0x33, 0x66, 0xCC))]
    assert book.page("s001").locked
    assert shown(book)[1:] == before[1:]


def test_a_page_that_was_locked_before_it_was_drawn_is_drawn_once(copy: Book) -> None:
    old = copy.page("s001").picked
    edit(copy, f"locked: false\n  picked: {old}", "locked: true\n  picked: null")
    run("illustrate", copy.folder)
    page = Book.open(copy.folder).page("s001")
    assert (page.locked, page.picked) == (True, old)


def test_wrong_pages_and_takes_are_told(copy: Book) -> None:
    for verb in ("redraw", "lock", "unlock", "takes"):
        fails(verb, copy.folder, "--page", 9, says="has no page 9; it has the pages 1 to 4")
    fails("pick", copy.folder, "7", "--page", 1, says="page 1 has no take 7; `lianhuan takes")
    fails("pick", copy.folder, copy.takes("s001")[0], "--page", 2, says="page 2 has no take takes/s001")


def test_a_book_that_another_program_edits_is_refused(copy: Book) -> None:
    code = "import sys; from lianhuan.book import Book\nwith Book.open(sys.argv[1]).editing(): print(flush=True); input()"
    args = [sys.executable, "-c", code, str(copy.folder)]
    with subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        for verb in (["redraw"], ["lock"], ["pick", copy.takes("s001")[0]]):
            says = f"is being edited by the program with process id {other.pid}"
            fails(verb[0], copy.folder, *verb[1:], "--page", 1, says=says)
        fails("undo", copy.folder, says="is being edited")
        other.communicate(b"\n")
    assert run("redraw", copy.folder, "--page", 1).exit_code == 0


def test_a_mask_changes_only_what_is_white_in_it(copy: Book, tmp_path: Path) -> None:
    before = np.asarray(load_picture(copy.picture(copy.find(2).id)))
    mask = np.zeros(before.shape[:2], dtype=np.uint8)
    mask[20:60, 30:90] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    assert run("redraw", copy.folder, "--page", 2, "--mask", tmp_path / "mask.png").exit_code == 0
    book = Book.open(copy.folder)
    after = np.asarray(load_picture(book.picture(book.find(2).id)))
    assert np.array_equal(before[mask == 0], after[mask == 0])
    assert (before[mask > 0] != after[mask > 0]).any()


def test_drawing_over_a_picture_depends_on_it_and_is_recorded(copy: Book, tmp_path: Path) -> None:
    pictures = []
    for colour in ("red", "green"):
        Image.new("RGB", (128, 128), colour).save(tmp_path / "given.png")
        done = run("redraw", copy.folder, "--page", 2, "--seed", 5, "--from-picture", tmp_path / "given.png")
        assert done.exit_code == 0, done.output
        book = Book.open(copy.folder)
        pictures.append(book.picture(book.find(2).id).read_bytes())
    assert pictures[0] != pictures[1]
    (recorded,) = list_takes(book, book.find(2).id)[-1].recipe["controls"]
    assert (recorded["control"], recorded["strength"]) == ("SDEdit", 0.6)


def test_wrong_masks_and_strengths_are_refused_and_change_nothing(copy: Book, tmp_path: Path) -> None:
    Image.new("L", (128, 128)).save(tmp_path / "empty.png")
    Image.new("L", (30, 30), 255).save(tmp_path / "small.png")
    old = tree(copy.folder)
    fails("redraw", copy.folder, "--page", 2, "--mask", tmp_path / "empty.png", says="marks nothing")
    fails("redraw", copy.folder, "--page", 2, "--mask", tmp_path / "small.png", says="must be of one size")
    fails("redraw", copy.folder, "--page", 2, "--strength", 2, says="at most 1", code=2)
    assert tree(copy.folder) == old


@pytest.fixture
def sketching(copy: Book, tmp_path: Path) -> Book:
    """A book whose model can follow sketches."""
    model = model_for_sketches(tmp_path / "model")
    edit(copy, f"generator: {copy.file.generator}", f"generator: {model}")
    return Book.open(copy.folder)


def controls_of(book: Book, page: int) -> list[str]:
    """What bent the newest take of a page."""
    recipe = list_takes(book, book.find(page).id)[-1].recipe
    return [control["control"] for control in recipe.get("controls", [])]


def test_a_sketch_is_followed_and_recorded(sketching: Book, tmp_path: Path) -> None:
    house(200, 5).save(tmp_path / "sketch.png")
    asked = ["redraw", sketching.folder, "--page", 2, "--seed", 5]
    pictures = []
    for more in ([], ["--beta", 0], ["--beta", 0.8], [], ["--sketch-until", 0]):
        assert run(*asked, "--sketch", tmp_path / "sketch.png", *more).exit_code == 0
        book = Book.open(sketching.folder)
        assert controls_of(book, 2) == ["Sketch"]
        pictures.append(load_picture(book.picture(book.find(2).id)).tobytes())
    followed, *others, again, late = pictures
    assert followed == again
    assert len({followed, *others}) == 3
    assert late == others[0]


def test_a_sketch_goes_together_with_masks_and_pictures(sketching: Book, tmp_path: Path) -> None:
    house().save(tmp_path / "sketch.png")
    Image.new("RGB", (128, 128), "green").save(tmp_path / "given.png")
    mask = np.zeros((128, 128), dtype=np.uint8)
    mask[20:60, 30:90] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    before = np.asarray(load_picture(sketching.picture(sketching.find(2).id)))
    asked = ["redraw", sketching.folder, "--page", 2, "--sketch", tmp_path / "sketch.png"]
    assert run(*asked, "--mask", tmp_path / "mask.png").exit_code == 0
    book = Book.open(sketching.folder)
    assert controls_of(book, 2) == ["Inpaint", "Sketch"]
    after = np.asarray(load_picture(book.picture(book.find(2).id)))
    assert np.array_equal(before[mask == 0], after[mask == 0])
    assert run(*asked, "--from-picture", tmp_path / "given.png", "--strength", 1).exit_code == 0
    assert controls_of(Book.open(sketching.folder), 2) == ["SDEdit", "Sketch"]


def test_wrong_sketches_are_refused_and_change_nothing(copy: Book, sketching: Book, tmp_path: Path) -> None:
    Image.new("RGB", (30, 30), "white").save(tmp_path / "empty.png")
    house().save(tmp_path / "sketch.png")
    (tmp_path / "broken.png").write_bytes(b"no picture")
    old = tree(sketching.folder)
    asked = ["redraw", sketching.folder, "--page", 2, "--sketch"]
    fails(*asked, tmp_path / "empty.png", says="the sketch is empty")
    fails(*asked, tmp_path / "broken.png", says="not a readable picture")
    fails(*asked, tmp_path / "sketch.png", "--beta", "nan", says="--beta must be 0 or more", code=2)
    fails(*asked, tmp_path / "sketch.png", "--sketch-until", 1.5, says="--sketch-until 0 to 1", code=2)
    shutil.rmtree(tmp_path / "model" / "sketch")
    fails(*asked, tmp_path / "sketch.png", says="`lianhuan train recipes/storybook.py:sketch -o RUN`")
    assert tree(copy.folder) == old


def test_a_take_may_be_chosen_by_words_and_by_earlier_pages(copy: Book, tmp_path: Path) -> None:
    save_clip(tiny_clip(), tmp_path / "clip")
    for select in (
        ["consistency"],
        ["clip", "--clip", tmp_path / "clip"],
        ["both", "--clip", tmp_path / "clip"],
    ):
        done = run("redraw", copy.folder, "--page", 3, "--candidates", 3, "--select", *select)
        assert (done.exit_code, done.stderr.count("page 3 drawn")) == (0, 3), done.output
        picked = [take.picked for take in list_takes(Book.open(copy.folder), "s003")]
        assert (sum(picked), any(picked[-3:])) == (1, True)


def test_choosing_wants_candidates_and_a_model(copy: Book, tmp_path: Path) -> None:
    old = tree(copy.folder)
    asked = ["redraw", copy.folder, "--page", 3, "--select", "clip"]
    fails(*asked, says="among --candidates, 2 or more", code=2)
    fails("redraw", copy.folder, "--page", 3, "--clip", tmp_path, says="--clip is for --select", code=2)
    fails(*asked, "--candidates", 2, "--clip", tmp_path, says="config.json is missing")
    assert tree(copy.folder) == old
