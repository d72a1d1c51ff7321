"""Claims about memories: the contract of all of them, and what each adds."""

import pytest
import torch
from torch import Tensor, nn

from lianhuan.errors import CheckpointError
from lianhuan.memory import (
    ARLDMMemory,
    CopyPasteMemory,
    LSTMMemory,
    Memory,
    NoMemory,
    ReferenceMemory,
    SharedAttentionMemory,
    Stack,
)
from lianhuan.memory.ar_ldm import ARLDMMemoryConfig
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.memory.shared_attention import SharedAttentionConfig
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser, build_unet
from lianhuan.sampling import NoisePath
from lianhuan.testing import check_memory

SMALL = LSTMMemoryConfig(latent_channels=4, width=32, picture_width=24, hidden=16)


def lstm(*, trained: bool = True) -> LSTMMemory:
    torch.manual_seed(0)
    memory = LSTMMemory(SMALL).eval().requires_grad_(False)
    if trained:
        torch.nn.init.normal_(memory.out.weight)
        torch.nn.init.normal_(memory.recall.weight)
    return memory


def ar_ldm(window: int = 3) -> ARLDMMemory:
    torch.manual_seed(0)
    config = ARLDMMemoryConfig(latent_channels=4, width=32, heads=2, layers=1, window=window)
    memory = ARLDMMemory(config).eval().requires_grad_(False)
    torch.nn.init.normal_(memory.out.weight)
    return memory


def page(stories: int, seed: int = 0, *names: str) -> tuple[Context, Tensor]:
    """A page with 7 tokens, the last two of them padding; row i is the same for any number of stories."""
    rngs = [torch.Generator().manual_seed(1000 * seed + row) for row in range(stories)]
    tokens = torch.stack([torch.randn(7, 32, generator=rng) for rng in rngs])
    latents = torch.stack([torch.randn(4, 16, 16, generator=rng) for rng in rngs])
    mask = torch.ones(stories, 7, dtype=torch.bool)
    mask[:, 5:] = False
    return Context(tokens, mask, cast=(frozenset(names),) * stories), latents


def after(memory: Memory, *frames: tuple[Context, Tensor]) -> dict[str, object]:
    state = memory.start(len(frames[0][1]))
    for context, latents in frames:
        state = memory.write(state, context, latents)
    return dict(state)


ALL: dict[str, Memory] = {
    "none": NoMemory(),
    "lstm": lstm(),
    "ar-ldm": ar_ldm(),
    "shared-attention": SharedAttentionMemory(),
    "reference": ReferenceMemory(),
    "copy-paste": CopyPasteMemory(),
    "stack": Stack([lstm(), ar_ldm(), SharedAttentionMemory()]),
}


@pytest.mark.parametrize("name", ALL)
def test_every_memory_keeps_the_contract(name: str) -> None:
    check_memory(ALL[name], page)


@pytest.mark.parametrize("name", ["none", "lstm", "ar-ldm"])
def test_the_null_of_token_memories_knows_no_picture(name: str) -> None:
    memory, (nothing, _) = ALL[name], page(1, 5)
    one = memory.read(after(memory, page(1, 0)), nothing, "uncond")
    other = memory.read(after(memory, page(1, 1)), nothing, "uncond")
    assert torch.equal(one.tokens, other.tokens)
    assert torch.equal(one.mask, other.mask)


def test_an_untrained_lstm_changes_nothing() -> None:
    memory = lstm(trained=False)
    context, latents = page(2)
    state = memory.write(memory.start(2), context, latents)
    assert torch.equal(memory.read(state, context, "cond").tokens, context.tokens)


@pytest.mark.parametrize("name", ["lstm", "ar-ldm"])
def test_what_is_remembered_depends_on_the_picture_and_on_the_frame_before_it(name: str) -> None:
    memory, (context, latents) = ALL[name], page(1)
    other = page(1, seed=9)[1]

    def tokens(*pictures: Tensor) -> Tensor:
        return memory.read(after(memory, *((context, p) for p in pictures)), context, "cond").tokens

    assert not torch.allclose(tokens(latents), tokens(other), atol=1e-4)
    assert not torch.allclose(tokens(latents, other), tokens(other, other), atol=1e-5)


def test_a_look_is_found_again_under_its_own_name() -> None:
    cell = lstm().matrix
    (mike, _), (jon, _) = page(1, 1), page(1, 2)
    looks = {
        name: torch.randn(1, 4, 32, generator=torch.Generator().manual_seed(n)) for n, name in enumerate("mj")
    }
    state = cell.start(torch.zeros(1, 1))
    for context, look in ((mike, looks["m"]), (jon, looks["j"]), (jon, looks["j"])):
        state = cell.write(state, context, look)
    found = cell.read(state, mike).flatten()
    own, other = (torch.cosine_similarity(found, cell.value(looks[n]).flatten(), dim=0) for n in "mj")
    assert own > 2 * other


