"""Claims about memories: the contract of all of them, and what the LSTM memory adds."""

import pytest
import torch
from torch import Tensor

from lianhuan.memory import LSTMMemory, Memory, NoMemory
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.models.context import Context

SMALL = LSTMMemoryConfig(latent_channels=4, width=32, picture_width=24, hidden=16)


def lstm(*, trained: bool) -> LSTMMemory:
    torch.manual_seed(0)
    memory = LSTMMemory(SMALL).eval().requires_grad_(False)
    if trained:
        torch.nn.init.normal_(memory.out.weight)
    return memory


def page(stories: int, seed: int = 0) -> tuple[Context, Tensor]:
    rng = torch.Generator().manual_seed(seed)
    tokens = torch.randn(stories, 7, 32, generator=rng)
    return Context(tokens, torch.ones(stories, 7, dtype=torch.bool)), torch.randn(
        stories, 4, 16, 16, generator=rng
    )


@pytest.mark.parametrize("memory", [NoMemory(), lstm(trained=True)], ids=["none", "lstm"])
class TestContract:
    def test_read_is_pure(self, memory: Memory) -> None:
        context, latents = page(2)
        state = memory.write(memory.start(2), context, latents)
        before = {name: value.clone() for name, value in state.items()}
        first = memory.read(state, context, "cond").tokens
        torch.testing.assert_close(memory.read(state, context, "cond").tokens, first, atol=0, rtol=0)
        assert all(torch.equal(before[name], state[name]) for name in state)

    def test_write_leaves_the_old_state_alone(self, memory: Memory) -> None:
        context, latents = page(1)
        start = memory.start(1)
        old = {name: value.clone() for name, value in start.items()}
        memory.write(start, context, latents)
        assert all(torch.equal(old[name], start[name]) for name in start)

    def test_the_null_branch_remembers_nothing(self, memory: Memory) -> None:
        context, latents = page(1)
        state = memory.write(memory.start(1), context, latents)
        assert memory.read(state, context, "uncond") is context

    def test_stories_do_not_mix_in_a_batch(self, memory: Memory) -> None:
        context, latents = page(3)
        together = memory.read(memory.write(memory.start(3), context, latents), context, "cond").tokens
        for i in range(3):
            own = Context(context.tokens[i : i + 1], context.mask[i : i + 1])
            alone = memory.read(memory.write(memory.start(1), own, latents[i : i + 1]), own, "cond").tokens
            torch.testing.assert_close(together[i : i + 1], alone, atol=1e-5, rtol=1e-5)


def test_an_untrained_lstm_changes_nothing() -> None:
    memory = lstm(trained=False)
    context, latents = page(2)
    state = memory.write(memory.start(2), context, latents)
    assert torch.equal(memory.read(state, context, "cond").tokens, context.tokens)


def test_what_is_remembered_depends_on_the_picture_and_on_the_frame_before_it() -> None:
    memory = lstm(trained=True)
    context, latents = page(1)
    other = page(1, seed=9)[1]

    def after(*pictures: Tensor) -> Tensor:
        state = memory.start(1)
        for picture in pictures:
            state = memory.write(state, context, picture)
        return memory.read(state, context, "cond").tokens

    assert not torch.allclose(after(latents), after(other), atol=1e-4)
    assert not torch.allclose(after(latents, other), after(other, other), atol=1e-5)


def test_gradients_reach_every_part_through_time() -> None:
    memory = lstm(trained=True).requires_grad_(True)
    context, latents = page(2)
    state = memory.write(memory.start(2), context, latents)
    memory.read(memory.write(state, context, latents), context, "cond").tokens.square().sum().backward()
    assert [name for name, p in memory.named_parameters() if p.grad is None or not p.grad.abs().sum()] == []
