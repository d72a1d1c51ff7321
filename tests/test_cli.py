"""The command line, run as a user runs it: on a model with random weights, because no claim here is about pictures."""

import json
from pathlib import Path

import pytest
import yaml
from PIL import Image

from cli_runs import STORY, fails, run, tree

# --- the way to a book -------------------------------------------------------------------------------------------


def test_a_story_becomes_a_book(drawing: list[object], tmp_path: Path) -> None:
    done = run(*drawing, tmp_path / "book")
    assert done.exit_code == 0
    assert [Path(line) for line in done.stdout.splitlines()] == [
        tmp_path / "book/exports/book.pdf",
        tmp_path / "book/exports/index.html",
    ]
    assert (tmp_path / "book/exports/book.pdf").read_bytes().startswith(b"%PDF")
    assert "page 4 of 4 drawn" in done.stderr
    assert "\x1b" not in done.stderr
    file = yaml.safe_load((tmp_path / "book/book.yaml").read_text())
    assert [page["caption"].strip() for page in file["scenes"]] == [
        f"{s.strip('.')}." for s in STORY.split(". ")
    ]
    for page in file["scenes"]:
        assert (tmp_path / "book" / page["picked"]).is_file()


def test_the_same_command_gives_the_same_bytes(book: Path, drawing: list[object], tmp_path: Path) -> None:
    run(*drawing, tmp_path / "again")
    assert tree(tmp_path / "again") == tree(book)
    before = tree(book)
    done = run("illustrate", book, "--json")
    assert json.loads(done.stdout)["pdf"] == str(book / "exports/book.pdf")
    assert done.stderr.count("kept") == 4
    assert tree(book) == before


def test_two_threads_draw_what_one_draws(book: Path, drawing: list[object], tmp_path: Path) -> None:
    import torch

    torch.set_num_threads(2)
    try:
        run(*drawing, tmp_path / "book")
    finally:
        torch.set_num_threads(1)
    assert tree(tmp_path / "book") == tree(book)


def test_a_story_may_come_from_stdin(tiny_model: Path, tmp_path: Path) -> None:
    told = "\ufeffMia ran.\r\n\r\nShe slept."
    done = run(
        "illustrate",
        "-",
        "-o",
        tmp_path,
        "--generator",
        tiny_model,
        "--steps",
        1,
        "--memory",
        "none",
        stdin=told,
    )
    assert done.exit_code == 0
    assert (tmp_path / "story.txt").read_bytes() == b"Mia ran.\r\n\r\nShe slept."


def test_an_edited_book_is_drawn_with_its_own_settings(story: Path, tiny_model: Path, tmp_path: Path) -> None:
    run(
        "illustrate",
        story,
        "-o",
        tmp_path,
        "--generator",
        tiny_model,
        "--steps",
        1,
        "--memory",
        "none",
        "--seed",
        3,
    )
    old = yaml.safe_load((tmp_path / "book.yaml").read_text())
    text = (tmp_path / "book.yaml").read_text().replace("They saw a fish.", "They saw a blue whale.")
    (tmp_path / "book.yaml").write_text(text)
    done = run("illustrate", tmp_path)
    assert done.exit_code == 0
    new = yaml.safe_load((tmp_path / "book.yaml").read_text())
    changed = [
        a["id"] for a, b in zip(old["scenes"], new["scenes"], strict=True) if a["picked"] != b["picked"]
    ]
    assert changed == ["s002"]
    assert (new["seed"], new["steps"], new["memory"]) == (3, 1, "none")
    run("illustrate", tmp_path, "--seed", 4)
    newer = yaml.safe_load((tmp_path / "book.yaml").read_text())
    assert (newer["seed"], newer["steps"]) == (4, 1)


def test_a_locked_page_is_never_drawn_again(story: Path, tiny_model: Path, tmp_path: Path) -> None:
    run("illustrate", story, "-o", tmp_path, "--generator", tiny_model, "--steps", 1, "--memory", "none")
    text = (tmp_path / "book.yaml").read_text().replace("locked: false", "locked: true", 1)
    (tmp_path / "book.yaml").write_text(text)
    old = [page["picked"] for page in yaml.safe_load(text)["scenes"]]
    run("illustrate", tmp_path, "--seed", 99)
    new = [page["picked"] for page in yaml.safe_load((tmp_path / "book.yaml").read_text())["scenes"]]
    assert [a == b for a, b in zip(old, new, strict=True)] == [True, False, False, False]


def test_the_first_page_may_be_given(story: Path, tiny_model: Path, book: Path, tmp_path: Path) -> None:
    Image.new("RGB", (200, 128), "#3366cc").save(tmp_path / "first.png")
    given = ["--first-frame", tmp_path / "first.png", "--seed", 5, "--steps", 2]
    run("illustrate", story, "-o", tmp_path / "book", "--generator", tiny_model, *given)
    pages = yaml.safe_load((tmp_path / "book/book.yaml").read_text())["scenes"]
    with Image.open(tmp_path / "book" / pages[0]["picked"]) as first:
        assert first.getcolors() == [(128 * 128, (0x33, 0x66, 0xCC))]
    others = yaml.safe_load((book / "book.yaml").read_text())["scenes"]
    assert pages[1]["picked"] != others[1]["picked"], "the second page remembers the first"