def test_gradients_reach_every_part_through_time() -> None:
    memory = lstm(trained=True).requires_grad_(True)
    context, latents = page(2)
    state = memory.write(memory.start(2), context, latents)
    memory.read(memory.write(state, context, latents), context, "cond").tokens.square().sum().backward()
    assert [name for name, p in memory.named_parameters() if p.grad is None or not p.grad.abs().sum()] == []


class TestHistory:
    """AR-LDM: one block of tokens per earlier frame."""

    def test_each_earlier_frame_adds_one_block_up_to_the_window(self) -> None:
        memory = ar_ldm(window=2)
        frames = [page(1, seed) for seed in range(4)]
        lengths = [
            memory.read(after(memory, *frames[:n]), frames[0][0], "cond").tokens.shape[1]
            for n in (1, 2, 3, 4)
        ]
        assert lengths == [14, 21, 21, 21]

    def test_the_window_holds_the_latest_frames(self) -> None:
        memory = ar_ldm(window=2)
        frames = [page(1, seed) for seed in range(4)]
        long, short = after(memory, *frames), after(memory, *frames[2:])
        assert torch.equal(
            memory.read(long, frames[0][0], "cond").tokens, memory.read(short, frames[0][0], "cond").tokens
        )

    def test_the_order_of_frames_matters(self) -> None:
        memory, one, two = ar_ldm(), page(1, 1), page(1, 2)
        forth = memory.read(after(memory, one, two), one[0], "cond").tokens
        back = memory.read(after(memory, two, one), one[0], "cond").tokens
        assert not torch.allclose(forth[:, 7:].square().sum(1), back[:, 7:].square().sum(1), atol=1e-4)

    def test_padding_of_the_words_stays_hidden(self) -> None:
        memory, (context, latents) = ar_ldm(), page(1)
        noisy = context.with_tokens(torch.where(context.mask[..., None], context.tokens, 9.0))
        kept = memory.read(after(memory, (context, latents)), context, "cond")
        same = memory.read(after(memory, (noisy, latents)), context, "cond")
        torch.testing.assert_close(kept.tokens[kept.mask], same.tokens[same.mask], atol=1e-5, rtol=1e-5)

    def test_gradients_reach_every_part_but_the_null_picture(self) -> None:
        memory = ar_ldm().requires_grad_(True)
        context, _ = page(2)
        state = after(memory, page(2, 1), page(2, 2))
        memory.read(state, context, "cond").tokens.square().sum().backward()
        silent = [n for n, p in memory.named_parameters() if p.grad is None or not p.grad.abs().sum()]
        assert [name for name in silent if ".key.bias" not in name and "k_bias" not in name] == []


def tiny_denoiser() -> Denoiser:
    torch.manual_seed(1)
    denoiser = Denoiser(build_unet(4, 32, (16, 32)), NoisePath.cosine(), "v_prediction")
    for (
        layer
    ) in denoiser.modules():  # diffusers starts some layers at zero, which would hide what attention does
        if isinstance(layer, nn.Linear | nn.Conv2d) and not layer.weight.abs().sum():
            nn.init.normal_(layer.weight, std=0.05)
    return denoiser.eval().requires_grad_(False)


