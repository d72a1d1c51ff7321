"""Claims about guidance by a CLIP: it brings the picture towards the text or the picture, and changes nothing else."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from lianhuan import load_generator
from lianhuan.control import ClassifierFree, DynamicThreshold, Inpaint, SDEdit, Semantic
from lianhuan.control.semantic import noisy_eye
from lianhuan.errors import CheckpointError
from lianhuan.generators import Control, Drawn, LatentDiffusion
from lianhuan.generators.base import Moment
from lianhuan.models.clip import StoryClip
from lianhuan.models.files import save_part
from lianhuan.models.noisy_clip import NOISY_CLIP, NoisyClip, NoisyClipConfig
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.testing import tiny_model
from lianhuan.testing.models import CHANNELS
from test_metrics_clip import tiny_clip

TEXT, OTHERS = "Mia runs.", ("A cat sleeps in the rain.", "They waved.")


@pytest.fixture(scope="module")
def generator(tmp_path_factory: pytest.TempPathFactory) -> LatentDiffusion:
    return load_generator(tiny_model(tmp_path_factory.mktemp("model") / "tiny"))


@pytest.fixture(scope="module")
def clip() -> StoryClip:
    return tiny_clip().eval().requires_grad_(False)


def picture(seed: int = 0) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((128, 128), Image.Resampling.BICUBIC)


def draw(generator: LatentDiffusion, controls: Sequence[Control], pages: int = 1) -> list[Image.Image]:
    requests = [PageRequest(scene_id=f"s{i}", caption=f"page {i}", steps=6) for i in range(pages)]
    contexts = [{"cond": generator.encode([page]), "uncond": generator.null(1)} for page in requests]
    *_, last = generator.frames(requests, contexts, [ClassifierFree(2.0), *controls])
    assert isinstance(last, Drawn)
    return last.images


class Watch(Semantic):
    """Keeps what it saw."""

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        found = super().loss(moment, x0, features)
        self.seen = [*getattr(self, "seen", []), (moment.number, float(found.detach().mean()))]
        return found


@pytest.fixture(scope="module")
def noisy(clip: StoryClip) -> NoisyClip:
    torch.manual_seed(3)
    return (
        NoisyClip(NoisyClipConfig(CHANNELS, clip.config.width, heads=2, layers=1))
        .eval()
        .requires_grad_(False)
    )


def made(
    kind: str, generator: LatentDiffusion, clip: StoryClip, scale: float, eye: NoisyClip | None = None
) -> Watch:
    if kind == "picture":
        return Watch.by_picture(generator, clip, picture(), eye=eye, scale=scale)
    others = OTHERS if kind == "others" else ()
    return Watch.by_text(generator, clip, TEXT, eye=eye, scale=scale, others=others)


@pytest.mark.parametrize("kind", ["text", "others", "picture"])
@pytest.mark.parametrize("with_eye", [False, True], ids=["estimate", "noisy"])
def test_the_stronger_it_is_the_nearer_the_picture_comes(
    generator: LatentDiffusion, clip: StoryClip, noisy: NoisyClip, kind: str, with_eye: bool
) -> None:
    reached = []
    for scale in (0.0, 40.0, 400.0):
        how = scale / 10 if kind == "others" else scale
        control = made(kind, generator, clip, how, noisy if with_eye else None)
        draw(generator, [control])
        reached.append(control.seen[-1][1])
    assert reached[0] > reached[1] > reached[2]
    assert [number for number, _ in control.seen] == [1, 2, 3, 4, 5]


def test_the_loss_is_what_the_formula_says(generator: LatentDiffusion, clip: StoryClip) -> None:
    latents = torch.cat([generator.encode_pictures([picture(seed)]) for seed in (1, 2)])
    with torch.no_grad():
        seen = clip.features(generator.autoencoder.decode(latents))
        words = clip.caption_features([TEXT, *OTHERS])
    moment = Moment(0, 6, 500, generator.denoiser.path, latents)
    near = Semantic.by_text(generator, clip, TEXT).loss(moment, latents, {})
    torch.testing.assert_close(near, 1 - torch.nn.functional.cosine_similarity(seen, words[:1]))
    apart = Semantic.by_text(generator, clip, TEXT, others=OTHERS).loss(moment, latents, {})
    hot = (float(clip.scale) * (seen @ words.T).double()).exp()
    torch.testing.assert_close(apart.double(), -(hot[:, 0] / hot.sum(1)).log(), atol=1e-4, rtol=1e-4)
    alike = Semantic.by_picture(generator, clip, picture(1))
    with torch.no_grad():
        again = clip.features(to_tensor([picture(1)]))
    torch.testing.assert_close(alike.loss(moment, latents, {}), 1 - (seen * again).sum(1))


def test_an_eye_for_noise_sees_the_latents_and_their_time_and_not_the_estimate(
    generator: LatentDiffusion, clip: StoryClip, noisy: NoisyClip
) -> None:
    latents = torch.cat([generator.encode_pictures([picture(seed)]) for seed in (1, 2)])
    control = Semantic.by_text(generator, clip, TEXT, eye=noisy)
    found = [
        control.loss(Moment(0, 6, t, generator.denoiser.path, latents), estimate, {})
        for t, estimate in [(500.0, latents), (500.0, 0 * latents), (20.0, latents)]
    ]
    with torch.no_grad():
        seen = noisy(latents, torch.full((2,), 500.0))
    torch.testing.assert_close(found[0], 1 - (seen @ clip.caption_features([TEXT]).T)[:, 0])
    assert torch.equal(found[0], found[1])
    assert not torch.allclose(found[0], found[2])


def test_a_model_folder_may_bring_the_eye(tmp_path: Path, noisy: NoisyClip) -> None:
    folder = tiny_model(tmp_path / "model")
    generator = load_generator(folder)
    assert noisy_eye(generator) is None
    save_part(noisy, noisy.to_config(), folder / NOISY_CLIP)
    eye, x, t = noisy_eye(generator), torch.randn(2, CHANNELS, 16, 16), torch.tensor([3.0, 700.0])
    assert eye is not None
    torch.testing.assert_close(eye(x, t), noisy(x, t), atol=5e-3, rtol=0)  # stored in 16 bits
    (folder / NOISY_CLIP / "config.json").write_text('{"latent_channels": 7}')
    with pytest.raises(CheckpointError, match="another model"):
        noisy_eye(generator)
    (folder / NOISY_CLIP / "config.json").write_text('{"colour": "red"}')
    with pytest.raises(CheckpointError, match="cannot use"):
        noisy_eye(generator)


def test_each_page_is_bent_for_itself_and_no_weight_is_touched(
    generator: LatentDiffusion, clip: StoryClip
) -> None:
    plain = draw(generator, [])[0].tobytes()
    alone = draw(generator, [made("text", generator, clip, 100.0)])[0]
    together = draw(generator, [made("text", generator, clip, 100.0)], pages=2)[0]
    assert alone.tobytes() == together.tobytes() != plain
    assert draw(generator, [made("text", generator, clip, 0.0)])[0].tobytes() == plain
    assert draw(generator, [])[0].tobytes() == plain
    weights = [*clip.parameters(), *generator.autoencoder.parameters(), *generator.denoiser.parameters()]
    assert all(weight.grad is None for weight in weights)


def test_the_recipe_tells_what_decides(generator: LatentDiffusion, clip: StoryClip, noisy: NoisyClip) -> None:
    by_text = [
        Semantic.by_text(generator, clip, TEXT),
        Semantic.by_text(generator, clip, OTHERS[0]),
        Semantic.by_text(generator, clip, TEXT, scale=7.0),
        Semantic.by_text(generator, clip, TEXT, others=OTHERS),
        Semantic.by_text(generator, clip, TEXT, others=OTHERS[:1]),
        Semantic.by_picture(generator, clip, picture()),
        Semantic.by_text(generator, clip, TEXT, eye=noisy),
    ]
    recipes = [json.dumps(control.recipe(), sort_keys=True) for control in by_text]
    assert len(set(recipes)) == len(recipes)
    assert Semantic.by_text(generator, clip, TEXT).recipe() == json.loads(recipes[0])


def test_it_works_beside_all_others(generator: LatentDiffusion, clip: StoryClip) -> None:
    given = picture()
    latents = generator.encode_pictures([given])
    mask = Image.new("L", given.size)
    mask.paste(255, (32, 32, 96, 96))
    bent = [SDEdit(latents, 0.7), Inpaint(given, latents, mask), DynamicThreshold()]
    without, with_it = (
        np.asarray(draw(generator, [*bent, *more])[0])
        for more in ([], [made("text", generator, clip, 400.0)])
    )
    inside = np.asarray(mask) > 0
    assert np.array_equal(with_it[~inside], np.asarray(given)[~inside])
    assert (with_it[inside] != without[inside]).any()
