"""What inpainting and guidance by the CLIP do to held-out pages, and what each control costs.

Run:  python benchmarks/controls.py --json benchmarks/DATE-controls.json [--pages 48] [--steps 8] [--threads 2]
One page of each of the first test stories is drawn without memory, by itself, from the same noise under every setting.
inpaint   the true picture, everybody and the prop in it masked, is drawn anew inside the mask; the reader says whether the new part shows what the words say.
semantic  guidance by the CLIP towards the page's own caption, at several scales, and in its cross-entropy form against the story's other captions. The CLIP's own alignment must
          rise: it is what is descended. Whether the picture is better is what the reader and the kernel distance say.
          "noisy eye": it looks at the noisy latents, by the part that was trained for it, in place of the decoded estimate.
cost      seconds of each control as a ratio to plain drawing of the same page, medians.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageFilter

from lianhuan.bench.books import world_tales
from lianhuan.control import ClassifierFree, Inpaint, SDEdit, Semantic, Sketch
from lianhuan.control.semantic import noisy_eye
from lianhuan.control.sketch import edge_predictor, sketch_latents
from lianhuan.data.world import FRAMES, frame_request
from lianhuan.generators import Control, Drawn, LatentDiffusion, load_generator
from lianhuan.metrics.distances import kernel_distance
from lianhuan.metrics.features import picture_features
from lianhuan.metrics.reader import Reader, load_reader
from lianhuan.metrics.statistics import estimate
from lianhuan.metrics.world import page_scores
from lianhuan.models.clip import StoryClip, load_clip
from lianhuan.models.edges import edge_map
from lianhuan.models.noisy_clip import NoisyClip
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.world.draw import draw
from lianhuan.world.scene import SceneGraph, labels, world_of

WORLD = world_of(load_reader().classes)
"""The world that the package's reader knows."""
READ = ("character_f1", "place", "action", "prop")
SCALES = (20.0, 60.0, 160.0)
MARGIN = 9
"""Pixels of the filter that widens a mask."""


@dataclass(frozen=True)
class Page:
    """A held-out page, its true picture, and the captions of the story's other pages."""

    request: PageRequest
    graph: SceneGraph
    truth: Image.Image
    others: tuple[str, ...]


Controls = Callable[[Page], list[Control]]


def pages_of(count: int, steps: int) -> list[Page]:
    """One page of each of the first test stories, each frame in turn."""
    found = []
    for index, tale in enumerate(world_tales("test", count, FRAMES, WORLD)):
        frame = tale.frames[index % FRAMES]
        request = frame_request(tale, index % FRAMES, seed=index, steps=steps)
        others = tuple(other.caption_en for other in tale.frames if other is not frame)
        found.append(Page(request, frame.graph, draw(frame.graph, 128), others))
    return found


def mask_of(page: Page) -> Image.Image:
    """White where somebody or the prop is, and a little around."""
    empty = np.asarray(draw(replace(page.graph, actors=(), prop=None), 128))
    changed = (empty != np.asarray(page.truth)).any(axis=2)
    return Image.fromarray(np.where(changed, 255, 0).astype(np.uint8)).filter(ImageFilter.MaxFilter(MARGIN))


def draw_page(generator: LatentDiffusion, page: Page, controls: Sequence[Control]) -> Image.Image:
    """The page by itself, without memory."""
    contexts = {"cond": generator.encode([page.request]), "uncond": generator.null(1)}
    bent = [ClassifierFree(page.request.guidance), *controls]
    *_, last = generator.frames([page.request], [contexts], bent)
    assert isinstance(last, Drawn)
    return last.images[0]


def outside(page: Page, image: Image.Image) -> int:
    """The largest difference, in grey levels, of a pixel outside the mask."""
    apart = np.abs(np.asarray(image, dtype=int) - np.asarray(page.truth, dtype=int)).max(axis=2)
    return int(apart[np.asarray(mask_of(page)) == 0].max(initial=0))


def measure(
    pages: Sequence[Page], images: Sequence[Image.Image], reader: Reader, clip: StoryClip
) -> dict[str, object]:
    """What the reader and the CLIP see, with 95 % intervals over pages."""
    graphs = [labels(page.graph, WORLD) for page in pages]
    want = {name: np.array([[one[name]] for one in graphs]) for name in reader.classes}
    seen = {name: table.numpy()[:, None] for name, table in reader.look(images).items()}
    scores = page_scores(want, seen)
    found: dict[str, object] = {name: asdict(estimate(scores[name], 0)) for name in READ}
    sets = [picture_features(some, reader)[:, None] for some in ([page.truth for page in pages], images)]
    with torch.inference_mode():
        words = clip.caption_features([page.request.caption for page in pages]).double().numpy()
    found["alignment"] = float((picture_features(images, clip) * words).sum(1).mean())
    return found | {"kernel": asdict(kernel_distance(*sets))}


def methods(generator: LatentDiffusion, clip: StoryClip) -> dict[str, Controls]:
    """Name -> the controls for a page."""
    predictor, eye = edge_predictor(generator), noisy_eye(generator)
    assert eye is not None

    def semantic(scale: float, *, against: bool = False, eye: NoisyClip | None = None) -> Controls:
        return lambda page: [
            Semantic.by_text(
                generator,
                clip,
                page.request.caption,
                eye=eye,
                scale=scale,
                others=page.others if against else (),
            )
        ]

    def over(page: Page) -> list[Control]:
        return [SDEdit(generator.encode_pictures([page.truth]), 0.6)]

    def inside(page: Page) -> list[Control]:
        return [Inpaint(page.truth, generator.encode_pictures([page.truth]), mask_of(page))]

    def along(page: Page) -> list[Control]:
        lines = Image.fromarray((255 * (1 - edge_map(to_tensor([page.truth]))[0, 0])).byte().numpy())
        return [Sketch(predictor, sketch_latents(generator, [lines]), beta=0.8)]

    return {
        "plain": lambda page: [],  # noqa: ARG005 - the others need it
        "inpaint": inside,
        **{f"semantic {scale:g}": semantic(scale) for scale in SCALES},
        **{f"semantic {scale:g}, noisy eye": semantic(scale, eye=eye) for scale in SCALES},
        "semantic 20, others": semantic(20.0, against=True),
        "semantic 20, others, noisy eye": semantic(20.0, against=True, eye=eye),
        "sketch 0.8": along,
        "sdedit 0.6": over,
    }


def main() -> None:
    """Draw every page under every setting, in turn, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--pages", type=int, default=48)
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    generator, reader, clip = load_generator(), load_reader(), load_clip()
    assert isinstance(generator, LatentDiffusion)
    pages, ways = pages_of(options.pages, options.steps), methods(generator, clip)
    images: dict[str, list[Image.Image]] = {name: [] for name in ways}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for page in pages:
        for name, controls in ways.items():
            began = time.perf_counter()
            images[name].append(draw_page(generator, page, controls(page)))
            seconds[name].append(time.perf_counter() - began)
    rows = {}
    for name in ways:
        ratios = [own / plain for own, plain in zip(seconds[name], seconds["plain"], strict=True)]
        rows[name] = {**measure(pages, images[name], reader, clip), "cost": statistics.median(ratios)}
        print(name, json.dumps(rows[name]), flush=True)  # noqa: T201 - a script's result
    rows["inpaint"]["outside"] = max(map(outside, pages, images["inpaint"]))
    shared = {"pages": options.pages, "steps": options.steps, "weights": generator.fingerprint}
    options.json.write_text(json.dumps({**shared, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
