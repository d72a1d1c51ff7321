"""The light engine draws what torch draws, always the same, and without torch."""

import gc
import json
import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cli_runs import STORY, fails, run, without
from lianhuan.book import Book
from lianhuan.book.picture import recipe_in
from lianhuan.conductor import Book as Storybook, choose_engine, illustrate
from lianhuan.control import ClassifierFree, DynamicThreshold, Inpaint, SDEdit
from lianhuan.errors import CheckpointError, DeviceError
from lianhuan.generators import STORYBOOK, Compute, Extras, load_generator
from lianhuan.generators.base import Control
from lianhuan.memory import NoMemory
from lianhuan.memory.load import LIGHT, MEMORIES, load_memory
from lianhuan.models.context import Context
from lianhuan.models.files import SCALE, Arrays, load_arrays, read_config
from lianhuan.models.light.graph import Graph
from lianhuan.models.light.run import Network
from lianhuan.models.light.unet import FIXED, unet
from lianhuan.script import parse_story
from lianhuan.story import PageRequest, StageEntry
from lianhuan.testing.contracts import check_memory

WORDS = ("Mia ran to the beach.", "She sat down, and Lily slept.", "They waved.")
LATENTS, GREY = 1e-4, 1
"""The engines may differ by that share of the latents, and by so many of 255 grey levels; 3e-6 and 1 were measured."""


def page(number: int, **values: object) -> PageRequest:
    stage = (StageEntry(name="Mia", kind="girl"),)
    return PageRequest(scene_id=f"s{number}", caption=WORDS[number], stage=stage, seed=5, steps=3, **values)


def pair(folder):
    return load_generator(folder, engine="light"), load_memory("lstm", folder, engine="light")


def grain(seed: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (128, 128, 3), dtype=np.uint8))


def apart(a, b) -> float:
    a, b = np.asarray(a), np.asarray(b)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))


def test_every_network_computes_what_torch_computes(tiny_model):
    """A story of three pages: words, what is remembered, latents, pictures, the state after each page."""
    torches, lights = (load_generator(tiny_model), load_memory("lstm", tiny_model)), pair(tiny_model)
    states = [memory.start(1) for _, memory in (torches, lights)]
    controls = [ClassifierFree(4.5), DynamicThreshold(bound=1.0)]
    with torch.no_grad():
        for number in range(3):
            seen: list[tuple[object, ...]] = []
            given = grain(number)
            for row, (generator, memory) in enumerate((torches, lights)):
                words = generator.encode([page(number)])
                contexts = {"cond": memory.read(states[row], words, "cond"), "uncond": generator.null(1)}
                *_, last, drawn = generator.frames([page(number)], [contexts], controls)
                latents = generator.encode_pictures([given])
                states[row] = memory.write(states[row], words, latents)
                seen.append((words.tokens, contexts["cond"].tokens, last.x0, latents, *states[row].values()))
                assert words.mask[0, :7].all()
                assert not words.mask[0, -1]
                seen[row] += (np.asarray(drawn.images[0], dtype=float),)
            *numbers, picture = zip(*seen, strict=True)
            assert [apart(light, torch_) for torch_, light in numbers] == pytest.approx([0] * 9, abs=LATENTS)
            assert np.abs(picture[0] - picture[1]).max() <= GREY
    assert list(states[0]) == list(states[1])
    assert apart(seen[0][1], seen[0][0]) > 0.05  # the memory does something here


def test_the_embedded_memory_keeps_the_same_on_both_engines():
    """Its matrices are 8-bit numbers, which the light engine does not make long."""
    request, latents = page(0), np.random.default_rng(0).standard_normal((1, 8, 16, 16)).astype(np.float32)
    found = []
    for engine, as_array in (("torch", torch.from_numpy), ("light", np.asarray)):
        words = load_generator(engine=engine).encode([request])
        memory = load_memory("lstm", "storybook", engine=engine)
        with torch.no_grad():
            state = memory.write(memory.start(1), words, as_array(latents))
            found.append([words.tokens, memory.read(state, words, "cond").tokens, *state.values()])
    assert [apart(light, torch_) for torch_, light in zip(*found, strict=True)] == pytest.approx(
        [0] * 7, abs=LATENTS
    )
    assert apart(found[1][1], found[1][0]) > 0.05


