"""Claims about Stable Diffusion checkpoints: our loop draws what the stock pipelines draw, and tells stories as well.

The oracle is diffusers itself, on the same folder from the same latents. Ours may differ by rounding: our loop speaks of
x0 where the pipelines speak of eps or v, and each translation there and back rounds float32 once more (some 1e-7 of the
value, divided by the share of the picture, .07 at the noisiest time, or of the noise, .03 at the cleanest). Hence 1e-4 of
the largest latent, and one level of 255 in the picture.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    HeunDiscreteScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UniPCMultistepScheduler,
)
from PIL import Image
from safetensors.torch import load_file, save_file

from checkpoint_runs import LONG, SHORT, assert_same, draw, drawn_by_stock, noise, page
from lianhuan import load_generator
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError
from lianhuan.generators.prompt import page_prompt
from lianhuan.generators.schedulers import SchedulerSampler
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.story import StageEntry
from lianhuan.testing.checkpoints import Family, tiny_checker, tiny_checkpoint

SCHEDULERS = {
    "ddim": (DDIMScheduler, {"clip_sample": False, "set_alpha_to_one": False}),
    "dpmpp-2m": (DPMSolverMultistepScheduler, {}),
    "euler": (EulerDiscreteScheduler, {}),
    "heun": (HeunDiscreteScheduler, {}),
    "pndm": (PNDMScheduler, {"skip_prk_steps": True}),
    "unipc": (UniPCMultistepScheduler, {}),
}


@pytest.fixture(scope="module")
def stock(folders: dict[str, Path]) -> dict[str, Any]:
    pipelines = {}
    for family, folder in folders.items():
        kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
        pipelines[family] = kind.from_pretrained(folder, local_files_only=True)
        pipelines[family].set_progress_bar_config(disable=True)
    return pipelines


class TestStockPipelines:
    @pytest.mark.parametrize("guidance", [1.0, 4.0])
    @pytest.mark.parametrize("name", SCHEDULERS)
    def test_every_scheduler_gives_the_same_picture(
        self, name: str, guidance: float, family: Family, generator: StableDiffusion, stock: dict[str, Any]
    ) -> None:
        kind, settings = SCHEDULERS[name]
        scheduler = kind.from_config({**generator.scheduler, **settings})
        stock[family].scheduler = kind.from_config(scheduler.config)
        one = page()
        ours = draw(generator, [one], [ClassifierFree(guidance)], SchedulerSampler(scheduler))
        assert_same(ours, drawn_by_stock(stock[family], one, guidance))

    @pytest.mark.parametrize("name", ["ddim", "dpmpp-2m"])
    def test_our_own_samplers_equal_the_schedulers_at_evenly_spaced_times(
        self, name: str, family: Family, generator: StableDiffusion, stock: dict[str, Any]
    ) -> None:
        kind, settings = SCHEDULERS[name]
        spaced = {"timestep_spacing": "trailing", "steps_offset": 1, "set_alpha_to_one": True}
        stock[family].scheduler = kind.from_config({**generator.scheduler, **settings, **spaced})
        ours = draw(generator, [page()], [ClassifierFree(4.0)], name)
        assert_same(ours, drawn_by_stock(stock[family], page(), 4.0))

    @pytest.mark.parametrize("settings", [{"timestep_spacing": "linspace"}, {"use_karras_sigmas": True}])
    @pytest.mark.parametrize("kind", [EulerDiscreteScheduler, HeunDiscreteScheduler])
    def test_times_between_the_training_times(
        self,
        kind: Any,
        settings: dict[str, Any],
        generators: dict[str, StableDiffusion],
        stock: dict[str, Any],
    ) -> None:
        scheduler = kind.from_config({**generators["sd2"].scheduler, **settings})
        scheduler.set_timesteps(3)
        assert any(float(t) % 1 for t in scheduler.timesteps)
        stock["sd2"].scheduler = kind.from_config(scheduler.config)
        ours = draw(generators["sd2"], [page(steps=3)], [ClassifierFree(4.0)], SchedulerSampler(scheduler))
        assert_same(ours, drawn_by_stock(stock["sd2"], page(steps=3), 4.0))

    def test_between_two_times_the_path_has_the_schedulers_noise(
        self, generators: dict[str, StableDiffusion]
    ) -> None:
        path, settings = generators["sd1"].denoiser.path, {"timestep_spacing": "linspace"}
        scheduler = EulerDiscreteScheduler.from_config({**generators["sd1"].scheduler, **settings})
        scheduler.set_timesteps(8)
        times = [float(t) for t in scheduler.timesteps]
        assert any(t % 1 for t in times)
        assert [path.sigma(t) / path.alpha(t) for t in times] == pytest.approx(scheduler.sigmas[:-1].tolist())

    def test_the_checkpoints_own_scheduler_by_name(
        self, family: Family, generator: StableDiffusion, folders: dict[str, Path]
    ) -> None:
        kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
        pipeline = kind.from_pretrained(folders[family], local_files_only=True)
        pipeline.set_progress_bar_config(disable=True)
        ours = draw(generator, [page()], [ClassifierFree(4.0)], "checkpoint")
        assert_same(ours, drawn_by_stock(pipeline, page(), 4.0))

    def test_a_prompt_of_one_chunk_is_read_exactly_as_there(
        self, family: Family, generator: StableDiffusion, stock: dict[str, Any]
    ) -> None:
        with torch.no_grad():
            found = stock[family].encode_prompt(
                prompt=SHORT, device="cpu", num_images_per_prompt=1, do_classifier_free_guidance=True
            )
        ours, null = generator.encode([page()]), generator.null(1)
        assert torch.equal(ours.tokens, found[0])
        assert torch.equal(null.tokens, found[1])
        if family == "sdxl":
            sizes = torch.tensor([[64.0, 64, 0, 0, 64, 64]])
            assert torch.equal(ours.extra, torch.cat([found[2], sizes], 1))
            assert torch.equal(null.extra, torch.cat([found[3], sizes], 1))
            assert null.tokens.abs().max() == 0
        else:
            assert ours.extra is None


class TestLongPrompts:
    def test_each_chunk_is_read_for_itself_and_none_is_cut(self, generator: StableDiffusion) -> None:
        letters = sum(letter != " " for letter in LONG)  # a token each
        whole = generator.read(LONG)
        assert 75 < letters <= 150
        assert whole.tokens.shape[1] == 154
        assert whole.mask.all()
        other = generator.read(LONG[:-5] + "dusk")
        assert torch.equal(whole.tokens[:, :77], other.tokens[:, :77])
        assert not torch.equal(whole.tokens[:, 77:], other.tokens[:, 77:])

    def test_the_marks_stand_around_each_chunk(self, generators: dict[str, StableDiffusion]) -> None:
        (words,) = generators["sd1"].words
        start, end = words.tokenizer.bos_token_id, words.tokenizer.eos_token_id
        for letters, ends in [(0, [1]), (74, [75]), (75, [76]), (76, [76, 2]), (151, [76, 76, 2])]:
            ids, mask = words.chunks("a " * letters)
            assert ids.shape == (len(ends), 77)
            assert (ids[:, 0] == start).all()
            assert [int(row[at]) for row, at in zip(ids, ends, strict=True)] == [end] * len(ends)
            assert mask.sum(1).tolist() == [at + 1 for at in ends]

    def test_the_picture_is_that_of_the_stock_pipeline_with_these_embeddings(
        self, family: Family, generator: StableDiffusion, stock: dict[str, Any]
    ) -> None:
        one = page(caption=LONG)
        words = {"prompt_embeds": generator.read(LONG).tokens}
        if family == "sdxl":
            words["pooled_prompt_embeds"] = generator.read(LONG).extra[:, :-6]
        stock[family].scheduler = DDIMScheduler.from_config(
            {**generator.scheduler, "clip_sample": False, "steps_offset": 1}
        )
        ours = draw(generator, [one], [], SchedulerSampler(stock[family].scheduler))
        assert_same(ours, drawn_by_stock(stock[family], one, 1.0, **words))

    def test_guidance_away_from_a_shorter_null_is_guidance_of_both_alone(
        self, generator: StableDiffusion
    ) -> None:
        """The null has one chunk, the prompt two: the longer one must not change the shorter one."""
        t, x = 500, noise(page())
        null, words = generator.null(1), generator.read(LONG)
        both = generator.denoiser(x.expand(2, -1, -1, -1), t, type(null).join([null, words]))
        alone = torch.cat([generator.denoiser(x, t, null), generator.denoiser(x, t, words)])
        assert (both - alone).abs().max() < 1e-5 * alone.abs().max()


def test_the_prompt_tells_the_state_of_the_story() -> None:
    stage = (StageEntry(name="Mia", kind="girl", look="red coat"), StageEntry(name="Jon"))
    request = page(caption="Mia ran to the sea.", place="beach", stage=stage, style="watercolour")
    assert page_prompt(request) == "Mia ran to the sea, Mia is a girl, red coat, at the beach, watercolour"
    assert page_prompt(page(caption="")) == ""


@pytest.mark.parametrize("sampler", ["dpmpp-2m", "ddim", "euler", "heun", "pndm", "unipc", "deis"])
def test_a_page_is_the_same_alone_again_and_in_a_batch(sampler: str, generator: StableDiffusion) -> None:
    pages = [page(0), page(1, LONG), page(2)]
    _, batch = draw(generator, pages, [ClassifierFree(4.0)], sampler)
    alone = [draw(generator, [one], [ClassifierFree(4.0)], sampler)[1][0] for one in pages]
    assert [image.tobytes() for image in batch] == [image.tobytes() for image in alone]
    assert len({image.tobytes() for image in batch}) == 3


def test_schedulers_that_draw_noise_and_unknown_names_are_refused(
    generators: dict[str, StableDiffusion],
) -> None:
    with pytest.raises(TypeError, match="come out again"):
        SchedulerSampler(EulerAncestralDiscreteScheduler())
    with pytest.raises(ValueError, match="noise of its own"):
        SchedulerSampler(DPMSolverMultistepScheduler(algorithm_type="sde-dpmsolver++"))
    with pytest.raises(CheckpointError, match="no sampler is called 'magic'; there are: ddim"):
        draw(generators["sd1"], [page()], [], "magic")


@pytest.mark.parametrize("flags", [True, False])
def test_the_safety_checker_is_kept(flags: bool, tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "model", "sd1", checker=tiny_checker(flags=flags))
    pipeline = StableDiffusionPipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    _, (image,) = draw(load_generator(folder), [page()], [ClassifierFree(4.0)], "checkpoint")
    _, theirs = drawn_by_stock(pipeline, page(), 4.0)
    assert np.abs(np.asarray(image) - theirs).max() <= 1.001
    assert (np.asarray(image).max() == 0) == flags


@pytest.mark.parametrize("part", ["text_encoder", "safety_checker"])
def test_files_with_the_names_that_weights_had_before_are_read(part: str, tmp_path: Path) -> None:
    """Real checkpoints have text_model.* and vision_model.vision_model.*; what is saved today has not."""
    folder = tiny_checkpoint(tmp_path / "model", "sd1", checker=tiny_checker(flags=False))
    new = draw(load_generator(folder), [page()])[1][0]
    path = folder / part / "model.safetensors"
    old = {before(part, name): tensor for name, tensor in load_file(path).items()}
    assert old.keys() != load_file(path).keys()
    save_file(old, path, {"format": "pt"})
    assert draw(load_generator(folder), [page()])[1][0].tobytes() == new.tobytes()


def before(part: str, name: str) -> str:
    if part == "text_encoder":
        return name if name.startswith("text_model.") else f"text_model.{name}"
    return (
        name.replace("vision_model.", "vision_model.vision_model.")
        if name.count("vision_model") == 1
        else name
    )


def test_latents_that_are_whitened_channel_by_channel(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "model", "sdxl")
    path = folder / "vae" / "config.json"
    mean, std = [0.1, -0.2, 0.3, -0.4], [0.5, 0.6, 0.7, 0.8]
    path.write_text(json.dumps({**json.loads(path.read_text()), "latents_mean": mean, "latents_std": std}))
    pipeline = StableDiffusionXLPipeline.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    generator = load_generator(folder)
    assert_same(
        draw(generator, [page()], [ClassifierFree(4.0)], "checkpoint"), drawn_by_stock(pipeline, page(), 4.0)
    )
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    pixels = torch.from_numpy(np.array(picture)).permute(2, 0, 1)[None] / 127.5 - 1
    with torch.no_grad():
        raw = pipeline.vae.encode(pixels).latent_dist.mode()
    middle, spread = (torch.tensor(values).view(1, -1, 1, 1) for values in (mean, std))
    expected = (raw - middle) / spread * pipeline.vae.config.scaling_factor
    assert torch.allclose(generator.encode_pictures([picture]), expected, atol=1e-5)
