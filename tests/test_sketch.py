"""Claims about sketches: how they are read, what predicts their edges, and that guidance follows them."""

import importlib.util
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps
from torch import Tensor

from lianhuan import load_generator
from lianhuan.control import ClassifierFree, Inpaint, SDEdit, Semantic, Sketch
from lianhuan.control.sketch import edge_predictor, sketch_latents
from lianhuan.errors import CheckpointError, PictureError
from lianhuan.generators import Control, Drawn, LatentDiffusion
from lianhuan.generators.base import Moment
from lianhuan.models.denoiser import watched
from lianhuan.models.edges import EdgePredictor, EdgePredictorConfig, edge_map, load_sketch, read_sketch
from lianhuan.models.files import save_part
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.testing import tiny_model
from test_metrics_clip import tiny_clip

LAYERS = ("down_blocks.0.resnets.0", "mid_block.attentions.0", "up_blocks.1.resnets.1")


def house(size: int = 128, width: int = 3) -> Image.Image:
    """Dark strokes on white."""
    image = Image.new("RGB", (size, size), "white")
    scale = size / 128
    points = [(30, 100), (30, 60), (64, 30), (98, 60), (98, 100), (30, 100)]
    ImageDraw.Draw(image).line([(x * scale, y * scale) for x, y in points], fill="black", width=width)
    return image


class TestReading:
    def test_paper_may_be_light_or_dark_or_transparent(self) -> None:
        plain = read_sketch(house(), 64)
        seen_through = Image.new("RGBA", (128, 128), (0, 0, 0, 0))
        seen_through.paste((10, 20, 200, 255), mask=ImageOps.invert(house().convert("L")))
        for other in (ImageOps.invert(house()), house().convert("L"), seen_through):
            torch.testing.assert_close(read_sketch(other, 64), plain, atol=0.02, rtol=0)
        assert float(plain.max()) == 1.0
        assert float(plain.median()) == 0.0

    def test_any_size_and_shape(self) -> None:
        wide = Image.new("RGB", (512, 256), "white")
        wide.paste(house(256, 6), (128, 0))
        drawn, small = read_sketch(wide, 64), read_sketch(house(), 64)
        assert drawn.shape == (1, 1, 64, 64)
        assert float((drawn - small).abs().mean()) < 0.03

    def test_a_file_keeps_what_is_transparent_in_it(self, tmp_path: Path) -> None:
        plain, ink = read_sketch(house(), 64), ImageOps.invert(house().convert("L"))
        white = Image.new("RGBA", (128, 128), (255, 255, 255, 0))
        white.putalpha(ink)
        white.save(tmp_path / "white-on-nothing.png")
        cut = house().convert("RGBA")
        cut.paste((0, 0, 0, 0), (0, 0, 20, 20))
        cut.save(tmp_path / "corner-cut-out.png")
        for name in ("white-on-nothing.png", "corner-cut-out.png"):
            torch.testing.assert_close(read_sketch(load_sketch(tmp_path / name), 64), plain, atol=0.1, rtol=0)
        with pytest.raises(PictureError, match="not a readable picture"):
            load_sketch(tmp_path / "missing.png")

    @pytest.mark.parametrize("image", [Image.new("RGB", (40, 40), "white"), Image.new("RGBA", (40, 40))])
    def test_an_empty_sketch_is_refused(self, image: Image.Image) -> None:
        with pytest.raises(PictureError, match="no stroke"):
            read_sketch(image, 64)


