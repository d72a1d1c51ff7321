"""Claims about samplers, negative prompts, what is computed with, and how a book keeps what decides its pictures."""

from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from checkpoint_runs import assert_same, draw, drawn_by_stock, page
from cli_runs import fails, run
from extras_runs import stock_pipeline, write_lora
from lianhuan import Book, illustrate, load_generator, load_memory, parse_story
from lianhuan.book import list_takes
from lianhuan.book.picture import recipe_in
from lianhuan.control import ClassifierFree
from lianhuan.errors import CheckpointError, DeviceError
from lianhuan.generators import Compute, Control, Drawn, Extras
from lianhuan.generators.options import devices
from lianhuan.generators.placing import offload
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.memory import NoMemory
from lianhuan.testing.checkpoints import Family
from lianhuan.testing.pipelines import tiny_pipeline

TEXT = "Mia ran to the beach. She sat down."


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "story.txt"
    path.write_text(TEXT, encoding="utf-8")
    return path


class TestNegativePrompts:
    def test_the_picture_is_that_of_the_stock_pipeline(
        self, family: Family, generator: StableDiffusion, folders: dict[str, Path]
    ) -> None:
        pipeline, words = (
            stock_pipeline(folders[family]),
            {"prompt": "A red fox", "negative_prompt": "a bear"},
        )
        context = {"cond": generator.read("A red fox"), "uncond": generator.null(1, "a bear")}
        *_, step, last = generator.frames([page()], [context], [ClassifierFree(4.0)], "checkpoint")
        assert_same((step.x0, last.images), drawn_by_stock(pipeline, page(), 4.0, **words))

    def test_it_changes_the_pages_of_a_story(self, generators: dict[str, StableDiffusion]) -> None:
        pictures = set()
        for words in ("", "a bear"):
            events = illustrate(
                parse_story(TEXT), generators["sd1"], memory=NoMemory(), steps=2, negative_prompt=words
            )
            pictures.add(list(events)[-1].image.tobytes())
        assert len(pictures) == 2

    def test_a_stock_pipeline_is_told(self, tmp_path: Path) -> None:
        generator = load_generator(tiny_pipeline(tmp_path / "sd3", "sd3"))
        generator.check("", "a bear")
        assert generator.call(page(negative_prompt="a bear"), 3.0, ())["negative_prompt"] == "a bear"
        assert "negative_prompt" not in generator.call(page(), 3.0, ())

    @pytest.mark.parametrize("family", ["flux", "klein"])
    def test_pipelines_that_know_none_refuse_it(self, family: Any, tmp_path: Path) -> None:
        generator = load_generator(tiny_pipeline(tmp_path / family, family))
        with pytest.raises(CheckpointError, match="takes no negative prompt"):
            generator.check("", "a bear")
        with pytest.raises(CheckpointError, match="leave --sampler away"):
            generator.check("euler", "")


class TestSamplers:
    @pytest.mark.parametrize("name", ["ddim", "euler", "checkpoint"])
    def test_a_page_is_drawn_with_its_own(self, name: str, generators: dict[str, StableDiffusion]) -> None:
        own = draw(generators["sd1"], [page(sampler=name)], (), "")
        assert torch.equal(own[0], draw(generators["sd1"], [page()], (), name)[0])
        assert not torch.equal(own[0], draw(generators["sd1"], [page()], (), "")[0])

    def test_pages_with_different_ones_are_not_drawn_together(
        self, generators: dict[str, StableDiffusion]
    ) -> None:
        with pytest.raises(ValueError, match="same number of steps and sampler"):
            draw(generators["sd1"], [page(0, sampler="ddim"), page(1)], (), "")


