"""Blind votes on two sets of books: a page that does not tell which is which, and votes counted with the key."""

import base64
import io
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageChops, ImageStat

from bench_oracle import FRAMES, PAGES, PICTURES, STORIES, keep_books
from cli_runs import fails, run
from lianhuan.bench.books import keep_story, story_folder
from lianhuan.bench.survey import SurveyKey, read_key, write_survey
from lianhuan.bench.votes import read_votes, survey_results
from lianhuan.errors import BookError, SurveyError

QUESTIONS = ("quality", "relevance", "consistency")


@pytest.fixture(scope="module")
def books(tmp_path_factory) -> Path:
    """`a` has true pictures, `b` those of the next story."""
    root = tmp_path_factory.mktemp("books")
    keep_books(root / "a", list(range(STORIES)))
    keep_books(root / "b", [*range(1, STORIES), 0])
    return root


@pytest.fixture(scope="module")
def survey(books, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("survey") / "votes"
    done = run("bench", "survey", books / "a", books / "b", "-o", folder, "--seed", 4)
    assert done.exit_code == 0
    assert done.stdout.strip() == str(folder / "index.html")
    return folder


def _shown(page: str) -> list[Image.Image]:
    return [
        Image.open(io.BytesIO(base64.b64decode(data)))
        for data in re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    ]


def _apart(some: list[Image.Image], others: list[Image.Image]) -> float:
    pairs = zip(some, others, strict=True)
    return float(np.mean([ImageStat.Stat(ImageChops.difference(*pair)).mean for pair in pairs]))


def _story(key: SurveyKey, number: str) -> int:
    return int(key.comparisons[number].a[-5:])


def test_the_page_shows_both_books_of_every_story_as_the_key_says(survey):
    key, shown = read_key(survey), _shown((survey / "index.html").read_text())
    assert len(shown) == 2 * STORIES * FRAMES
    assert sorted(_story(key, number) for number in key.comparisons) == list(range(STORIES))
    for number, side in key.comparisons.items():
        start = (int(number) - 1) * 2 * FRAMES
        left, right = shown[start : start + 2 * FRAMES : 2], shown[start + 1 : start + 2 * FRAMES : 2]
        of_a, of_b = (left, right) if side.a_is == "left" else (right, left)
        true = PICTURES[_story(key, number)]
        assert _apart(of_a, true) == 0 < _apart(of_b, true)


def test_the_page_does_not_tell_which_side_is_which(survey, books):
    page = (survey / "index.html").read_text()
    words = re.sub(r"base64,[^\"]+", "", page)
    assert not re.search(r"https?://|url\(", words)
    assert str(books) not in words
    assert "story-0000" not in words
    assert all(
        not picture.info.keys() & {"exif", "xmp", "parameters", "lianhuan"} for picture in _shown(page)
    )
    sides = [side.a_is for side in read_key(survey).comparisons.values()]
    assert sides.count("left") == STORIES // 2


def test_seed_and_number_of_stories_decide_the_survey(books, tmp_path):
    keys = [
        write_survey(books / "a", books / "b", tmp_path / str(n), seed=seed, stories=stories)
        for n, (seed, stories) in enumerate([(4, 4), (4, 4), (5, 4), (4, 2)])
    ]
    assert keys[0] == keys[1] != keys[2]
    assert [len(key.comparisons) for key in keys] == [4, 4, 4, 2]
    assert len({key.survey for key in keys}) == 3
    with pytest.raises(SurveyError, match="another survey"):
        write_survey(books / "a", books / "b", tmp_path / "0", seed=5, stories=4)


def _file(path: Path, key: SurveyKey, answers: dict[str, dict[str, str]], **other: object) -> Path:
    record = {"schema_version": 1, "survey": key.survey, "voter": path.stem, "votes": answers, **other}
    path.write_text(json.dumps(record))
    return path


def _for(key: SurveyKey, number: str, wanted: str) -> str:
    """The answer with which a voter prefers "a", "b" or, with "same", neither."""
    side, other = key.comparisons[number].a_is, {"left": "right", "right": "left"}
    return {"a": side, "b": other[side], "same": "same"}[wanted]


def test_votes_are_counted_by_book_and_not_by_side(survey, tmp_path):
    key = read_key(survey)
    fan = {n: {q: _for(key, n, "a") for q in QUESTIONS} for n in key.comparisons}
    half = {n: {"quality": _for(key, n, "b" if int(n) % 2 else "same")} for n in key.comparisons}
    files = [_file(tmp_path / "fan.json", key, fan), _file(tmp_path / "half.json", key, half)]
    done = run("bench", "survey-results", survey, *files)
    assert done.exit_code == 0
    result = json.loads((survey / "results.json").read_text())
    assert done.stdout == (survey / "results.md").read_text()
    assert (result["a"], result["b"], result["stories"], result["voters"]) == ("a", "b", STORIES, 2)
    assert result["votes"] == 4 * STORIES
    quality = result["questions"]["quality"]
    assert {name: share["mean"] for name, share in quality.items()} == {
        "a": 0.5, "same": 0.25, "b": 0.25, "margin": 0.25,
    }  # fmt: skip
    assert quality["b"]["low"] < 0.25 < quality["b"]["high"]
    assert quality["a"]["n"] == 2 * STORIES
    assert result["questions"]["relevance"]["a"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": STORIES}
    assert "| consistency | 1.000 [1.000, 1.000] | 0.000 [0.000, 0.000] |" in done.stdout


def test_a_question_needs_votes_on_two_stories(survey, tmp_path):
    key = read_key(survey)
    answers = {n: dict.fromkeys(QUESTIONS, "left") for n in ("1", "2")}
    del answers["2"]["relevance"]
    with pytest.raises(SurveyError, match="only 1 stories have votes on relevance"):
        survey_results(key, read_votes(key, [_file(tmp_path / "v.json", key, answers)]))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"survey": "0123"}, "another survey"),
        ({"votes": {"77": {"quality": "left"}}}, "comparison 77"),
        ({"votes": {"1": {"beauty": "left"}}}, "beauty"),
        ({"votes": {"1": {"quality": "a"}}}, "'left', 'same' or 'right'"),
        ({"voter": ""}, "voter"),
        ({"age": 3}, "age"),
        ({"schema_version": 2}, "schema_version"),
    ],
)
def test_a_wrong_file_of_votes_is_one_clear_line(survey, tmp_path, change, said):
    file = _file(tmp_path / "v.json", read_key(survey), {"1": {"quality": "left"}}, **change)
    assert str(file) in fails("bench", "survey-results", survey, file, says=said).stderr