@pytest.mark.parametrize(("stride", "before", "after"), [(1, 1, 1), (2, 1, 1), (2, 0, 1), (1, 0, 0)])
def test_a_convolution_of_few_cells_is_the_same_as_a_product(stride, before, after):
    numbers = np.random.default_rng(0)
    kernel = numbers.integers(-127, 128, (6, 5, 3, 3)).astype(np.int8)
    scale, bias = numbers.random((6, 1, 1, 1), np.float32), numbers.random(6, np.float32)
    short = Arrays({"a.weight": kernel, f"a.weight{SCALE}": scale, "a.bias": bias})
    long = Arrays({"a.weight": short["a.weight"], "a.bias": bias})
    x = numbers.standard_normal((2, 5, 4, 4)).astype(np.float32)
    out = []
    for arrays in (short, long):
        graph = Graph(arrays)
        node = graph.conv_padded(graph.input("x", x.shape), "a", stride, [before] * 2, [after] * 2)
        model = graph.model(y=node)
        kinds = {op.get_type_name() for op in model.get_ops()}
        assert ("Convolution" in kinds) == (arrays is long)
        out.append(Network(Path(), [model].pop)(x=x)["y"])
    assert out[0].shape == out[1].shape
    assert apart(out[0], out[1]) < 1e-5


def test_samplers_and_the_bound_of_a_model_do_the_same_on_both_engines(tiny_model, tmp_path):
    bounded = shutil.copytree(tiny_model, tmp_path / "bounded")
    settings = read_config(bounded / "path")
    (bounded / "path" / "config.json").write_text(json.dumps(settings | {"bound": 0.5}))

    def draw(folder, engine, sampler):
        generator = load_generator(folder, engine=engine)
        contexts = {"cond": generator.encode([page(0)]), "uncond": generator.null(1)}
        guided = [ClassifierFree(3.0)]
        *_, last, _ = generator.frames([page(0, sampler=sampler)], [contexts], guided)
        return last.x0

    lights = {sampler: draw(bounded, "light", sampler) for sampler in ("dpmpp-2m", "ddim")}
    for sampler, latents in lights.items():
        assert apart(latents, draw(bounded, "torch", sampler)) < LATENTS
        assert apart(latents, draw(tiny_model, "light", sampler)) > 0.05
    assert apart(*lights.values()) > 1e-3


@pytest.mark.parametrize(("model", "guidance"), [("tiny", 3.0), (STORYBOOK, 3.0), (STORYBOOK, 4.5)])
def test_a_page_has_the_same_bytes_on_one_and_two_threads_alone_and_in_a_batch(
    tiny_model, monkeypatch, model, guidance
):
    """The embedded model's networks are large enough to be shared out among threads; 4.5 is what its few steps draw."""
    drawn = {}
    for threads in ("1", "2"):
        monkeypatch.setenv("OMP_NUM_THREADS", threads)
        generator, memory = pair(tiny_model if model == "tiny" else model)
        pages = [page(0), page(1)]
        contexts = [{"cond": generator.encode([one]), "uncond": generator.null(1)} for one in pages]
        *_, alone = generator.frames(pages[1:], contexts[1:], [ClassifierFree(guidance)])
        *_, both = generator.frames(pages, contexts, [ClassifierFree(guidance)])
        assert both.images[1].tobytes() == alone.images[0].tobytes()
        assert both.images[0].tobytes() != both.images[1].tobytes()
        state = memory.write(memory.start(1), contexts[0]["cond"], generator.encode_pictures(both.images[:1]))
        drawn[threads] = [*(image.tobytes() for image in both.images), *(v.tobytes() for v in state.values())]
    assert drawn["1"] == drawn["2"]


def test_the_light_memory_keeps_the_contract(tiny_model):
    memory = load_memory("lstm", tiny_model, engine="light")
    words = load_generator(tiny_model, engine="light").encode([page(i) for i in range(3)])

    def pages(stories: int, seed: int) -> tuple[Context, np.ndarray]:
        order = [(row + seed) % 3 for row in range(stories)]
        shape = (4, 16, 16)
        latents = [np.random.default_rng(10 * seed + row).standard_normal(shape) for row in range(stories)]
        return Context(words.tokens[order], words.mask[order]), np.stack(latents).astype(np.float32)

    check_memory(memory, pages)
    context, latents = pages(1, 0)
    state = memory.write(memory.start(1), context, latents)
    assert apart(memory.read(state, context, "cond").tokens, context.tokens) > 0.05
    assert memory.read(state, context, "uncond") is context


