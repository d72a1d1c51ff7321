"""Sketch guidance against SDEdit on held-out pages of the story world: how well edges follow, how real the pictures look.

Run:  python benchmarks/sketch.py --json benchmarks/DATE-sketch.json [--pages 64] [--steps 20] [--guidance 4.5] [--device cuda]
The plot lies beside the JSON. The model folder must hold a sketch predictor (`lianhuan train recipes/storybook.py:sketch`).

For each story of the split one page is drawn, without memory, from the same noise by every method: plain, with sketch guidance at
several strengths (beta), and by SDEdit over the sketch itself. A sketch is the edge map of the true picture, as it is or redrawn in
the style of a hand.
There are 1 + styles * 8 methods: on a CPU, --styles edges is a beginning.
With --mirror a sketch shows the page in a mirror, which no noise of the page would come to by itself: how far does guidance move things?
Edge fidelity: F-score between the edges of the true picture and those of the drawn one, at most 2 pixels apart. Realism: kernel
distance of the drawn and the true pictures in the reader's features, and what the reader reads in them.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps
from torch import Tensor

from lianhuan.control import ClassifierFree, SDEdit, Sketch
from lianhuan.control.sketch import edge_predictor, sketch_latents
from lianhuan.data.world import FRAMES, frame_request, world_story
from lianhuan.generators import STORYBOOK, Compute, Control, Drawn, LatentDiffusion, load_generator
from lianhuan.images import fit_square
from lianhuan.metrics.distances import kernel_distance
from lianhuan.metrics.features import picture_features
from lianhuan.metrics.reader import Reader, load_reader
from lianhuan.metrics.statistics import Tally, estimate
from lianhuan.metrics.world import page_scores
from lianhuan.models.edges import edge_map
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.world.draw import draw
from lianhuan.world.scene import labels, world_of

WORLD = world_of(load_reader().classes)
"""The world that the package's reader knows."""
REACH = 2.0
"""Pixels between an edge and its sketch that count as the same."""
FOLD = 4
"""Sketches by hand are so many times as large as the picture."""
BETAS = (0.4, 0.8, 1.2, 1.6)
STRENGTHS = (0.3, 0.5, 0.7, 0.9)
STYLES = ("edges", "thin", "thick", "wobbly", "dashed", "inverted")
PER_ACTOR = ("kind", "action", "top", "head")
"""Labels that have the number of an actor, from the left, behind them."""
READ = ("character_f1", "place", "count", "action", "prop")
"""What the caption says of the picture."""

Method = tuple[str, float, Callable[[Sequence[Image.Image]], list[Control]]]
"""Name, strength, and the controls for some sketches."""


@dataclass(frozen=True)
class Page:
    """A held-out page: what is asked for, its true picture, its edges (1, 1, H, W) of zeros and ones."""

    request: PageRequest
    truth: Image.Image
    labels: dict[str, int]
    edges: Tensor


def pages_of(split: str, count: int, size: int, *, mirror: bool = False, **settings: float) -> list[Page]:
    """One page of each of the first stories, each frame in turn; or what a mirror shows of them."""
    found = []
    for index in range(count):
        tale, number = world_story(split, index, WORLD), index % FRAMES
        graph = tale.frames[number].graph
        truth, seen = draw(graph, size), labels(graph, WORLD)
        if mirror:
            truth, seen = ImageOps.mirror(truth), mirrored(seen)
        request = frame_request(tale, number, **settings)
        found.append(Page(request, truth, seen, edge_map(to_tensor([truth]))))
    return found


def mirrored(seen: dict[str, int]) -> dict[str, int]:
    """The labels of a picture in a mirror: its actors stand in reverse order."""
    last = seen["count"] - 1
    turned = {f"{name}{last - slot}": seen[f"{name}{slot}"] for name in PER_ACTOR for slot in range(last + 1)}
    return seen | turned


# ---- sketches


def drawn_by_hand(edges: Tensor, style: str, seed: int) -> Image.Image:
    """A sketch with the edges (1, 1, H, W): dark on white, four times as large, except for "edges" and "inverted".

    Args:
        edges: zeros and ones.
        style: a name of `STYLES`.
        seed: of the hand that trembles.
    """
    small = Image.fromarray((255 * (1 - edges[0, 0])).byte().numpy())
    if style == "edges":
        return small
    size = FOLD * small.width
    paper = small.resize((size, size), Image.Resampling.BICUBIC).point(lambda v: 255 if v > 127 else 0)
    if style == "thick":
        return paper.filter(ImageFilter.MinFilter(2 * FOLD + 1))
    if style == "inverted":
        return paper.point(lambda v: 255 - v)
    return {"thin": _thinned, "wobbly": _moved, "dashed": _broken}[style](paper, seed)


def _thinned(paper: Image.Image, _seed: int) -> Image.Image:
    """The ridges of the strokes, three pixels wide."""
    ink = paper.point(lambda v: 255 - v)
    eroded = [np.asarray(ink.filter(ImageFilter.MinFilter(1 + 2 * step))) > 0 for step in range(2 * FOLD)]
    depth = np.sum(eroded, axis=0).astype(np.uint8)
    ridge = (depth > 0) & (depth == np.asarray(Image.fromarray(depth).filter(ImageFilter.MaxFilter(3))))
    return Image.fromarray(np.where(ridge, 0, 255).astype(np.uint8)).filter(ImageFilter.MinFilter(3))


