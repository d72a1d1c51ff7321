"""Claims about paths, samplers, noise and guidance, held against diffusers."""

import numpy as np
import pytest
import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel

from lianhuan.control import ClassifierFree
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser, Prediction
from lianhuan.sampling import SAMPLERS, NoisePath, ddpm, page_noise

SCHEDULE = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2", "timestep_spacing": "trailing"}


def tiny_unet() -> UNet2DConditionModel:
    torch.manual_seed(0)
    return UNet2DConditionModel(
        sample_size=8,
        layers_per_block=1,
        block_out_channels=(16, 32),
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=8,
    ).eval()


def scheduler(name: str, prediction: str):
    if name == "ddim":
        return DDIMScheduler(
            **SCHEDULE,
            prediction_type=prediction,
            clip_sample=False,
            set_alpha_to_one=True,
            rescale_betas_zero_snr=False,
        )
    return DPMSolverMultistepScheduler(**SCHEDULE, prediction_type=prediction, steps_offset=1)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("name", ["ddim", "dpmpp-2m"])
@pytest.mark.parametrize("steps", [1, 4, 20])
def test_sampler_equals_diffusers(name: str, prediction: Prediction, steps: int) -> None:
    unet, path = tiny_unet(), NoisePath.cosine()
    context = Context(torch.randn(1, 5, 32), torch.ones(1, 5, dtype=torch.bool))
    noise = torch.randn(1, 4, 8, 8)
    theirs, stock = noise.clone(), scheduler(name, prediction)
    stock.set_timesteps(steps)
    denoiser = Denoiser(unet, path, prediction)
    with torch.inference_mode():
        for t in stock.timesteps:
            out = unet(theirs, t, context.tokens).sample
            theirs = stock.step(out, t, theirs).prev_sample
        *_, last = SAMPLERS[name](lambda x, t: denoiser(x, t, context), path, noise, path.times(steps))
    # eps at the noisiest cosine time divides by alpha = 5e-5, which magnifies float32 rounding
    scale = float(theirs.abs().max())
    torch.testing.assert_close(last.x, theirs, atol=2e-4 * max(1.0, scale), rtol=1e-3)


def test_ddpm_step_has_the_posterior_of_diffusers() -> None:
    path = NoisePath.cosine()
    stock = DDPMScheduler(
        1000, beta_schedule="squaredcos_cap_v2", prediction_type="sample", clip_sample=False
    )
    x, x0, noise = torch.randn(3, 1, 4, 8, 8)
    for t in (900, 500, 2):
        stock.set_timesteps(1000)
        generator = torch.Generator().manual_seed(1)
        theirs = stock.step(x0, t, x, generator=generator).prev_sample
        noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(1))
        ours = next(ddpm(lambda *_: x0, path, x, [t, t - 1], lambda n=noise: n)).x
        # diffusers takes 1 - alpha in float32, where alpha is close to 1
        torch.testing.assert_close(ours, theirs, atol=2e-4, rtol=1e-3)


def test_an_ideal_denoiser_recovers_its_picture() -> None:
    path, picture = NoisePath.cosine(), torch.randn(1, 4, 8, 8)
    for sampler in SAMPLERS.values():
        *_, last = sampler(lambda *_: picture, path, torch.randn(1, 4, 8, 8), path.times(10))
        torch.testing.assert_close(last.x, picture, atol=1e-5, rtol=1e-5)


def test_samplers_give_numpy_the_same_as_torch() -> None:
    path, noise = NoisePath.cosine(), np.random.default_rng(0).standard_normal((1, 4, 8, 8))
    for sampler in SAMPLERS.values():
        *_, ours = sampler(lambda x, t: x * 0.5 + t / 1000, path, noise, path.times(7))
        *_, theirs = sampler(lambda x, t: x * 0.5 + t / 1000, path, torch.from_numpy(noise), path.times(7))
        np.testing.assert_allclose(ours.x, theirs.x.numpy(), rtol=1e-9)


def test_path_is_variance_preserving_and_ends_in_the_picture() -> None:
    path = NoisePath.cosine()
    for t in (0, 400, 999):
        assert path.alpha(t) ** 2 + path.sigma(t) ** 2 == pytest.approx(1)
    assert (path.alpha(-1), path.sigma(-1)) == (1, 0)
    assert path.times(4) == [999, 749, 499, 249, -1]
    with pytest.raises(ValueError, match="between 1 and 1000"):
        path.times(0)


def test_noise_belongs_to_the_page() -> None:
    shape = (4, 8, 8)
    noise = page_noise(7, "s001", 0, shape)
    assert np.array_equal(noise, page_noise(7, "s001", 0, shape))
    for other in [(8, "s001", 0), (7, "s002", 0), (7, "s001", 1)]:
        assert not np.array_equal(noise, page_noise(*other, shape))
    assert abs(page_noise(1, "s", 0, (100, 100)).std() - 1) < 0.02


def test_our_loop_equals_the_stable_diffusion_pipeline() -> None:
    """Same weights, prompt embeddings, latents, steps and guidance: the same latents as the stock pipeline's."""
    unet = tiny_unet()
    pipe = StableDiffusionPipeline(
        vae=AutoencoderKL(block_out_channels=(8, 8), norm_num_groups=4, down_block_types=("DownEncoderBlock2D",) * 2,
                          up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=4).eval(),
        text_encoder=CLIPTextModel(CLIPTextConfig(vocab_size=99, hidden_size=32, intermediate_size=32,
                                                  num_hidden_layers=1, num_attention_heads=2,
                                                  bos_token_id=0, eos_token_id=1, pad_token_id=1)).eval(),
        tokenizer=None,
        unet=unet,
        scheduler=scheduler("dpmpp-2m", "v_prediction"),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )  # fmt: skip
    pipe.set_progress_bar_config(disable=True)
    words, null, noise = torch.randn(1, 5, 32), torch.randn(1, 5, 32), torch.randn(1, 4, 8, 8)
    theirs = pipe(prompt_embeds=words, negative_prompt_embeds=null, latents=noise, num_inference_steps=6,
                  guidance_scale=3.0, output_type="latent").images  # fmt: skip
    path, control = NoisePath.cosine(), ClassifierFree(3.0)
    denoiser = Denoiser(unet, path, "v_prediction")
    context = Context(torch.cat([null, words]), torch.ones(2, 5, dtype=torch.bool))

    def denoise(x: torch.Tensor, t: int) -> torch.Tensor:
        null_x0, x0 = denoiser(torch.cat([x, x]), t, context).chunk(2)
        return control.combine({"uncond": null_x0, "cond": x0})

    with torch.inference_mode():
        *_, last = SAMPLERS["dpmpp-2m"](denoise, path, noise, path.times(6))
    torch.testing.assert_close(last.x, theirs, atol=1e-4, rtol=1e-4)


def test_guidance_one_is_the_plain_model() -> None:
    x = torch.randn(2, 3)
    assert ClassifierFree(1).branches() == ("cond",)
    assert ClassifierFree(1).combine({"cond": x}) is x
    torch.testing.assert_close(ClassifierFree(3).combine({"cond": x, "uncond": 0 * x}), 3 * x)
