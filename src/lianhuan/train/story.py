"""Training of the text encoder, the memory and the denoiser on stories of the world."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.base import State
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.train.diffusion import diffusion_loss, step_rng
from lianhuan.train.losses import cell_weights
from lianhuan.train.story_data import HIDDEN, TOLD_LOOKS, Cast, StoryBatch, StoryData
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import COLOURS, SMALL, Vocabulary

TrainedMemory = LSTMMemory | ARLDMMemory
PAGE_LABELS = ("place", "count", "prop", "view", "style")
"""Labels that the words alone decide."""
CARRIED_LABELS = ("time", "weather")
"""Labels that an earlier page may decide."""
ACTOR_LABELS = ("kind", "action", "emotion")
"""Labels per actor that the words alone decide."""
LOOK_LABELS = ("top", "head", "worn", *HIDDEN)
"""Labels per actor that only pictures show."""
ASKED = "asked"
"""Label per actor: what the words have it put on; 0 = nothing, then the colours of a top, then the things of `WORN`."""
RARE_LIMIT = 30.0
"""Looks that words have changed count together as much as all others, but one no more than so many times."""
Kinds = tuple[Context, Context, Context]
"""Of one frame of all stories: its words with memory, its words alone, and the null of guidance."""


class StoryHeads(nn.Module):
    """Linear readers of the summary tokens, used in training only: the world's labels are free.

    Labels of what the text encoder is not told, styles and who stands beyond its places, are not learnt.

    Attributes:
        page_labels, carried_labels, actor_labels, look_labels: those of the names above that `world` has.
    """

    def __init__(self, text: TextEncoderConfig, world: Vocabulary = SMALL):
        super().__init__()
        counts, width = classes(world), text.width
        counts |= {f"{name}0": len(words) for name, words in HIDDEN.items()}
        told = [name for name in PAGE_LABELS if name != "style" or text.styles]
        self.page_labels = tuple(name for name in told if name in counts)
        self.carried_labels = CARRIED_LABELS
        self.actor_labels = tuple(name for name in ACTOR_LABELS if f"{name}0" in counts)
        self.look_labels = tuple(name for name in LOOK_LABELS if f"{name}0" in counts)
        page = {name: nn.Linear(width, counts[name]) for name in (*self.page_labels, *self.carried_labels)}
        actor = {
            name: nn.Linear(width, counts[f"{name}0"]) for name in (*self.actor_labels, *self.look_labels)
        }
        seen = {f"seen_{name}": nn.Linear(width, counts[f"{name}0"]) for name in self.look_labels}
        asked = {ASKED: nn.Linear(width, len(COLOURS) + len(world.worn))}
        self.heads = nn.ModuleDict({**page, **actor, **seen, **asked})

    def page(self, name: str, summary: Tensor) -> Tensor:
        """Logits of a label of the whole page from the first summary token; summary is (..., 1 + P, D)."""
        return self.heads[name](summary[..., 0, :])

    def actors(self, name: str, summary: Tensor) -> Tensor:
        """Logits (..., P, classes) of a label of each of the P places on the stage."""
        return self.heads[name](summary[..., 1:, :])


class StoryObjective:
    """One objective for two stages: without a denoiser, words and memories learn from labels alone; with it, all learn to draw.

    Losses: v- or eps-MSE of the denoiser over all frames of the story, teacher-forced with noised true pictures (against
    exposure bias), gradients through time; plus `aux_weight` times the cross-entropies of the heads. With several
    memories they take turns, one per step.

    Attributes:
        drop_memory, met: shares of the stories without memory, and of those that begin with portraits of their cast.
        drop_all: share of the frames without any words.
    """

    drop_memory = 0.15
    met = 0.75
    drop_all = 0.1

    def __init__(
        self,
        text: StoryTextEncoder,
        memories: Sequence[TrainedMemory],
        data: StoryData,
        denoiser: Denoiser | None = None,
        *,
        aux_weight: float = 1.0,
    ):
        self.text, self.memories, self.denoiser = text, tuple(memories), denoiser
        self.heads = StoryHeads(text.config, data.world)
        parts: dict[str, nn.Module] = {"text": text, "memory": memories[0], "heads": self.heads}
        if denoiser is not None:
            parts["unet"] = denoiser.unet
        parts |= {memory.name: memory for memory in memories[1:]}
        self.module: nn.Module = nn.ModuleDict(parts)
        self.data = data
        self.aux_weight = aux_weight

    def batch(self, step: int) -> StoryBatch:
        """The stories of `step`."""
        return self.data.batch(step)

    def loss(self, batch: StoryBatch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some stories; `step` seeds the noise; figures hold each part and the heads' accuracies."""
        batch = batch.to(device)
        rng = step_rng(self.data.seed, step)
        plain, seen, known, told = self._read(batch, step, rng)
        aux, figures = self._aux(batch, plain, told, seen, known)
        loss = self.aux_weight * aux
        if self.denoiser is not None:
            drawn = self._denoise(batch, self._context(told, rng, self.drop_all), rng)
            figures["denoise"] = drawn.detach()
            loss = loss + drawn
        return loss, figures

    @torch.no_grad()
    def contexts(self, batch: StoryBatch, step: int) -> tuple[Context, Context]:
        """What the pages of a batch are drawn with, and the null of guidance; V frames of B stories each, frame after frame."""
        rng = step_rng(self.data.seed, step)
        *_, told = self._read(batch, step, rng)
        return self._context(told, rng, drop_all=0), Context.join([null for _, _, null in told])

    def _read(
        self, batch: StoryBatch, step: int, rng: torch.Generator
    ) -> tuple[Context, Tensor, Tensor, list[Kinds]]:
        """The words of all pages, what the memory whose turn it is sees in their pictures, whose looks it knows, and words with memory."""
        memory = self.memories[step % len(self.memories)]
        plain = Context(*self.text(batch.ids, batch.segments, batch.mask))
        pictures = _noised(batch.latents, rng)
        seen = memory.look(plain, pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2])
        state, known = memory.start(len(pictures)), batch.seen
        if isinstance(memory, LSTMMemory):
            state, met = self._meet(memory, batch.cast, state, rng)
            known = known | met[:, None, None]
        return plain, seen, known, self._tell(memory, state, batch, plain, seen)

    def _meet(
        self, memory: LSTMMemory, cast: Cast, state: State, rng: torch.Generator
    ) -> tuple[State, Tensor]:
        """The state of stories of which a share `met` begins with portraits, and which do, (B,) bool."""
        words = Context(*self.text(cast.ids, cast.segments, cast.mask))
        seen = memory.look(words, _noised(cast.latents, rng).flatten(0, 1))
        stories, places = cast.there.shape
        met = (torch.rand(stories, generator=rng) < self.met).to(cast.there.device)
        for place in range(places):
            rows = torch.arange(stories, device=met.device) * places + place
            after = memory.meet(state, some_pages(words, rows), seen[rows])
            state = _either(met & cast.there[:, place], after, state)
        return state, met

    def _tell(
        self, memory: TrainedMemory, state: State, batch: StoryBatch, plain: Context, seen: Tensor
    ) -> list[Kinds]:
        """For each frame: its words with memory, its words alone, and the null of guidance; B stories each."""
        stories, frames = batch.latents.shape[:2]
        tokens = plain.tokens.unflatten(0, (stories, frames))
        masks = plain.mask.unflatten(0, (stories, frames))
        nothing = Context(*self.text(*_empty_page(batch)))
        told = []
        for k in range(frames):
            words = Context(tokens[:, k], masks[:, k])
            one = {key: value[:1] for key, value in state.items()}
            null = memory.read(one, nothing, "uncond")  # the same for all stories
            null = Context(null.tokens.expand(stories, -1, -1), null.mask.expand(stories, -1))
            told.append((memory.read(state, words, "cond"), words, null))
            state = memory.remember(state, words, seen[:, k])
        return told

    def _context(self, told: list[Kinds], rng: torch.Generator, drop_all: float) -> Context:
        """What the denoiser gets, frame after frame: at times without memory (whole stories), at times nothing (single frames)."""
        stories = len(told[0][0].tokens)
        forget = torch.rand(stories, generator=rng) < self.drop_memory
        picked = []
        for kinds in told:
            empty = torch.rand(stories, generator=rng) < drop_all
            kind = torch.where(empty, 2, forget.long())
            every = Context.join(kinds)
            rows = (kind * stories + torch.arange(stories)).to(every.tokens.device)
            picked.append(some_pages(every, rows))
        return Context.join(picked)

    def _aux(
        self,
        batch: StoryBatch,
        plain: Context,
        told: list[Kinds],
        seen: Tensor,
        known: Tensor,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        shape = batch.latents.shape[:2]
        lead = self.text.config.summary_tokens
        words = plain.tokens[:, :lead].unflatten(0, shape)
        seen = seen[:, :, :lead]
        table = batch.labels

        def actors(name: str) -> Tensor:
            return torch.stack([table[f"{name}{i}"] for i in range(lead - 1)], dim=2)

        state = torch.stack([cond.tokens[:, :lead] for cond, _, _ in told], dim=1)
        heads, rare = self.heads, {ASKED: batch.asked > 0}
        jobs = [(name, heads.page(name, words), table[name]) for name in heads.page_labels]
        jobs += [(name, heads.actors(name, words), actors(name)) for name in heads.actor_labels]
        jobs.append((ASKED, heads.actors(ASKED, words), batch.asked))
        jobs += [(name, heads.page(name, state), table[name]) for name in heads.carried_labels]
        for i, name in enumerate(TOLD_LOOKS):
            # by the heads of what is remembered: the denoiser needs not know who told
            target = actors(name).masked_fill(~batch.told[..., i], -1)
            jobs.append((f"told_{name}", heads.actors(name, words), target))
        for name in heads.look_labels:
            jobs.append((f"seen_{name}", heads.actors(f"seen_{name}", seen), actors(name)))
            jobs.append((name, heads.actors(name, state), actors(name).masked_fill(~known, -1)))
            rare[name] = batch.changed
        losses: list[Tensor] = []
        figures: dict[str, Tensor] = {}
        for name, logits, target in jobs:
            counts = (target >= 0).float()
            wrong = nn.functional.cross_entropy(
                logits.flatten(0, -2).float(), target.flatten(), ignore_index=-1, reduction="none"
            ).view_as(counts)
            right = (logits.argmax(-1) == target) * counts
            figures[name] = right.sum() / counts.sum()
            if name in rare:
                figures[f"{name}_changed"] = (right * rare[name]).sum() / (counts * rare[name]).sum()
                counts = _balanced(counts, rare[name])
            losses.append((counts * wrong).sum() / counts.sum().clamp(min=1))
        return torch.stack(losses).sum(), figures

    def _denoise(self, batch: StoryBatch, context: Context, rng: torch.Generator) -> Tensor:
        assert self.denoiser is not None
        x0, focus = batch.by_frame()
        return diffusion_loss(self.denoiser, x0, context, rng, cell_weights(focus))


def _balanced(counts: Tensor, rare: Tensor) -> Tensor:
    """The weights `counts`, zeros and ones, with those of rare cases raised until they weigh as much as all others."""
    few = counts * rare
    ratio = ((counts.sum() - few.sum()) / few.sum().clamp(min=1)).clamp(1, RARE_LIMIT)
    return counts + (ratio - 1) * few


def _noised(latents: Tensor, rng: torch.Generator) -> Tensor:
    """Pictures (B, V, C, 16, 16) as they are fed back: with noise of a random level."""
    level = 0.5 * torch.rand(*latents.shape[:2], 1, 1, 1, generator=rng)
    noise = torch.randn(latents.shape, generator=rng)
    return latents + (level * noise).to(latents.device)


def _either(which: Tensor, first: State, second: State) -> State:
    """For each story the state `first` where `which`, (B,) bool, else `second`."""
    return {
        key: torch.where(which.to(value.device).view(-1, *[1] * (value.ndim - 1)), first[key], value)
        for key, value in second.items()
    }


def _empty_page(batch: StoryBatch) -> tuple[Tensor, Tensor, Tensor]:
    none = torch.zeros_like(batch.ids[:1])
    return none, none, torch.zeros_like(batch.mask[:1])


def some_pages(context: Context, rows: Tensor) -> Context:
    """The words of the pages with these numbers."""
    return Context(context.tokens[rows], context.mask[rows])
