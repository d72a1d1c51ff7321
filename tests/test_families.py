"""The table of families and features: what each kind of checkpoint draws with, and what it refuses with which words.

What each feature does is claimed elsewhere; here every cell is walked once, from folders that are read offline.
`docs/guides/checkpoints.md` shows the table.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from lianhuan import Book, illustrate, load_generator, load_memory, parse_story
from lianhuan.book import Settings
from lianhuan.conductor import PageDone, Redraw, draw_book, redraw
from lianhuan.control import DynamicThreshold, Inpaint, SDEdit
from lianhuan.errors import CheckpointError
from lianhuan.generators import Control
from lianhuan.memory.load import MEMORIES
from lianhuan.testing.checkpoints import tiny_checkpoint, tiny_ip_adapter
from lianhuan.testing.pipelines import tiny_pipeline

TEXT = "Mia ran to the beach. Mia sat down."
OWN = ("none", "shared-attention", "image-prompt", "copy-paste")
TRAINED = ("lstm", "ar-ldm")
"""Memories that Stable Diffusion accepts, but that nobody has trained for it."""


@dataclass(frozen=True)
class Row:
    """What a family is claimed to do."""

    memories: tuple[str, ...]
    controls: bool = True


TABLE = {
    "sd1": Row(OWN),
    "sd2": Row(OWN),
    "sdxl": Row(OWN),
    "flux": Row(("none", "copy-paste")),
    "kontext": Row(("none", "reference", "copy-paste")),
    "klein": Row(("none", "reference", "copy-paste"), controls=False),
    "sd3": Row(("none", "copy-paste")),
}
CELLS = [(family, memory) for family, row in TABLE.items() for memory in row.memories]
REFUSED = [
    (family, memory) for family, row in TABLE.items() for memory in MEMORIES if memory not in row.memories
]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A checkpoint of each family; those of Stable Diffusion have an IP-Adapter beside their parts."""
    root, found = tmp_path_factory.mktemp("families"), {}
    for family, row in TABLE.items():
        if row.memories == OWN:
            found[family] = tiny_checkpoint(root / family, family)
            tiny_ip_adapter(found[family] / "ip_adapter", found[family])
        else:
            found[family] = tiny_pipeline(root / family, family)
    return found


@pytest.fixture(scope="module")
def drawing(models: dict[str, Path]) -> dict[str, Any]:
    return {family: load_generator(folder) for family, folder in models.items()}


@pytest.fixture(scope="module")
def plain(drawing: dict[str, Any]) -> dict[str, list[bytes]]:
    """The pages of each family without memory, before anything else was drawn."""
    return {family: pictures(generator, "none") for family, generator in drawing.items()}


def pages(events: Iterator[Any]) -> list[bytes]:
    return [event.image.tobytes() for event in events if isinstance(event, PageDone)]


def pictures(generator: Any, memory: str, controls: tuple[Control, ...] = ()) -> list[bytes]:
    how = {"memory": load_memory(memory, generator.name), "steps": 2, "guidance": 3.0, "controls": controls}
    return pages(illustrate(parse_story(TEXT), generator, **how))


@pytest.mark.parametrize(("family", "memory"), CELLS)
def test_a_memory_is_drawn_with_and_leaves_nothing_behind(
    family: str, memory: str, drawing: dict[str, Any], plain: dict[str, list[bytes]]
) -> None:
    first, second = pictures(drawing[family], memory)
    assert first == plain[family][0]
    assert (second == plain[family][1]) == (memory == "none")
    assert pictures(drawing[family], "none") == plain[family]


@pytest.mark.parametrize(("family", "memory"), REFUSED)
def test_other_memories_are_refused_with_those_that_work(
    family: str, memory: str, models: dict[str, Path]
) -> None:
    with pytest.raises(CheckpointError) as error:
        load_memory(memory, models[family])
    if TABLE[family].memories == OWN and memory in TRAINED:
        assert "holds no trained" in str(error.value)
    else:
        fit = [
            name
            for name in MEMORIES
            if name in TABLE[family].memories + (TRAINED * (TABLE[family].memories == OWN))
        ]
        assert f"does not accept {', '.join(MEMORIES[memory])}" in str(error.value)
        assert str(error.value).endswith(f"memories that work with it: {', '.join(fit)}")


@pytest.mark.parametrize("family", TABLE)
def test_controls_together(
    family: str, drawing: dict[str, Any], plain: dict[str, list[bytes]], models: dict[str, Path]
) -> None:
    generator, side = drawing[family], drawing[family].size
    given, mask = Image.new("RGB", (side, side), "green"), Image.new("L", (side, side))
    mask.paste(255, (0, 0, side // 2, side))
    if not TABLE[family].controls:
        with pytest.raises(CheckpointError, match="are of a kind that controls do not know"):
            generator.control_latents(given)
        return
    latents = generator.control_latents(given)
    bent = pictures(
        generator, "none", (Inpaint(given, latents, mask), SDEdit(latents, 0.9), DynamicThreshold(0.9))
    )
    for page, before in zip(bent, plain[family], strict=True):
        image = Image.frombytes("RGB", (side, side), page)
        assert page != before
        assert set(image.crop((side // 2, 0, side, side)).getdata()) == {(0, 128, 0)}
    assert pictures(generator, "none") == plain[family]


@pytest.mark.parametrize("family", TABLE)
def test_a_book_is_drawn_read_again_offline_and_a_page_redrawn(
    family: str, models: dict[str, Path], plain: dict[str, list[bytes]], tmp_path: Path
) -> None:
    """With the memory that looks back the most, from a copy of the folder that nothing has opened before."""
    model, memory = shutil.copytree(models[family], tmp_path / "model"), TABLE[family].memories[-2]
    settings = Settings(steps=2, guidance=3.0)
    book = Book.create(
        tmp_path / "book",
        parse_story(TEXT),
        source_text=TEXT,
        seed=0,
        generator=str(model),
        memory=memory,
        settings=settings,
    )
    drawn = pages(draw_book(book, load_generator(model), load_memory(memory, model)))
    assert drawn[0] == plain[family][0]
    read = Book.open(book.folder)
    generator = load_generator(read.file.generator)
    assert pages(draw_book(read, generator, load_memory(memory, model))) == drawn
    list(redraw(read, generator, load_memory(memory, model), Redraw(2)))
    first, second = (
        Image.open(read.picture(page.id)).tobytes() for page in Book.open(book.folder).file.scenes
    )
    assert first == drawn[0]
    assert second != drawn[1]
