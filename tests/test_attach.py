"""Claims about controls on stock pipelines: they do what they do in our own loop, together, and leave no trace.

The oracle is our own loop on the same folder, from the same latents and with the same scheduler; `test_stable_diffusion.py`
proves that it draws what the stock pipeline draws. Losses divide the rounding there by gradients; hence 1e-3 of the largest
latent where there are any, 1e-4 elsewhere.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    PNDMScheduler,
    StableDiffusionImg2ImgPipeline,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from torch import Tensor

from attach_runs import (
    KINDS,
    SIDE,
    STEPS,
    Broken,
    Probe,
    Pull,
    assert_equal,
    call,
    controls,
    mask,
    picture,
    pixels,
    ready,
    state,
)
from checkpoint_runs import SHORT, draw, noise, page
from lianhuan import load_generator
from lianhuan.control import ClassifierFree, DynamicThreshold, Inpaint, SDEdit, attach
from lianhuan.errors import CheckpointError
from lianhuan.generators import Control
from lianhuan.generators.loop import sample
from lianhuan.generators.packing import packed, unpacked
from lianhuan.generators.schedulers import SchedulerSampler
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.models.edges import STABLE_DIFFUSION_LAYERS
from lianhuan.sampling import FlowPath, ddim
from lianhuan.testing.pipelines import tiny_pipeline
from test_stable_diffusion import SCHEDULERS

HERE = ("sd1", "sdxl", "flux", "kontext", "sd3")


@pytest.fixture(scope="module")
def stock(folders: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Stock pipelines; those of Stable Diffusion with DDIM."""
    found = {family: ready(kind, folders[family]) for family, kind in KINDS.items()}
    for one in found.values():
        one.scheduler = DDIMScheduler.from_config({**one.scheduler.config, "clip_sample": False})
    root = tmp_path_factory.mktemp("pipelines")
    for family, name in [("flux", "FluxPipeline"), ("kontext", "FluxKontextPipeline"), ("sd3", "StableDiffusion3Pipeline"),
                         ("klein", "Flux2KleinPipeline")]:  # fmt: skip
        found[family] = ready(getattr(diffusers, name), tiny_pipeline(root / family, family))  # type: ignore[arg-type]
    return found


class TestOurOwnLoop:
    @staticmethod
    def compare(pipeline: Any, generator: StableDiffusion, bent: Sequence[Control], tolerance: float) -> None:
        ours, (image,) = draw(
            generator, [page(steps=STEPS)], [ClassifierFree(4.0), *bent], SchedulerSampler(pipeline.scheduler)
        )
        with attach(pipeline, bent):
            theirs, shown = call(pipeline, output_type="latent"), pixels(pipeline)
        assert (ours - theirs).abs().max() <= tolerance * theirs.abs().max()
        assert np.abs(np.asarray(image) - shown).max() <= 1.001
        assert (call(pipeline, output_type="latent") - theirs).abs().max() > 0.01 * theirs.abs().max()

    @pytest.mark.parametrize(
        "name", ["inpaint", "sdedit", "threshold", "semantic", "score", "normalised", "sketch", "all"]
    )
    def test_each_control_draws_the_same(
        self, name: str, family: str, generator: StableDiffusion, stock: dict[str, Any]
    ) -> None:
        tolerance = 1e-4 if name in ("inpaint", "sdedit", "threshold") else 1e-3
        self.compare(stock[family], generator, controls(stock[family])[name], tolerance)

    @pytest.mark.parametrize("name", set(SCHEDULERS) - {"ddim"})
    def test_with_every_scheduler(
        self, name: str, generators: dict[str, StableDiffusion], folders: dict[str, Path]
    ) -> None:
        pipeline = ready(KINDS["sd1"], folders["sd1"])
        kind, settings = SCHEDULERS[name]
        bent = controls(pipeline)["all"]
        pipeline.scheduler = kind.from_config({**pipeline.scheduler.config, **settings})
        if kind is PNDMScheduler:
            bent = [one for one in bent if not isinstance(one, SDEdit)]
        self.compare(pipeline, generators["sd1"], bent, 1e-3)

    def test_the_nine_layers_of_the_document(self, folders: dict[str, Path], tmp_path: Path) -> None:
        """On a UNet with the levels of the real one."""
        pipeline = ready(KINDS["sd1"], folders["sd1"])
        torch.manual_seed(0)
        down, up = ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"], ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3
        sizes = {
            "sample_size": 8,
            "block_out_channels": (16,) * 4,
            "norm_num_groups": 8,
            "attention_head_dim": 4,
        }
        unet = UNet2DConditionModel(**sizes, cross_attention_dim=32, down_block_types=down, up_block_types=up)
        pipeline.unet = unet.eval()
        pipeline.save_pretrained(tmp_path / "deep")
        pipeline.scheduler = DDIMScheduler.from_config({**pipeline.scheduler.config, "clip_sample": False})
        bent = controls(pipeline, STABLE_DIFFUSION_LAYERS)["sketch"]
        self.compare(pipeline, load_generator(tmp_path / "deep"), bent, 1e-3)

    @pytest.mark.parametrize(
        "name", ["inpaint", "sdedit", "threshold", "semantic", "score", "normalised", "all"]
    )
    def test_each_control_draws_the_same_with_flux(self, name: str, stock: dict[str, Any]) -> None:
        """There our loop walks along the straight path: a step of DDIM is one of Euler there."""
        flux = stock["flux"]
        bent = controls(flux)[name]
        with attach(flux, bent):
            theirs = unpacked(call(flux, output_type="latent"), 4, 4)
        flux(SHORT, num_inference_steps=STEPS, height=SIDE, width=SIDE)  # sets the times
        times = [*flux.scheduler.timesteps.tolist(), -1]
        with torch.no_grad():
            words, summary, places = flux.encode_prompt(SHORT, None)

        def predict(x: Tensor, t: float) -> Any:
            how = {"pooled_projections": summary, "encoder_hidden_states": words, "txt_ids": places}
            how |= {"img_ids": flux._prepare_latent_image_ids(1, 4, 4, "cpu", torch.float32)}
            how |= {"timestep": torch.tensor([t / 1000]), "guidance": torch.tensor([4.0])}
            out = flux.transformer(packed(x), **how, return_dict=False)[0]
            return {"cond": x - t / 1000 * unpacked(out, 4, 4)}, {}

        *_, last = sample(predict, FlowPath(least=0.0), noise(page()), STEPS, bent, lambda *_: (times, ddim))
        assert (last.x0 - theirs).abs().max() <= 1e-3 * theirs.abs().max()
        plain = unpacked(call(flux, output_type="latent"), 4, 4)
        assert (plain - theirs).abs().max() > 0.01 * theirs.abs().max()


