"""Training of the text encoder, the memory and the denoiser on stories of the world."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.base import State
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser, watched
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.train.cells import CellHeads, Cells
from lianhuan.train.diffusion import diffusion_loss, step_rng
from lianhuan.train.losses import cell_weights
from lianhuan.train.story_data import HIDDEN, TOLD_LOOKS, Cast, StoryBatch, StoryData, frame_after_frame
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
        cells_weight: of the cross-entropies of what is where.
    """

    drop_memory = 0.15
    met = 0.75
    cells_weight = 0.1
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
            sizes: Any = denoiser.unet.config
            self.cells = CellHeads(sizes.block_out_channels, data.world)
            parts["cells"] = self.cells
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
        reading = self._read(batch, step, rng)
        aux, figures = self._aux(batch, reading)
        loss = self.aux_weight * aux
        if self.denoiser is not None:
            x0, focus, context, some = self._drawn(batch, reading, rng, self.drop_all)
            weight = cell_weights(focus)
            with watched(self.denoiser.unet, [self.cells.layer]) as seen:
                drawn = diffusion_loss(self.denoiser, x0, context, rng, weight)
            cells = Cells.join([batch.cells(len(self.data.world.kinds)), batch.cast.cells().some(some)])
            named, right = self.cells.loss(seen[self.cells.layer], cells, weight)
            figures |= {"denoise": drawn.detach(), **right}
            loss = loss + drawn + self.cells_weight * named
        return loss, figures

    @torch.no_grad()
    def pictures(self, batch: StoryBatch, step: int) -> tuple[Tensor, Tensor, Context, Context]:
        """What is drawn of some stories, N pictures: latents, focus, the words they are drawn with, and the null of guidance.

        First all pages, frame after frame, then some portraits.
        """
        rng = step_rng(self.data.seed, step)
        reading = self._read(batch, step, rng)
        x0, focus, context, _ = self._drawn(batch, reading, rng, drop_all=0)
        return x0, focus, context, reading.null(len(x0))

    @torch.no_grad()
    def remembered(self, batch: StoryBatch, step: int) -> tuple[Context, dict[str, Tensor]]:
        """What all pages are drawn with, frame after frame, none without memory, and by name the labels (N, ...) that this decides.

        -1 stands for looks that neither memory nor stage knows.
        """
        reading = self._read(batch, step, step_rng(self.data.seed, step))
        labels = dict(batch.labels)
        for name in self.heads.look_labels:
            for i in range(self.text.config.stage):
                known = reading.known[:, :, i]
                if name in TOLD_LOOKS:
                    known = known | batch.told[:, :, i, TOLD_LOOKS.index(name)]
                labels[f"{name}{i}"] = labels[f"{name}{i}"].masked_fill(~known, -1)
        by_frame = {name: frame_after_frame(table) for name, table in labels.items()}
        return Context.join([cond for cond, _, _ in reading.told]), by_frame

    def _read(self, batch: StoryBatch, step: int, rng: torch.Generator) -> "_Reading":
        memory = self.memories[step % len(self.memories)]
        plain = Context(*self.text(batch.ids, batch.segments, batch.mask))
        cast = Context(*self.text(batch.cast.ids, batch.cast.segments, batch.cast.mask))
        seen, met = (
            memory.look(words, _noised(pictures, rng).flatten(0, 1)).unflatten(0, pictures.shape[:2])
            for words, pictures in ((plain, batch.latents), (cast, batch.cast.latents))
        )
        state, known = memory.start(len(batch.latents)), batch.seen
        if isinstance(memory, LSTMMemory):
            shown = (torch.rand(len(known), generator=rng) < self.met).to(known.device)
            state = _after_portraits(memory, state, cast, met, shown[:, None] & batch.cast.there)
            known = known | shown[:, None, None]
        return _Reading(plain, cast, seen, met, known, self._tell(memory, state, batch, plain, seen))

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

    def _drawn(
        self, batch: StoryBatch, reading: "_Reading", rng: torch.Generator, drop_all: float
    ) -> tuple[Tensor, Tensor, Context, Tensor]:
        """Latents and focus of all pages, frame after frame, and of some portraits, what they are drawn with, and which portraits.

        Portraits are drawn with their words alone, as all pages of a story are at times; single pictures at times with nothing.
        """
        pages, focus = batch.by_frame()
        cast = batch.cast
        some = cast.some(max(1, len(batch.latents) // 2), rng)
        empty = (torch.rand(len(some), generator=rng) < drop_all).to(some.device)
        rows = torch.arange(len(some), device=some.device) + len(some) * empty
        portraits = some_pages(Context.join([some_pages(reading.cast, some), reading.null(len(some))]), rows)
        return (
            torch.cat([pages, cast.latents.flatten(0, 1)[some]]),
            torch.cat([focus, cast.focus.flatten(0, 1)[some]]),
            Context.join([self._context(reading.told, rng, drop_all), portraits]),
            some,
        )

    def _context(self, told: list[Kinds], rng: torch.Generator, drop_all: float) -> Context:
        """What pages are drawn with, frame after frame: at times without memory (whole stories), at times nothing (single frames)."""
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

    def _aux(self, batch: StoryBatch, reading: "_Reading") -> tuple[Tensor, dict[str, Tensor]]:
        shape = batch.latents.shape[:2]
        lead = self.text.config.summary_tokens
        words = reading.plain.tokens[:, :lead].unflatten(0, shape)
        seen, known = reading.seen[:, :, :lead], reading.known
        table = batch.labels

        state = torch.stack([cond.tokens[:, :lead] for cond, _, _ in reading.told], dim=1)
        heads, rare = self.heads, {ASKED: batch.asked > 0}
        jobs = [(name, heads.page(name, words), table[name]) for name in heads.page_labels]
        jobs += [(name, heads.actors(name, words), batch.actors(name)) for name in heads.actor_labels]
        jobs.append((ASKED, heads.actors(ASKED, words), batch.asked))
        jobs += [(name, heads.page(name, state), table[name]) for name in heads.carried_labels]
        for i, name in enumerate(TOLD_LOOKS):
            # by the heads of what is remembered: the denoiser needs not know who told
            target = batch.actors(name).masked_fill(~batch.told[..., i], -1)
            jobs.append((f"told_{name}", heads.actors(name, words), target))
        for name in heads.look_labels:
            jobs.append((f"seen_{name}", heads.actors(f"seen_{name}", seen), batch.actors(name)))
            jobs.append((name, heads.actors(name, state), batch.actors(name).masked_fill(~known, -1)))
            rare[name] = batch.changed
        jobs += self._of_portraits(batch.cast, reading)
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

    def _of_portraits(self, cast: Cast, reading: "_Reading") -> list[tuple[str, Tensor, Tensor]]:
        """Who a portrait shows and the look that it is told, asked of its words, and its look, asked of the picture."""
        heads, lead = self.heads, self.text.config.summary_tokens
        words = reading.cast.tokens[:, :lead].unflatten(0, cast.there.shape)
        seen, labels = reading.met[:, :, :lead], cast.labels
        target = labels["kind"].masked_fill(~cast.there, -1)
        jobs = [("portrait_kind", heads.actors("kind", words)[:, :, 0], target)]
        for i, name in enumerate(TOLD_LOOKS):
            target = labels[name].masked_fill(~cast.told[..., i], -1)
            jobs.append((f"portrait_{name}", heads.actors(name, words)[:, :, 0], target))
        jobs += [
            (f"portrait_seen_{name}", heads.actors(f"seen_{name}", seen)[:, :, 0], labels[name])
            for name in heads.look_labels
        ]
        return jobs


@dataclass(frozen=True)
class _Reading:
    """What words and the memory whose turn it is make of B stories of V pages and at most P characters.

    Attributes:
        plain, cast: the words of the pages, (B*V, ...), and of the portraits, (B*P, ...).
        seen, met: the summary tokens after looking at the pictures of the pages, (B, V, S, D), and portraits, (B, P, S, D).
        known: (B, V, P) bool, whose look the memory knows before the page.
        told: what each frame is drawn with.
    """

    plain: Context
    cast: Context
    seen: Tensor
    met: Tensor
    known: Tensor
    told: list[Kinds]

    def null(self, pictures: int) -> Context:
        """The null of guidance, which is the same for all, so many times."""
        return some_pages(self.told[0][2], torch.zeros(pictures, dtype=torch.long))


def _after_portraits(memory: LSTMMemory, state: State, words: Context, seen: Tensor, shown: Tensor) -> State:
    """The state of B stories after the portraits that are `shown`, (B, P) bool; `seen` is (B, P, S, D)."""
    stories, places = shown.shape
    for place in range(places):
        rows = torch.arange(stories, device=shown.device) * places + place
        after = memory.meet(state, some_pages(words, rows), seen[:, place])
        state = _either(shown[:, place], after, state)
    return state


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
