"""Claims about books drawn with Stable Diffusion checkpoints: memories, controls, bad folders, the command line."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL import Image
from torch import Tensor

from checkpoint_runs import LONG, SHORT, draw, noise, page
from cli_runs import fails, run
from lianhuan import Book, illustrate, load_generator, load_memory, parse_story
from lianhuan.conductor import PageDone
from lianhuan.control import ClassifierFree, DynamicThreshold, Inpaint, SDEdit
from lianhuan.errors import CheckpointError
from lianhuan.generators import Control
from lianhuan.generators.base import Moment
from lianhuan.generators.schedulers import SchedulerSampler
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.testing.checkpoints import SIDE, tiny_checkpoint

TEXT = "Mia ran to the beach. She sat down. A fox named Lily laughed."


class TestMemories:
    def pictures(self, generator: StableDiffusion, name: str) -> list[bytes]:
        memory = load_memory(name, generator.name)
        events = illustrate(parse_story(TEXT), generator, memory=memory, seed=1, steps=2)
        return [event.image.tobytes() for event in events if isinstance(event, PageDone)]

    def test_shared_attention_looks_at_the_pages_with_the_same_character(
        self, generator: StableDiffusion
    ) -> None:
        plain, shared = self.pictures(generator, "none"), self.pictures(generator, "shared-attention")
        assert [a == b for a, b in zip(plain, shared, strict=True)] == [True, False, True]
        assert shared == self.pictures(generator, "shared-attention")

    @pytest.mark.parametrize("sampler", ["dpmpp-2m", "heun", "pndm", "linspace"])
    def test_a_page_that_looks_at_one_is_the_same_in_a_batch(
        self, sampler: str, generator: StableDiffusion
    ) -> None:
        walk = sampler
        if sampler == "linspace":  # visits times between the training times
            settings = {**generator.scheduler, "timestep_spacing": "linspace"}
            walk = SchedulerSampler(EulerDiscreteScheduler.from_config(settings))
        memory, pages = load_memory("shared-attention", generator.name), [page(1, steps=3), page(2, steps=3)]
        state = memory.write(memory.start(1), generator.encode([page(0, LONG)]), noise(page()))
        contexts = [
            {
                "cond": memory.read(state, generator.encode([one]), "cond"),
                "uncond": memory.read(state, generator.null(1), "uncond"),
            }
            for one in pages
        ]

        def drawn(rows: slice) -> list[bytes]:
            *_, last = generator.frames(pages[rows], contexts[rows], [ClassifierFree(4.0)], walk)
            return [image.tobytes() for image in last.images]

        plain = [draw(generator, [one], [ClassifierFree(4.0)], walk)[1][0].tobytes() for one in pages]
        together = drawn(slice(0, 2))
        assert together == [*drawn(slice(0, 1)), *drawn(slice(1, 2))]
        assert all(a != b for a, b in zip(together, plain, strict=True))

    def test_copy_paste_shows_the_first_page(self, generator: StableDiffusion) -> None:
        assert len(set(self.pictures(generator, "copy-paste")[1:])) == 1

    def test_references_bring_what_belongs_to_their_own_words(
        self, generators: dict[str, StableDiffusion]
    ) -> None:
        generator, memory = generators["sdxl"], load_memory("shared-attention", generators["sdxl"].name)
        pages = [generator.encode([page(i, words)]) for i, words in enumerate([SHORT, LONG, SHORT + "!"])]
        state = memory.start(1)
        for context in pages[:2]:
            state = memory.write(state, context, noise(page()))
        cond, uncond = memory.read(state, pages[2], "cond"), memory.read(state, generator.null(1), "uncond")
        assert torch.equal(cond.references.extra, torch.stack([pages[0].extra, pages[1].extra], 1))
        assert torch.equal(uncond.references.extra, generator.null(1).extra[:, None].expand(-1, 2, -1))
        assert cond.references.mask.sum(2).tolist() == [[77, 154]]
        other = generator.denoiser.predict(noise(page()), torch.tensor([500]), cond)
        extra = cond.references.extra.flip(1)
        swapped = type(cond.references)(**{**vars(cond.references), "extra": extra})
        changed = type(cond)(**{**vars(cond), "references": swapped})
        assert not torch.equal(other, generator.denoiser.predict(noise(page()), torch.tensor([500]), changed))

    @pytest.mark.parametrize("name", ["lstm", "ar-ldm", "shared-attention+lstm"])
    def test_trained_memories_are_refused(self, name: str, folders: dict[str, Path]) -> None:
        with pytest.raises(CheckpointError, match=r"holds no trained .* no training: none, shared-attention"):
            load_memory(name, folders["sd1"])


class Watch(Control):
    """Remembers what the network was shown first; its loss pulls the estimate to 0."""

    rule = "normalised"

    def __init__(self, scale: float = 0.0):
        self.scale, self.first = scale, None

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        self.first = self.first or moment
        return x0.square().flatten(1).mean(1)


SAMPLERS = ["ddim", "dpmpp-2m", "euler", "heun", "unipc", "deis"]


class TestControls:
    @pytest.mark.parametrize("sampler", SAMPLERS)
    def test_drawing_over_a_picture_starts_from_it(
        self, sampler: str, generators: dict[str, StableDiffusion]
    ) -> None:
        generator, one, watch = generators["sd1"], page(), Watch()
        latents = generator.encode_pictures([Image.new("RGB", (80, 60), "teal")])
        steps, _ = draw(generator, [one], [SDEdit(latents, 0.5), watch], sampler)
        assert watch.first.total == 2
        path, t = watch.first.path, watch.first.t
        expected = path.alpha(t) * latents + path.sigma(t) * noise(one)
        assert (watch.first.x - expected).abs().max() < 1e-5
        assert steps.isfinite().all()

    def test_pndm_cannot_start_in_between(self, generators: dict[str, StableDiffusion]) -> None:
        with pytest.raises(CheckpointError, match="another sampler"):
            draw(generators["sd1"], [page()], [SDEdit(torch.zeros(1, 4, SIDE, SIDE), 0.5)], "pndm")

    @pytest.mark.parametrize("sampler", [*SAMPLERS, "pndm"])
    def test_a_loss_bends_and_one_of_no_strength_does_not(
        self, sampler: str, generators: dict[str, StableDiffusion]
    ) -> None:
        generator = generators["sd2"]
        plain, _ = draw(generator, [page()], [], sampler)
        idle, _ = draw(generator, [page()], [Watch(0.0)], sampler)
        bent, _ = draw(generator, [page()], [Watch(0.5)], sampler)
        assert (idle - plain).abs().max() < 1e-4 * plain.abs().max()
        assert bent.square().mean() < plain.square().mean()

    def test_a_mask_keeps_what_is_outside_it(self, generator: StableDiffusion) -> None:
        pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
        picture, mask = Image.fromarray(pixels), Image.new("L", (64, 64))
        mask.paste(255, (16, 16, 40, 40))
        latents = generator.encode_pictures([picture])
        _, (image,) = draw(generator, [page()], [ClassifierFree(4.0), Inpaint(picture, latents, mask)])
        outside = np.asarray(mask) == 0
        assert (np.asarray(image)[outside] == pixels[outside]).all()
        assert (np.asarray(image)[~outside] != pixels[~outside]).any()

    def test_thresholding_bounds_the_estimates(self, generator: StableDiffusion) -> None:
        bound = 0.5
        latents, _ = draw(generator, [page()], [ClassifierFree(4.0), DynamicThreshold(bound=bound)])
        assert latents.abs().max() <= bound + 1e-6


def damaged(folder: Path, damage: str) -> None:
    weights = folder / "unet" / "diffusion_pytorch_model.safetensors"
    if damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:2000])
    elif damage == "no weights":
        weights.unlink()
    elif damage == "no tokenizer":
        for path in (folder / "tokenizer").iterdir():
            path.unlink()
        (folder / "tokenizer").rmdir()
    elif damage == "pickle":
        weights.rename(weights.with_suffix(".bin"))
    elif damage == "other network":
        config = json.loads((folder / "unet" / "config.json").read_text())
        config["layers_per_block"] = 2
        (folder / "unet" / "config.json").write_text(json.dumps(config))
    elif damage == "inpainting":
        config = UNet2DConditionModel.load_config(folder / "unet")
        UNet2DConditionModel.from_config({**config, "in_channels": 9}).save_pretrained(folder / "unet")
    elif damage == "flow":
        path = folder / "scheduler" / "scheduler_config.json"
        path.write_text(json.dumps({"_class_name": "FlowMatchEulerDiscreteScheduler", "shift": 3.0}))
    elif damage == "family":
        (folder / "model_index.json").write_text('{"_class_name": "LTXPipeline"}')


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("truncated", "unet is damaged"),
        ("no weights", "unet holds no weights"),
        ("no tokenizer", "tokenizer is missing"),
        ("pickle", "pickle that can run code.*save_pretrained"),
        ("other network", "weights are missing"),
        ("inpainting", "9 channels"),
        ("flow", "FlowMatchEulerDiscreteScheduler has no betas"),
        ("family", "LTXPipeline; supported so far: Stable Diffusion 1.x and 2.x .*, SDXL .*, FluxPipeline"),
    ],
)
def test_a_bad_folder_is_refused_with_its_reason(damage: str, words: str, tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "model", "sd1")
    damaged(folder, damage)
    with pytest.raises(CheckpointError, match=words):
        load_generator(folder)


def test_a_hub_name_needs_the_network_the_first_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match=r"nobody/nothing: no folder here.*could not be fetched"):
        load_generator("nobody/nothing")


def test_half_weights_alone_are_enough(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "model", "sd1")
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float16)
    for path in folder.rglob("*.safetensors"):
        path.unlink()
    pipeline.save_pretrained(folder, variant="fp16", safe_serialization=True)
    (weights,) = (folder / "unet").glob("*.safetensors")
    assert weights.name == "diffusion_pytorch_model.fp16.safetensors"
    latents, _ = draw(load_generator(folder), [page()])
    assert latents.dtype == torch.float32


def test_the_fingerprint_names_the_weights(folders: dict[str, Path], tmp_path: Path) -> None:
    first, same, other = (
        load_generator(folder).fingerprint
        for folder in (
            folders["sd1"],
            tiny_checkpoint(tmp_path / "same", "sd1"),
            tiny_checkpoint(tmp_path / "other", "sd1", seed=1),
        )
    )
    assert first == same != other


def test_a_book_is_drawn_and_a_page_redrawn(folders: dict[str, Path], tmp_path: Path) -> None:
    story, out = tmp_path / "story.txt", tmp_path / "book"
    story.write_text(TEXT, encoding="utf-8")
    how = ["--generator", folders["sdxl"], "--memory", "shared-attention", "--steps", 2]
    assert run("illustrate", story, "-o", out, *how).exit_code == 0
    before = shown(out)
    assert run("redraw", out, "--page", 2).exit_code == 0
    after = shown(out)
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False, True]
    assert run("illustrate", out).exit_code == 0
    assert shown(out) == after


def shown(folder: Path) -> list[bytes]:
    book = Book.open(folder)
    return [book.picture(scene.id).read_bytes() for scene in book.story().scenes]


def test_without_a_trained_memory_the_way_out_is_told(folders: dict[str, Path], tmp_path: Path) -> None:
    story = tmp_path / "story.txt"
    story.write_text(TEXT, encoding="utf-8")
    how = ["illustrate", story, "-o", tmp_path / "book", "--generator", folders["sd1"]]
    fails(*how, says="no training: none, shared-attention, copy-paste")
    assert not (tmp_path / "book").exists()
