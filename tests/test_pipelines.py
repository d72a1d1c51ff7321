"""Claims about stock pipelines, attached: their pictures, references, what is refused, books, bad folders."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from checkpoint_runs import LONG, page
from cli_runs import fails, run
from lianhuan import Book, illustrate, load_generator, load_memory, parse_story
from lianhuan.book import Settings
from lianhuan.conductor import PageDone, Step, draw_book
from lianhuan.control import ClassifierFree, DynamicThreshold, Inpaint, SDEdit, attach
from lianhuan.errors import CheckpointError
from lianhuan.generators import Control, Drawn, DrawStep, PipelineGenerator
from lianhuan.generators.stepwise import stepwise
from lianhuan.memory import NoMemory, ReferenceMemory, SharedAttentionMemory
from lianhuan.models.context import Examples
from lianhuan.sampling import page_noise, page_seed
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.testing.pipelines import CHANNELS, PIXART_SIDE, SIDE, tiny_pipeline

FAMILIES = ("flux", "kontext", "klein", "sd3")
TAKE_PICTURES = ("kontext", "klein")
TEXT = "Mia ran to the beach. She sat down. A fox named Lily laughed. Mia saw Lily."
RED, BLUE = (Image.new("RGB", (SIDE, SIDE), colour) for colour in ("red", "blue"))


@pytest.fixture(scope="module")
def pipelines(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    root = tmp_path_factory.mktemp("pipelines")
    return {family: tiny_pipeline(root / family, family) for family in FAMILIES}


@pytest.fixture(scope="module")
def attached(pipelines: dict[str, Path]) -> dict[str, PipelineGenerator]:
    return {family: load_generator(folder) for family, folder in pipelines.items()}


def draw(
    generator: PipelineGenerator,
    pages: Sequence[PageRequest],
    guidance: float = 3.0,
    examples: Sequence[Image.Image] = (),
    controls: Sequence[Control] = (),
) -> list[Image.Image]:
    contexts = [generator.encode([one]) for one in pages]
    if examples:
        shown = Examples(to_tensor(examples)[None], torch.ones(1, len(examples), dtype=torch.bool))
        contexts = [type(one)(**{**vars(one), "examples": shown}) for one in contexts]
    branches = [{"cond": one, "uncond": generator.null(1)} for one in contexts]
    *_, last = generator.frames(pages, branches, [ClassifierFree(guidance), *controls])
    assert isinstance(last, Drawn)
    return last.images


def by_hand(folder: Path, one: PageRequest, guidance: float, image: object = None) -> Image.Image:
    """The picture of the stock pipeline, called by hand with the noise of a page of the first caption."""
    kind = json.loads((folder / "model_index.json").read_text())["_class_name"]
    pipe = getattr(diffusers, kind).from_pretrained(folder, local_files_only=True, low_cpu_mem_usage=False)
    pipe.set_progress_bar_config(disable=True)
    told = {"prompt": one.caption, "num_inference_steps": one.steps, "guidance_scale": guidance}
    side, cells = (PIXART_SIDE, 0) if kind == "PixArtSigmaPipeline" else (SIDE, SIDE // 8)
    told |= {"height": side, "width": side}
    if kind in ("StableDiffusion3Pipeline", "PixArtSigmaPipeline"):
        seed = page_seed(one.seed, one.scene_id, one.take)
        return pipe(**told, generator=torch.Generator().manual_seed(seed)).images[0]
    if kind == "Flux2KleinPipeline":
        noise = page_noise(one.seed, one.scene_id, one.take, (4 * CHANNELS, cells // 2, cells // 2))
        return pipe(**told, latents=torch.from_numpy(noise)[None], image=image).images[0]
    noise = torch.from_numpy(page_noise(one.seed, one.scene_id, one.take, (CHANNELS, cells, cells)))
    told["latents"] = pipe._pack_latents(noise[None], 1, CHANNELS, cells, cells)
    if kind == "FluxKontextPipeline":
        told |= {"image": image, "max_area": SIDE**2, "_auto_resize": False}
    return pipe(**told).images[0]


class TestPictures:
    @pytest.mark.parametrize("family", FAMILIES)
    @pytest.mark.parametrize("guidance", [1.0, 4.0])
    def test_they_are_those_of_the_stock_pipeline(
        self, family: str, guidance: float, attached: dict, pipelines: dict[str, Path]
    ) -> None:
        one = page(3, LONG, steps=3, seed=7)
        (ours,) = draw(attached[family], [one], guidance)
        assert ours.size == (SIDE, SIDE)
        assert ours.tobytes() == by_hand(pipelines[family], one, guidance).tobytes()

    @pytest.mark.parametrize("family", TAKE_PICTURES)
    def test_so_are_those_that_go_by_a_picture(
        self, family: str, attached: dict, pipelines: dict[str, Path]
    ) -> None:
        (ours,) = draw(attached[family], [page()], 3.0, [RED])
        assert ours.tobytes() == by_hand(pipelines[family], page(), 3.0, RED).tobytes()

    @pytest.mark.parametrize("family", FAMILIES)
    def test_a_page_is_the_same_alone_and_among_others(self, family: str, attached: dict) -> None:
        pages = [page(0), page(1, LONG, steps=2), page(0, take=1), page(0, seed=1)]
        together = [image.tobytes() for image in draw(attached[family], pages)]
        alone = [draw(attached[family], [one])[0].tobytes() for one in reversed(pages)]
        assert together == alone[::-1]
        assert len(set(together)) == 4

    @pytest.mark.parametrize("family", FAMILIES)
    def test_guidance_is_heard(self, family: str, attached: dict) -> None:
        weak, strong = (draw(attached[family], [page()], scale)[0] for scale in (1.0, 6.0))
        assert weak.tobytes() != strong.tobytes()

    def test_a_distilled_klein_knows_no_guidance(
        self, tmp_path: Path, attached: dict, caplog: pytest.LogCaptureFixture
    ) -> None:
        generator = load_generator(tiny_pipeline(tmp_path / "klein", "klein", distilled=True))
        weak, strong = (draw(generator, [page()], scale)[0].tobytes() for scale in (1.0, 6.0))
        assert weak == strong == draw(attached["klein"], [page()], 1.0)[0].tobytes()
        assert "is ignored" not in caplog.text

    @pytest.mark.parametrize("family", TAKE_PICTURES)
    def test_all_pictures_to_go_by_count(self, family: str, attached: dict) -> None:
        given = [[], [RED], [BLUE], [RED, BLUE], [BLUE, RED], [RED, RED]]
        drawn = [draw(attached[family], [page()], 3.0, examples)[0].tobytes() for examples in given]
        assert len(set(drawn)) == len(given)
        assert drawn[3] == draw(attached[family], [page()], 3.0, [RED, BLUE])[0].tobytes()


class TestSteps:
    def test_they_are_told_while_the_page_is_drawn(self, attached: dict) -> None:
        generator, calls = attached["flux"], []
        expected = draw(generator, [page(steps=4)])
        watch = generator.pipeline.transformer.register_forward_hook(lambda *_: calls.append(1))
        contexts = [{"cond": generator.encode([page()])}] * 2
        events = generator.frames([page(steps=4), page(1, steps=2)], contexts, [ClassifierFree(3.0)])
        assert (next(events), len(calls)) == (DrawStep(1, 6), 1)
        assert (next(events), len(calls)) == (DrawStep(2, 6), 2)
        events.close()
        assert len(calls) == 2
        watch.remove()
        assert draw(generator, [page(steps=4)]) == expected

    def test_a_pipeline_that_tells_of_none_draws_all_the_same(self, tmp_path: Path) -> None:
        folder = tiny_pipeline(tmp_path / "pixart", "pixart")
        generator = load_generator(folder)
        events = generator.frames(
            [page(steps=2)], [{"cond": generator.encode([page()])}], [ClassifierFree(3.0)]
        )
        ((image,),) = [event.images for event in events]
        assert image.size == (PIXART_SIDE, PIXART_SIDE)
        assert image.tobytes() == by_hand(folder, page(steps=2), 3.0).tobytes()

    def test_all_pages_count(self, attached: dict) -> None:
        generator = attached["sd3"]
        pages = [page(0, steps=2), page(1, steps=3)]
        *steps, last = generator.frames(pages, [{"cond": generator.encode([one])} for one in pages], [])
        assert steps == [DrawStep(number, 5) for number in range(1, 6)]
        assert len(last.images) == 2

    def test_a_program_may_end_between_two_steps(self) -> None:
        program = (
            "from lianhuan.generators.stepwise import stepwise\n"
            "steps = stepwise(lambda tell: [tell(1), tell(2)])\nprint(next(steps))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=300
        )
        assert done.stdout == "1\n"

    def test_an_error_of_the_call_is_raised(self) -> None:
        def call(tell: object) -> None:
            tell("first")
            raise KeyError("broken")

        steps = stepwise(call)
        assert next(steps) == "first"
        with pytest.raises(KeyError, match="broken"):
            next(steps)


def pictures(generator: PipelineGenerator, name: str, **more: object) -> list[bytes]:
    memory = load_memory(name, generator.name)
    events = illustrate(parse_story(TEXT), generator, memory=memory, seed=1, steps=2, **more)
    return [event.image.tobytes() for event in events if isinstance(event, PageDone)]


class TestMemories:
    @pytest.mark.parametrize("family", TAKE_PICTURES)
    def test_a_page_goes_by_the_pages_with_the_same_character(self, family: str, attached: dict) -> None:
        plain, referring = pictures(attached[family], "none"), pictures(attached[family], "reference")
        assert [a == b for a, b in zip(plain, referring, strict=True)] == [True, False, True, False]
        assert referring == pictures(attached[family], "reference")
        other = pictures(attached[family], "reference", first_frame=RED)
        assert other[0] == RED.tobytes()
        assert [a == b for a, b in zip(referring[1:], other[1:], strict=True)] == [False, True, False]

    @pytest.mark.parametrize("family", FAMILIES)
    def test_copy_paste_shows_the_first_page(self, family: str, attached: dict) -> None:
        first, *others = pictures(attached[family], "copy-paste")
        assert others == [first] * 3

    def test_what_is_kept_does_not_grow_with_the_story(self) -> None:
        generator = PipelineGenerator(name="any", fingerprint="", pipeline=None, size=8)
        memory, state = ReferenceMemory(window=2), {"pages": ()}
        for number in range(20):
            context = generator.encode([page(number, stage=({"name": "Mia" if number % 2 else "Lily"},))])
            state = memory.write(state, context, torch.full((1, 3, 8, 8), float(number)))
        assert [page.latents[0, 0, 0, 0] for page in state["pages"]] == [0, 1, 18, 19]
        mia = memory.read(state, generator.encode([page(stage=({"name": "Mia"},))]), "cond")
        assert mia.examples.latents[0, :, 0, 0, 0].tolist() == [1, 19]

    @pytest.mark.parametrize(
        ("family", "name", "fit"),
        [
            ("flux", "lstm", "none, copy-paste"),
            ("flux", "reference", "none, copy-paste"),
            ("kontext", "shared-attention", "none, reference, copy-paste"),
            ("klein", "ar-ldm", "none, reference, copy-paste"),
            ("sd3", "reference", "none, copy-paste"),
        ],
    )
    def test_others_are_refused(self, family: str, name: str, fit: str, pipelines: dict[str, Path]) -> None:
        with pytest.raises(CheckpointError, match=f"cannot draw with the memory '{name}'.*with it: {fit}$"):
            load_memory(name, pipelines[family])

    def test_stable_diffusion_takes_no_pictures(self, folders: dict[str, Path]) -> None:
        with pytest.raises(CheckpointError, match=r"accept examples; .* with it: none, lstm, ar-ldm, sh"):
            load_memory("reference", folders["sd1"])

    def test_a_memory_made_by_hand_is_refused_before_anything_is_drawn(self, attached: dict) -> None:
        events = illustrate(parse_story(TEXT), attached["klein"], memory=SharedAttentionMemory(), steps=2)
        with pytest.raises(CheckpointError, match="does not accept references"):
            next(events)


class TestControls:
    @pytest.mark.parametrize("family", ["flux", "kontext", "sd3"])
    def test_they_bend_a_page_as_they_bend_the_pipeline(self, family: str, attached: dict) -> None:
        generator, mask = attached[family], Image.new("L", (SIDE, SIDE))
        mask.paste(255, (8, 8, 40, 40))
        given = BLUE.copy()
        latents = generator.control_latents(given)
        bent = [Inpaint(given, latents, mask), SDEdit(latents, 0.5), DynamicThreshold(0.9, bound=0.5)]
        (plain,), (ours,) = (draw(generator, [page()], controls=controls) for controls in ([], bent))
        outside = np.asarray(mask) == 0
        assert (np.asarray(ours)[outside] == np.asarray(given)[outside]).all()
        assert (np.asarray(ours)[~outside] != np.asarray(plain)[~outside]).any()
        with attach(generator.pipeline, bent):
            (again,) = draw(generator, [page()])
        assert ours.tobytes() == again.tobytes()
        assert draw(generator, [page()])[0].tobytes() == plain.tobytes()

    def test_klein_refuses_them(self, attached: dict) -> None:
        generator = attached["klein"]
        with pytest.raises(CheckpointError, match="latents of Flux2Transformer2DModel are of a kind"):
            generator.control_latents(RED)
        events = illustrate(
            parse_story(TEXT), generator, memory=NoMemory(), steps=2, controls=[DynamicThreshold()]
        )
        with pytest.raises(CheckpointError, match="latents of Flux2Transformer2DModel are of a kind"):
            list(events)


def shown(folder: Path) -> list[bytes]:
    book = Book.open(folder)
    return [book.picture(scene.id).read_bytes() for scene in book.story().scenes]


def stop_in_page_3(folder: Path, model: Path, memory: str) -> None:
    story, name = parse_story(TEXT), str(model)
    how = {"generator": name, "memory": memory, "settings": Settings(steps=2)}
    book = Book.create(folder, story, source_text=TEXT, seed=0, **how)
    events = draw_book(book, load_generator(name), load_memory(memory, name))
    while not isinstance(event := next(events), Step) or event.page < 3:
        pass
    events.close()
    assert [book.picture(scene.id) is None for scene in story.scenes] == [False, False, True, True]


class TestBooks:
    @pytest.mark.parametrize(("family", "memory"), [("flux", "none"), ("kontext", "reference")])
    def test_one_is_drawn_stopped_resumed_and_a_page_redrawn(
        self, family: str, memory: str, pipelines: dict[str, Path], tmp_path: Path
    ) -> None:
        story, whole, stopped = tmp_path / "story.txt", tmp_path / "whole", tmp_path / "stopped"
        story.write_text(TEXT, encoding="utf-8")
        how = ["--generator", pipelines[family], "--memory", memory, "--steps", 2]
        assert run("illustrate", story, "-o", whole, *how).exit_code == 0
        before = shown(whole)
        stop_in_page_3(stopped, pipelines[family], memory)
        assert run("illustrate", stopped).exit_code == 0
        assert shown(stopped) == before
        assert run("redraw", whole, "--page", 2).exit_code == 0
        after = shown(whole)
        assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True, True]
        assert run("illustrate", whole).exit_code == 0
        assert shown(whole) == after
        fails(
            "redraw",
            whole,
            "--page",
            2,
            "--sketch",
            tmp_path / "sketch.png",
            says="drawn by a stock pipeline",
        )
        assert shown(whole) == after
        mask, left = tmp_path / "mask.png", (0, 0, SIDE // 2, SIDE)
        half = Image.new("L", (SIDE, SIDE), 255)
        half.paste(0, left)
        half.save(mask)
        page_2 = Book.open(whole).picture("s002")
        assert run("redraw", whole, "--page", 2, "--mask", mask).exit_code == 0
        masked = Book.open(whole).picture("s002")
        assert [a == b for a, b in zip(after, shown(whole), strict=True)] == [True, False, True, True]
        one, other = (Image.open(path).crop(left).tobytes() for path in (page_2, masked))
        assert one == other

    def test_the_memory_that_the_command_line_chooses_is_refused(
        self, pipelines: dict[str, Path], tmp_path: Path
    ) -> None:
        story = tmp_path / "story.txt"
        story.write_text(TEXT, encoding="utf-8")
        how = ["illustrate", story, "-o", tmp_path / "book", "--generator", pipelines["klein"]]
        fails(*how, says="memories that work with it: none, reference, copy-paste")
        assert not (tmp_path / "book").exists()


def test_the_fingerprint_names_the_weights(attached: dict, tmp_path: Path) -> None:
    same, other = (tiny_pipeline(tmp_path / str(seed), "flux", seed) for seed in (0, 1))
    assert load_generator(same).fingerprint == attached["flux"].fingerprint
    assert load_generator(other).fingerprint != attached["flux"].fingerprint


def test_the_fingerprint_names_the_chat_template(attached: dict, tmp_path: Path) -> None:
    folder = tiny_pipeline(tmp_path / "klein", "klein")
    assert load_generator(folder).fingerprint == attached["klein"].fingerprint
    template = folder / "tokenizer" / "chat_template.jinja"
    template.write_text(template.read_text() + "Once upon a time")
    generator = load_generator(folder)
    assert generator.fingerprint != attached["klein"].fingerprint
    assert draw(generator, [page()])[0].tobytes() != draw(attached["klein"], [page()])[0].tobytes()


def damaged(folder: Path, damage: str) -> None:
    weights = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    path = folder / "model_index.json"
    index = json.loads(path.read_text())
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:2000])
    elif damage == "pickle":
        weights.rename(weights.with_suffix(".bin"))
    elif damage == "no part":
        (folder / "vae").rename(folder / "elsewhere")
    elif damage == "no tokenizer":
        (folder / "tokenizer_2" / "tokenizer.json").write_text("{")
    elif damage == "other network":
        config = folder / "transformer" / "config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), "num_layers": 2}))
    elif damage == "own code":
        path.write_text(json.dumps({**index, "transformer": ["my_module", "MyTransformer"]}))
    elif damage == "noisy scheduler":
        config = folder / "scheduler" / "scheduler_config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), "stochastic_sampling": True}))
    else:
        path.write_text(json.dumps({**index, "_class_name": damage}))


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("truncated", "transformer is damaged"),
        ("pickle", "pickle that can run code"),
        ("no part", "vae is missing"),
        ("no tokenizer", "is damaged"),
        ("other network", "weights are missing"),
        ("own code", "my_module.MyTransformer is no class of diffusers or transformers"),
        ("noisy scheduler", "draws noise that no seed decides"),
        ("FluxControlPipeline", "is a FluxControlPipeline; supported so far: .*FluxKontextPipeline"),
        ("FluxPriorReduxPipeline", "is a FluxPriorReduxPipeline; supported so far: "),
        ("NoSuchPipeline", "is a NoSuchPipeline; supported so far: .*Flux2KleinPipeline"),
    ],
)
def test_a_bad_folder_is_refused_with_its_reason(damage: str, words: str, tmp_path: Path) -> None:
    folder = tiny_pipeline(tmp_path / "model", "flux")
    damaged(folder, damage)
    with pytest.raises(CheckpointError, match=words):
        load_generator(folder)
