"""How much of a picture the embedded model's autoencoder keeps: PSNR and SSIM, of world pages and of real picture books.

Run:  python benchmarks/reconstruction.py --json benchmarks/DATE-reconstruction.json [--model FOLDER] [--world full] [--picturebooks DIR] -o runs/reconstruction
Pictures are encoded and drawn again by the decoder as it ships, at the model's own size. PSNR is that of each picture, SSIM that of
Wang et al. 2004 (torchmetrics, Gaussian window of 11). `-o` gets a sheet, true pictures above what came back.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from lianhuan.bench.books import world_tales
from lianhuan.data.picturebooks import read_picturebooks
from lianhuan.data.world import FRAMES
from lianhuan.generators import STORYBOOK, LatentDiffusion, load_generator
from lianhuan.images import contact_sheet, fit_square
from lianhuan.metrics.statistics import Estimate, Tally, estimate
from lianhuan.tensors import to_tensor
from lianhuan.world.draw import draw
from lianhuan.world.stories import SPLITS
from lianhuan.world.vocabulary import FULL, SMALL, Vocabulary

METRICS: dict[str, Any] = {"psnr": peak_signal_noise_ratio, "ssim": structural_similarity_index_measure}
SHOWN = 8
"""Pictures of each kind on the sheet."""


def world_pages(world: Vocabulary, split: str, stories: int, size: int) -> list[Image.Image]:
    """One page of each of the first stories of a split."""
    tales = world_tales(split, stories, FRAMES, world)
    return [draw(tale.frames[tale.index % FRAMES].graph, size) for tale in tales]


def book_pages(folder: Path, pages: int, size: int, seed: int = 0) -> list[Image.Image]:
    """Random pages of the books, as they are fitted for the bench."""
    every = [page for book in read_picturebooks(folder) for page in book.pages]
    rows = np.random.default_rng(seed).choice(len(every), pages, replace=False)
    return [fit_square(every[row].picture(), size) for row in rows]


def scores(true: Sequence[Image.Image], back: Sequence[Image.Image]) -> dict[str, Estimate]:
    """Of each picture, and their mean with an interval over pictures."""
    told = {}
    for name, metric in METRICS.items():
        values = [
            float(metric(to_tensor([b]), to_tensor([t]), data_range=(-1.0, 1.0)))
            for t, b in zip(true, back, strict=True)
        ]
        told[name] = estimate(Tally(np.array(values), np.ones(len(values))))
    return told


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=STORYBOOK, help="folder of a model; default: the embedded one")
    parser.add_argument("--world", choices=("small", "full"), default="full")
    parser.add_argument("--split", choices=sorted(SPLITS), default="validation")
    parser.add_argument("--pages", type=int, default=100)
    parser.add_argument("--picturebooks", type=Path)
    parser.add_argument("--json", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    generator = load_generator(options.model)
    assert isinstance(generator, LatentDiffusion)
    sets = {
        "world": world_pages(
            FULL if options.world == "full" else SMALL, options.split, options.pages, generator.size
        )
    }
    if options.picturebooks:
        sets["books"] = book_pages(options.picturebooks, options.pages, generator.size)
    told: dict[str, Any] = {}
    rows: list[Image.Image] = []
    for name, pictures in sets.items():
        back = generator.decode(generator.encode_pictures(pictures))
        found = scores(pictures, back)
        told[name] = {metric: asdict(value) for metric, value in found.items()}
        rows += pictures[:SHOWN] + back[:SHOWN]
        figures = (
            f"{metric} {value.mean:.3f} [{value.low:.3f}, {value.high:.3f}]"
            for metric, value in found.items()
        )
        sys.stdout.write(f"{name}: {', '.join(figures)}\n")
    options.out.mkdir(parents=True, exist_ok=True)
    contact_sheet(rows, SHOWN).save(options.out / "reconstruction.png")
    if options.json:
        told |= {
            "weights": generator.fingerprint,
            "pages": options.pages,
            "world_drawn": options.world,
            "split": options.split,
        }
        options.json.write_text(json.dumps(told, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