def test_edges_are_where_colours_change_and_nowhere_else() -> None:
    picture = torch.full((1, 3, 32, 32), -0.5)
    picture[:, 0, :, 16:] = 0.7
    edges = edge_map(picture)[0, 0]
    assert edges[:, 15:17].all()
    assert not edges[:, :14].any()
    assert not edges[:, 18:].any()
    assert not edge_map(torch.zeros(1, 3, 8, 8)).any()


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> LatentDiffusion:
    return load_generator(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


def new_predictor(generator: LatentDiffusion) -> EdgePredictor:
    """A predictor with random weights that fits the tiny model."""
    with torch.no_grad(), watched(generator.denoiser.unet, LAYERS) as seen:
        generator.denoiser(torch.zeros(1, 4, 16, 16), 0, generator.null(1))
    channels = sum(seen[name].shape[1] for name in LAYERS)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return EdgePredictor(EdgePredictorConfig(LAYERS, channels, 4)).eval().requires_grad_(False)


def model_for_sketches(folder: Path) -> Path:
    """A tiny model folder that can follow sketches."""
    predictor = new_predictor(load_generator(tiny_model(folder)))
    save_part(predictor, predictor.to_config(), folder / "sketch")
    return folder


@pytest.fixture(scope="module")
def predictor(generator: LatentDiffusion) -> EdgePredictor:
    return new_predictor(generator)


def draw(generator: LatentDiffusion, *controls: Control) -> Image.Image:
    page = PageRequest(scene_id="s1", caption="A house.", steps=8)
    contexts = {"cond": generator.encode([page]), "uncond": generator.null(1)}
    *_, last = generator.frames([page], [contexts], [ClassifierFree(2.0), *controls])
    assert isinstance(last, Drawn)
    return last.images[0]


class Watch(Sketch):
    """Keeps the distances that it saw."""

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        found = super().loss(moment, x0, features)
        self.seen = [*getattr(self, "seen", []), float(found.detach())]
        return found


def target(generator: LatentDiffusion) -> Tensor:
    return generator.encode_pictures([house()])


def test_guidance_brings_the_predicted_edges_to_the_sketch(
    generator: LatentDiffusion, predictor: EdgePredictor
) -> None:
    reached = {}
    for beta in (0.0, 0.5, 1.5):
        sketch = Watch(predictor, target(generator), beta=beta, stop=1.0)
        draw(generator, sketch)
        reached[beta] = sketch.seen[-1]
    assert reached[1.5] < reached[0.5] < reached[0.0]


def test_it_stops_where_it_is_told(generator: LatentDiffusion, predictor: EdgePredictor) -> None:
    sketch = Watch(predictor, target(generator), stop=0.5)
    draw(generator, sketch)
    assert len(sketch.seen) == 4
    none = draw(generator, Watch(predictor, target(generator), beta=0.0))
    off = draw(generator, Watch(predictor, target(generator), stop=0.0))
    assert none.tobytes() == off.tobytes() != draw(generator, sketch).tobytes()


def test_a_pixel_is_predicted_from_its_own_activations_and_the_time(predictor: EdgePredictor) -> None:
    torch.manual_seed(1)
    sizes = [(16, 16), (8, 8), (16, 16)]
    rest = predictor.config.channels
    channels = [16, 32, rest - 48]
    features = {name: torch.randn(2, c, *size) for name, c, size in zip(LAYERS, channels, sizes, strict=True)}
    t = torch.tensor([10, 900])
    whole = predictor(features, t, 16)
    assert whole.shape == (2, 4, 16, 16)
    changed = {name: value.clone() for name, value in features.items()}
    changed[LAYERS[0]][:, :, 3, 5] += 1
    moved = (predictor(changed, t, 16) - whole).abs().sum((0, 1)) > 1e-6
    assert moved[3, 5]
    assert moved.sum() == 1
    assert not torch.allclose(predictor(features, t.flip(0), 16), whole)


def test_sketches_become_latents_of_white_strokes_on_black(generator: LatentDiffusion) -> None:
    found = sketch_latents(generator, [house(), ImageOps.invert(house())])
    white, black = generator.encode_pictures([ImageOps.invert(house())]), target(generator)
    assert float((found - white).abs().mean()) < 0.1 * float((found - black).abs().mean())


# --- from a model folder -----------------------------------------------------------------------------------------


def test_a_model_folder_brings_its_predictor(tmp_path: Path) -> None:
    generator = load_generator(model_for_sketches(tmp_path / "model"))
    saved, new = edge_predictor(generator), new_predictor(generator)
    for name, weight in new.state_dict().items():
        torch.testing.assert_close(saved.state_dict()[name], weight, atol=1e-3, rtol=1e-3)
    assert saved.config == new.config
    assert not saved.training
    image = Image.open(shutil.copy(_saved(house(300, 7), tmp_path), tmp_path / "copy.png"))
    strong = Sketch.by_hand(generator, image, beta=1.5, stop=1.0)
    torch.testing.assert_close(strong.target, sketch_latents(generator, [house(300, 7)]))
    assert (strong.scale, strong.window) == (1.5, (0.0, 1.0))
    same = Sketch(saved, strong.target, beta=1.5, stop=1.0)
    assert draw(generator, strong).tobytes() == draw(generator, same).tobytes() != draw(generator).tobytes()
    assert strong.recipe() == same.recipe() != Sketch.by_hand(generator, house(), beta=1.5, stop=1.0).recipe()


def _saved(image: Image.Image, folder: Path) -> Path:
    image.save(folder / "sketch.png")
    return folder / "sketch.png"


def test_a_model_without_a_predictor_says_how_to_train_one(generator: LatentDiffusion) -> None:
    with pytest.raises(CheckpointError, match=r"`lianhuan train recipes/storybook.py:sketch -o RUN`"):
        Sketch.by_hand(generator, house())


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        ("config.json", "config.json is missing"),
        ("model.safetensors", "model.safetensors is missing"),
        ("settings", "settings that this version cannot use"),
        ("layer", "belongs to another denoiser .*no layer 'down_blocks.7'"),
        ("channels", "belongs to another denoiser"),
    ],
)
def test_a_damaged_or_foreign_predictor_is_a_clear_error(tmp_path: Path, damage: str, says: str) -> None:
    folder = model_for_sketches(tmp_path / "model")
    generator, part = load_generator(folder), folder / "sketch"
    if damage == "settings":
        (part / "config.json").write_text("{}")
    elif damage in ("layer", "channels"):
        layers = ("down_blocks.7",) if damage == "layer" else LAYERS[:1]
        other = EdgePredictor(EdgePredictorConfig(layers, 99, 4))
        save_part(other, other.to_config(), part)
    else:
        (part / damage).unlink()
    with pytest.raises(CheckpointError, match=says):
        edge_predictor(generator)


