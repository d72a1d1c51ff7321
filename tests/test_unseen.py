"""Claims about the words of a story that a model has never seen."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cli_runs import fails, run
from lianhuan import Story, parse_story
from lianhuan.cli.stories import style_line, unseen_line
from lianhuan.data.world import world_story
from lianhuan.errors import CheckpointError
from lianhuan.generators.load import PARTS, model_folder
from lianhuan.metrics.reader import load_reader
from lianhuan.models.files import fingerprint
from lianhuan.models.known_words import KNOWN_WORDS, KnownWords, load_known_words, save_known_words
from lianhuan.script.unseen import Unseen, unseen_words
from lianhuan.story import Character
from lianhuan.train.words import known_words
from lianhuan.world.scene import world_of
from unseen_oracle import FRESH, LATER, TUNED

SHIPPED = world_of(load_reader().classes)
"""The world that the package's weights know."""


@pytest.fixture(scope="module")
def known() -> KnownWords:
    """The words of the small world, for which the sentences below were annotated."""
    return KnownWords(model_folder("storybook"), known_words(4000))


@pytest.fixture(scope="module")
def shipped() -> KnownWords:
    words = load_known_words("storybook")
    assert words is not None
    return words


@pytest.fixture
def listed(tiny_model: Path, tmp_path: Path, known: KnownWords) -> Path:
    """A model folder with random weights that says what it has seen."""
    folder = shutil.copytree(tiny_model, tmp_path / "listed")
    save_known_words(known.words, folder)
    return folder


def words(text: str | Story, known: KnownWords) -> list[str]:
    return [one.word for one in unseen_words(parse_story(text) if isinstance(text, str) else text, known)]


# --- what the model has seen ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_held_out_story_of_the_world_has_an_unseen_word(shipped: KnownWords, language: str) -> None:
    for index in range(50):
        told = world_story("test", index, SHIPPED)
        names = told.names_zh if language == "en" else told.names_zh.values()
        story = parse_story("\n".join(getattr(frame, f"caption_{language}") for frame in told.frames))
        cast = (*story.cast, *(Character(name=name) for name in names))
        assert words(story.model_copy(update={"cast": cast}), shipped) == [], story


def test_the_list_of_the_embedded_model_is_that_of_its_training_captions(shipped: KnownWords) -> None:
    assert (model_folder("storybook") / KNOWN_WORDS).stat().st_size < 60_000
    for language, some in known_words(200, SHIPPED).items():
        assert len(some) > 300
        assert some <= shipped.words[language]
    assert "mia" not in shipped.words["en"], "names are no words"


def test_words_of_looks_are_known_though_no_caption_says_them(known: KnownWords, shipped: KnownWords) -> None:
    for some in (known, shipped):
        assert words("Mia had blond hair. A fox with dark fur came. Tom had a purple top.", some) == []
        assert {"头发", "皮毛", "金色"} <= some.words["zh"]


def test_a_girl_called_rose_is_no_rose(known: KnownWords) -> None:
    assert {"dragon", "rose", "mia"}.isdisjoint(known.words["en"])


def test_the_list_changes_no_fingerprint(listed: Path, tiny_model: Path) -> None:
    assert fingerprint(listed, PARTS) == fingerprint(tiny_model, PARTS)


# --- which words of a story count ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "unseen"), TUNED)
def test_the_unseen_words_are_those_annotated(text: str, unseen: str, known: KnownWords) -> None:
    assert sorted(words(text, known)) == sorted(unseen.split())


@pytest.mark.parametrize("lot", [FRESH, LATER])
def test_few_errors_on_sentences_that_no_table_was_made_for(
    lot: tuple[tuple[str, str], ...], known: KnownWords
) -> None:
    found = {(text, word) for text, _ in lot for word in words(text, known)}
    wanted = {(text, word) for text, unseen in lot for word in unseen.split()}
    assert len(found & wanted) / len(found) >= 0.95, found - wanted
    assert len(found & wanted) / len(wanted) >= 0.95, wanted - found


@pytest.mark.parametrize(
    ("said", "base"),
    [
        ("Foxes are running; a rabbit ran, hopped and carries loaves. It shone.", ""),
        ("Two dragons saw a dragon. A dragon's tail!", "dragon tail"),
        ("He swam, swims and is swimming.", "swim"),
        ("They were painting. She painted. He paints.", "paint"),
        ("The children planned to bake: they baked.", "child bake"),
        ("The ponies and the pony", "pony"),
    ],
)
def test_every_form_counts_as_its_base(said: str, base: str, known: KnownWords) -> None:
    assert words(said, known) == base.split()


def test_names_do_not_count(known: KnownWords) -> None:
    assert words("Rusty and Daisy Potter met Mr. Baker in Paris on Monday. Rusty laughed.", known) == []
    assert words("从前有一个叫龙龙的男孩。龙龙和小虎跑到海边。", known) == []