@pytest.mark.parametrize("engine", ["light", "torch"])
def test_masks_and_given_pictures_work_on_both_engines(tiny_model, engine):
    """The same controls; outside a mask no pixel changes."""
    generator = load_generator(tiny_model, engine=engine)
    picture = grain(0)
    latents = generator.control_latents(picture)
    mask = Image.new("L", picture.size)
    mask.paste(255, (0, 0, 40, 128))
    contexts = {"cond": generator.encode([page(0)]), "uncond": generator.null(1)}

    def draw(control: Control) -> np.ndarray:
        *_, drawn = generator.frames([page(0)], [contexts], [ClassifierFree(3.0), control])
        return np.asarray(drawn.images[0]).astype(int)

    painted, given = draw(Inpaint(picture, latents, mask)), np.asarray(picture)
    assert (painted[:, 40:] == given[:, 40:]).all()
    assert (painted[:, :40] != given[:, :40]).any()
    over = [np.abs(draw(SDEdit(latents, strength)) - given).mean() for strength in (0.25, 1.0)]
    assert over[0] != over[1]


def test_both_engines_bend_a_page_in_the_same_way(tiny_model):
    picture = Image.linear_gradient("L").resize((128, 128)).convert("RGB")
    drawn = []
    for engine in ("light", "torch"):
        generator = load_generator(tiny_model, engine=engine)
        contexts = {"cond": generator.encode([page(0)]), "uncond": generator.null(1)}
        control = SDEdit(generator.control_latents(picture), 0.5)
        *_, last = generator.frames([page(0)], [contexts], [ClassifierFree(3.0), control])
        drawn.append(np.asarray(last.images[0], dtype=float))
    assert np.abs(drawn[0] - drawn[1]).max() <= GREY


def test_what_the_light_engine_cannot_do_is_refused(tiny_model):
    generator, memory = pair(tiny_model)
    with pytest.raises(CheckpointError, match="only none, lstm; take the engine 'torch'"):
        load_memory("shared-attention", tiny_model, engine="light")
    with pytest.raises(CheckpointError, match="load both with the same one"):
        next(illustrate(parse_story(STORY), generator, memory=load_memory("lstm", tiny_model)))
    with pytest.raises(CheckpointError, match="load both with the same one"):
        next(illustrate(parse_story(STORY), load_generator(tiny_model), memory=memory))
    assert next(illustrate(parse_story(STORY), generator, memory=NoMemory()))

    class Wish(Control):
        def loss(self, moment, x0, features):
            return x0.sum()

    generator.check("ddim", "")
    with pytest.raises(CheckpointError, match="no sampler"):
        generator.check("euler", "")
    with pytest.raises(CheckpointError, match="no negative prompt"):
        next(illustrate(parse_story(STORY), generator, memory=memory, negative_prompt="rain"))
    with pytest.raises(CheckpointError, match="takes no loras"):
        load_generator(tiny_model, Extras(loras=("some.safetensors",)), engine="light")
    with pytest.raises(DeviceError, match="knows no low_memory"):
        load_generator(tiny_model, None, Compute(low_memory=True), engine="light")
    contexts = {"cond": generator.encode([page(0)]), "uncond": generator.null(1)}
    with pytest.raises(CheckpointError, match="needs gradients"):
        list(generator.frames([page(0)], [contexts], [Wish()]))
    config = read_config(tiny_model / "unet")
    for key in FIXED:
        with pytest.raises(CheckpointError, match=key):
            unet(Graph(load_arrays(tiny_model / "unet")), {**config, key: "other"}, 1, 8)


