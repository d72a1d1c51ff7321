"""Draws the fables of `benchmarks/fables` with the embedded model and puts them on one sheet, a fable a row.

Run:  python benchmarks/fables_sheet.py sheet.png [NAME ...]   (all by default; NAME without .md)
The verdict on every page stands in benchmarks/fables/README.md.
"""

import sys
from pathlib import Path

from PIL import Image

from lianhuan import illustrate, load_generator, read_story
from lianhuan.conductor import PageDone
from lianhuan.images import contact_sheet

FABLES = Path(__file__).parent / "fables"
PAGES, SIDE, SEED = 5, 160, 1


def main(target: Path, names: list[str]) -> None:
    """Draw the fables with these names, or all, onto the sheet."""
    generator = load_generator(engine="light")
    chosen = [FABLES / f"{name}.md" for name in names] or sorted(FABLES.glob("??-*.md"))
    pages: list[Image.Image] = []
    for path in chosen:
        events = illustrate(read_story(path), generator, seed=SEED)
        pages += [event.image.resize((SIDE, SIDE)) for event in events if isinstance(event, PageDone)]
    contact_sheet(pages, columns=PAGES).save(target)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