def test_all_controls_together_on_one_page(generator: LatentDiffusion, predictor: EdgePredictor) -> None:
    given = Image.effect_noise((128, 128), 80).convert("RGB")
    latents = generator.encode_pictures([given])
    mask = Image.new("L", given.size)
    mask.paste(255, (32, 32, 96, 96))
    others: list[Control] = [
        SDEdit(latents, 0.9),
        Inpaint(given, latents, mask),
        Semantic.by_text(generator, tiny_clip().eval().requires_grad_(False), "A house."),
    ]
    sketch = Watch(predictor, target(generator), beta=1.5)
    with_it, without = (np.asarray(draw(generator, *others, *more)) for more in ([sketch], []))
    inside = np.asarray(mask) > 0
    assert np.array_equal(with_it[~inside], np.asarray(given)[~inside])
    assert (with_it[inside] != without[inside]).any()
    assert len(sketch.seen) == 3  # half of the 7 steps that SDEdit leaves


# --- the benchmark ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bench() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "sketch_benchmark", Path(__file__).parents[1] / "benchmarks" / "sketch.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_edge_fidelity_counts_edges_within_reach(bench: ModuleType) -> None:
    wanted, found = torch.zeros(20, 20), torch.zeros(20, 20)
    wanted[:, 5] = 1
    found[:10, 7] = 1
    whole = bench.edge_fidelity(wanted, wanted)
    assert (whole["precision"], whole["recall"], whole["f"]) == (1, 1, 1)
    half = bench.edge_fidelity(wanted, found)
    assert (half["precision"], half["recall"]) == (1.0, 0.5)
    assert half["f"] == pytest.approx(2 / 3)
    assert bench.edge_fidelity(wanted, found, reach=1.9)["f"] == 0
    assert bench.edge_fidelity(wanted, torch.zeros(20, 20))["f"] == 0


def test_every_hand_draws_the_same_edges(bench: ModuleType) -> None:
    edges = edge_map(to_tensor([house(width=5)]))
    inks = {}
    for style in bench.STYLES:
        strokes = read_sketch(bench.drawn_by_hand(edges, style, seed=3), 128)
        fidelity = bench.edge_fidelity(edges[0, 0], (strokes[0, 0] > 0.5).float())
        assert fidelity["f"] > 0.9, style
        inks[style] = float(strokes.mean())
    assert inks["thin"] < 0.8 * inks["edges"] < inks["edges"] < 0.7 * inks["thick"]
    assert inks["dashed"] < 0.8 * inks["edges"]
    assert inks["inverted"] == pytest.approx(inks["wobbly"], rel=0.1)
