"""A memory beside a frozen model, learnt from real picture books: tiny sizes, the whole way.

Run:  python benchmarks/frozen_memory.py --data ../shared/picturebooks [--json out.json] [--sheet out.png]
One thread. A Stable Diffusion model (layout and networks of 1.x, v-prediction, 64 px pictures) is trained from nothing on single
pages of the training books, then frozen; then each memory is trained beside it, with low-rank changes. Measured on pages 2 to 5
of the validation books, which nothing was chosen by: the loss of the base alone, with a new memory, and with the trained one
that is given the book's own pictures, those of another book, or none. What low-rank changes learn of the books as such helps
in all three; only their differences come from the pictures.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from lianhuan.control import ClassifierFree
from lianhuan.data.find import read_stories
from lianhuan.generators import load_generator
from lianhuan.generators.base import Drawn
from lianhuan.generators.latent import LatentGenerator
from lianhuan.images import contact_sheet
from lianhuan.memory.bridged import BridgedMemory, load_bridged
from lianhuan.memory.load import fit
from lianhuan.metrics.statistics import Tally, estimate
from lianhuan.story import PageRequest
from lianhuan.train.base import MODEL, BasePlan, train_base
from lianhuan.train.encoded import EncodedStories, encode_stories
from lianhuan.train.frozen import FrozenPlan, read_words, story_losses, tell, train_frozen
from lianhuan.train.loop import DataRead, TrainConfig, TrainStep

FRAMES = 5
DRAWN = (0, 5, 10, 15)
"""Validation books on the sheet."""


def config(steps: int, learning_rate: float, accumulate: int = 1) -> TrainConfig:
    """For networks of a few hundred thousand weights."""
    return TrainConfig(
        steps=steps,
        learning_rate=learning_rate,
        warmup=20,
        ema=0.99,
        weight_decay=0.0,
        checkpoint_every=250,
        accumulate=accumulate,
        precision="fp32",
    )


def curves(events: Iterator[TrainStep | DataRead]) -> dict[str, Any]:
    """Run a training; its curves, for each part [step, loss, ...], and what it measured at the end."""
    began, used = time.perf_counter(), time.process_time()
    found: dict[str, Any] = {}
    for event in events:
        if isinstance(event, DataRead):
            continue
        if event.recipe == "validation":
            found["validation"] = event.figures
        else:
            figures = [round(value, 4) for name, value in event.figures.items() if name != "frames"]
            found.setdefault(event.recipe, []).append([event.step, round(event.loss, 4), *figures])
    used, took = time.process_time() - used, time.perf_counter() - began
    return found | {"cpu seconds": round(used), "seconds": round(took)}


def learn(folder: Path, base: Path, source: Path, kind: str, steps: int) -> dict[str, Any]:
    """Train a memory and measure it."""
    plan = FrozenPlan(base=str(base), data=source, memory=kind, width=32, rank=8, frames=FRAMES)
    run = curves(train_frozen(folder, config(steps, 3e-3, accumulate=4), plan))
    generator = load_generator(base)
    held_out = encode_stories(generator, read_stories(source, "validation"), folder / "data", "validation")
    torch.manual_seed(plan.seed)
    new = BridgedMemory.beside(generator, kind, width=plan.width, rank=plan.rank)
    memory = load_bridged(str(folder / "memory"))
    measured = {
        "base": measure(generator, None, held_out),
        "new": measure(generator, new, held_out),
        "own": measure(generator, memory, held_out),
        "other": measure(generator, memory, held_out, feed="other"),
        "none": measure(generator, memory, held_out, feed="none"),
    }
    gains = {
        "own pictures over the base alone": measured["base"] - measured["own"],
        "own pictures over another book's": measured["other"] - measured["own"],
        "own pictures over none": measured["none"] - measured["own"],
        "another book's pictures over none": measured["none"] - measured["other"],
    }
    return {
        "loss": {name: losses.mean() for name, losses in measured.items()},
        "gain": {name: vars(estimate(Tally(gain, np.ones(len(gain))))) for name, gain in gains.items()},
        "parameters": sum(p.numel() for p in memory.parameters()),
        "training": run,
    }


def measure(
    generator: LatentGenerator, memory: BridgedMemory | None, data: EncodedStories, **feed: Any
) -> npt.NDArray[np.float64]:
    """The loss of each book."""
    return np.array(story_losses(generator, memory, data, frames=FRAMES, **feed))


def sheet(home: Path, source: Path, kinds: list[str]) -> Image.Image:
    """Pages 2 to 5 of some validation books: as they are, by the base alone, and by each memory after the true pages before."""
    generator = load_generator(home / "base" / MODEL)
    data = encode_stories(generator, read_stories(source, "validation"), home / "base" / "data", "validation")
    rows = []
    for book in DRAWN:
        x0 = data.story(book)[:FRAMES]
        words = read_words(generator, [options[0] for options in data.captions[book][: len(x0)]])
        rows += generator.decode(x0[1:])
        for kind in (None, *kinds):
            memory = None if kind is None else load_bridged(str(home / kind / "memory"))
            drawing = generator if memory is None else fit(generator, memory)
            told = words if memory is None else tell(drawing, memory, words, x0)
            null = generator.null(1)
            for k in range(1, len(x0)):
                contexts = [{"cond": told[k], "uncond": null}]
                request = PageRequest(scene_id=f"{book}-{k}", caption="", steps=20)
                *_, last = drawing.frames([request], contexts, [ClassifierFree(2.0)])
                assert isinstance(last, Drawn)
                rows += last.images
    return contact_sheet(rows, columns=(FRAMES - 1) * (2 + len(kinds)))


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--autoencoder-steps", type=int, default=400)
    parser.add_argument("--page-steps", type=int, default=1500)
    parser.add_argument("--steps", type=int, default=350)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    kinds = ["lstm", "ar-ldm"]
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        parts = (config(n, 2e-3) for n in (options.autoencoder_steps, options.page_steps))
        found = {"base": curves(train_base(home / "base", *parts, BasePlan(data=options.data)))}
        for kind in kinds:
            found[kind] = learn(home / kind, home / "base" / MODEL, options.data, kind, options.steps)
        if options.sheet:
            sheet(home, options.data, kinds).save(options.sheet)
    text = json.dumps({"torch": torch.__version__, **found}, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)  # noqa: T201 - this is its output


if __name__ == "__main__":
    main()
