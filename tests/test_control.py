"""Claims about controls: each does what it says, none leaves a trace, and they work together."""

import copy
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from lianhuan import load_generator
from lianhuan.control import ClassifierFree, DynamicThreshold, Inpaint, SDEdit
from lianhuan.errors import PictureError
from lianhuan.generators import Control, Drawn, LatentDiffusion
from lianhuan.generators.base import Moment
from lianhuan.models.context import Context
from lianhuan.sampling import NoisePath
from lianhuan.story import PageRequest
from lianhuan.testing import tiny_model

STEPS = 6


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> LatentDiffusion:
    return load_generator(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


def draw(
    generator: LatentDiffusion, controls: Sequence[Control], pages: int = 1, sampler: str = "ddim"
) -> list[Image.Image]:
    requests = [PageRequest(scene_id=f"s{i}", caption=f"page {i}", steps=STEPS) for i in range(pages)]
    null = generator.null(1)
    contexts = [{"cond": generator.encode([page]), "uncond": null} for page in requests]
    *_, last = generator.frames(requests, contexts, controls, sampler)
    assert isinstance(last, Drawn)
    return last.images


def picture(size: tuple[int, int] = (128, 128)) -> Image.Image:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def difference(one: Image.Image, other: Image.Image) -> float:
    return float(np.abs(np.asarray(one, dtype=float) - np.asarray(other, dtype=float)).mean())


class Pull(Control):
    """Wants the mean of the clean estimate, or of a layer's activations, to be large."""

    def __init__(
        self, rule: str, scale: float, layers: tuple[str, ...] = (), window: tuple[float, float] = (0, 1)
    ):
        self.rule, self.scale, self.layers, self.window = rule, scale, layers, window  # type: ignore[assignment]
        self.asked: list[int] = []
        self.seen: list[float] = []

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        self.asked.append(moment.number)
        what = features[self.layers[0]] if self.layers else x0
        assert moment.x.requires_grad
        mean = what.flatten(1).mean(1)
        self.seen.append(float(mean.mean().detach()))
        return -mean


class TestLoop:
    @pytest.mark.parametrize("sampler", ["ddim", "dpmpp-2m"])
    def test_controls_that_do_nothing_change_nothing(self, generator: LatentDiffusion, sampler: str) -> None:
        plain = draw(generator, [ClassifierFree(2.0)], sampler=sampler)
        idle = [Control(), Pull("score", 0.0), Pull("normalised", 0.0), DynamicThreshold(1.0, bound=1e6)]
        assert (
            draw(generator, [ClassifierFree(2.0), *idle], sampler=sampler)[0].tobytes() == plain[0].tobytes()
        )

    @pytest.mark.parametrize("rule", ["score", "normalised"])
    @pytest.mark.parametrize("layers", [(), ("mid_block",)], ids=["estimate", "features"])
    def test_a_loss_becomes_smaller_the_stronger_its_control(
        self, generator: LatentDiffusion, rule: str, layers: tuple[str, ...]
    ) -> None:
        reached = []
        for scale in (0.0, 1.0, 4.0):
            pull = Pull(rule, scale * (50 if rule == "score" else 0.2), layers)
            draw(generator, [ClassifierFree(2.0), pull])
            reached.append(pull.seen[-1])
        assert reached[0] < reached[1] < reached[2]

    def test_a_window_says_when_a_control_is_asked(self, generator: LatentDiffusion) -> None:
        pull = Pull("normalised", 0.1, window=(0.0, 0.5))
        draw(generator, [pull])
        assert pull.asked == [0, 1, 2]

    def test_pages_bend_each_for_itself(self, generator: LatentDiffusion) -> None:
        alone = draw(generator, [ClassifierFree(2.0), Pull("normalised", 0.2)])[0]
        together = draw(generator, [ClassifierFree(2.0), Pull("normalised", 0.2)], pages=3)[0]
        assert alone.tobytes() == together.tobytes()

    def test_nothing_stays_behind_even_after_an_error(self, generator: LatentDiffusion) -> None:
        class Broken(Control):
            layers = ("mid_block",)

            def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
                raise RuntimeError("stop here")

        before = draw(generator, [ClassifierFree(2.0)])[0].tobytes()
        with pytest.raises(RuntimeError, match="stop here"):
            draw(generator, [Broken()])
        assert torch.is_grad_enabled()
        assert not any(m._forward_hooks for m in generator.denoiser.modules())
        assert draw(generator, [ClassifierFree(2.0)])[0].tobytes() == before

    def test_two_guides_and_unknown_layers_are_refused(self, generator: LatentDiffusion) -> None:
        with pytest.raises(ValueError, match="only one"):
            draw(generator, [ClassifierFree(2.0), ClassifierFree(3.0)])
        with pytest.raises(ValueError, match="no layer 'nowhere'"):
            draw(generator, [Pull("score", 1.0, ("nowhere",))])


class TestSDEdit:
    def test_more_strength_goes_further_from_the_picture(self, generator: LatentDiffusion) -> None:
        given = picture()
        latents = generator.encode_pictures([given])
        kept = generator.decode(latents)[0]
        far = [
            difference(kept, draw(generator, [SDEdit(latents, strength)])[0]) for strength in (0.2, 0.5, 1.0)
        ]
        assert 0 < far[0] < far[1] < far[2]

    def test_its_ends(self) -> None:
        path, noise, latents = NoisePath.cosine(), torch.randn(1, 4, 16, 16), torch.ones(1, 4, 16, 16)
        times = path.times(STEPS)
        assert SDEdit(latents, 0.01).start(noise, times, path)[1] == times[-2:]
        x, left = SDEdit(latents, 1.0).start(noise, times, path)
        assert left == times
        torch.testing.assert_close(x, noise, atol=0.06, rtol=0)
        with pytest.raises(ValueError, match="strength"):
            SDEdit(latents, 0.0)


class TestInpaint:
    @staticmethod
    def mask(size: tuple[int, int] = (128, 128)) -> Image.Image:
        mask = Image.new("L", size)
        mask.paste(255, (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
        return mask

    def inpaint(self, generator: LatentDiffusion, given: Image.Image, mask: Image.Image) -> Inpaint:
        return Inpaint(given, generator.encode_pictures([given]), mask)

    def test_pixels_outside_the_mask_are_exactly_those_of_the_picture(
        self, generator: LatentDiffusion
    ) -> None:
        given, mask = picture(), self.mask()
        drawn = np.asarray(draw(generator, [ClassifierFree(2.0), self.inpaint(generator, given, mask)])[0])
        outside = np.asarray(mask) == 0
        assert np.array_equal(drawn[outside], np.asarray(given)[outside])
        assert (drawn[~outside] != np.asarray(given)[~outside]).any()

    def test_the_drawing_knows_what_is_around_it(self, generator: LatentDiffusion) -> None:
        """The inside differs from what is drawn there without the picture: known latents steer it."""
        given, mask = picture(), self.mask()
        inside = np.asarray(mask) > 0
        drawn = np.asarray(draw(generator, [self.inpaint(generator, given, mask)])[0])[inside]
        plain = np.asarray(draw(generator, [])[0])[inside]
        assert (drawn != plain).any()

    def test_a_full_mask_draws_everything(self, generator: LatentDiffusion) -> None:
        full = Image.new("L", (128, 128), 255)
        drawn = draw(generator, [self.inpaint(generator, picture(), full)])[0]
        assert drawn.tobytes() == draw(generator, [])[0].tobytes()

    def test_pictures_of_any_shape(self, generator: LatentDiffusion) -> None:
        wide, mask = picture((200, 160)), self.mask((200, 160))
        assert draw(generator, [self.inpaint(generator, wide, mask)])[0].size == (128, 128)

    def test_bad_masks_are_refused(self, generator: LatentDiffusion) -> None:
        with pytest.raises(PictureError, match="marks nothing"):
            self.inpaint(generator, picture(), Image.new("L", (128, 128)))
        with pytest.raises(PictureError, match="64 x 64 pixels, the picture 128 x 128"):
            self.inpaint(generator, picture(), self.mask((64, 64)))


def test_dynamic_threshold_scales_what_lies_beyond_the_bound_and_nothing_else() -> None:
    moment = Moment(0, 1, 0, NoisePath.cosine(), torch.zeros(1))
    calm, wild = torch.rand(1, 1, 8, 8) * 2 - 1, torch.randn(1, 1, 8, 8) * 10
    both = DynamicThreshold(1.0, bound=1.0).x0(moment, torch.cat([calm, wild]))
    assert torch.equal(both[:1], calm)
    torch.testing.assert_close(both[1:], wild / wild.abs().max())
    assert float(DynamicThreshold(0.9, bound=1.0).x0(moment, wild).abs().max()) == pytest.approx(1.0)


def test_a_bound_of_the_model_is_a_threshold_in_every_drawing(generator: LatentDiffusion) -> None:
    bounded = copy.copy(generator)
    bounded.bound = 0.5
    plain, asked = (
        draw(generator, [ClassifierFree(3.0), *more]) for more in ([], [DynamicThreshold(bound=0.5)])
    )
    own = draw(bounded, [ClassifierFree(3.0)])
    assert own[0].tobytes() == asked[0].tobytes() != plain[0].tobytes()


def test_a_model_folder_says_its_bound(tiny_model: Path, tmp_path: Path) -> None:
    there = shutil.copytree(tiny_model, tmp_path / "bounded")
    settings = json.loads((there / "path" / "config.json").read_text())
    (there / "path" / "config.json").write_text(json.dumps(settings | {"bound": 2.5}))
    before, after = load_generator(tiny_model), load_generator(there)
    assert isinstance(before, LatentDiffusion)
    assert isinstance(after, LatentDiffusion)
    assert (before.bound, after.bound) == (None, 2.5)
    assert before.fingerprint != after.fingerprint


def test_all_controls_together(generator: LatentDiffusion) -> None:
    given = picture()
    latents = generator.encode_pictures([given])
    mask = TestInpaint.mask()
    controls = [ClassifierFree(3.0), SDEdit(latents, 0.8), Inpaint(given, latents, mask), Pull("normalised", 0.1),
                Pull("score", 0.1, ("mid_block",)), DynamicThreshold()]  # fmt: skip
    drawn = np.asarray(draw(generator, controls)[0])
    outside = np.asarray(mask) == 0
    assert np.array_equal(drawn[outside], np.asarray(given)[outside])
    assert isinstance(generator.null(1), Context)