class TestSharedAttention:
    def test_it_equals_all_pages_in_one_batch_under_a_causal_mask(self) -> None:
        """Three pages in one call of the batch form, against page after page with the earlier ones as references."""
        denoiser, t = tiny_denoiser(), 400
        memory = SharedAttentionMemory(SharedAttentionConfig(window=3))
        frames = [page(1, seed, "Mia") for seed in range(3)]
        state = after(memory, *frames[:2])
        last = memory.read(state, frames[2][0], "cond")
        assert last.references is not None
        share = float(denoiser.path.alphas_cumprod[t])
        noised = share**0.5 * last.references.latents[0] + (1 - share) ** 0.5 * last.references.noise[0]
        x = torch.cat([noised, frames[2][1]])
        bank: dict[int, list[Tensor]] = {}
        with causal_bank(denoiser.unet, bank):
            alone = [denoiser(x[i : i + 1], t, frames[i][0]) for i in range(3)]
        torch.testing.assert_close(denoiser(x[2:], t, last), alone[2], atol=2e-5, rtol=1e-4)
        assert not torch.allclose(denoiser(x[2:], t, frames[2][0]), alone[2], atol=1e-3)

    def test_strength_zero_is_the_plain_generator_bit_by_bit(self) -> None:
        memory = SharedAttentionMemory(SharedAttentionConfig(strength=0.0))
        context, x = page(1, 3, "Mia")
        off = memory.read(after(memory, page(1, 1, "Mia")), context, "cond")
        denoiser = tiny_denoiser()
        assert torch.equal(denoiser(x, 300, off), denoiser(x, 300, context))

    def test_a_vanishing_strength_approaches_the_plain_generator(self) -> None:
        denoiser, (context, x) = tiny_denoiser(), page(1, 3, "Mia")
        plain = denoiser(x, 300, context)
        gaps = []
        for strength in (1.0, 0.1, 1e-6):
            memory = SharedAttentionMemory(SharedAttentionConfig(strength=strength))
            seen = memory.read(after(memory, page(1, 1, "Mia")), context, "cond")
            gaps.append(float((denoiser(x, 300, seen) - plain).abs().max()))
        assert gaps[0] > gaps[1] > gaps[2]
        assert gaps[2] < 1e-4

    def test_it_looks_at_pages_with_the_characters_on_stage(self) -> None:
        memory = SharedAttentionMemory(SharedAttentionConfig(window=2))
        frames = [
            page(1, i, *names) for i, names in enumerate((("Mia",), ("Leo",), ("Mia",), ("Leo",), ("Mia",)))
        ]
        state = after(memory, *frames)

        def looked_at(*names: str) -> list[int]:
            references = memory.read(state, page(1, 9, *names)[0], "cond").references
            assert references is not None
            return [
                i
                for i, (_, latents) in enumerate(frames)
                for row in references.latents[0][references.mask[0].any(1)]
                if torch.equal(row, latents[0])
            ]

        assert looked_at("Mia") == [0, 4]
        assert looked_at("Leo") == [1, 3]
        assert looked_at("Mia", "Leo") == [0, 1, 3, 4]
        assert looked_at() == [0, 4]
        assert memory.read(state, page(1, 9, "Ann")[0], "cond").references is None

    def test_stories_with_other_casts_draw_together_as_alone(self) -> None:
        memory, denoiser = SharedAttentionMemory(), tiny_denoiser()
        _, x = page(2, 7)
        rows = []
        for row, names in enumerate((("Mia",), ("Leo", "Ann"))):
            states = after(memory, page(1, row, names[0]), page(1, row + 2, *names))
            rows.append(memory.read(states, page(1, row + 4, *names)[0], "cond"))
        rows[0] = memory.read(after(memory, page(1, 0, "Mia")), page(1, 4, "Mia")[0], "cond")
        both = denoiser(x, 300, Context.join(rows))
        for row in range(2):
            torch.testing.assert_close(
                both[row : row + 1], denoiser(x[row : row + 1], 300, rows[row]), atol=2e-5, rtol=1e-4
            )

    def test_what_is_kept_is_bounded(self) -> None:
        memory = SharedAttentionMemory(SharedAttentionConfig(window=2))
        state = after(memory, *(page(1, i, ("Mia", "Leo")[i % 2]) for i in range(20)))
        assert len(state["pages"]) <= 4  # type: ignore[arg-type]


class causal_bank:
    """Page after page with a bank of what self-attention saw before: the sequential form, written without the product's."""

    def __init__(self, unet: nn.Module, bank: dict[int, list[Tensor]]):
        self.layers = [m for n, m in unet.named_modules() if n.endswith("attn1")]
        self.bank = bank

    def __enter__(self) -> None:
        self.old = [layer.processor for layer in self.layers]
        for number, layer in enumerate(self.layers):
            layer.processor = self.look(self.bank.setdefault(number, []))

    def __exit__(self, *_: object) -> None:
        for layer, processor in zip(self.layers, self.old, strict=True):
            layer.processor = processor

    @staticmethod
    def look(seen: list[Tensor]) -> object:
        def process(attn: nn.Module, hidden_states: Tensor, **_: object) -> Tensor:
            seen.append(hidden_states)
            everything = torch.cat(seen, dim=1)

            def heads(x: Tensor) -> Tensor:
                return x.unflatten(2, (attn.heads, -1)).transpose(1, 2)

            weights = heads(attn.to_q(hidden_states)) @ heads(attn.to_k(everything)).transpose(2, 3)
            mixed = (weights * attn.scale).softmax(-1) @ heads(attn.to_v(everything))
            return attn.to_out[0](mixed.transpose(1, 2).flatten(2))

        return process


def test_copy_paste_shows_the_first_picture_on_every_later_page() -> None:
    memory, first = CopyPasteMemory(), page(2, 1)
    assert memory.read(memory.start(2), page(2)[0], "cond").picture is None
    shown = memory.read(after(memory, first, page(2, 2), page(2, 3)), page(2)[0], "cond").picture
    assert shown is not None
    assert torch.equal(shown, first[1])


class TestStack:
    def test_it_adds_up_what_its_memories_add(self) -> None:
        one, two = lstm(), SharedAttentionMemory()
        frame, (context, _) = page(1, 1, "Mia"), page(1, 2, "Mia")
        together = Stack([one, two])
        read = together.read(after(together, frame), context, "cond")
        assert torch.equal(read.tokens, one.read(after(one, frame), context, "cond").tokens)
        assert read.references is not None
        assert together.name == "lstm+shared-attention"

    @pytest.mark.parametrize(
        "memories", [[lstm(), lstm()], [CopyPasteMemory(), lstm()]], ids=["twice", "pasted"]
    )
    def test_it_refuses_what_does_not_go_together(self, memories: list[Memory]) -> None:
        with pytest.raises(CheckpointError, match=r"\+"):
            Stack(memories)