def _broken(paper: Image.Image, _seed: int) -> Image.Image:
    """Every third tile is left out."""
    pixels, tile = np.array(paper), 5 * FOLD
    rows, columns = np.indices(pixels.shape) // tile
    pixels[(rows + 2 * columns) % 3 == 0] = 255
    return Image.fromarray(pixels)


def _moved(paper: Image.Image, seed: int) -> Image.Image:
    """Every pixel is taken from some pixels beside it, by smooth waves."""
    waves = np.random.default_rng(seed).normal(0, REACH * FOLD / 2, (2, 16, 16)).astype(np.float32)
    smooth = [np.asarray(Image.fromarray(w).resize(paper.size, Image.Resampling.BICUBIC)) for w in waves]
    there = np.indices(smooth[0].shape) + np.round(smooth).astype(int)
    rows, columns = there.clip(0, paper.width - 1)
    return Image.fromarray(np.asarray(paper)[rows, columns])


# ---- measures


def edge_fidelity(wanted: Tensor, found: Tensor, reach: float = REACH) -> dict[str, float]:
    """Shares of the found edges near a wanted one (precision), of the wanted near a found one (recall), and their F-score.

    Args:
        wanted: (H, W) zeros and ones.
        found: (H, W) zeros and ones.
        reach: how far is near, in pixels: the distance to the nearest edge pixel of the other map.
    """
    one, other = (edges.nonzero().double() for edges in (found, wanted))
    if not len(one) or not len(other):
        return {"precision": 0.0, "recall": 0.0, "f": 0.0}
    apart = torch.cdist(one, other)
    precision, recall = (float((apart.amin(dim) <= reach).double().mean()) for dim in (1, 0))
    return {
        "precision": precision,
        "recall": recall,
        "f": 2 * precision * recall / max(precision + recall, 1e-12),
    }


def measure(pages: Sequence[Page], images: Sequence[Image.Image], reader: Reader) -> dict[str, object]:
    """Edge fidelity and realism of the drawn pictures, with 95 % intervals over pages."""
    edges = edge_map(to_tensor([fit_square(image, reader.size) for image in images]))
    follows = [edge_fidelity(page.edges[0, 0], found[0]) for page, found in zip(pages, edges, strict=True)]
    figures: dict[str, object] = {
        name: asdict(estimate(Tally(np.array([one[name] for one in follows]), np.ones(len(pages)))))
        for name in ("f", "precision", "recall")
    }
    sets = [picture_features(some, reader)[:, None] for some in ([page.truth for page in pages], images)]
    figures["kernel"] = asdict(kernel_distance(*sets))
    want = {name: np.array([[page.labels[name]] for page in pages]) for name in reader.classes}
    seen = {name: table.numpy()[:, None] for name, table in reader.look(images).items()}
    scores = page_scores(want, seen)
    return figures | {name: asdict(estimate(scores[name])) for name in READ if scores[name].total.any()}


# ---- drawing


def methods_for(
    generator: LatentDiffusion, betas: Sequence[float], strengths: Sequence[float]
) -> list[Method]:
    """All that is compared."""
    predictor = edge_predictor(generator)

    def guided(beta: float) -> Method:
        return (
            "sketch",
            beta,
            lambda sketches: [Sketch(predictor, sketch_latents(generator, sketches), beta=beta)],
        )

    def over(strength: float) -> Method:
        return "sdedit", strength, lambda some: [SDEdit(generator.encode_pictures(some), strength)]

    return [*map(guided, betas), *map(over, strengths)]


def draw_pages(
    generator: LatentDiffusion,
    pages: Sequence[Page],
    controls: Callable[[Sequence[Image.Image]], list[Control]],
    sketches: Sequence[Image.Image],
    batch: int,
) -> Iterator[Image.Image]:
    """The pages' pictures, with the controls that belong to their sketches."""
    for start in range(0, len(pages), batch):
        some = [page.request for page in pages[start : start + batch]]
        null = generator.null(1)
        contexts = [{"cond": generator.encode([page]), "uncond": null} for page in some]
        bent = [ClassifierFree(some[0].guidance), *controls(sketches[start : start + batch])]
        *_, last = generator.frames(some, contexts, bent)
        assert isinstance(last, Drawn)
        yield from last.images


