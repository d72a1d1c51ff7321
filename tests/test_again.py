"""Claims about pages that are read again while they are drawn."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.conductor import PageDone
from lianhuan.control import ClassifierFree
from lianhuan.data.world import WorldPictures
from lianhuan.generators import LatentDiffusion
from lianhuan.generators.latent import READ_AGAIN
from lianhuan.generators.loop import within_bound
from lianhuan.memory import LSTMMemory, NoMemory, Stack
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.memory.shared_attention import SharedAttentionMemory
from lianhuan.models.context import Context
from lianhuan.models.few_steps import FewSteps
from lianhuan.sampling import dpmpp_2m, page_noise
from lianhuan.story import PageRequest
from lianhuan.testing.models import tiny_model
from lianhuan.train.diffusion import step_rng
from lianhuan.train.distill import DistillObjective
from objectives import story

STEPS = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model(tmp_path_factory.mktemp("again"))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> WorldPictures:
    return WorldPictures.render(tmp_path_factory.mktemp("world"), "train", 4, 128, workers=1)


@pytest.fixture(scope="module")
def generator(folder: Path) -> LatentDiffusion:
    return load_generator(folder, engine="torch")


def pages(count: int) -> list[PageRequest]:
    return [PageRequest(scene_id=f"s{i}", caption=f"Mia ran {i} miles.", steps=STEPS) for i in range(count)]


def read(memory: LSTMMemory, generator: LatentDiffusion, page: PageRequest) -> dict[str, Context]:
    words, null = generator.encode([page]), generator.null(1)
    return {
        "cond": memory.read(memory.start(1), words, "cond"),
        "uncond": memory.read(memory.start(1), null, "uncond"),
    }


def drawn(generator: LatentDiffusion, some: list[PageRequest], contexts: list[Mapping[str, Context]]) -> list:
    """The estimates after every step, and the pictures."""
    *steps, last = generator.frames(some, contexts, [ClassifierFree(2.0)])
    return [step.x0 for step in steps], [image.tobytes() for image in last.images]


def loud(memory: LSTMMemory) -> LSTMMemory:
    """What it remembers changes the words a great deal, as that of a trained one does."""
    torch.manual_seed(1)
    for layer in (memory.out, memory.recall):
        torch.nn.init.normal_(layer.weight)
    return memory.requires_grad_(False)


@pytest.fixture(scope="module")
def memory(folder: Path) -> LSTMMemory:
    return loud(load_memory("lstm", folder, engine="torch"))


def test_reading_again_is_reading_after_the_estimate_was_written(memory, generator):
    page = generator.encode(pages(1))
    before = memory.write(memory.start(1), page, torch.randn(1, 4, 16, 16))
    x0 = torch.randn(1, 4, 16, 16)
    once = memory.read(before, page, "cond")
    again = once.again(x0)
    assert torch.equal(again.tokens, memory.read(memory.write(before, page, x0), page, "cond").tokens)
    assert (again.tokens - once.tokens).abs().max() > 0.1
    assert torch.equal(once.again(x0).tokens, again.tokens)  # nothing is kept from one look to the next
    assert memory.read(before, page, "uncond").again is None


def test_the_steps_after_are_those_of_the_words_read_again(memory, generator):
    (page,) = pages(1)
    contexts = read(memory, generator, page)
    given: list[Tensor] = []

    def note(x0: Tensor) -> Context:
        given.append(x0)
        return contexts["cond"].again(x0)

    noted = {**contexts, "cond": replace(contexts["cond"], again=note)}
    found, _ = drawn(generator, [page], [noted])
    assert len(given) == STEPS * READ_AGAIN
    assert all(torch.equal(x0, step) for x0, step in zip(given, found, strict=False))

    now, guide, number = contexts["cond"], ClassifierFree(2.0), 0

    def denoise(x: Tensor, t: float) -> Tensor:
        nonlocal now, number
        both = {
            name: generator.denoiser(x, t, c) for name, c in (("uncond", contexts["uncond"]), ("cond", now))
        }
        x0, number = guide.combine(both), number + 1
        x0 = x0 if generator.bound is None else within_bound(x0, generator.bound)
        if number <= STEPS * READ_AGAIN:
            now = contexts["cond"].again(x0)
        return x0

    path = generator.denoiser.path
    noise = torch.from_numpy(page_noise(page.seed, page.scene_id, page.take, (4, 16, 16)))[None]
    with torch.inference_mode():
        *_, last = dpmpp_2m(denoise, path, noise, path.times(STEPS))
    torch.testing.assert_close(found[-1], last.x, rtol=1e-4, atol=1e-4)
    still, _ = drawn(generator, [page], [{**contexts, "cond": replace(contexts["cond"], again=None)}])
    assert torch.equal(still[0], found[0])
    assert not torch.allclose(still[1], found[1], atol=1e-3)


def test_pages_that_are_read_again_come_out_alone_as_together(memory, generator):
    some = pages(3)
    contexts = [read(memory, generator, page) for page in some]
    _, together = drawn(generator, some, contexts)
    assert together == [drawn(generator, [p], [c])[1][0] for p, c in zip(some, contexts, strict=True)]
    assert together == drawn(generator, some[::-1], contexts[::-1])[1][::-1]


@pytest.mark.parametrize("engine", ["torch", "light"])
def test_a_story_is_read_again_on_both_engines(folder: Path, engine: str, monkeypatch: pytest.MonkeyPatch):
    tale = parse_story("Mia ran to the beach. She sat down.")
    drawing, memory = load_generator(folder, engine=engine), load_memory("lstm", folder, engine=engine)
    looks: list[object] = []
    write = type(memory).write
    monkeypatch.setattr(type(memory), "write", lambda *given: looks.append(given) or write(*given))
    events = list(illustrate(tale, drawing, memory=memory, steps=STEPS))
    told = sum(isinstance(event, PageDone) for event in events)
    assert len(looks) == told * (STEPS * READ_AGAIN + 1)


def test_a_stack_is_read_again_where_one_of_it_can_be():
    torch.manual_seed(0)
    lstm = loud(LSTMMemory(LSTMMemoryConfig(4, 32, 24, 16)).eval())
    page = Context(torch.randn(1, 7, 32), torch.ones(1, 7, dtype=torch.bool), cast=(frozenset({"Mia"}),))
    earlier, x0 = torch.randn(1, 4, 16, 16), torch.randn(1, 4, 16, 16)
    stack = Stack([lstm, SharedAttentionMemory()])
    state = stack.write(stack.start(1), page, earlier)
    both = stack.read(state, page, "cond")
    again = both.again(x0)
    alone = lstm.read(state["lstm"], page, "cond").again(x0)
    assert torch.equal(again.tokens, alone.tokens)
    assert torch.equal(again.references.latents, both.references.latents)
    quiet = Stack([NoMemory(), SharedAttentionMemory()])
    assert quiet.read(quiet.start(1), page, "cond").again is None


def test_only_a_page_that_is_read_again_knows_its_own_picture(pictures: WorldPictures) -> None:
    objective = story(pictures)
    objective.drop_memory = 0
    batch = objective.batch(1)
    assert objective.memories[1].name == "ar-ldm"
    other = replace(batch, latents=batch.latents.clone())
    other.latents[:, -1] += 1
    (first, later, null), (same, moved, none) = objective.contexts(batch, 1), objective.contexts(other, 1)
    assert torch.equal(first.tokens, same.tokens)
    assert torch.equal(null.tokens, none.tokens)
    apart = (later.tokens - moved.tokens).abs().amax((1, 2))
    assert (apart[-2:] > 0.01).all()  # the last frame of both stories
    assert (apart[:-2] == 0).all()


def test_a_student_of_few_steps_reads_pages_again_from_its_second_time_on(
    pictures: WorldPictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling, step = story(pictures), 1
    telling.drop_memory = 0
    assert telling.denoiser is not None
    objective = DistillObjective(telling.denoiser, telling.denoiser, telling, FewSteps(steps=3), None)
    told: list[Tensor] = []
    monkeypatch.setattr(
        objective, "_error", lambda _, x0, noise, cond, null: told.append(cond.tokens) or 0 * x0
    )
    batch = objective.batch(step)
    objective.loss(batch, step, torch.device("cpu"))
    first, later, _ = telling.contexts(batch, step)
    rows = torch.randperm(len(first.tokens), generator=step_rng(telling.data.seed, step)).chunk(3)
    wanted = [(later if number else first).tokens[some] for number, some in enumerate(rows)]
    assert all(torch.equal(*pair) for pair in zip(told, wanted, strict=True))
    assert not torch.equal(first.tokens, later.tokens)
