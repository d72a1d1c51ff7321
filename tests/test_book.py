"""A book folder keeps everything: round trips, whole files only, takes that never change, one editor at a time."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings as hypothesis_settings, strategies as st
from PIL import Image

from lianhuan.book import Book, Settings, write_atomically
from lianhuan.book.schema import from_yaml, new_file, to_yaml
from lianhuan.errors import BookError
from lianhuan.story import Change, Character, Mention, Place, Scene, Story

TEXT = "Mike and Jon walk to the stream.\nThey see a frog: it is green."
STORY = Story(
    title="Mike and Jon",
    scenes=(
        Scene(
            id="001",
            text="Mike and Jon walk to the stream.\n",
            span=(0, 33),
            on_stage=("Mike", "Jon"),
            place="stream",
        ),
        Scene(
            id="002",
            text="They see a frog: it is green.",
            span=(33, 62),
            changes=(Change(character="Jon", item="hat"),),
        ),
    ),
    cast=(
        Character(name="Mike", kind="boy", aliases=("Mikey",), spans=((0, 4),)),
        Character(name="Jon", kind="boy"),
    ),
    places=(Place(name="stream", spans=((25, 31),)),),
    mentions=(Mention(span=(33, 37), text="They", refers_to=("Mike", "Jon")),),
    style="watercolour",
)
RECIPE = {
    "caption": "Mike, 麦克",
    "seed": 7,
    "steps": 20,
    "guidance": 3.5,
    "sampler": "ddim",
    "stage": [["Mike", "boy"]],
}


def make(folder: Path, *, text: str = TEXT, story: Story = STORY, seed: int = 7) -> Book:
    return Book.create(
        folder,
        story,
        source_text=text,
        seed=seed,
        generator="storybook",
        memory="lstm",
        settings=Settings(steps=9),
    )


def picture(colour: str = "red") -> Image.Image:
    return Image.new("RGB", (16, 16), colour)


def edit(book: Book, old: str, new: str) -> None:
    path = book.folder / "book.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def files(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


# --- round trips -----------------------------------------------------------------------------------------------

words = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    [
        "no",
        "1e3",
        "2024-01-01",
        "- a: b #c",
        "  two",
        "a\n\n b\n",
        "\n",
        "“故事”😀",
        "\x85x",
        "a\x85b",
        "a\rb",
        "a\u2028b",
        "|-",
        "\ufeff",
        "&a *a",
        "~",
    ]
)
names = st.lists(words, max_size=3).map(tuple)
spans = st.tuples(st.integers(0, 99), st.integers(0, 99))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    scenes = [
        Scene(
            id=f"{i:03d}",
            text=draw(words),
            span=draw(spans),
            on_stage=draw(names),
            place=draw(st.none() | words),
            changes=tuple(
                draw(
                    st.lists(
                        st.builds(Change, character=words, item=words, span=st.none() | spans), max_size=2
                    )
                )
            ),
            prompt=draw(st.none() | words),
            seed=draw(st.none() | st.integers()),
            take=draw(st.integers(0, 9)),
        )
        for i in range(draw(st.integers(0, 3)))
    ]
    character = st.builds(
        Character,
        name=words,
        kind=words,
        aliases=names,
        look=words,
        spans=st.lists(spans, max_size=2).map(tuple),
    )
    mention = st.builds(Mention, span=spans, text=words, refers_to=names, ambiguous=st.booleans())
    return Story(
        title=draw(words),
        language=draw(words),
        style=draw(words),
        scenes=tuple(scenes),
        cast=tuple(draw(st.lists(character, max_size=2))),
        places=tuple(draw(st.lists(st.builds(Place, name=words), max_size=2))),
        mentions=tuple(draw(st.lists(mention, max_size=2))),
    )


@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
@given(stories())
def test_a_story_survives_yaml(story: Story) -> None:
    file = new_file(story, seed=1, generator="g", memory="m", settings=Settings())
    assert from_yaml(to_yaml(file)) == file
    assert file.story() == story


def test_create_and_open_give_the_same_book_and_keep_the_text_untouched(tmp_path: Path) -> None:
    text = TEXT.replace("\n", "\r\n") + " \ufeff\t"
    made = make(tmp_path / "deep" / "book", text=text)
    book = Book.open(made.folder)
    assert book.story() == STORY
    assert book.file == made.file
    assert (book.folder / "story.txt").read_bytes() == text.encode()
    assert book.source_text == text


def test_the_yaml_is_for_people(tmp_path: Path) -> None:
    story = STORY.model_copy(update={"title": "麦克和乔恩"})
    text = (make(tmp_path / "b", story=story).folder / "book.yaml").read_text(encoding="utf-8")
    assert "title: 麦克和乔恩" in text
    assert "  caption: |-\n    They see a frog: it is green.\n" in text
    assert "on_stage: [Mike, Jon]" in text


def test_edits_in_the_yaml_arrive_in_the_story(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    edit(book, "on_stage: [Mike, Jon]", "on_stage: [Jon]")
    assert Book.open(book.folder).story().scenes[0].on_stage == ("Jon",)


# --- bad yaml --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("seed: 7", "sead: 7", "line 7: unknown key `sead`"),
        ("  place: stream", "  plaice: stream", "unknown key `plaice`"),
        ("seed: 7", "seed: [7", r"line \d+, column \d+: not valid YAML"),
        ("seed: 7", "seed: seven", "line 7: seed: "),
        ("seed: 7\n", "", "the key `seed` is missing"),
        ("title: Mike and Jon", "title: 2024-13-77", "not valid YAML"),
        ("schema_version: 1", "schema_version: 2", "schema_version is 2"),
        ("picked: null", "picked: ../../etc/passwd.png", "stay inside the book folder"),
        ("picked: null", "picked: /etc/passwd", "stay inside the book folder"),
        ("picked: null", "picked: takes/../book.yaml", "stay inside the book folder"),
        ("id: '002'", "id: '001'", "used twice: 001"),
        ("id: '002'", "id: ../x", "a scene id has"),
    ],
)
def test_a_wrong_edit_is_named_and_nothing_is_lost(tmp_path: Path, old: str, new: str, message: str) -> None:
    book = make(tmp_path / "b")
    edit(book, old, new)
    before = files(book.folder)
    with pytest.raises(BookError, match=message) as caught:
        Book.open(book.folder)
    assert str(book.folder / "book.yaml") in str(caught.value)
    assert files(book.folder) == before


@pytest.mark.parametrize("damage", [b"", b"\xff\xfe\x00", b"- a list\n", b"just words", b"a: \x00"])
def test_a_damaged_yaml_is_an_error(tmp_path: Path, damage: bytes) -> None:
    book = make(tmp_path / "b")
    (book.folder / "book.yaml").write_bytes(damage)
    with pytest.raises(BookError, match=r"book\.yaml"):
        Book.open(book.folder)


def test_missing_parts_are_errors(tmp_path: Path) -> None:
    with pytest.raises(BookError, match="is not a book"):
        Book.open(tmp_path / "nothing")
    book = make(tmp_path / "b")
    (book.folder / "story.txt").unlink()
    with pytest.raises(BookError, match="put the text of the story back"):
        Book.open(book.folder)


# --- folders ---------------------------------------------------------------------------------------------------


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(BookError, match="not empty and holds no book"):
        make(tmp_path)
    assert files(tmp_path) == {"thesis.txt": b"years of work"}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("x")
    with pytest.raises(BookError, match="is a file"):
        make(tmp_path / "b")
    with pytest.raises(BookError, match="cannot be written"):
        make(tmp_path / "b" / "c")


def test_another_text_or_other_scenes_are_refused(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    before = files(book.folder)
    with pytest.raises(BookError, match="the book of another text; use another folder"):
        make(book.folder, text="Another story.")
    whole = STORY.model_copy(update={"scenes": (STORY.scenes[0].model_copy(update={"span": (0, 62)}),)})
    with pytest.raises(BookError, match="cut into other scenes"):
        make(book.folder, story=whole)
    assert files(book.folder) == before


def test_creating_again_keeps_edits_and_takes_the_new_seed(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    take = book.add_take("001", picture(), RECIPE)
    book.pick("001", take)
    edit(book, "kind: boy", "kind: fox")
    again = make(book.folder, seed=8)
    assert again.file.seed == 8
    assert again.story().cast[0].kind == "fox"
    assert Book.open(book.folder).page("001").picked == take


def test_a_creation_that_was_killed_half_way_can_be_repeated(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_bytes(TEXT.encode())
    (tmp_path / ".tmp-99999999-ab").write_bytes(b"half")
    assert make(tmp_path).story() == STORY
    assert not list(tmp_path.glob(".tmp-*"))


# --- whole files only ------------------------------------------------------------------------------------------


def test_a_full_disk_keeps_the_old_file_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = make(tmp_path / "b")
    take = book.add_take("001", picture(), RECIPE)
    before = files(book.folder)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BookError, match=r"the disk is full.*are kept"):
        book.pick("001", take)
    with pytest.raises(BookError, match="the disk is full"):
        book.add_take("001", picture("blue"), RECIPE)
    assert files(book.folder) == before
    monkeypatch.undo()
    book.pick("001", take)
    assert Book.open(book.folder).page("001").picked == take


def test_a_process_killed_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "f"
    write_atomically(target, b"old")
    code = (
        "import os, sys, pathlib; from lianhuan.book import write_atomically\n"
        "os.fsync = lambda fd: os.kill(os.getpid(), 9)\n"
        "write_atomically(pathlib.Path(sys.argv[1]), b'new')"
    )
    assert subprocess.run([sys.executable, "-c", code, str(target)], check=False).returncode == -9
    assert target.read_bytes() == b"old"
    assert len(list(tmp_path.glob(".tmp-*"))) == 1


def test_opening_removes_leftovers_of_dead_programs_only(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    book.add_take("001", picture(), RECIPE)
    dead = [book.folder / ".tmp-99999999-aa", book.folder / "takes/001/.tmp-99999999-bb"]
    alive = book.folder / f".tmp-{os.getpid()}-cc"
    for path in [*dead, alive]:
        path.write_bytes(b"half")
    Book.open(book.folder)
    assert [path.exists() for path in [*dead, alive]] == [False, False, True]