@pytest.mark.parametrize("family", HERE)
class TestNoTrace:
    def test_nothing_changes_what_is_drawn_without_controls(self, family: str, stock: dict[str, Any]) -> None:
        pipeline = stock[family]
        plain = call(pipeline, output_type="latent")
        for idle in (
            [],
            [Control(), Pull("score", 0.0), Pull("normalised", 0.0), DynamicThreshold(1.0, bound=1e6)],
        ):
            with attach(pipeline, idle):
                assert torch.equal(call(pipeline, output_type="latent"), plain)

    def test_nothing_stays_behind(self, family: str, stock: dict[str, Any]) -> None:
        pipeline = stock[family]
        plain = call(pipeline, output_type="latent")
        del pipeline._num_timesteps  # as before its first call
        before = state(pipeline)
        with attach(pipeline, controls(pipeline)["all"]):
            bent = [call(pipeline, output_type="latent") for _ in range(2)]
        assert_equal(state(pipeline), before)
        assert torch.equal(call(pipeline, output_type="latent"), plain)
        assert torch.equal(*bent)
        assert not torch.equal(bent[0], plain)

    def test_not_even_after_an_error(self, family: str, stock: dict[str, Any]) -> None:
        pipeline = stock[family]
        plain = call(pipeline, output_type="latent")
        before = state(pipeline)
        with pytest.raises(RuntimeError, match="stop here"), attach(pipeline, [Pull("score", 1.0), Broken()]):
            call(pipeline)
        assert torch.is_grad_enabled()
        assert_equal(state(pipeline), before)
        assert torch.equal(call(pipeline, output_type="latent"), plain)


@pytest.mark.parametrize("family", HERE)
class TestTogether:
    def test_all_on_one_page_and_pixels_outside_the_mask_are_exact(
        self, family: str, stock: dict[str, Any]
    ) -> None:
        pipeline = stock[family]
        bent = controls(pipeline)["all"]
        with attach(pipeline, bent):
            whole = pixels(pipeline)
        outside, known = np.asarray(mask()) == 0, np.asarray(picture()).astype(float)
        assert np.array_equal(whole[outside], known[outside])
        for left in bent:
            if not isinstance(left, Inpaint):
                with attach(pipeline, [one for one in bent if one is not left]):
                    other = pixels(pipeline)
                assert not np.array_equal(other, whole), type(left).__name__

    @pytest.mark.parametrize(("rule", "scale"), [("score", 50.0), ("normalised", 0.2)])
    def test_a_loss_becomes_smaller_the_stronger_its_control(
        self, family: str, rule: str, scale: float, stock: dict[str, Any]
    ) -> None:
        reached = []
        for strength in (0.0, 1.0, 4.0):
            pull = Pull(rule, scale * strength)
            with attach(stock[family], [pull]):
                call(stock[family])
            reached.append(pull.seen[-1])
        assert reached[0] < reached[1] < reached[2]


