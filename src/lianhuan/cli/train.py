"""`lianhuan train`: run a training recipe."""

import importlib.util
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from lianhuan.cli.terminal import progress
from lianhuan.cli.threads import use_cores
from lianhuan.errors import RecipeError
from lianhuan.late import needing_extras

if TYPE_CHECKING:
    from lianhuan.train.loop import DataRead, TrainStep

    Run = Callable[..., Iterator[TrainStep | DataRead]]

METRICS = "metrics.jsonl"


def train(
    recipe: Annotated[
        str,
        typer.Argument(
            metavar="RECIPE",
            help="Python file of a recipe or its name in ./recipes; FILE:PART runs one part of it.",
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder of the run.")],
    resume: Annotated[bool, typer.Option("--resume", help="Go on where the run in DIR stopped.")] = False,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Steps of each part, instead of the recipe's own.")
    ] = None,
    given: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="A setting of the recipe, as base=FOLDER; may be repeated."
        ),
    ] = None,
) -> None:
    """Run a training recipe.

    Checkpoints and metrics.jsonl (and curves for TensorBoard, if that is installed) go to DIR. A recipe is a Python file with `run(folder, *, resume, steps)` that yields training steps; other functions of that form are its parts. Parts share DIR: the later ones read what the earlier ones left. With torchrun several processes train together.
    """
    from lianhuan.train.processes import is_main

    run = load_recipe(recipe)
    settings = read_settings(run, given or ())
    metrics = out / METRICS
    if is_main() and metrics.exists() and not resume:
        raise RecipeError(f"{out} holds a run; go on with --resume, or name another folder")
    use_cores()
    out.mkdir(parents=True, exist_ok=True)
    events = run(out, resume=resume, steps=steps, **settings)
    try:
        if is_main():
            _follow(events, metrics)
        else:
            for _ in events:
                pass
    except KeyboardInterrupt:
        raise KeyboardInterrupt("stopped; run the same command with --resume to go on") from None
    if is_main():
        print(metrics)


def read_settings(run: "Run", given: "Sequence[str]") -> dict[str, Any]:
    """The settings NAME=VALUE of a recipe; a number where the recipe's own value is one.

    Raises:
        RecipeError: the recipe has no such setting, or the value is no number where one is wanted.
    """
    known = inspect.signature(run).parameters
    names = [name for name in known if name not in ("folder", "resume", "steps")]
    found: dict[str, Any] = {}
    for text in given:
        name, _, value = text.partition("=")
        if name not in names:
            raise RecipeError(f"--set {text}: the recipe has the settings {', '.join(names) or 'none'}")
        kind = type(known[name].default)
        try:
            found[name] = kind(value) if kind in (int, float) else value
        except ValueError as error:
            raise RecipeError(f"--set {text}: {name} is a number, as {known[name].default}") from error
    return found


def load_recipe(name: str) -> "Run":
    """A recipe: "FILE" or "FILE:PART", where FILE is a path, or the name of a file in ./recipes; PART is `run` if not said.

    Raises:
        RecipeError: there is no such file or part, or the file cannot be loaded.
    """
    file, _, part = name.partition(":")
    path = Path(file) if file.endswith(".py") else Path("recipes") / f"{file}.py"
    if not path.is_file():
        raise RecipeError(f"no recipe at {path}; name a Python file, or one in ./recipes without .py")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise RecipeError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    try:
        with needing_extras():
            spec.loader.exec_module(module)
    except (SyntaxError, ImportError) as error:
        raise RecipeError(f"{path} cannot be loaded ({error})") from error
    run = getattr(module, part or "run", None)
    if not callable(run):
        raise RecipeError(f"{path} has no function {part or 'run'}(folder, *, resume, steps)")
    return cast("Run", run)


def _follow(events: "Iterator[TrainStep | DataRead]", metrics: Path) -> None:
    from lianhuan.train.loop import DataRead

    with ExitStack() as stack:
        table = stack.enter_context(metrics.open("a", encoding="utf-8"))
        board = _board(metrics.parent)
        if board is not None:
            stack.callback(board.close)
        shown = stack.enter_context(progress(1.0))
        for event in events:
            table.write(json.dumps(asdict(event)) + "\n")
            table.flush()
            if isinstance(event, DataRead):
                left_out = "".join(f", {count} {reason} left out" for reason, count in event.left_out.items())
                shown.milestone(
                    f"{event.split}: {event.stories} stories, {event.pictures} pictures{left_out}"
                )
                continue
            figures = {"loss": event.loss, **event.figures}
            if board is not None:
                for name, value in figures.items():
                    board.add_scalar(f"{event.recipe}/{name}", value, event.step)
            numbers = ", ".join(f"{name} {value:.4g}" for name, value in figures.items())
            shown.at(event.step / event.steps, f"{event.recipe} {event.step}/{event.steps}")
            shown.milestone(f"{event.recipe} {event.step}/{event.steps}: {numbers} ({event.seconds:.0f} s)")


def _board(folder: Path) -> Any:
    """A TensorBoard writer if that is installed."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(str(folder / "tensorboard"))
