"""How many places a stage has, and whether a model knows styles, are settings of its text encoder."""

import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
import torch

from lianhuan.control import ClassifierFree
from lianhuan.data.world import frame_request, world_story
from lianhuan.generators import load_generator
from lianhuan.memory.load import load_memory
from lianhuan.models.files import read_config
from lianhuan.story import PageRequest, StageEntry
from lianhuan.testing import tiny_model
from lianhuan.world.draw import draw

SHIPPED = "196663725bb7d976fe755a863028985de85c88472e933c09ea82263447d98a25"
"""Words and segments of 200 pages of three places on the stage and 80 words, without styles, that tell who puts on what."""

CAST = tuple(StageEntry(name=name, kind="girl") for name in ("Mia", "Ann", "Eve", "Zoe"))

FIRST = draw(world_story("test", 0).frames[0].graph)


def page(people: int = 4, style: str = "", number: int = 0) -> PageRequest:
    return PageRequest(
        scene_id=f"s{number}",
        caption="They ran.",
        place="park",
        style=style,
        stage=CAST[:people],
        seed=3,
        steps=2,
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with four places on the stage that knows styles."""
    return tiny_model(tmp_path_factory.mktemp("large") / "model", stage=4, styles=True)


def test_the_shipped_model_is_told_what_it_was_always_told() -> None:
    words = load_generator("storybook", engine="light").tokenizer
    pages = [
        frame_request(world_story("test", i), k, language)
        for i in range(20)
        for k in range(5)
        for language in ("en", "zh")
    ]
    found = sha256()
    for array in words.arrays(pages):
        found.update(array.astype(np.int64).tobytes())
    assert found.hexdigest() == SHIPPED
    assert (words.sizes.stage, words.sizes.styles) == (3, False)


@pytest.mark.parametrize("engine", ["light", "torch"])
def test_folders_without_the_settings_draw_as_those_that_say_them(tiny_model: Path, tmp_path: Path, engine: str) -> None:  # fmt: skip
    older = shutil.copytree(tiny_model, tmp_path / "older")
    for part, settings in (("text_encoder", ("stage", "styles")), ("memory/lstm", ("summary_tokens",))):
        said = read_config(older / part)
        assert set(settings) <= set(said)
        kept = {key: value for key, value in said.items() if key not in settings}
        (older / part / "config.json").write_text(json.dumps(kept))
    assert np.array_equal(*(drawn(folder, engine) for folder in (tiny_model, older)))


def drawn(folder: Path, engine: str, style: str = "", people: int = 4) -> np.ndarray:
    """The latents of a second page that remembers a first one."""
    generator = load_generator(folder, engine=engine)
    memory = load_memory("lstm", folder, engine=engine)
    with torch.no_grad():
        first = generator.encode([page(people, style)])
        state = memory.write(memory.start(1), first, generator.encode_pictures([FIRST]))
        second = page(people, style, number=1)
        cond = memory.read(state, generator.encode([second]), "cond")
        *_, last, _ = generator.frames([second], [{"cond": cond, "uncond": generator.null(1)}], [ClassifierFree(3)])  # fmt: skip
    return np.asarray(last.x0)


def test_both_engines_draw_four_in_a_style(large: Path) -> None:
    torch_, light = (drawn(large, engine, "wash") for engine in ("torch", "light"))
    assert np.linalg.norm(torch_ - light) < 1e-4 * np.linalg.norm(torch_)


@pytest.mark.parametrize("engine", ["light", "torch"])
def test_the_fourth_and_the_style_are_told_to_a_model_that_knows_them_only(tiny_model: Path, large: Path, engine: str) -> None:  # fmt: skip
    for folder, knows in ((tiny_model, False), (large, True)):
        plain = drawn(folder, engine)
        assert (not np.array_equal(plain, drawn(folder, engine, "wash"))) is knows
        assert (not np.array_equal(plain, drawn(folder, engine, people=3))) is knows


def test_the_style_stands_behind_the_place_in_a_segment_of_its_own(large: Path) -> None:
    words = load_generator(large, engine="light").tokenizer
    _, segments, mask = words.arrays([page(2, "wash"), page(4)])
    told = [row[keep].tolist() for row, keep in zip(segments, mask, strict=True)]
    order = [list(dict.fromkeys(row)) for row in told]
    assert order == [[0, 1, 6, 2, 3], [0, 1, 2, 3, 4, 5]]
