"""The figure of seed document 000: the six pages of Mike and Jon without memory (above) and with it (below).

Run:  python examples/memory_figure.py [out.png]
"""

import sys
from pathlib import Path

from lianhuan import illustrate, load_generator, load_memory, read_story
from lianhuan.conductor import PageDone
from lianhuan.images import contact_sheet

SEED, SIDE = 3, 160


def main(target: Path) -> None:
    """Draw both rows and save them as one picture."""
    story = read_story(Path(__file__).parent / "mike-and-jon.txt")
    generator = load_generator("storybook")
    pages = [
        event.image.resize((SIDE, SIDE))
        for name in ("none", "lstm")
        for event in illustrate(story, generator, memory=load_memory(name, "storybook"), seed=SEED)
        if isinstance(event, PageDone)
    ]
    contact_sheet(pages, columns=len(story.scenes)).save(target)
    print(target)  # noqa: T201 - a script's result


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "memory.png"))
