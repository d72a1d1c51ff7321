"""Claims about characters that Stable Diffusion models learn, saved as other tools read them."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import DDIMScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline
from PIL import Image
from safetensors.torch import load_file

from checkpoint_runs import draw, noise, page
from cli_runs import run
from lianhuan import load_generator
from lianhuan.control import ClassifierFree
from lianhuan.data.captioned import CaptionedPicture
from lianhuan.errors import CheckpointError, LianhuanError, RecipeError
from lianhuan.generators import Extras
from lianhuan.generators.learner import EMBEDS, LORA
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.train.adapt import AdaptConfig
from lianhuan.train.adapt_stable import StableAdaptObjective, adapt_stable
from lianhuan.train.loop import TrainConfig, train

NAME = "Zuzu"
TOLD = "Zuzu ran on a hill"


def pictures(count: int = 3) -> list[CaptionedPicture]:
    colours = ["#c03020", "#c04030", "#b03020"]
    return [
        CaptionedPicture(Image.new("RGB", (64, 64), colour), f"{NAME} ran.") for colour in colours[:count]
    ]


def learnt(generator: StableDiffusion, folder: Path, mode: str, steps: int = 3) -> StableAdaptObjective:
    """A model that has learnt the character a little, and loudly."""
    config = AdaptConfig(name=NAME, kind="fox", mode=mode, rank=2)
    objective = StableAdaptObjective(generator, pictures(), config)
    settings = TrainConfig(steps=steps, learning_rate=0.1, warmup=1, ema=0.0, precision="fp32")
    list(train("adapt", objective, settings, folder / "run"))
    objective.learner.save(folder / "learnt")
    return objective


def stock(family: str, folder: Path, learnt_in: Path, *, word: bool = True) -> Any:
    """The stock pipeline, with what was learnt loaded by its own loaders."""
    kind = StableDiffusionXLPipeline if family == "sdxl" else StableDiffusionPipeline
    pipe = kind.from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    if (learnt_in / LORA).exists():
        pipe.load_lora_weights(learnt_in, weight_name=LORA)
    if word and family == "sdxl":
        words = load_file(learnt_in / EMBEDS)
        pipe.load_textual_inversion(
            {NAME: words["clip_l"]}, token=NAME, text_encoder=pipe.text_encoder, tokenizer=pipe.tokenizer
        )
        pipe.load_textual_inversion(
            {NAME: words["clip_g"]}, token=NAME, text_encoder=pipe.text_encoder_2, tokenizer=pipe.tokenizer_2
        )
    elif word:
        pipe.load_textual_inversion(learnt_in, weight_name=EMBEDS)
    pipe.scheduler = DDIMScheduler.from_config(
        pipe.scheduler.config,
        timestep_spacing="trailing",
        steps_offset=0,
        clip_sample=False,
        set_alpha_to_one=True,
    )
    return pipe


@pytest.mark.parametrize("mode", ["token", "lora"])
def test_the_stock_pipeline_draws_the_same_picture_from_the_files(
    family: str, generator: StableDiffusion, folders: dict[str, Path], tmp_path: Path, mode: str
) -> None:
    one = page(caption=TOLD)
    before, _ = draw(generator, [one], [ClassifierFree(3.0)], "ddim")
    objective = learnt(generator, tmp_path, mode)
    with torch.no_grad():
        ours, _ = draw(objective.generator, [one], [ClassifierFree(3.0)], "ddim")
        pipe = stock(family, folders[family], tmp_path / "learnt")
        theirs = pipe(
            TOLD, latents=noise(one), num_inference_steps=4, guidance_scale=3.0, output_type="latent"
        ).images
    assert float((ours - before).abs().max()) > 1e-2
    torch.testing.assert_close(ours, theirs, atol=1e-3 * float(theirs.abs().max()), rtol=0)
    assert (tmp_path / "learnt" / LORA).exists() == (mode == "lora")
    after, _ = draw(generator, [one], [ClassifierFree(3.0)], "ddim")
    assert torch.equal(before, after)


def test_the_changes_draw_the_same_under_kohya_s_names(
    family: str, generator: StableDiffusion, folders: dict[str, Path], tmp_path: Path
) -> None:
    learner = learnt(generator, tmp_path, "lora").learner
    learner.save(tmp_path / "kohya", "kohya")
    names = load_file(tmp_path / "kohya" / LORA).keys()
    assert all(name.startswith("lora_unet_") for name in names)
    assert {name.split(".", 1)[1] for name in names} == {"lora_down.weight", "lora_up.weight", "alpha"}
    one = page(caption="A fox ran")
    plain, _ = draw(generator, [one], [ClassifierFree(3.0)], "ddim")
    by_ours = []
    for form in ("learnt", "kohya"):
        loaded = load_generator(folders[family], Extras(loras=(str(tmp_path / form / LORA),)))
        by_ours.append(draw(loaded, [one], [ClassifierFree(3.0)], "ddim")[0])
    assert torch.equal(*by_ours)
    assert float((by_ours[0] - plain).abs().max()) > 1e-2
    pipe = stock(family, folders[family], tmp_path / "kohya", word=False)
    theirs = pipe(
        "A fox ran", latents=noise(one), num_inference_steps=4, guidance_scale=3.0, output_type="latent"
    ).images
    torch.testing.assert_close(by_ours[1], theirs, atol=1e-3 * float(theirs.abs().max()), rtol=0)


def test_a_word_alone_leaves_pages_without_it_as_they_were(
    generator: StableDiffusion, tmp_path: Path
) -> None:
    objective = learnt(generator, tmp_path, "token")
    for caption, same in ((TOLD, False), ("A fox ran", True)):
        ours = objective.generator.encode([page(caption=caption)]).tokens
        assert torch.equal(ours, generator.encode([page(caption=caption)]).tokens) == same


def test_the_loss_falls(generators: dict[str, StableDiffusion], tmp_path: Path) -> None:
    config = AdaptConfig(name=NAME, kind="fox", mode="lora", rank=4)
    objective = StableAdaptObjective(generators["sd2"], pictures(), config)
    optimizer, seen = torch.optim.AdamW(objective.module.parameters(), lr=2e-2), []
    for _ in range(12):
        loss, _ = objective.loss(objective.batch(1), 1, torch.device("cpu"))
        loss.backward()
        assert all(p.grad is not None for p in objective.module.parameters())
        optimizer.step()
        optimizer.zero_grad()
        seen.append(float(loss.detach()))
    assert seen[-1] < 0.97 * seen[0]


@pytest.mark.parametrize(
    ("count", "settings", "error"),
    [(2, {}, RecipeError), (3, {"mode": "full"}, RecipeError), (3, {"name": "Nobody"}, RecipeError),
     (3, {"kind": "🦊"}, CheckpointError)],
)  # fmt: skip
def test_a_clear_error_and_no_file(
    generators: dict[str, StableDiffusion],
    tmp_path: Path,
    count: int,
    settings: dict[str, str],
    error: type[LianhuanError],
) -> None:
    config = AdaptConfig(**{"name": NAME, "kind": "fox", "steps": 1, **settings})
    with pytest.raises(error):
        list(adapt_stable(generators["sd1"], pictures(count), config, tmp_path / "out"))
    assert not list(tmp_path.iterdir())


def test_the_command_line_learns_with_stable_diffusion(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, picture in enumerate(pictures()):
        picture.image.save(folder / f"{number}.png")
        (folder / f"{number}.txt").write_text(picture.caption or "", encoding="utf-8")
    done = run("adapt", "--name", NAME, "--init", "fox", "--pictures", folder, "-o", tmp_path / "zuzu",
               "--generator", folders["sd1"], "--steps", 1, "--keys", "kohya")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "zuzu").iterdir()} == {EMBEDS, LORA}
    assert all(name.startswith("lora_unet_") for name in load_file(tmp_path / "zuzu" / LORA))


def test_kohya_s_names_are_refused_where_there_are_none(folders: dict[str, Path], tmp_path: Path) -> None:
    for number, picture in enumerate(pictures()):
        picture.image.save(tmp_path / f"{number}.png")
    for wrong in (["--generator", folders["sd1"], "--mode", "token"], []):
        done = run("adapt", "--name", NAME, "--init", "fox", "--pictures", tmp_path, "-o", tmp_path / "out",
                   "--keys", "kohya", *wrong)  # fmt: skip
        assert done.exit_code != 0
        assert "lora" in done.output if wrong else "--keys" in done.output
        assert not (tmp_path / "out").exists()