def compare(
    generator: LatentDiffusion,
    pages: Sequence[Page],
    styles: Sequence[str],
    methods: Sequence[Method],
    batch: int,
) -> Iterator[dict[str, object]]:
    """One row per style and method; plain sampling and the true pictures, through the autoencoder, come first."""
    reader = load_reader()
    truth = [page.truth for page in pages]
    again = generator.decode(generator.encode_pictures(truth))
    yield {"style": None, "method": "autoencoder", "strength": None, **measure(pages, again, reader)}
    plain: list[tuple[str | None, Method]] = [(None, ("plain", 0.0, lambda _: []))]
    for style, (name, strength, controls) in plain + [(s, m) for s in styles for m in methods]:
        sketches = [drawn_by_hand(p.edges, style or "edges", seed=i) for i, p in enumerate(pages)]
        begun = time.perf_counter()
        images = list(draw_pages(generator, pages, controls, sketches, batch))
        seconds = (time.perf_counter() - begun) / len(pages)
        found = measure(pages, images, reader)
        yield {"style": style, "method": name, "strength": strength, "seconds_per_page": seconds, **found}


# ---- the plot

PANEL, MARGIN, COLUMNS = 360, 56, 3
LOWEST = 0.6
"""F-score at the bottom of a panel."""
COLOURS = {"sketch": "#c1272d", "sdedit": "#1f5fa8", "plain": "#222222", "autoencoder": "#5a8f29"}


def plot(rows: Sequence[dict[str, object]]) -> Image.Image:
    """The trade-off, one panel per style: right is less real, up follows better; lines join the strengths of a method."""
    styles = list(dict.fromkeys(str(row["style"]) for row in rows if row["style"]))
    sheet = Image.new("RGB", (COLUMNS * PANEL, -(-len(styles) // COLUMNS) * PANEL), "white")
    widest = max(max(_mean(row, "kernel") for row in rows), 1e-6)
    for number, style in enumerate(styles):
        shown = [row for row in rows if row["style"] in (None, style)]
        place = (number % COLUMNS * PANEL, number // COLUMNS * PANEL)
        sheet.paste(_panel(style, shown, widest), place)
    return sheet


def _panel(style: str, rows: Sequence[dict[str, object]], widest: float) -> Image.Image:
    panel = Image.new("RGB", (PANEL, PANEL), "white")
    pen, font, side = ImageDraw.Draw(panel), ImageFont.load_default(12), PANEL - 2 * MARGIN
    pen.rectangle((MARGIN, MARGIN, MARGIN + side, MARGIN + side), outline="#999999")
    pen.text((MARGIN, 8), style, "black", ImageFont.load_default(15))
    pen.text((MARGIN, PANEL - 20), "kernel distance x 1000 (less is more real)", "black", font)
    pen.text((4, 34), "edges: F-score", "black", font)
    for share in (0.0, 0.5, 1.0):
        pen.text((24, MARGIN + (1 - share) * side - 7), f"{LOWEST + share * (1 - LOWEST):.1f}", "black", font)
        pen.text(
            (MARGIN + share * side - 8, MARGIN + side + 4), f"{1000 * share * widest:.0f}", "black", font
        )
    for number, (method, colour) in enumerate(COLOURS.items()):
        points = []
        for row in (row for row in rows if row["method"] == method):
            x = MARGIN + max(0.0, _mean(row, "kernel")) / widest * side
            y = MARGIN + (1 - _mean(row, "f")) / (1 - LOWEST) * side
            pen.ellipse((x - 3, y - 3, x + 3, y + 3), fill=colour)
            pen.text((x + 4, y - 14), f"{row['strength']}" if row["strength"] else "", colour, font)
            points.append((x, y))
        pen.line(points, fill=colour, width=2)
        pen.text((MARGIN + 68 * number, PANEL - 34), method, colour, font)
    return panel


def _mean(row: dict[str, object], metric: str) -> float:
    figure = row[metric]
    assert isinstance(figure, dict)
    return float(figure["mean"])


def main() -> None:
    """Draw, measure, write the JSON and the plot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path, required=True)
    parser.add_argument("--model", default=STORYBOOK)
    parser.add_argument("--split", default="test", choices=("validation", "test"))
    parser.add_argument("--pages", type=int, default=64)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=4.5)
    parser.add_argument("--styles", nargs="+", default=STYLES, choices=STYLES)
    parser.add_argument("--betas", nargs="+", type=float, default=BETAS)
    parser.add_argument("--strengths", nargs="*", type=float, default=STRENGTHS)
    parser.add_argument("--mirror", action="store_true", help="sketches of the pages in a mirror")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args()
    generator = load_generator(options.model, compute=Compute(device=options.device))
    settings = {"steps": options.steps, "guidance": options.guidance}
    pages = pages_of(options.split, options.pages, Reader.size, mirror=options.mirror, **settings)
    methods = methods_for(generator, options.betas, options.strengths)
    rows = []
    for row in compare(generator, pages, options.styles, methods, options.batch):
        rows.append(row)
        figures = {name: round(_mean(row, name), 4) for name in ("f", "kernel")}
        print(row["style"], row["method"], row["strength"], figures, flush=True)  # noqa: T201 - a script's result
    result = {
        "pages": options.pages,
        "split": options.split,
        **settings,
        "mirror": options.mirror,
        "seed": 0,
        "reach_pixels": REACH,
        "model": generator.name,
        "weights": generator.fingerprint,
        "device": options.device,
        "rows": rows,
    }
    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    plot(rows).save(options.json.with_suffix(".png"))


if __name__ == "__main__":
    main()