def test_votes_that_cannot_be_read_or_count_twice_are_refused(survey, tmp_path):
    key = read_key(survey)
    one = _file(tmp_path / "one.json", key, {"1": {"quality": "left"}})
    again = _file(tmp_path / "again.json", key, {}, voter="one")
    fails("bench", "survey-results", survey, one, again, says="same voter")
    fails("bench", "survey-results", survey, tmp_path / "gone.json", says="is missing")
    (tmp_path / "text.json").write_text("left")
    fails("bench", "survey-results", survey, tmp_path / "text.json", says="no file of votes")
    fails("bench", "survey-results", survey, tmp_path, says=str(tmp_path))
    fails("bench", "survey-results", tmp_path, one, says="no survey")


def test_books_that_cannot_be_compared_are_refused(books, tmp_path):
    with pytest.raises(BookError, match="no book folders"):
        write_survey(books / "a", tmp_path, tmp_path / "s")
    shutil.copytree(books / "a", tmp_path / "fewer")
    shutil.rmtree(story_folder(tmp_path / "fewer", 0))
    with pytest.raises(SurveyError, match=r"6 books and .* 5"):
        write_survey(books / "a", tmp_path / "fewer", tmp_path / "s")
    keep_story(tmp_path / "fewer", 9, PAGES[1], [{"generator": "g", "memory": "none"}] * FRAMES, PICTURES[1])
    with pytest.raises(SurveyError, match="tell other stories"):
        write_survey(books / "a", tmp_path / "fewer", tmp_path / "s")
    assert not (tmp_path / "s").exists()