class TestBooks:
    def test_a_book_keeps_them_and_is_stale_when_they_change(
        self, story: Path, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        out = tmp_path / "book"
        lora = write_lora(stock_pipeline(folders["sd1"]), tmp_path / "style.safetensors", "kohya")
        model = ["--generator", folders["sd1"], "--memory", "none", "--steps", 2]
        added = ["--lora", f"{lora}:0.5", "--sampler", "euler", "--negative-prompt", "a bear"]
        assert run("illustrate", story, "-o", out, *model, *added).exit_code == 0
        book = Book.open(out)
        file, first = book.file, shown(book)
        assert (file.loras, file.sampler, file.negative_prompt) == ((f"{lora}:0.5",), "euler", "a bear")
        recipe = recipe_in(book.picture(file.scenes[0].id))
        assert recipe["extras"] == {"loras": [f"{lora}:0.5"]}
        assert (recipe["sampler"], recipe["negative_prompt"]) == ("euler", "a bear")
        assert run("illustrate", out).exit_code == 0
        assert shown(Book.open(out)) == first
        text = (out / "book.yaml").read_text()
        (out / "book.yaml").write_text(text.replace("negative_prompt: a bear", "negative_prompt: a fox"))
        assert len(Book.open(out).stale()) == 2
        (out / "book.yaml").write_text(text.replace("safetensors:0.5", "safetensors:0.9"))
        assert len(Book.open(out).stale()) == 2
        (out / "book.yaml").write_text(text)
        assert Book.open(out).stale() == {}
        assert run("illustrate", out, "--lora", "").exit_code == 0
        assert Book.open(out).file.loras == ()
        assert not set(shown(Book.open(out))) & set(first)

    def test_redraw_uses_them(self, story: Path, folders: dict[str, Path], tmp_path: Path) -> None:
        out = tmp_path / "book"
        added = ["--negative-prompt", "a bear", "--sampler", "ddim", "--steps", 2, "--memory", "none"]
        assert run("illustrate", story, "-o", out, "--generator", folders["sd1"], *added).exit_code == 0
        assert run("redraw", out, "--page", 1, "--dtype", "bf16").exit_code == 0
        book = Book.open(out)
        recipes = [take.recipe for take in list_takes(book, book.find(1).id)]
        assert [recipe["negative_prompt"] for recipe in recipes] == ["a bear"] * 2
        assert [recipe["sampler"] for recipe in recipes] == ["ddim"] * 2
        assert ["compute" in recipe for recipe in recipes] == [False, True]
        assert recipes[1]["compute"] == {"dtype": "bf16"}

    def test_what_is_computed_with_makes_no_page_stale(
        self, story: Path, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        out = tmp_path / "book"
        how = [
            "illustrate",
            story,
            "-o",
            out,
            "--generator",
            folders["sd1"],
            "--steps",
            2,
            "--memory",
            "none",
        ]
        assert run(*how).exit_code == 0
        first = shown(Book.open(out))
        assert run("illustrate", out, "--dtype", "bf16").exit_code == 0
        assert shown(Book.open(out)) == first

    def test_a_collected_book_keeps_them(self, folders: dict[str, Path], tmp_path: Path) -> None:
        vae = str(folders["sd2"] / "vae")
        generator = load_generator(folders["sd1"], Extras(vae=vae))
        events = illustrate(parse_story(TEXT), generator, memory=NoMemory(), steps=2, sampler="ddim")
        book = Book.collect(events, tmp_path / "book")
        assert (book.file.vae, book.file.sampler) == (vae, "ddim")
        assert book.stale() == {}
        book.redraw(1)
        assert recipe_in(book.picture(book.find(1).id))["weights"] == generator.fingerprint

    def test_another_model_starts_without_what_was_added(
        self, story: Path, folders: dict[str, Path], tmp_path: Path
    ) -> None:
        out, rest = tmp_path / "book", ["--steps", 2, "--memory", "none"]
        vae = ["--vae", folders["sd2"] / "vae"]
        assert run("illustrate", story, "-o", out, "--generator", folders["sd1"], *vae, *rest).exit_code == 0
        assert Book.open(out).file.vae is not None
        assert run("illustrate", out, "--generator", folders["sdxl"]).exit_code == 0
        assert Book.open(out).file.vae is None

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            (["--sampler", "magic"], "no sampler is called 'magic'; there are: ddim, dpmpp-2m"),
            (["--negative-prompt", "fox"], "takes no negative prompt"),
            (["--lora", "gone.safetensors"], "takes no loras"),
            (["--dtype", "fp16", "--device", "cpu"], "fp16 is for GPUs"),
            (["--dtype", "bf16", "--device", "cpu"], "computes in fp32 alone"),
        ],
    )
    def test_what_the_embedded_model_cannot_is_refused_before_a_book_is_made(
        self, options: list[str], says: str, story: Path, tmp_path: Path
    ) -> None:
        fails("illustrate", story, "-o", tmp_path / "book", *options, says=says)
        assert not (tmp_path / "book").exists()


