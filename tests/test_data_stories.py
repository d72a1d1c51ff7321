"""Claims about data sets of pictures with words, written here in exactly the layouts that they have."""

import io
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image

from lianhuan.data.captioned import read_captioned, read_captioned_stories
from lianhuan.data.find import read_stories
from lianhuan.data.flickr import read_flickr
from lianhuan.data.hdf5 import FRAMES, STRIP, UNEVEN, read_hdf5
from lianhuan.data.stories import NO_WORDS, split_of
from lianhuan.errors import BookError, PictureError

RED, BLUE = (200, 20, 30), (10, 40, 220)


def as_opencv_writes(rgb: np.ndarray) -> np.ndarray:
    """The bytes of a PNG of an RGB array that was taken for BGR."""
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(rgb[:, :, ::-1])).save(file, "PNG")
    return np.frombuffer(file.getvalue(), np.uint8)


def strip(frame: int, height: int = 4) -> np.ndarray:
    """Pictures one below another; green says which frame it is, blue how far down it stood."""
    pixels = np.zeros((height * STRIP, STRIP, 3), dtype=np.uint8)
    pixels[..., 0], pixels[..., 1] = 200, 10 * frame
    pixels[..., 2] = np.arange(len(pixels))[:, None] // STRIP
    return pixels


def write_hdf5(path: Path, texts: dict[str, list[str]], pixels: list[np.ndarray]) -> Path:
    """A file with the groups, columns and types of AR-LDM's data scripts."""
    stories = len(next(iter(texts.values())))
    with h5py.File(path, "w") as file:
        for subset in ("train", "val", "test"):
            group = file.create_group(subset)
            for k in range(FRAMES):
                column = group.create_dataset(
                    f"image{k}", (stories,), dtype=h5py.vlen_dtype(np.dtype("uint8"))
                )
                for row in range(stories):
                    column[row] = as_opencv_writes(pixels[k])
            for name, rows in texts.items():
                column = group.create_dataset(name, (stories,), dtype=h5py.string_dtype(encoding="utf-8"))
                for row, text in enumerate(rows):
                    column[row] = f"{subset}: {text}"
    return path


class TestHDF5:
    def test_pororo_and_flintstones(self, tmp_path: Path) -> None:
        texts = {"text": ["one|two|three|four|fünf", "a|b|c|d|e"]}
        path = write_hdf5(tmp_path / "pororo.h5", texts, [strip(k) for k in range(FRAMES)])
        found = read_hdf5(path, "validation")
        assert [story.id for story in found.stories] == ["validation-0", "validation-1"]
        assert [frame.captions for frame in found.stories[0].frames] == [
            ("val: one",), ("two",), ("three",), ("four",), ("fünf",)]  # fmt: skip
        rows = set()
        for story in found.stories:
            for k, frame in enumerate(story.frames):
                picture = np.asarray(frame.picture())
                assert picture.shape == (STRIP, STRIP, 3)
                assert (picture[..., 0] == 200).all()
                assert (picture[..., 1] == 10 * k).all()
                assert len(np.unique(picture[..., 2])) == 1
                rows.add(int(picture[0, 0, 2]))
        assert len(rows) > 1
        again = read_hdf5(path, "validation")
        assert [f.picture().tobytes() for s in again.stories for f in s.frames] == [
            f.picture().tobytes() for s in found.stories for f in s.frames]  # fmt: skip

    def test_vist_has_whole_pictures_and_two_kinds_of_words(self, tmp_path: Path) -> None:
        texts = {"sis": ["a|b|c|d|e", "a|b|c|d|e"], "dii": ["1|2|3|4|5", "1|2|3|4"]}
        path = write_hdf5(tmp_path / "vist.h5", texts, [strip(k, height=2) for k in range(FRAMES)])
        told, described = read_hdf5(path, "train"), read_hdf5(path, "train", words="dii")
        assert told.stories[0].frames[1].captions == ("b",)
        assert described.stories[0].frames[1].captions == ("2",)
        assert told.stories[0].frames[0].picture().size == (STRIP, 2 * STRIP)
        assert (len(told.stories), told.left_out) == (2, {})
        assert (len(described.stories), described.left_out) == (1, {UNEVEN: 1})

    def test_other_files_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "a.h5").write_bytes(b"no table")
        with h5py.File(tmp_path / "b.h5", "w") as file:
            file.create_group("train")
        for name in ("a.h5", "b.h5", "missing.h5"):
            with pytest.raises(PictureError, match="laid out"):
                read_hdf5(tmp_path / name)
        path = write_hdf5(tmp_path / "c.h5", {"text": ["a|b"]}, [strip(k, 1) for k in range(FRAMES)])
        with pytest.raises(PictureError, match=r"no story to learn from \(1 stories"):
            read_hdf5(path)

    def test_a_broken_picture_says_where_it_is(self, tmp_path: Path) -> None:
        path = write_hdf5(tmp_path / "a.h5", {"text": ["a|b|c|d|e"]}, [strip(k, 1) for k in range(FRAMES)])
        with h5py.File(path, "a") as file:
            file["train/image2"][0] = np.zeros(5, np.uint8)
        frames = read_hdf5(path).stories[0].frames
        frames[1].picture()
        with pytest.raises(PictureError, match="story 0, picture 2"):
            frames[2].picture()


