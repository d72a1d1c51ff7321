"""Claims about sketches: how they are read, what predicts their edges, and that guidance follows them."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw, ImageOps
from torch import Tensor

from lianhuan import load_generator
from lianhuan.control import ClassifierFree, Sketch
from lianhuan.errors import PictureError
from lianhuan.generators import Drawn, LatentDiffusion
from lianhuan.generators.base import Moment
from lianhuan.models.denoiser import watched
from lianhuan.models.edges import EdgePredictor, EdgePredictorConfig, edge_map, read_sketch
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.testing import tiny_model

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


@pytest.fixture(scope="module")
def predictor(generator: LatentDiffusion) -> EdgePredictor:
    with watched(generator.denoiser.unet, LAYERS) as seen:
        generator.denoiser(torch.zeros(1, 4, 16, 16), 0, generator.null(1))
    torch.manual_seed(0)
    channels = sum(seen[name].shape[1] for name in LAYERS)
    return EdgePredictor(EdgePredictorConfig(LAYERS, channels, 4)).eval().requires_grad_(False)


def draw(generator: LatentDiffusion, sketch: Sketch) -> Image.Image:
    page = PageRequest(scene_id="s1", caption="A house.", steps=8)
    contexts = {"cond": generator.encode([page]), "uncond": generator.null(1)}
    *_, last = generator.frames([page], [contexts], [ClassifierFree(2.0), sketch])
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


def test_sketches_become_latents_through_the_autoencoder(generator: LatentDiffusion, tmp_path: Path) -> None:
    house().save(tmp_path / "house.png")
    strokes = read_sketch(Image.open(tmp_path / "house.png"), generator.size)
    picture = (2 * strokes - 1).expand(-1, 3, -1, -1)
    inverted = to_tensor([ImageOps.invert(house())])
    assert float((picture - inverted).abs().mean()) < 0.05
    assert np.isfinite(generator.autoencoder.encode(picture).detach().numpy()).all()
