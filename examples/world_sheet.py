"""A look at the two worlds: a story of the small one, then a story of the full one in each style, captions under the pictures.

Run:  python examples/world_sheet.py [out.png]
"""

import sys
from pathlib import Path
from textwrap import wrap

from PIL import Image, ImageDraw, ImageFont

from lianhuan.images import contact_sheet
from lianhuan.world.draw import draw
from lianhuan.world.scene import WorldFrame, WorldStory
from lianhuan.world.stories import SPLITS, story
from lianhuan.world.vocabulary import FULL, SMALL

FRAMES = 4
SIZE = 168
LINES = 5


def chosen() -> list[WorldStory]:
    """The first story of the small world, and of the full one the first of several characters in each style."""
    several = [tale for index in range(100) if len((tale := told(index)).names_zh) > 1]
    firsts = {tale.frames[0].graph.style: tale for tale in reversed(several)}
    return [story(SPLITS["test"], 0, FRAMES, SMALL), *(firsts[style] for style in FULL.styles)]


def told(index: int) -> WorldStory:
    """A story of the full world."""
    return story(SPLITS["test"], index, FRAMES, FULL)


def tile(frame: WorldFrame) -> Image.Image:
    """The picture of a page with its words."""
    font = ImageFont.load_default(9)
    page = Image.new("RGB", (SIZE, SIZE + 12 * LINES), "white")
    page.paste(draw(frame.graph, SIZE))
    words = "\n".join(wrap(frame.caption_en, 36)[:LINES])
    ImageDraw.Draw(page).multiline_text((2, SIZE + 2), words, "black", font, spacing=1)
    return page


def main(target: Path) -> None:
    """Draw all pages and save them as one picture of few colours."""
    pages = [tile(frame) for tale in chosen() for frame in tale.frames]
    contact_sheet(pages, FRAMES).quantize(96).save(target, optimize=True)
    print(target)  # noqa: T201 - a script's result


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "world.png"))
