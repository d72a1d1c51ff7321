"""What the best of N takes of a page is worth: re-ranking by words, by consistency with earlier pages, and by both.

Run:  python benchmarks/best_of.py --json benchmarks/DATE-best-of.json [--memory lstm] [--stories 24] [--takes 8] [--steps 8] [--threads 2]
Held-out test stories of the world are told with a memory. Of every page but the first, all takes are drawn from the same memory (that of the first takes), and
each selector chooses among the first N of them; the reader of the bench, which no selector knows, says what the chosen pages show.
N = 1 is the same for all. The selectors are those of `lianhuan redraw --candidates N --select`.
"""

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from lianhuan.bench.books import world_tales
from lianhuan.bench.world import wanted
from lianhuan.conductor.select import Candidates, selector
from lianhuan.control import ClassifierFree
from lianhuan.data.world import frame_request
from lianhuan.generators import Drawn, LatentDiffusion, load_generator
from lianhuan.memory import Memory
from lianhuan.memory.load import load_memory
from lianhuan.metrics.alignment import alignment
from lianhuan.metrics.features import picture_features
from lianhuan.metrics.reader import load_reader
from lianhuan.metrics.statistics import estimate
from lianhuan.metrics.world import Labels, score
from lianhuan.models.clip import load_clip
from lianhuan.world.scene import WorldStory, world_of

FRAMES = 5
SELECTORS = ("clip", "consistency", "both")
SHOWN = ("character_f1", "action", "prop", "consistency", "pairwise")

WORLD = world_of(load_reader().classes)
"""The world that the package's reader knows."""
Takes = list[list[Image.Image]]
"""The takes of each page of a story; the first page has one."""


def takes_of(
    generator: LatentDiffusion, memory: Memory, tale: WorldStory, takes: int, steps: int
) -> Iterator[list[Image.Image]]:
    """Tell a story by its first takes, and draw the other takes of its pages beside them."""
    state, null = memory.start(1), generator.null(1)
    for number in range(FRAMES):
        request = frame_request(tale, number, seed=tale.index, steps=steps)
        words = generator.encode([request])
        context = {"cond": memory.read(state, words, "cond"), "uncond": memory.read(state, null, "uncond")}
        pages = [request.model_copy(update={"take": take}) for take in range(takes if number else 1)]
        *_, last = generator.frames(pages, [context] * len(pages), [ClassifierFree(request.guidance)])
        assert isinstance(last, Drawn)
        yield last.images
        state = memory.write(state, words, generator.encode_pictures(last.images[:1]))


def chosen(tale: WorldStory, drawn: Takes, name: str, count: int) -> list[Image.Image]:
    """The page that is shown of each: the first of page 1, of the others what the selector likes best among `count`."""
    choose = selector(name)  # type: ignore[arg-type]  # one of SELECTORS
    shown = drawn[0][:1]
    for number in range(1, FRAMES):
        frame = tale.frames[number]
        earlier = [
            drawn[before][0]
            for before in range(number)
            if set(tale.frames[before].on_stage) & set(frame.on_stage)
        ]
        offered = drawn[number][:count]
        shown.append(offered[choose(Candidates(offered, frame.caption_en, earlier))])
    return shown


def measure(tales: Sequence[WorldStory], books: Sequence[Sequence[Image.Image]]) -> dict[str, object]:
    """What the reader and the CLIP see in the books, with 95 % intervals over stories."""
    reader, clip = load_reader(), load_clip()
    rows = [reader.look(book) for book in books]
    seen: Labels = {name: np.stack([row[name].numpy() for row in rows]) for name in reader.classes}
    found = {name: tally for name, tally in score(wanted(tales), seen, 0).items() if name in SHOWN}
    with torch.inference_mode():
        words = [
            clip.caption_features([f.caption_en for f in tale.frames]).double().numpy() for tale in tales
        ]
    pictures = np.stack([picture_features(book, clip) for book in books])
    found["alignment"] = alignment(pictures, np.stack(words))
    return {name: asdict(estimate(tally, 0)) for name, tally in found.items()}


def main() -> None:
    """Draw all takes, then choose and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--memory", default="lstm")
    parser.add_argument("--stories", type=int, default=24)
    parser.add_argument("--takes", type=int, default=8)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator = load_generator()
    assert isinstance(generator, LatentDiffusion)
    memory, tales = (
        load_memory(options.memory, generator.name),
        world_tales("test", options.stories, FRAMES, WORLD),
    )
    with torch.inference_mode():
        drawn = [list(takes_of(generator, memory, tale, options.takes, options.steps)) for tale in tales]
    rows: list[dict[str, object]] = []
    counts = [n for n in (1, 2, 4, 8, 16) if n <= options.takes]
    for name, count in [(name, count) for name in SELECTORS for count in counts]:
        books = [chosen(tale, takes, name, count) for tale, takes in zip(tales, drawn, strict=True)]
        rows.append({"select": name, "n": count, **measure(tales, books)})
        print(json.dumps(rows[-1]), flush=True)  # noqa: T201 - a script's result
    shared = {
        "memory": memory.name,
        "stories": options.stories,
        "steps": options.steps,
        "weights": generator.fingerprint,
    }
    options.json.write_text(json.dumps({**shared, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