class TestCompute:
    def test_bf16_draws_nearly_the_same(self, family: Family, folders: dict[str, Path]) -> None:
        half = load_generator(folders[family], compute=Compute(dtype="bf16"))
        assert {weight.dtype for weight in half.denoiser.parameters()} == {torch.bfloat16}
        found, plain = draw(half, [page()]), draw(load_generator(folders[family]), [page()])
        assert found[0].dtype == torch.float32
        apart = (found[0] - plain[0]).abs().max() / plain[0].abs().max()
        assert 0 < apart < 0.1

    def test_shared_attention_in_bf16(self, folders: dict[str, Path]) -> None:
        generator = load_generator(folders["sdxl"], compute=Compute(dtype="bf16"))
        memory = load_memory("shared-attention", generator.name)
        events = illustrate(parse_story(TEXT), generator, memory=memory, steps=2)
        assert len([event for event in events if hasattr(event, "image")]) == 2

    def test_tiles_only_where_the_picture_is_large(self, folders: dict[str, Path]) -> None:
        lean = load_generator(folders["sd1"], compute=Compute(low_memory=True))
        plain = load_generator(folders["sd1"])
        assert draw(lean, [page()])[1][0].tobytes() == draw(plain, [page()])[1][0].tobytes()
        large = torch.randn(1, 4, 24, 24, generator=torch.Generator().manual_seed(0))
        pictures = [one.decode(large)[0] for one in (lean, plain)]
        assert pictures[0].size == pictures[1].size == (192, 192)
        assert pictures[0].tobytes() != pictures[1].tobytes()

    def test_networks_that_wait_draw_the_same(self, folders: dict[str, Path]) -> None:
        """The way of a GPU, with a CPU in its place: each network comes when it computes."""
        generator, plain = load_generator(folders["sdxl"]), load_generator(folders["sdxl"])
        offload(generator, torch.device("cpu"))
        hooked = [generator.denoiser.unet, generator.autoencoder.vae, *generator.text_encoder]
        assert all(hasattr(network, "_hf_hook") for network in hooked)
        assert draw(generator, [page()])[1][0].tobytes() == draw(plain, [page()])[1][0].tobytes()
        picture = Image.new("RGB", (64, 64), "teal")
        assert torch.equal(generator.encode_pictures([picture]), plain.encode_pictures([picture]))

    def test_a_full_device_says_what_to_do(self, generators: dict[str, StableDiffusion]) -> None:
        class Full(Control):
            def x0(self, moment: Any, x0: Any) -> Any:
                raise torch.OutOfMemoryError("CUDA out of memory")

        events = illustrate(
            parse_story(TEXT), generators["sd1"], memory=NoMemory(), steps=2, controls=[Full()]
        )
        with pytest.raises(DeviceError, match=r"too small.*--low-memory.*--dtype fp16"):
            list(events)

    def test_what_is_not_there_is_refused(self) -> None:
        assert devices()[0] == ("cuda" if torch.cuda.is_available() else "cpu")
        with pytest.raises(DeviceError, match=r"no device 'tpu' here; there is: .*cpu"):
            Compute(device="tpu")
        with pytest.raises(DeviceError, match="fp16 is for GPUs; on a CPU"):
            Compute(dtype="fp16")
        with pytest.raises(DeviceError, match="no precision 'int4'"):
            Compute(dtype="int4")

    def test_stock_pipelines(self, tmp_path: Path) -> None:
        folder = tiny_pipeline(tmp_path / "sd3", "sd3")
        half = load_generator(folder, compute=Compute(dtype="bf16", low_memory=True))
        assert half.pipeline.transformer.dtype == half.pipeline.vae.dtype == torch.bfloat16
        assert half.pipeline.vae.use_tiling
        *_, last = half.frames([page()], [{"cond": half.encode([page()])}], [ClassifierFree(3.0)])
        assert isinstance(last, Drawn)


def shown(book: Book) -> list[bytes]:
    return [book.picture(scene.id).read_bytes() for scene in book.file.scenes]