def picture(path: Path, colour: tuple[int, int, int] = RED) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (12, 10), colour).save(path)


class TestFolders:
    def test_each_sub_folder_is_a_story(self, tmp_path: Path) -> None:
        for name in ("b/2.png", "b/10.png", "b/1.png", "a/1.png"):
            picture(tmp_path / name)
            (tmp_path / name).with_suffix(".txt").write_text(f"words of {name}", encoding="utf-8")
        picture(tmp_path / "a" / "2.png")  # has no words
        (tmp_path / "empty").mkdir()
        found = read_captioned_stories(tmp_path)
        assert [story.id for story in found.stories] == ["a", "b"]
        assert [frame.captions[0] for frame in found.stories[1].frames] == [
            "words of b/1.png", "words of b/10.png", "words of b/2.png"]  # fmt: skip
        assert found.left_out == {NO_WORDS: 1}
        assert found.frames == 4

    @pytest.mark.parametrize("name", ["metadata.jsonl", "metadata.csv"])
    def test_words_in_a_table(self, tmp_path: Path, name: str) -> None:
        for number in (1, 2):
            picture(tmp_path / f"{number}.jpg", BLUE)
        lines = {
            "metadata.jsonl": [json.dumps({"file_name": f"{n}.jpg", "text": f"page {n}, ä"}) for n in (1, 2)],
            "metadata.csv": ["file_name,text", '1.jpg,"page 1, ä"', '2.jpg,"page 2, ä"'],
        }
        (tmp_path / name).write_text("\n".join(lines[name]) + "\n", encoding="utf-8")
        (story,) = read_captioned_stories(tmp_path).stories
        assert [frame.captions for frame in story.frames] == [("page 1, ä",), ("page 2, ä",)]
        assert [one.caption for one in read_captioned(tmp_path)] == ["page 1, ä", "page 2, ä"]
        (tmp_path / "2.txt").write_text("beside it", encoding="utf-8")
        assert read_captioned(tmp_path)[1].caption == "beside it"

    def test_a_wrong_table_is_refused(self, tmp_path: Path) -> None:
        picture(tmp_path / "1.png")
        for text in ("{", '{"file": "1.png"}', '["1.png"]'):
            (tmp_path / "metadata.jsonl").write_text(text, encoding="utf-8")
            with pytest.raises(PictureError, match=r"metadata\.jsonl"):
                read_captioned_stories(tmp_path)

    def test_nothing_to_learn_from_is_said_with_the_reason(self, tmp_path: Path) -> None:
        picture(tmp_path / "1.png")
        with pytest.raises(PictureError, match=r"no story to learn from \(1 pictures without words"):
            read_captioned_stories(tmp_path)
        with pytest.raises(PictureError, match="no folder"):
            read_captioned_stories(tmp_path / "none")


TOKEN = "1000.jpg#0\tA dog runs .\n1000.jpg#1\tA brown dog\n2000.jpg#0\tTwo girls\n"
CAPTIONS = "image,caption\n1000.jpg,A dog runs .\n1000.jpg,A brown dog\n2000.jpg,Two girls\n"
RESULTS = "image_name| comment_number| comment\n1000.jpg| 0| A dog runs .\n1000.jpg| 1| A brown dog\n2000.jpg| 0| Two girls\n"