def test_damaged_folders_are_told_of(tiny_model, tmp_path):
    folder = tmp_path / "model"
    shutil.copytree(tiny_model, folder)
    (folder / "memory" / "lstm" / "model.safetensors").write_bytes(b"no")
    with pytest.raises(CheckpointError, match="damaged"):
        load_memory("lstm", folder, engine="light")
    (folder / "path" / "config.json").write_text("{}")
    with pytest.raises(CheckpointError, match="settings that this version cannot use"):
        load_generator(folder, engine="light")
    shutil.rmtree(folder / "memory")
    with pytest.raises(CheckpointError, match="holds no trained 'lstm' memory"):
        load_memory("lstm", folder, engine="light")


def test_the_engine_is_chosen_by_what_is_drawn(tiny_model, monkeypatch):
    assert {name: choose_engine("auto", tiny_model, name) for name in MEMORIES} == {
        name: "light" if name in LIGHT else "torch" for name in MEMORIES
    }
    assert choose_engine("auto", tiny_model, "lstm+shared-attention") == "torch"
    assert choose_engine("auto", tiny_model, "lstm", learnt=True) == "torch"
    assert choose_engine("auto", tiny_model, "lstm", sketch=True) == "torch"
    assert choose_engine("auto", tiny_model, "lstm", options=["--dtype"]) == "torch"
    assert choose_engine("torch", tiny_model, "lstm") == "torch"
    with pytest.raises(CheckpointError, match=r"no memory 'ar-ldm'.*take --engine torch"):
        choose_engine("light", tiny_model, "ar-ldm")
    monkeypatch.setitem(sys.modules, "openvino", None)  # as if not installed
    assert choose_engine("auto", tiny_model, "lstm") == "torch"
    with pytest.raises(CheckpointError, match="openvino is not installed"):
        choose_engine("light", tiny_model, "lstm")


def test_options_of_torch_choose_torch_or_are_refused(tiny_model, story, tmp_path):
    args = ("illustrate", story, "-o", tmp_path / "book", "--generator", tiny_model, "--steps", 1)
    light = (*args, "--engine", "light")
    fails(
        *light, "--low-memory", "--dtype", "bf16", says="knows no --dtype, --low-memory; take --engine torch"
    )
    fails(*light, "--lora", "some.safetensors", says="it knows no loras; take --engine torch")
    assert not (tmp_path / "book").exists()
    assert ", engine light," in run(*light, "--device", "cpu", "--dtype", "fp32").stderr
    assert ", engine torch," in run(*args, "--low-memory").stderr


def test_the_names_of_memories_say_what_their_classes_give():
    from lianhuan import memory as kinds

    found = {
        kind.name: kind.gives for name in kinds.__all__ if hasattr(kind := getattr(kinds, name), "gives")
    }
    assert {name: found[name] for name in MEMORIES} == MEMORIES


def test_without_openvino_torch_draws(tiny_model, story, tmp_path):
    args = ("illustrate", story, "-o", tmp_path / "book", "--generator", tiny_model, "--steps", 2)
    done = without("openvino", *args)
    assert done.returncode == 0, done.stderr
    book = Book.open(tmp_path / "book")
    assert {recipe_in(book.picture(page.id))["engine"] for page in book.file.scenes} == {"torch"}


def test_a_book_goes_on_with_the_other_engine(tiny_model, tmp_path):
    """A page that is drawn stays, whatever engine draws the others."""
    generator, memory = pair(tiny_model)
    book = Storybook.collect(
        illustrate(parse_story(STORY), generator, memory=memory, steps=2), tmp_path / "b"
    )
    shown = [page.picked for page in book.file.scenes]
    assert run("illustrate", book.folder, "--engine", "torch").exit_code == 0
    assert [page.picked for page in Book.open(book.folder).file.scenes] == shown
    other = Storybook.collect(
        illustrate(parse_story(STORY), generator, memory=memory, steps=2), tmp_path / "c"
    )
    assert [page.picked for page in other.file.scenes] == shown


def test_signals_still_arrive_when_networks_have_gone(tiny_model: Path) -> None:
    for _ in range(2):
        generator = load_generator(tiny_model, engine="light")
        generator.encode_pictures([Image.new("RGB", (128, 128))])
        generator.null(1)
        del generator
        gc.collect()
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: came.append(number))
    os.kill(os.getpid(), signal.SIGUSR1)
    signal.signal(signal.SIGUSR1, before)
    assert came == [signal.SIGUSR1]
