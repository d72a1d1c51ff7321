"""One picture of the same four stories under every method, from the books that a bench has drawn.

Run:  python benchmarks/comparison_sheet.py out/compare/visualization/4-pages/take-0 -o docs/images/comparison.png
One block per method, in the order of METHODS, and one of the true pictures; one row per story.
"""

import argparse
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from lianhuan.bench.books import story_pictures, world_tales
from lianhuan.images import contact_sheet
from lianhuan.world.draw import draw
from lianhuan.world.scene import WorldStory

METHODS = ("none", "lstm", "ar-ldm", "shared-attention")
STORIES, FRAMES, SIZE, TITLE, COLUMNS = 4, 4, 128, 24, 3


def block(name: str, rows: list[list[Image.Image]]) -> Image.Image:
    """The stories of one method under its name."""
    sheet = contact_sheet([image for row in rows for image in row], FRAMES)
    named = Image.new("RGB", (sheet.width, sheet.height + TITLE), "white")
    named.paste(sheet, (0, TITLE))
    ImageDraw.Draw(named).text((6, 2), name, "black", ImageFont.load_default(18))
    return named


def shown(books: Path, tale: WorldStory) -> list[Image.Image]:
    """The pictures of a story, of the sheet's size."""
    return [picture.resize((SIZE, SIZE)) for picture in story_pictures(books, tale)]


def main() -> None:
    """Read the books and write the picture."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("books", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    options = parser.parse_args()
    tales = world_tales("test", STORIES, FRAMES)
    blocks = [block(name, [shown(options.books / name, tale) for tale in tales]) for name in METHODS]
    blocks.append(block("truth", [[draw(frame.graph, SIZE) for frame in tale.frames] for tale in tales]))
    contact_sheet(blocks, COLUMNS, gap=12).quantize(256).save(options.out, optimize=True)


if __name__ == "__main__":
    main()
