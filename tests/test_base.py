"""Claims about a small Stable Diffusion model that is trained from nothing on single pictures."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image

from cli_runs import run
from lianhuan import load_generator
from lianhuan.errors import RecipeError
from lianhuan.generators.fresh import FreshSizes
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.memory.bridged import Base
from lianhuan.train.base import BasePlan, train_base, whiten
from lianhuan.train.loop import DataRead, TrainConfig, TrainStep

RECIPE = f"{Path(__file__).parents[1] / 'recipes' / 'picturebooks.py'}:base"
COLOURS = {"red": (220, 30, 30), "blue": (30, 40, 220)}
SIZES = FreshSizes(size=32, vocabulary=540, words=16, layers=1, vae=(8, 8, 8, 8), unet=(16, 16), groups=4)


def config(steps: int, every: int = 1000) -> TrainConfig:
    return TrainConfig(
        steps=steps, learning_rate=1e-2, warmup=2, ema=0.5, log_every=1, checkpoint_every=every,
        weight_decay=0.0, precision="fp32",
    )  # fmt: skip


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty pictures of one colour each, named in two captions, in the form of Flickr8k; one file is broken."""
    folder = tmp_path_factory.mktemp("flickr")
    lines = ["image,caption"]
    for number in range(40):
        word = list(COLOURS)[number % 2]
        Image.new("RGB", (40, 32), COLOURS[word]).save(folder / f"{number}.png")
        lines += [f"{number}.png,all of it is {word}", f"{number}.png,a {word} wall"]
    lines.append("broken.png,a wall")
    (folder / "broken.png").write_bytes(b"no picture")
    (folder / "captions.txt").write_text("\n".join(lines), encoding="utf-8")
    return folder


def plan(data: Path) -> BasePlan:
    return BasePlan(data=data, sizes=SIZES, batch=8)


@pytest.fixture(scope="module")
def events(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> list[TrainStep | DataRead]:
    """What a run says; its folder is the first thing."""
    folder = tmp_path_factory.mktemp("run")
    return [folder, *train_base(folder, config(40), config(60), plan(pictures))]  # type: ignore[list-item]


def test_held_out_pictures_are_drawn_after_their_words(events: list[Any]) -> None:
    """The loss of pictures that it has not seen falls, and is larger with the words of others."""
    told = events[-1].figures
    before = next(e.loss for e in events[1:] if isinstance(e, TrainStep) and e.recipe == "pages")
    assert events[-1].recipe == "validation"
    assert told["own"] < 0.4 * before
    assert told["own"] < 0.4 * told["other"]


def test_broken_pictures_are_left_out_and_counted(events: list[Any]) -> None:
    read = [event for event in events[1:] if isinstance(event, DataRead)]
    assert [one.split for one in read] == ["train", "validation"]
    assert sum(one.pictures for one in read) < 40  # the others are for tests
    assert sum(sum(one.left_out.values()) for one in read) == 1


def test_it_is_a_checkpoint_like_any_other_of_its_family(events: list[Any]) -> None:
    from diffusers import StableDiffusionPipeline

    generator = load_generator(events[0] / "model")
    assert Base.of(generator) == Base("sd1", SIZES.words, 4)
    stock = StableDiffusionPipeline.from_pretrained(events[0] / "model", local_files_only=True)
    stock.set_progress_bar_config(disable=True)
    drawn = stock("all of it is red", num_inference_steps=4, guidance_scale=1.0).images[0]
    assert drawn.size == (SIZES.size, SIZES.size)
    red = generator.encode_pictures([Image.new("RGB", (32, 32), COLOURS["red"])])
    (seen,) = generator.decode(red)
    found = torch.tensor(seen.getpixel((16, 16)), dtype=torch.float)
    assert (found - torch.tensor(COLOURS["red"])).abs().max() < 60


def test_words_become_tokens_and_no_word_is_unknown(events: list[Any]) -> None:
    generator = load_generator(events[0] / "model")
    assert isinstance(generator, StableDiffusion)
    tokenizer = generator.tokenizer[0]
    assert tokenizer.tokenize("A red wall") == ["a</w>", "red</w>", "wall</w>"]
    assert tokenizer.unk_token_id not in tokenizer("Léo, 连环画", add_special_tokens=False).input_ids


def test_whitened_latents_decode_as_before(events: list[Any]) -> None:
    generator: Any = load_generator(events[0] / "model")
    vae = generator.autoencoder.vae
    torch.manual_seed(0)
    x = torch.rand(6, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        before = vae.decode(vae.encode(x).latent_dist.mean).sample
        narrow = vae.encode(x).latent_dist
        whiten(vae, x)
        found = vae.encode(x).latent_dist
        torch.testing.assert_close(vae.decode(found.mean).sample, before, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.mean.mean((0, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(found.mean.std((0, 2, 3)), torch.ones(4), atol=1e-2, rtol=0)
    wider = found.mean.std((0, 2, 3)) / narrow.mean.std((0, 2, 3))
    torch.testing.assert_close(
        found.std.mean((0, 2, 3)), wider * narrow.std.mean((0, 2, 3)), rtol=1e-2, atol=0
    )


@pytest.mark.parametrize("stop", [3, 7])
def test_a_stopped_run_goes_on_bit_for_bit(pictures: Path, tmp_path: Path, stop: int) -> None:
    """Stopped while the autoencoder learns, or the words."""
    steps = config(4, every=2)
    whole = list(train_base(tmp_path / "whole", steps, steps, plan(pictures)))
    half = train_base(tmp_path / "half", steps, steps, plan(pictures))
    for _ in range(stop):
        next(half)
    half.close()
    rest = list(train_base(tmp_path / "half", steps, steps, plan(pictures), resume=True))
    assert rest[-1].figures == whole[-1].figures  # type: ignore[union-attr]
    weights = [sorted((tmp_path / name / "model").rglob("*.safetensors")) for name in ("whole", "half")]
    assert len(weights[0]) == 3
    assert [path.read_bytes() for path in weights[0]] == [path.read_bytes() for path in weights[1]]


def test_the_recipe_leaves_a_model(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = run("train", RECIPE, "-o", out, "--steps", 4, "--set", f"data={pictures}", "--set", "batch=2")
    assert done.exit_code == 0, done.output
    told = [json.loads(line) for line in (out / "metrics.jsonl").read_text().splitlines()]
    assert [one.get("recipe", one.get("split")) for one in told] == [
        "autoencoder", "train", "pages", "validation", "validation"]  # fmt: skip
    assert load_generator(out / "model").size == FreshSizes().size


def test_what_cannot_be_learnt_from_is_said(tmp_path: Path) -> None:
    wrong = run("train", RECIPE, "-o", tmp_path / "run")
    assert wrong.exit_code != 0
    assert "--set data=FOLDER" in wrong.output
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "1.png").write_bytes(b"no picture")
    (tmp_path / "one" / "1.txt").write_text("a wall")
    with pytest.raises(RecipeError, match="can be read"):
        list(train_base(tmp_path / "out", config(1), config(1), plan(tmp_path)))