class TestFlickr:
    @pytest.mark.parametrize(
        ("name", "text", "folder"),
        [
            ("results_20130124.token", TOKEN, "flickr30k-images"),
            ("captions.txt", CAPTIONS, "Images"),
            ("results.csv", RESULTS, "flickr30k_images"),
        ],
    )
    def test_each_picture_is_a_story_of_one_frame(
        self, tmp_path: Path, name: str, text: str, folder: str
    ) -> None:
        for number in (1000, 2000):
            picture(tmp_path / folder / f"{number}.jpg")
        (tmp_path / name).write_text(text, encoding="utf-8")
        found = read_flickr(tmp_path / name)
        assert [(s.id, s.frames[0].captions) for s in found.stories] == [
            ("1000.jpg", ("A dog runs .", "A brown dog")), ("2000.jpg", ("Two girls",))]  # fmt: skip
        assert found.stories[1].frames[0].picture().size == (12, 10)

    def test_a_caption_with_commas_is_whole(self, tmp_path: Path) -> None:
        picture(tmp_path / "1.jpg")
        (tmp_path / "captions.txt").write_text('image,caption\n1.jpg,"A, B"\n1.jpg,C, D\n', encoding="utf-8")
        (story,) = read_flickr(tmp_path / "captions.txt").stories
        assert story.frames[0].captions == ("A, B", "C, D")

    def test_other_tables_are_refused(self, tmp_path: Path) -> None:
        (tmp_path / "captions.txt").write_text("hello\n")
        with pytest.raises(PictureError, match="no table of Flickr"):
            read_flickr(tmp_path / "captions.txt")
        (tmp_path / "captions.txt").write_text(CAPTIONS)
        with pytest.raises(PictureError, match=r"its pictures, as 1000\.jpg, lie in none"):
            read_flickr(tmp_path / "captions.txt")
        with pytest.raises(PictureError, match="cannot be read"):
            read_flickr(tmp_path / "none.txt")


class TestFind:
    def test_splits_go_by_name_and_are_the_same_everywhere(self, tmp_path: Path) -> None:
        """The named examples pin the rule: another rule would mix what was trained on into the tests."""
        names = [f"story-{i}" for i in range(400)]
        shares = [sum(split_of(n) == s for n in names) / 400 for s in ("train", "validation", "test")]
        assert shares == pytest.approx([0.8, 0.1, 0.1], abs=0.04)
        assert [n for n in range(40) if split_of(names[n]) == "validation"] == [3, 11, 12, 38, 39]
        assert [n for n in range(40) if split_of(names[n]) == "test"] == [7, 8, 15, 25, 26, 30, 32]
        for name in names[:40]:
            picture(tmp_path / name / "1.png")
            (tmp_path / name / "1.txt").write_text("words")
        found = {split: {s.id for s in read_stories(tmp_path, split).stories} for split in ("train", "test")}
        assert found["train"]
        assert found["test"]
        assert not found["train"] & found["test"]

    def test_every_data_set_is_recognised(self, tmp_path: Path) -> None:
        hdf5 = write_hdf5(tmp_path / "a.h5", {"text": ["a|b|c|d|e"]}, [strip(k, 1) for k in range(FRAMES)])
        assert read_stories(hdf5, "train").frames == FRAMES
        flickr = tmp_path / "flickr"
        names = [f"{i}.jpg" for i in range(30)]
        for name in names:
            picture(flickr / "Images" / name)
        (flickr / "captions.txt").write_text("image,caption\n" + "".join(f"{n},A\n" for n in names))
        expected = [n for n in names if split_of(n) == "train"]
        for source in (flickr, flickr / "captions.txt"):
            assert [s.id for s in read_stories(source, "train").stories] == expected
        with pytest.raises(PictureError, match="no data set there"):
            read_stories(tmp_path / "nothing", "train")

    def test_picture_books_are_split_by_their_number(self, tmp_path: Path) -> None:
        books = [
            {"id": number, "title": "T", "author": "A", "illustrator": "I", "license": "CC BY 4.0",
             "cover": "1.png", "pages": [{"text": "One.", "image": "1.png"}, {"text": " ", "image": "1.png"}]}
            for number in ("0001", "0008", "0009")
        ]  # fmt: skip
        picture(tmp_path / "1.png")
        (tmp_path / "books.jsonl").write_text("\n".join(json.dumps(book) for book in books))
        for split, number in (("train", "0001"), ("validation", "0008"), ("test", "0009")):
            found = read_stories(tmp_path, split)
            assert [(s.id, len(s.frames)) for s in found.stories] == [(number, 1)]
            assert found.left_out == {NO_WORDS: 1}
        (tmp_path / "books.jsonl").write_text("{}")
        with pytest.raises(BookError):
            read_stories(tmp_path, "train")
