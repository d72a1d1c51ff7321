"""Real picture books: how they are read, and whether a measure tells one book from another."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lianhuan.data.picturebooks import picture_numbers, read_picturebooks
from lianhuan.errors import BookError, PictureError
from lianhuan.metrics.books import (
    PageOrigins,
    colour_histograms,
    colour_similarity,
    feature_similarity,
    same_book_auc,
)
from lianhuan.metrics.statistics import TooLittleData, estimate

RNG = np.random.default_rng(0)


def _book(number: str, **changes: object) -> dict[str, object]:
    page = {"text": "One day.", "text_zh": None, "image": f"images/{number}/01.jpg"}
    return {
        "id": number, "title": "A day", "title_zh": None, "author": "A", "illustrator": "B", "license": "CC BY 4.0",
        "cover": f"images/{number}/cover.jpg", "pages": [page], **changes,
    }  # fmt: skip


def _write(folder: Path, *books: object) -> Path:
    lines = [book if isinstance(book, str) else json.dumps(book) for book in books]
    (folder / "books.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _origins(book: list[int], illustrator: list[int], picture: list[int] | None = None) -> PageOrigins:
    pictures = np.arange(len(book)) if picture is None else np.array(picture)
    return PageOrigins(np.array(book), np.array(illustrator), pictures)


def test_books_are_read_by_split_and_their_pictures_only_when_asked_for(tmp_path: Path):
    folder = _write(tmp_path, *(_book(f"{n:04d}") for n in (10, 18, 19, 20)))
    assert [book.id for book in read_picturebooks(folder)] == ["0010", "0018", "0019", "0020"]
    assert [book.id for book in read_picturebooks(folder, "train")] == ["0010", "0020"]
    assert [book.id for book in read_picturebooks(folder, "validation")] == ["0018"]
    (test,) = read_picturebooks(folder, "test")
    page = test.pages[0]
    with pytest.raises(PictureError, match=r"01\.jpg"):
        page.picture()
    page.image.parent.mkdir(parents=True)
    Image.new("RGB", (30, 20), "red").save(page.image)
    assert page.picture().size == (30, 20)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("not json", "line 2 is no book"),
        ("[]", "line 2 is no book"),
        (_book("0001", pages=[]), "line 2 is no book"),
        (_book("abc"), "line 2 is no book"),
        ({"id": "0001"}, "line 2 is no book"),
        (_book("0001", cover="../../secret.jpg"), "outside of"),
        (_book("0001", pages=[{"text": "", "image": "/etc/passwd"}]), "outside of"),
    ],
)
def test_a_bad_book_is_a_clear_error(tmp_path: Path, line: object, reason: str):
    with pytest.raises(BookError, match=reason):
        read_picturebooks(_write(tmp_path, _book("0002"), line))


def test_a_missing_or_unreadable_folder_is_a_clear_error(tmp_path: Path):
    with pytest.raises(BookError, match="holds no picture books"):
        read_picturebooks(tmp_path / "nowhere")
    (tmp_path / "books.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BookError, match="cannot be read"):
        read_picturebooks(tmp_path)


def test_one_picture_saved_twice_has_one_number(tmp_path: Path):
    blobs = [Image.fromarray(RNG.integers(0, 256, (6, 6, 3), np.uint8)).resize((200, 160)) for _ in range(3)]
    blobs[0].save(tmp_path / "again.jpg", quality=60)
    again = Image.open(tmp_path / "again.jpg")
    smaller = blobs[1].resize((100, 80))
    assert picture_numbers([*blobs, again, smaller, blobs[2]]).tolist() == [0, 1, 2, 0, 1, 2]


def test_the_area_is_the_share_of_pairs_in_the_right_order():
    """Two books of two pages by one hand: one pair each inside, four across."""
    table = np.array([[9, 5, 4, 6], [5, 9, 3, 2], [4, 3, 9, 3], [6, 2, 3, 9]], float)
    tally = same_book_auc(table, _origins([0, 0, 1, 1], [7] * 4))
    assert tally.hits.tolist() == [3 / 4, (1 + 0.5) / 4]  # 5 beats 4, 3, 2; 3 beats 2 and ties with 3
    assert tally.total.tolist() == [1, 1]


def test_a_measure_that_knows_the_book_is_perfect_and_a_blind_one_at_chance():
    book = np.repeat(np.arange(20), 6)
    origins = _origins(list(book), list(book // 5))
    own = RNG.standard_normal((20, 8))
    knowing = feature_similarity(own[book] + 0.1 * RNG.standard_normal((120, 8)))
    blind = feature_similarity(RNG.standard_normal((120, 8)))
    style = feature_similarity(own[book // 5] + 0.1 * RNG.standard_normal((120, 8)))
    assert estimate(same_book_auc(knowing, origins)).mean > 0.99
    for nothing in (blind, style):  # the hand of the illustrator alone does not help
        found = estimate(same_book_auc(nothing, origins))
        assert found.low < 0.5 < found.high
        assert found.n == 20


def test_repeated_pictures_are_no_pairs():
    table = np.ones((5, 5))  # every similarity that is not set below is that of a picture with itself
    for (i, j), value in {
        (0, 1): 0.5,
        (2, 1): 0.5,
        (0, 3): 0.6,
        (1, 3): 0.2,
        (2, 3): 0.6,
        (1, 4): 0.3,
    }.items():
        table[i, j] = table[j, i] = value
    origins = _origins([0, 0, 0, 1, 1], [7] * 5, [100, 101, 100, 102, 100])
    tally = same_book_auc(table, origins)  # pages 0, 2 and 4 show one picture
    assert tally.hits[0] == pytest.approx(2 / 3)  # 0.5 against 0.6, 0.2 and 0.3


def test_only_sisters_by_the_same_illustrator_are_compared():
    table = RNG.random((6, 6))
    with pytest.raises(TooLittleData, match="sister"):
        same_book_auc(table, _origins([0, 0, 1, 1, 2, 2], [7, 7, 8, 8, 9, 9]))
    assert len(same_book_auc(table, _origins([0, 0, 1, 1, 2, 2], [7, 7, 7, 7, 9, 9])).total) == 2


def test_colour_similarity_is_the_overlap_of_histograms():
    half = Image.new("RGB", (10, 10), "red")
    half.paste("blue", (0, 0, 5, 10))
    pictures = [Image.new("RGB", (7, 3), "red"), Image.new("RGB", (10, 10), "blue"), half]
    found = colour_similarity(colour_histograms(pictures))
    np.testing.assert_allclose(found, [[1, 0, 0.5], [0, 1, 0.5], [0.5, 0.5, 1]])
