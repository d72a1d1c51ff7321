"""Seconds and memory of a page against its number in the story, for each way to remember.

Run:  python benchmarks/memory_cost.py [--pages 32] [--steps 4] [--json out.json]
Each method draws in a process of its own; seconds are given as ratios to the same page drawn with `none`.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from lianhuan.conductor import PageDone, illustrate
from lianhuan.errors import CheckpointError
from lianhuan.generators import LatentDiffusion, load_generator
from lianhuan.memory import ARLDMMemory, Memory
from lianhuan.memory.ar_ldm import ARLDMMemoryConfig
from lianhuan.memory.load import MEMORIES, load_memory
from lianhuan.script import parse_story

METHODS = [name for name, gives in MEMORIES.items() if gives <= LatentDiffusion.accepts]
ROUND = ("Mia ran to the beach.", "Mia met Leo.", "Leo slept in the forest.", "They waved.")


def draw(name: str, pages: int, steps: int) -> dict[str, list[float]]:
    """Draw one long story; seconds and resident megabytes after every page."""
    generator, memory = load_generator(), remember(name)
    story = parse_story(" ".join(ROUND[i % len(ROUND)] for i in range(pages)))
    seconds, megabytes, began = [], [], time.perf_counter()
    for event in illustrate(story, generator, memory=memory, steps=steps):
        if isinstance(event, PageDone):
            seconds.append(time.perf_counter() - began)
            resident = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            megabytes.append(resident / 2**20)
            began = time.perf_counter()
    return {"seconds": seconds, "megabytes": megabytes}


def remember(name: str) -> Memory:
    """The memory, with random weights where no trained ones are shipped: they cost the same."""
    try:
        return load_memory(name, "storybook")
    except CheckpointError:
        return ARLDMMemory(ARLDMMemoryConfig()).eval().requires_grad_(False)


def summary(found: dict[str, dict[str, list[float]]]) -> dict[str, dict[str, list[float]]]:
    """Medians over each quarter of the story: seconds as ratios to `none`, and resident megabytes."""
    table: dict[str, dict[str, list[float]]] = {}
    for name, costs in found.items():
        ratios = [a / b for a, b in zip(costs["seconds"], found["none"]["seconds"], strict=True)]
        size = len(ratios) // 4
        table[name] = {
            "ratio": [round(statistics.median(ratios[i * size : (i + 1) * size]), 2) for i in range(4)],
            "megabytes": [
                round(statistics.median(costs["megabytes"][i * size : (i + 1) * size])) for i in range(4)
            ],
        }
    return table


def main() -> None:
    """Measure every method and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=32)
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", choices=METHODS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        print(json.dumps(draw(options.only, options.pages, options.steps)))  # noqa: T201 - for the parent
        return
    command = [sys.executable, __file__, "--pages", str(options.pages), "--steps", str(options.steps)]
    found = {
        name: json.loads(subprocess.run([*command, "--only", name], check=True, capture_output=True).stdout)
        for name in METHODS
    }
    text = json.dumps({"steps": options.steps, "quarters": summary(found), "pages": found}, indent=1)
    print(json.dumps(summary(found), indent=1))  # noqa: T201 - a script's result
    if options.json:
        options.json.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