def test_what_a_character_is_counts_on_all_its_pages(known: KnownWords) -> None:
    story = parse_story("A dragon called Zuzu sat down. Mia came. Zuzu laughed.")
    assert unseen_words(story, known) == (Unseen("dragon", ("s001", "s003")),)


def test_a_prompt_by_hand_counts_instead_of_the_text(known: KnownWords) -> None:
    story = parse_story("Mia saw a rocket.")
    edited = story.scenes[0].model_copy(update={"prompt": "Mia saw a piano."})
    assert words(story.model_copy(update={"scenes": (edited,)}), known) == ["piano"]


def test_of_other_languages_nothing_is_known(known: KnownWords) -> None:
    assert words("むかしむかし、ある所に竜がいました。", known) == []


# --- how it is told ------------------------------------------------------------------------------------------------

TOLD = "Mia saw a dragon. Mia laughed. The dragon flew to the castle."


def test_plan_asks_the_embedded_model_unless_another_is_named(shipped: KnownWords) -> None:
    plan = json.loads(run("plan", "-", "--json", stdin="Mia saw a xylophone and a dragon.").stdout)
    unseen = [one["word"] for one in plan["unseen"]]
    assert unseen == words("Mia saw a xylophone and a dragon.", shipped)
    assert "xylophone" in unseen


def test_plan_lists_each_word_once_with_its_scenes(listed: Path) -> None:
    plan = json.loads(run("plan", "-", "--generator", listed, "--json", stdin=TOLD).stdout)
    assert plan["unseen"] == [
        {"word": "dragon", "scenes": ["s001", "s003"]},
        {"word": "fly", "scenes": ["s003"]},
    ]
    shown = run("plan", "-", "--generator", listed, stdin=TOLD).stdout
    assert shown.index("not seen (2)") < shown.rindex("dragon  ") < shown.rindex("fly  ")
    assert "not seen" not in run("plan", "-", "--generator", listed, stdin="Mia laughed.").stdout


def test_illustrate_says_it_in_one_line(listed: Path, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(TOLD)
    drawing = ["illustrate", tmp_path / "story.txt", "--generator", listed, "--steps", 1, "--memory", "none"]
    done = run(*drawing, "-o", tmp_path / "book")
    assert [line for line in done.stderr.splitlines() if "not seen" in line] == [
        "words that the model has not seen, so it leaves them out or draws something else: dragon (page 1, 3), fly (page 3)"
    ]
    plan = json.loads(run("plan", tmp_path / "book", "--json").stdout)
    assert [one["word"] for one in plan["unseen"]] == ["dragon", "fly"], "by the book's own model"


def test_a_style_that_changes_nothing_is_told(listed: Path, tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text("Mia laughed.")
    drawing = ["illustrate", tmp_path / "story.txt", "--generator", listed, "--steps", 1, "--memory", "none"]
    told = "the model draws in one style only, so 'watercolour' changes nothing"
    assert told in run(*drawing, "--style", "watercolour", "-o", tmp_path / "book").stderr
    assert "in one style" not in run(*drawing, "-o", tmp_path / "plain").stderr
    config = listed / "text_encoder" / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | {"styles": True}))
    story = Story(title="", scenes=(), style="watercolour")
    assert style_line(str(listed), story) == ""


def test_a_long_line_is_cut(listed: Path) -> None:
    many = "whale dog cow pig sheep horse lion tiger owl bee train bus truck ship"
    line = unseen_line(str(listed), parse_story(f"Mia saw {many.replace(' ', ' and ')}."))
    assert line.endswith("bus (page 1), 2 more (`lianhuan plan` lists all)")


def test_a_model_without_a_list_says_nothing(tiny_model: Path, tmp_path: Path) -> None:
    assert load_known_words(tiny_model) is None
    assert load_known_words("owner/name") is None
    (tmp_path / "story.txt").write_text(TOLD)
    plan = json.loads(run("plan", tmp_path / "story.txt", "--generator", tiny_model, "--json").stdout)
    assert "unseen" not in plan
    drawing = ["illustrate", tmp_path / "story.txt", "--generator", tiny_model, "--steps", 1]
    assert "not seen" not in run(*drawing, "-o", tmp_path / "book").stderr


def test_a_damaged_list_or_a_wrong_folder_is_told(listed: Path) -> None:
    (listed / KNOWN_WORDS).write_text("[1, 2")
    with pytest.raises(CheckpointError, match="remove it"):
        load_known_words(listed)
    (listed / KNOWN_WORDS).write_text("[1, 2]")
    fails("plan", "-", "--generator", listed, says="is damaged", stdin=TOLD)
    fails("plan", "-", "--generator", "nowhere", says="there is no model folder", code=2, stdin=TOLD)


def test_plan_loads_no_torch() -> None:
    check = (
        "import atexit, sys; atexit.register(lambda: print('torch' in sys.modules, file=sys.stderr));"
        "sys.argv = ['lianhuan', 'plan', '-']; from lianhuan.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", check], input=TOLD, capture_output=True, text=True, check=True
    )
    assert done.stderr == "False\n"
