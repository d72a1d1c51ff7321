"""How well a character is learnt from five pictures, and what that does to the others.

Run:  python benchmarks/adaptation.py [--characters 6] [--mode lora] [--steps 200] [--json out.json]
Each character is one of a held-out story of the world with its hidden look. It is learnt from five true pictures of it alone, whose words give
its name and what it does, never its look; then drawn at other places, before and after. Nobody was shown these stories in training.
"""

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from PIL import Image

from lianhuan.conductor import draw_stories
from lianhuan.data.captioned import CaptionedPicture
from lianhuan.data.world import frame_request, world_story
from lianhuan.generators import LatentDiffusion, load_generator
from lianhuan.generators.adapted import with_characters
from lianhuan.images import contact_sheet
from lianhuan.memory import NoMemory
from lianhuan.metrics.reader import load_reader
from lianhuan.models.adapter import Adapter
from lianhuan.story import PageRequest, StageEntry
from lianhuan.tensors import to_tensor
from lianhuan.train.adapt import AdaptConfig, adapt
from lianhuan.world.draw import draw
from lianhuan.world.scene import Actor, SceneGraph, labels

NAME = "Zuzu"
SHOWN = (("meadow", "wave"), ("beach", "sit"), ("forest", "run"), ("street", "stand"), ("kitchen", "jump"))
ASKED = (("farm", "wave"), ("stream", "run"), ("mountain", "stand"), ("room", "sit"), ("garden", "jump"))
SAID = {"wave": "waved", "sit": "sat down", "run": "ran", "stand": "stood still", "jump": "jumped"}
LOOKS = ("kind0", "top0", "head0")


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


def measure(
    generator: LatentDiffusion, number: int, config: AdaptConfig
) -> tuple[dict[str, float], list[Image.Image]]:
    """Learn one character; shares of its labels before and after, seconds, bytes, and how far others moved."""
    reader, tale = load_reader(), world_story("test", 1000 + number)
    actor = tale.frames[0].graph.actors[0]
    shown = [CaptionedPicture(draw(true_picture(actor, *one), 128), words(*one)) for one in SHOWN]
    config = replace(config, kind=actor.kind, seed=number)
    with tempfile.TemporaryDirectory() as folder:
        path, began = Path(folder) / "zuzu.safetensors", time.perf_counter()
        for _ in adapt(generator, shown, config, path):
            pass
        seconds, size = time.perf_counter() - began, path.stat().st_size
        knowing = with_characters(generator, {NAME: Adapter.load(path)})
    want = labels(true_picture(actor, *ASKED[0]))
    result = {"seconds": seconds, "bytes": float(size)}
    sheets = [picture.image for picture in shown]
    for when, model in (("before", generator), ("after", knowing)):
        images = drawn(model, pages(actor.kind, seed=number))
        seen = reader.read(to_tensor(images))
        result |= {f"{when}_{name}": float((seen[name] == want[name]).float().mean()) for name in LOOKS}
        sheets += images
    others = [frame_request(tale, k, seed=number, steps=10) for k in range(5)]
    same, moved = drawn(generator, others), drawn(knowing, others)
    reseeded = drawn(generator, [page.model_copy(update={"seed": 7919 + number}) for page in others])
    result |= {"others_moved": apart(same, moved), "seed_to_seed": apart(same, reseeded)}
    return result, sheets


def main() -> None:
    """Learn some characters one after another and print the means."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--characters", type=int, default=6)
    parser.add_argument("--mode", default="lora")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(2)
    generator = load_generator()
    config = AdaptConfig(name=NAME, mode=options.mode, steps=options.steps)
    found = [measure(generator, number, config) for number in range(options.characters)]
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
