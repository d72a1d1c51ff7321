"""The denoiser of few steps draws what it was made for, and nothing else; how it is distilled; the decoder of 256 px."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from cli_runs import STORY, run
from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.book import Book
from lianhuan.conductor import PageDone
from lianhuan.control import ClassifierFree, Inpaint
from lianhuan.errors import CheckpointError, RecipeError
from lianhuan.generators.adapted import with_characters
from lianhuan.generators.base import Control
from lianhuan.generators.loop import within_bound
from lianhuan.models.adapter import Adapter, AdapterInfo
from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser, build_unet, save_unet
from lianhuan.models.few_steps import FEW_STEPS, HOW, FewSteps
from lianhuan.models.files import load_arrays
from lianhuan.models.sizes import AutoencoderConfig
from lianhuan.sampling import NoisePath, ddim, dpmpp_2m, page_noise
from lianhuan.story import PageRequest
from lianhuan.testing.models import tiny_model
from lianhuan.train.distill import TEACHER_STEPS, DistillObjective
from lianhuan.train.finish import add_learnt

HOW_FEW = FewSteps(steps=3, guidance=2.5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("quick"), few_steps=HOW_FEW)


@pytest.fixture(scope="module")
def generator(folder: Path):
    return load_generator(folder)


def page(steps: int, **values: object) -> PageRequest:
    return PageRequest(scene_id="s001", caption="Mia ran.", steps=steps, **values)


def draw(generator, request: PageRequest, controls: list[Control]):
    """The number of steps, the latents and the picture."""
    contexts = {"cond": generator.encode([request]), "uncond": generator.null(1)}
    *_, last, drawn = generator.frames([request], [contexts], controls)
    return last.total, last.x0, drawn.images[0]


class Bends(Control):
    """A control that needs gradients."""

    def loss(self, moment, x0, features):
        return x0.flatten(1).sum(1)


@torch.no_grad()
def test_its_own_settings_are_drawn_by_it_without_a_second_call(generator) -> None:
    total, x0, _ = draw(generator, page(3), [ClassifierFree(2.5)])
    path, noise = generator.denoiser.path, torch.from_numpy(page_noise(0, "s001", 0, (4, 16, 16)))[None]
    words = generator.encode([page(3)])
    *_, last = ddim(lambda x, t: generator.quick.denoiser(x, t, words), path, noise, path.times(3))
    assert total == 3
    assert torch.equal(x0, last.x0)


@pytest.mark.parametrize(
    ("steps", "guidance", "sampler"), [(4, 2.5, ""), (3, 2.0, ""), (3, 1.0, ""), (3, 2.5, "dpmpp-2m")]
)
def test_any_other_wish_is_drawn_with_guidance_in_its_steps(generator, steps, guidance, sampler) -> None:
    request = page(steps, sampler=sampler)
    drawn = draw(generator, request, [ClassifierFree(guidance)])
    quick, generator.quick = generator.quick, None
    try:
        slow = draw(generator, request, [ClassifierFree(guidance)])
    finally:
        generator.quick = quick
    assert drawn[0] == steps
    assert torch.equal(drawn[1], slow[1])


def test_a_control_that_it_cannot_follow_gets_the_slow_way_with_all_steps(generator) -> None:
    total, x0, _ = draw(generator, page(3), [ClassifierFree(2.5), Bends()])
    assert total == 20
    quick, generator.quick = generator.quick, None
    try:
        assert torch.equal(x0, draw(generator, page(20), [ClassifierFree(2.5), Bends()])[1])
    finally:
        generator.quick = quick


def test_a_part_of_a_picture_is_redrawn_in_few_steps(generator) -> None:
    given = Image.linear_gradient("L").convert("RGB")
    mask = Image.new("L", (256, 256))
    mask.paste(255, (0, 0, 80, 256))
    keep = Inpaint(given, generator.control_latents(given), mask)
    total, _, image = draw(generator, page(3), [ClassifierFree(2.5), keep])
    assert (total, image.size) == (3, (256, 256))
    assert np.array_equal(np.asarray(image)[:, 80:], np.asarray(given)[:, 80:])
    assert not np.array_equal(np.asarray(image)[:, :80], np.asarray(given)[:, :80])


def test_a_book_is_drawn_in_few_steps_unless_something_else_is_asked_for(generator, folder, tmp_path) -> None:
    story = parse_story("Mia ran. She sat down.")
    memory = load_memory("lstm", folder)

    def steps(**wish: object) -> set[int]:
        events = illustrate(story, generator, memory=memory, **wish)
        return {event.recipe["steps"] for event in events if isinstance(event, PageDone)}

    assert steps(guidance=2.5) == {3}
    assert steps() == {20}
    assert steps(guidance=2.5, steps=2) == {2}
    text, book = tmp_path / "story.txt", tmp_path / "book"
    text.write_text(STORY)
    assert run("illustrate", text, "-o", book, "--generator", folder, "--guidance", 2.5).exit_code == 0
    assert Book.open(book).file.steps == 3
    assert run("illustrate", book, "--guidance", 2).exit_code == 0
    assert Book.open(book).file.steps == 20


def test_a_learnt_character_is_drawn_the_slow_way(generator, folder, tmp_path) -> None:
    known, text, book = tmp_path / "zuzu.safetensors", tmp_path / "story.txt", tmp_path / "book"
    info = AdapterInfo("Zuzu", "fox", "token", generator.fingerprint, 0)
    Adapter(info, torch.zeros(16), {}).save(known)
    text.write_text("Zuzu ran.")
    how = ("--generator", folder, "--guidance", 2.5, "--character", f"Zuzu={known}")
    assert run("illustrate", text, "-o", book, *how).exit_code == 0
    assert Book.open(book).file.steps == 20


def test_a_page_of_few_steps_with_a_learnt_character_gets_all_steps(generator) -> None:
    info = AdapterInfo("Zuzu", "fox", "token", generator.fingerprint, 0)
    knowing = with_characters(generator, {"Zuzu": Adapter(info, torch.zeros(16), {})})
    total, x0, _ = draw(knowing, page(3), [ClassifierFree(2.5)])
    assert total == knowing.steps(2.5, "") == 20
    assert torch.equal(x0, draw(knowing, page(20), [ClassifierFree(2.5)])[1])
    assert draw(knowing, page(4), [ClassifierFree(2.5)])[0] == 4


def test_both_engines_draw_the_same_in_few_steps(generator, folder) -> None:
    light = load_generator(folder, engine="light")
    both = [draw(engine, page(3), [ClassifierFree(2.5)]) for engine in (generator, light)]
    latents = [np.asarray(x0) for _, x0, _ in both]
    assert np.linalg.norm(latents[0] - latents[1]) <= 1e-4 * np.linalg.norm(latents[0])
    grey = [np.asarray(image, dtype=int) for _, _, image in both]
    assert grey[0].shape == (256, 256, 3)
    assert np.abs(grey[0] - grey[1]).max() <= 1


def test_a_folder_that_does_not_say_what_it_is_for_is_refused(tmp_path) -> None:
    folder = tiny_model(tmp_path, few_steps=HOW_FEW)
    (folder / FEW_STEPS / HOW).write_text("{")
    for engine in ("torch", "light"):
        with pytest.raises(CheckpointError, match=HOW):
            load_generator(folder, engine=engine)


def test_the_aim_of_distillation_leads_where_the_teacher_arrives() -> None:
    """One step of DDIM with the aimed estimate is the teacher's guided steps, at each of the student's times."""
    torch.manual_seed(0)
    teacher = Denoiser(build_unet(4, 32, (16, 32)), NoisePath.cosine(), "v_prediction").eval()
    cond, null = (Context(torch.randn(2, 6, 32), torch.ones(2, 6, dtype=torch.bool)) for _ in range(2))

    objective = DistillObjective(teacher, teacher, None, HOW_FEW, bound=2.0)
    path, x = teacher.path, torch.randn(2, 4, 16, 16)

    @torch.no_grad()
    def guided(x, t):
        words, nothing = (teacher(x, t, context) for context in (cond, null))
        return within_bound(nothing + HOW_FEW.guidance * (words - nothing), 2.0)

    for number, pair in enumerate(itertools.pairwise(path.times(3))):
        fine = path.times(TEACHER_STEPS)[number * 4 : (number + 1) * 4 + 1]
        *_, there = dpmpp_2m(guided, path, x, fine)
        *_, one = ddim(lambda *_, n=number: objective.aim(n, x, cond, null), path, x, list(pair))
        assert torch.allclose(one.x, there.x, atol=1e-4)


def test_large_pictures_are_averaged_before_the_encoder_looks() -> None:
    torch.manual_seed(0)
    autoencoder = Autoencoder(AutoencoderConfig(4, widths=(16, 16), decoder_widths=(16, 16, 16))).eval()
    small = torch.rand(1, 3, 128, 128) * 2 - 1
    with torch.no_grad():
        latents = autoencoder.encode(small)
        assert torch.allclose(
            autoencoder.encode(small.repeat_interleave(2, 2).repeat_interleave(2, 3)), latents, atol=1e-5
        )
        assert latents.shape == (1, 4, 16, 16)
        assert autoencoder.decode(latents).shape == (1, 3, 256, 256)


def test_a_new_student_starts_with_what_the_old_one_had_learnt(folder: Path, tmp_path: Path) -> None:
    old, student = load_arrays(folder / "unet"), load_arrays(folder / FEW_STEPS)
    assert any((old[name] != student[name]).any() for name in old)
    unet = load_generator(folder).denoiser.unet
    before = {name: weight.clone() for name, weight in unet.state_dict().items()}
    for weight in unet.parameters():
        weight.data += 1
    add_learnt(unet, folder)
    for name, weight in unet.state_dict().items():
        assert torch.allclose(weight, before[name] + 1 + torch.from_numpy(student[name] - old[name]))
    other = tiny_model(tmp_path, few_steps=HOW_FEW)
    save_unet(build_unet(4, 32, (16, 48), 4), other / FEW_STEPS)
    with pytest.raises(RecipeError, match="other sizes"):
        add_learnt(unet, other)
