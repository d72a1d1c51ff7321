"""Pages a second of several stories side by side against the same stories one after another.

Run:  python benchmarks/many.py [--engine light] [--stories 8] [--sides 1,4,8] [--steps 20] [--rounds 2] [--cold 1] [--json out.json]
All sides draw the same stories of two pages in turn in one process, so that a busy machine slows all; the ratios are what counts.
Processor seconds are told beside the seconds by the clock: what other programs take is not in them. With --cold N the whole
commands, from texts to PDFs, are timed as well: one for all stories against one for each.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from lianhuan import load_generator, load_memory, parse_story
from lianhuan.conductor import Telling, illustrate_many
from lianhuan.generators.base import Engine
from lianhuan.threads import threads

WHO = ("Mia", "Jon", "Lily", "Tom", "Ben", "Zoe", "Max", "Ada")
Seconds = tuple[float, float]
"""By the clock, and of the processor."""


def text(number: int) -> str:
    """A story of two pages."""
    who = WHO[number % len(WHO)]
    return f"{who} ran to the beach. {who} saw a fish."


def timed(work: Callable[[], object]) -> Seconds:
    """How long `work` and its child processes take."""
    clock, before = time.perf_counter(), os.times()
    work()
    after = os.times()
    return time.perf_counter() - clock, sum(after[:4]) - sum(before[:4])


def per_page(runs: Sequence[Seconds], pages: int) -> dict[str, float]:
    """Medians."""
    clock, processor = (statistics.median(column) / pages for column in zip(*runs, strict=True))
    return {"seconds_per_page": clock, "processor_seconds_per_page": processor}


def warm(engine: Engine, stories: int, sides: Sequence[int], steps: int, rounds: int) -> dict[str, object]:
    """Everything loaded: so many stories at a time."""
    generator, memory = load_generator(engine=engine), load_memory("lstm", "storybook", engine=engine)
    told = [
        Telling(parse_story(text(i)), generator, memory, seed=i, steps=steps, guidance=4.5)
        for i in range(stories)
    ]
    for batch in sides:
        list(illustrate_many([Telling(one.story, generator, memory, steps=1) for one in told], batch=batch))
    runs: dict[int, list[Seconds]] = {batch: [] for batch in sides}
    for _ in range(rounds):
        for batch, found in runs.items():
            found.append(timed(lambda batch=batch: list(illustrate_many(told, batch=batch))))
    return {
        str(batch): {
            **per_page(found, 2 * stories),
            "speed": statistics.median(
                one[0] / some[0] for one, some in zip(runs[sides[0]], found, strict=True)
            ),
            "speed_by_processor": statistics.median(
                one[1] / some[1] for one, some in zip(runs[sides[0]], found, strict=True)
            ),
        }
        for batch, found in runs.items()
    }


def cold(engine: Engine, stories: int, steps: int) -> dict[str, dict[str, float]]:
    """The commands, with their start."""
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"story-{i}.txt" for i in range(stories)]
        for i, file in enumerate(files):
            file.write_text(text(i), encoding="utf-8")

        def draw(some: Sequence[Path], out: str) -> None:
            program = "from lianhuan.cli import main; main()"
            args = [*map(str, some), "-o", out, "--engine", engine, "--steps", str(steps)]
            command = [sys.executable, "-c", program, "illustrate", *args]
            subprocess.run(command, capture_output=True, check=True)

        together = timed(lambda: draw(files, f"{folder}/many"))
        alone = timed(lambda: [draw([file], f"{folder}/one/{file.stem}") for file in files])
    return {"together": per_page([together], 2 * stories), "one by one": per_page([alone], 2 * stories)}


def main() -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=("light", "torch"), default="light")
    parser.add_argument("--stories", type=int, default=8)
    parser.add_argument("--sides", default="1,4,8")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--cold", type=int, default=0)
    parser.add_argument("--json", default=None)
    options = parser.parse_args()
    sides = [int(side) for side in options.sides.split(",")]
    report: dict[str, object] = {
        "engine": options.engine,
        "threads": threads(),
        "stories": options.stories,
        "steps": options.steps,
        "load_average": os.getloadavg(),
        "side_by_side": warm(options.engine, options.stories, sides, options.steps, options.rounds),
    }
    if options.cold:
        report["commands"] = [
            cold(options.engine, options.stories, options.steps) for _ in range(options.cold)
        ]
    told = json.dumps(report, indent=2)
    print(told)  # noqa: T201 - a script's result
    if options.json:
        Path(options.json).write_text(told + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
