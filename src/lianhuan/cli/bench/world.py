"""`lianhuan bench world`: draw held-out stories of the world with each memory, read the pictures, print the scores."""

import json
from enum import StrEnum
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import typer

from lianhuan.bench.task import Task
from lianhuan.cli.bench.drawing import draw_runs, load_methods, shared_engine
from lianhuan.cli.options import EngineOption
from lianhuan.cli.terminal import progress
from lianhuan.cli.threads import use_cores


class Split(StrEnum):
    """Which stories of the world; the model was trained on "train"."""

    TEST = "test"
    VALIDATION = "validation"
    TRAIN = "train"


def world(  # noqa: PLR0913 - one argument per option
    memory: Annotated[
        str, typer.Option(metavar="LIST", help="Memories to compare, with commas between them.")
    ] = "none,lstm",
    task: Annotated[
        str,
        typer.Option(
            metavar="LIST",
            help="visualization (every page is drawn), continuation (the first page is given), or both with a comma.",
        ),
    ] = Task.VISUALIZATION.value,
    stories: Annotated[
        str,
        typer.Option(
            metavar="LIST", help="Number of stories; for several lengths, one number or one for each."
        ),
    ] = "64",
    frames: Annotated[
        str, typer.Option(metavar="LIST", help="Pictures per story; several numbers with commas between.")
    ] = "5",
    json_file: Annotated[Path, typer.Option("--json", help="File for the scores.")] = Path(
        "out/bench-world.json"
    ),
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", metavar="DIR", help="Folder for the books; beside the scores if not given."
        ),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder for tables, a web page and sheets of pictures.")
    ] = None,
    generator: Annotated[str, typer.Option(help="Model: storybook or a model folder.")] = "storybook",
    reader: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the reader, if not the embedded one; the stories are of its world."
        ),
    ] = None,
    clip: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the model of pictures and captions, if not the embedded one."
        ),
    ] = None,
    split: Annotated[Split, typer.Option(help="Which stories of the world.")] = Split.TEST,
    seed: Annotated[int, typer.Option(help="Seed of the noise.")] = 0,
    seeds: Annotated[
        int, typer.Option(min=1, help="How often a story is drawn, each time with other noise.")
    ] = 1,
    steps: Annotated[
        int | None,
        typer.Option(min=1, max=1000, help="Denoising steps per picture. [default: the model's own]"),
    ] = None,
    guidance: Annotated[
        float, typer.Option(min=0.0, max=100.0, help="Classifier-free guidance; 1 is none.")
    ] = 4.5,
    batch: Annotated[int, typer.Option(min=2, help="Stories drawn side by side.")] = 16,
    control: Annotated[bool, typer.Option(help="Also feed the LSTM another story's pictures.")] = True,
    engine: EngineOption = "auto",
) -> None:
    """Measure how well pictures show their stories and how well hidden looks stay.

    Stories are drawn page after page with their own pictures fed back, all methods by one engine. Run the same command again
    after an interruption: finished stories are not drawn again.
    """
    tasks, counts = _tasks(task), _counts(frames, stories)
    from lianhuan.bench.books import world_tales
    from lianhuan.bench.report import markdown_tables, write_report
    from lianhuan.bench.run import Run
    from lianhuan.bench.world import bench_world, one_result
    from lianhuan.book import write_atomically
    from lianhuan.generators import Compute, load_generator
    from lianhuan.metrics.reader import load_reader
    from lianhuan.models.clip import load_clip
    from lianhuan.world.scene import world_of

    use_cores()
    eyes = load_reader(reader)
    judge = load_clip(clip)
    called = list(dict.fromkeys(part.strip() for part in memory.split(",")))
    how = shared_engine(engine, generator, called)
    device = "cpu" if how == "light" else _device()
    model = load_generator(generator, compute=Compute(device=device), engine=how)
    methods = load_methods(called, generator, device, how, control)
    root = out or json_file.with_suffix("")
    kind = world_of(eyes.classes)
    tales = {length: world_tales(split, count, length, kind) for length, count in counts.items()}
    names = [method.name for method in methods]
    runs = [Run.at(root, one, tales[length], names, seeds) for one, length in product(tasks, counts)]
    settings: dict[str, Any] = {
        "seed": seed,
        "steps": model.steps(guidance, "") if steps is None else steps,
        "guidance": guidance,
    }
    with progress(len(tasks) * len(methods) * seeds * sum(counts.values())) as shown:
        for done, doing in draw_runs(runs, methods, model, settings, split=split, batch=batch):
            shown.at(done, doing)
            shown.milestone(doing)
        shown.milestone("reading the pictures")
    drawn = {"generator": model.name, "weights": model.fingerprint, "engine": model.engine}
    shared = {**settings, "batch": batch, **drawn}
    scored = [bench_world(run, eyes, seed=seed, split=split, settings=shared, clip=judge) for run in runs]
    write_atomically(json_file, (json.dumps(one_result(scored), indent=1) + "\n").encode())
    if report is not None:
        write_report(scored, report)
    print(markdown_tables(scored), end="")


def _tasks(names: str) -> list[Task]:
    try:
        return [Task(name) for name in dict.fromkeys(part.strip() for part in names.split(","))]
    except ValueError as error:
        raise typer.BadParameter(
            f"{names!r} is not a list of {' and '.join(Task)}", param_hint="--task"
        ) from error


def _counts(frames: str, stories: str) -> dict[int, int]:
    """Number of pictures -> number of stories that have so many."""
    lengths = list(dict.fromkeys(_numbers(frames, "--frames")))
    counts = _numbers(stories, "--stories")
    if len(counts) not in (1, len(lengths)):
        raise typer.BadParameter(
            f"{stories!r}: give one number, or one for each of the {len(lengths)} lengths {frames}",
            param_hint="--stories",
        )
    return dict(zip(lengths, counts * len(lengths), strict=False))


def _numbers(text: str, option: str) -> list[int]:
    try:
        numbers = [int(number) for number in text.split(",")]
    except ValueError:
        numbers = []
    if min(numbers, default=0) < 2:
        raise typer.BadParameter(
            f"{text!r} is no list of numbers, each at least 2, as in 4,8,16", param_hint=option
        )
    return numbers


def _device() -> str:
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"