# --- the other verbs ---------------------------------------------------------------------------------------------


def test_plan_keeps_its_contract(story: Path, book: Path) -> None:
    plan = json.loads(run("plan", story, "--json").stdout)
    assert list(plan) == ["scenes", "cast", "mentions", "unseen"]
    assert plan.pop("unseen") == [], (
        "the embedded model knows all these words; of the book's model no words are known"
    )
    assert [set(scene) for scene in plan["scenes"]] == [{"id", "text", "span", "on_stage", "place"}] * 4
    assert [set(one) for one in plan["cast"]] == [{"name", "aliases", "kind"}] * 2
    assert [set(one) for one in plan["mentions"]] == [{"span", "text", "refers_to", "ambiguous"}]
    assert plan["scenes"][1]["on_stage"] == ["Mike", "Jon"]
    assert [STORY[slice(*scene["span"])] for scene in plan["scenes"]] == [
        scene["text"] for scene in plan["scenes"]
    ]
    assert json.loads(run("plan", book, "--json").stdout) == plan


def test_plan_for_people_marks_what_is_ambiguous() -> None:
    shown = run("plan", "-", stdin="Mary and Anna ran to the beach. She laughed.").stdout
    assert "beach" in shown
    assert "ambiguous" in shown
    assert "[b]" in run("plan", "-", stdin="Mike said [b] and [/b].").stdout, "words are no markup"


def test_export_writes_what_is_asked_for(story: Path, book: Path, tmp_path: Path) -> None:
    assert run("export", book, "--png", "--html").stdout.split() == [
        str(book / "exports/index.html"),
        str(book / "exports/contact-sheet.png"),
    ]
    assert set(json.loads(run("export", book, "--json").stdout)) == {"pdf", "html", "png"}
    assert run("export", tmp_path).exit_code == 1


def test_world_writes_stories_with_labels(tmp_path: Path) -> None:
    done = run("world", "-n", 2, "-o", tmp_path / "world", "--size", 32, "--json")
    table = Path(json.loads(done.stdout)["table"]).read_text().splitlines()
    assert len(table) == 2
    frame = json.loads(table[0])["frames"][0]
    with Image.open(tmp_path / "world" / frame["picture"]) as picture:
        assert picture.size == (32, 32)
    assert run("world", "-n", 1, "-o", tmp_path / "world").exit_code == 2


def test_world_writes_stories_of_the_full_world(tmp_path: Path) -> None:
    seen = {}
    for world in ("small", "full"):
        done = run("world", "-n", 6, "-o", tmp_path / world, "--size", 16, "--world", world, "--json")
        rows = [json.loads(row) for row in Path(json.loads(done.stdout)["table"]).read_text().splitlines()]
        seen[world] = {name for row in rows for frame in row["frames"] for name in frame["labels"]}
    assert seen["full"] > seen["small"]
    assert {"style", "view", "emotion3", "worn0"} <= seen["full"] - seen["small"]


RECIPE = """
from lianhuan.train.loop import TrainStep
def run(folder, *, resume, steps):
    if steps == 13:
        raise KeyboardInterrupt
    for step in range(steps or 3):
        yield TrainStep("toy", step + 1, steps or 3, 0.5, {"resumed": float(resume)}, 0.1)
"""


def test_train_runs_a_recipe_and_logs_every_step(tmp_path: Path) -> None:
    recipe, out = tmp_path / "toy.py", tmp_path / "run"
    recipe.write_text(RECIPE)
    assert run("train", recipe, "-o", out, "--steps", 2).exit_code == 0
    refused = run("train", recipe, "-o", out)
    assert refused.exit_code == 1
    assert "--resume" in refused.stderr
    assert run("train", recipe, "-o", out, "--resume").exit_code == 0
    rows = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 1, 2, 3]
    assert rows[-1]["figures"] == {"resumed": 1.0}
    stopped = run("train", recipe, "-o", tmp_path / "other", "--steps", 13)
    assert (stopped.exit_code, "with --resume" in stopped.stderr) == (130, True)


@pytest.mark.parametrize("text", [None, "run = 3", "def run(:", "import no_such_module"])
def test_a_bad_recipe_is_an_error(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "toy.py").write_text(text)
    assert fails("train", tmp_path / "toy.py", "-o", tmp_path / "run", says="toy.py")


def test_doctor_says_what_is_missing() -> None:
    import lianhuan

    done = run("doctor", "--json")
    found = json.loads(done.stdout)
    checks = {check["name"]: check for check in found["checks"]}
    model = Path(lianhuan.__file__).parent / "weights/storybook/model_index.json"
    assert checks["model storybook"]["ok"] == model.exists() == found["ok"]
    assert done.exit_code == (0 if found["ok"] else 1)
    assert "threads" in checks["torch"]["detail"]