def test_pictures_of_one_call_bend_each_for_itself(stock: dict[str, Any]) -> None:
    pipeline, start = stock["sdxl"], torch.cat([noise(page(n)) for n in range(2)])
    with attach(pipeline, controls(pipeline)["all"]):
        together = call(pipeline, latents=start, prompt=[SHORT, "A bear"])
        alone = call(pipeline, latents=start[1:], prompt="A bear")
    assert np.abs(np.asarray(together[1], float) - np.asarray(alone[0], float)).max() <= 1
    assert together[0] != together[1]


@pytest.mark.parametrize(
    ("family", "more"),
    [("sd1", {}), ("sdxl", {"guidance_scale": 1.0}), ("flux", {}), ("flux", {"negative_prompt": "a cat", "true_cfg_scale": 3.0}),
     ("kontext", {}), ("sd3", {})],
)  # fmt: skip
def test_the_gradient_is_that_of_the_guided_estimate(
    family: str, more: dict[str, Any], stock: dict[str, Any]
) -> None:
    """Against differences of the loss between two starts, whatever the branches and runs that make the estimate."""
    pipeline, start = stock[family], noise(page())
    probe = Probe()

    def reach(x: Tensor) -> float:
        x = packed(x) if "Flux" in type(pipeline).__name__ else x
        with attach(pipeline, [probe]):
            call(pipeline, latents=x, output_type="latent", **more)
        return probe.found

    reach(start)
    gradient = probe.gradient
    direction = gradient / gradient.norm()
    slope = (reach(start + 0.05 * direction) - reach(start - 0.05 * direction)) / 0.1
    assert slope == pytest.approx(float(gradient.norm()), rel=0.02)


def test_the_example_of_the_guide(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    guide = (Path(__file__).parents[1] / "docs" / "guides" / "checkpoints.md").read_text(encoding="utf-8")
    (code,) = [part for part in re.findall(r"```python\n(.*?)```", guide, re.DOTALL) if "attach(" in part]
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "stable-diffusion-v1-5").symlink_to(folders["sd1"])
    picture().save(tmp_path / "page.png")
    mask().save(tmp_path / "mask.png")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102 - the guide is ours
    outside = np.asarray(mask()) == 0
    assert np.array_equal(np.asarray(names["image"])[outside], np.asarray(picture())[outside])


class TestRefusals:
    @staticmethod
    def refuses(pipeline: Any, bent: Sequence[Control], says: str) -> None:
        before = state(pipeline)
        with pytest.raises(CheckpointError, match=says), attach(pipeline, bent):
            call(pipeline)
        assert_equal(state(pipeline), before)

    def test_what_a_pipeline_cannot_give(self, stock: dict[str, Any], folders: dict[str, Path]) -> None:
        sketch = controls(stock["sd1"])["sketch"]
        self.refuses(
            stock["flux"], sketch, "Sketch looks at layers of a UNet, and FluxTransformer2DModel is none"
        )
        other = [Pull("score", 1.0, STABLE_DIFFUSION_LAYERS)]
        self.refuses(
            stock["sdxl"], other, "trained for another network: .* no layer 'down_blocks.0.attentions.1'"
        )
        self.refuses(
            stock["sd1"],
            [ClassifierFree(3.0)],
            "StableDiffusionPipeline does itself: give it a guidance_scale",
        )
        resting = ready(KINDS["sd1"], folders["sd1"])  # with PNDM
        self.refuses(
            resting, controls(resting)["sdedit"], "SDEdit begins in the middle, which PNDMScheduler cannot"
        )

    def test_other_pipelines(self, stock: dict[str, Any]) -> None:
        again = StableDiffusionImg2ImgPipeline(**stock["sd1"].components, requires_safety_checker=False)
        self.refuses(
            again, [DynamicThreshold()], "Img2ImgPipeline is no pipeline that draws latents from words alone"
        )
        self.refuses(stock["klein"], [DynamicThreshold()], "latents of Flux2Transformer2DModel are of a kind")
        parts = stock["sd1"].components
        parts["scheduler"] = DDIMScheduler.from_config(
            {**parts["scheduler"].config, "prediction_type": "sample"}
        )
        strange = StableDiffusionPipeline(**parts, requires_safety_checker=False)
        self.refuses(strange, [DynamicThreshold()], "DDIMScheduler is not known; use one with betas")

    def test_pictures_that_are_no_pictures_and_more_than_one_start(self, stock: dict[str, Any]) -> None:
        sd1, two = stock["sd1"], SDEdit(torch.zeros(2, 4, 8, 8), 0.5)
        with (
            pytest.raises(ValueError, match="Inpaint edits finished pictures"),
            attach(sd1, controls(sd1)["inpaint"]),
        ):
            call(sd1, output_type="np")
        with pytest.raises(ValueError, match="takes one for all pictures"), attach(sd1, [two]):
            call(sd1)
