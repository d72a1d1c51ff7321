"""How well a character is learnt from five pictures, and what that does to the others.

Run:  python benchmarks/adaptation.py [--characters 6] [--mode lora] [--steps 200] [--json out.json] [--sheet out.png]
      python benchmarks/adaptation.py --picturebooks ../shared/picturebooks
Each character is one of a held-out story of the world with its hidden look. It is learnt from five true pictures of it alone, whose words give
its name and what it does, never its look; then drawn at other places, before and after. Nobody was shown these stories in training.
With --picturebooks it is one of a real picture book: the man of "A very tall man" (Cornelius Gulere, pictures by Catherine Groenewald, CC BY 4.0).
"""

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from PIL import Image

from lianhuan.conductor import draw_stories
from lianhuan.data.captioned import CaptionedPicture
from lianhuan.data.picturebooks import read_picturebooks
from lianhuan.data.world import frame_request, world_story
from lianhuan.generators import LatentDiffusion, load_generator
from lianhuan.generators.adapted import with_characters
from lianhuan.images import contact_sheet, fit_square
from lianhuan.memory import NoMemory
from lianhuan.metrics.reader import load_reader
from lianhuan.models.adapter import Adapter
from lianhuan.story import PageRequest, StageEntry
from lianhuan.tensors import to_tensor
from lianhuan.train.adapt import AdaptConfig, adapt
from lianhuan.world.draw import draw
from lianhuan.world.scene import Actor, Look, SceneGraph, WorldStory, labels, world_of

WORLD = world_of(load_reader().classes)
"""The world that the package's reader knows."""
NAME = "Zuzu"
SHOWN = (("meadow", "wave"), ("beach", "sit"), ("forest", "run"), ("street", "stand"), ("kitchen", "jump"))
ASKED = (("farm", "wave"), ("stream", "run"), ("mountain", "stand"), ("room", "sit"), ("garden", "jump"))
SAID = {"wave": "waved", "sit": "sat down", "run": "ran", "stand": "stood still", "jump": "jumped"}
LOOKS = ("kind0", "top0", "head0")
BOOK = "0001"
BOOK_PAGES = {
    1: "worked with a hoe in the garden",
    5: "stood and waved",
    6: "stood in the garden with a hoe",
    7: "stood at the door of the house",
    9: "rode on a bicycle",
}
"""Pages of the book that show the man, and what he does there."""
BOOK_MAN = Actor(
    name=NAME,
    kind="man",
    look=Look(tone="brown", hair="black", hair_style="short", top="orange", bottom="blue"),
)
"""What a reader of the world's labels would call him."""


@dataclass(frozen=True)
class Subject:
    """A character, the pictures that it is learnt from, and a story without it."""

    actor: Actor
    shown: list[CaptionedPicture]
    others: WorldStory


def words(place: str, action: str) -> str:
    """A sentence that says nothing of the look."""
    return f"{NAME} {SAID[action]} at the {place}."


def true_picture(actor: Actor, place: str, action: str) -> SceneGraph:
    """The character alone."""
    return SceneGraph(place=place, actors=(replace(actor, name=NAME, action=action),))


def pages(kind: str, seed: int) -> list[PageRequest]:
    """The pages that are asked for."""
    stage = (StageEntry(name=NAME, kind=kind),)
    return [
        PageRequest(scene_id=f"s{i}", caption=words(*asked), place=asked[0], stage=stage, seed=seed, steps=10)
        for i, asked in enumerate(ASKED)
    ]


def drawn(generator: LatentDiffusion, requests: list[PageRequest]) -> list[Image.Image]:
    """Every page as a story of its own."""
    return [row[0] for row in draw_stories(generator, NoMemory(), [[page] for page in requests])]


def apart(some: list[Image.Image], others: list[Image.Image]) -> float:
    """Root mean square distance of pictures, in grey levels."""
    return float((to_tensor(some) - to_tensor(others)).square().mean().sqrt()) * 127.5


def from_the_world(number: int) -> Subject:
    """A character of a held-out story."""
    tale = world_story("test", 1000 + number, WORLD)
    actor = tale.frames[0].graph.actors[0]
    shown = [CaptionedPicture(draw(true_picture(actor, *one), 128), words(*one)) for one in SHOWN]
    return Subject(actor, shown, tale)


def from_a_book(folder: Path) -> Subject:
    """A character of a real picture book."""
    book = next(book for book in read_picturebooks(folder) if book.id == BOOK)
    shown = [
        CaptionedPicture(fit_square(book.pages[number - 1].picture(), 128), f"{NAME} {does}.")
        for number, does in BOOK_PAGES.items()
    ]
    return Subject(BOOK_MAN, shown, world_story("test", 1000, WORLD))


def measure(
    generator: LatentDiffusion, subject: Subject, config: AdaptConfig
) -> tuple[dict[str, float], list[Image.Image]]:
    """Learn one character; shares of its labels before and after, seconds, bytes, and how far others moved."""
    reader, actor = load_reader(), subject.actor
    config = replace(config, kind=actor.kind)
    with tempfile.TemporaryDirectory() as folder:
        path, began = Path(folder) / "zuzu.safetensors", time.perf_counter()
        for _ in adapt(generator, subject.shown, config, path):
            pass
        seconds, size = time.perf_counter() - began, path.stat().st_size
        knowing = with_characters(generator, {NAME: Adapter.load(path)})
    want = labels(true_picture(actor, *ASKED[0]), WORLD)
    result = {"seconds": seconds, "bytes": float(size)}
    sheets = [picture.image for picture in subject.shown]
    for when, model in (("before", generator), ("after", knowing)):
        images = drawn(model, pages(actor.kind, config.seed))
        seen = reader.look(images)
        result |= {f"{when}_{name}": float((seen[name] == want[name]).float().mean()) for name in LOOKS}
        sheets += images
    others = [frame_request(subject.others, k, seed=config.seed, steps=10) for k in range(5)]
    same, moved = drawn(generator, others), drawn(knowing, others)
    reseeded = drawn(generator, [page.model_copy(update={"seed": 7919 + config.seed}) for page in others])
    result |= {"others_moved": apart(same, moved), "seed_to_seed": apart(same, reseeded)}
    return result, sheets


def main() -> None:
    """Learn some characters one after another and print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=6)
    parser.add_argument("--picturebooks", type=Path)
    parser.add_argument("--mode", default="lora")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(2)
    generator = load_generator()
    config = AdaptConfig(name=NAME, mode=options.mode, steps=options.steps)
    if options.picturebooks:
        subjects = [from_a_book(options.picturebooks)]
    else:
        subjects = [from_the_world(number) for number in range(options.characters)]
    found = [measure(generator, subject, replace(config, seed=i)) for i, subject in enumerate(subjects)]
    each = [result for result, _ in found]
    mean = {name: round(statistics.mean(one[name] for one in each), 3) for name in each[0]}
    report = {"mode": options.mode, "steps": options.steps, "n": len(each), "mean": mean, "each": each}
    print(json.dumps({**report, "each": None}, indent=1))  # noqa: T201 - a script's result
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    if options.sheet:
        contact_sheet([image for _, sheet in found for image in sheet], 15).save(options.sheet)


if __name__ == "__main__":
    main()
