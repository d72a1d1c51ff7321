"""Training of the text encoder, the memory and the denoiser on stories of the world."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lianhuan.data.world import FRAMES, WorldPictures, told_looks, training_requests, world_story
from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.base import State
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.sizes import TextEncoderConfig
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.story import PageRequest
from lianhuan.train.diffusion import diffusion_loss, step_rng
from lianhuan.train.losses import cell_weights
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import COLOURS, SMALL, WORN, Vocabulary

TrainedMemory = LSTMMemory | ARLDMMemory
PAGE_LABELS = ("place", "count", "prop", "view", "style")
"""Labels that the words alone decide."""
CARRIED_LABELS = ("time", "weather")
"""Labels that an earlier page may decide."""
ACTOR_LABELS = ("kind", "action", "emotion")
"""Labels per actor that the words alone decide."""
LOOK_LABELS = ("top", "head", "worn")
"""Labels per actor that only pictures show."""
ASKED = "asked"
"""Label per actor: what the words have it put on; 0 = nothing, then the colours of a top, then the things of `WORN`."""
TOLD_LOOKS = ("head", "top")
"""Those that the stage may tell, in the order of `lianhuan.data.world.told_looks`."""
ALONE = 0.2
"""Share of the pages with one character that say no more than a portrait's."""
PLAIN = 3.0
"""How much more often than others a story in the first style is learnt: it is what is drawn unless another is asked for."""
CHANGES = 4.0
"""How much more often than others a story is learnt in which somebody puts on something: one in three has such a page."""
RARE_LIMIT = 30.0
"""Looks that words have changed count together as much as all others, but one no more than so many times."""
Kinds = tuple[Context, Context, Context]
"""Of one frame of all stories: its words with memory, its words alone, and the null of guidance."""


@dataclass(frozen=True)
class StoryBatch:
    """B stories of V frames, flattened story by story.

    Attributes:
        ids, segments, mask: (B*V, L) as `PageTokenizer` gives them, cut to the longest page.
        latents: (B, V, C, 16, 16) of the true pictures.
        focus: (B, V, 2, 16, 16), the shares in 0..1 of each latent cell that characters and the prop cover.
        labels: name -> (B, V) int64.
        seen: (B, V, P) bool, whether the actor in each place of the stage was in an earlier frame.
        asked: (B, V, P) int64, what it is said to put on in this frame, see `ASKED`.
        changed: (B, V, P) bool, whether it has put on something, in this frame or since it was first seen.
        told: (B, V, P, 2) bool, whether the stage says its looks, see `TOLD_LOOKS`.
    """

    ids: Tensor
    segments: Tensor
    mask: Tensor
    latents: Tensor
    focus: Tensor
    labels: dict[str, Tensor]
    seen: Tensor
    asked: Tensor
    changed: Tensor
    told: Tensor

    def to(self, device: torch.device) -> "StoryBatch":
        """The batch on another device."""
        labels = {name: value.to(device) for name, value in self.labels.items()}
        ids, segments, mask = self.ids.to(device), self.segments.to(device), self.mask.to(device)
        latents, focus, seen = self.latents.to(device), self.focus.to(device), self.seen.to(device)
        asked, changed, told = self.asked.to(device), self.changed.to(device), self.told.to(device)
        return StoryBatch(ids, segments, mask, latents, focus, labels, seen, asked, changed, told)

    def by_frame(self) -> tuple[Tensor, Tensor]:
        """`latents` and `focus` of all pictures, (V*B, ...), frame after frame as the contexts of a step are."""
        return self.latents.transpose(0, 1).flatten(0, 1), self.focus.transpose(0, 1).flatten(0, 1)


class StoryData:
    """Latents and labels of world stories; `batch(step)` is a pure function of seed and step."""

    def __init__(
        self,
        latents: Tensor,
        focus: npt.NDArray[np.uint8],
        pictures: WorldPictures,
        tokenizer: PageTokenizer,
        batch: int,
        seed: int,
    ):
        self.latents = latents
        self.focus = torch.from_numpy(np.array(focus)).movedim(-1, 2)
        self.labels = {name: torch.from_numpy(table) for name, table in pictures.labels.items()}
        self.tokenizer = tokenizer
        self.size = batch
        self.seed = seed
        self.split, self.world = pictures.split, pictures.world
        self.stage = tokenizer.sizes.stage
        looks = zip(*map(self._looks, range(len(latents))), strict=True)
        self.seen, self.asked, self.changed = (torch.from_numpy(np.stack(tables)) for tables in looks)
        often = np.where(self.asked.flatten(1).any(1), CHANGES, 1.0)
        if "style" in pictures.labels:
            often *= np.where(pictures.labels["style"][:, 0] == 0, PLAIN, 1.0)
        self.share = often / often.sum()

    def batch(self, step: int) -> StoryBatch:
        """The stories of a step, with fresh paraphrases."""
        rng = np.random.default_rng((self.seed, step))
        chosen = rng.choice(len(self.latents), self.size, replace=False, p=self.share)
        tales = [training_requests(self.split, int(i), rng, alone=ALONE, world=self.world) for i in chosen]
        ids, segments, mask = self.tokenizer([page for pages in tales for page in pages])
        longest = int(mask.sum(1).max())
        ids, segments, mask = ids[:, :longest], segments[:, :longest], mask[:, :longest]
        rows = torch.from_numpy(chosen)
        labels = {name: table[rows] for name, table in self.labels.items()}
        seen, asked, changed = self.seen[rows], self.asked[rows], self.changed[rows]
        focus = self.focus[rows].float() / 255
        latents = self.latents[rows].float()
        told = torch.from_numpy(
            np.stack([self._told(int(i), pages) for i, pages in zip(chosen, tales, strict=True)])
        )
        return StoryBatch(ids, segments, mask, latents, focus, labels, seen, asked, changed, told)

    def _told(self, index: int, pages: Sequence[PageRequest]) -> npt.NDArray[np.bool_]:
        """`told` of one story, (V, P, 2)."""
        told = np.zeros((FRAMES, self.stage, len(TOLD_LOOKS)), bool)
        tale = world_story(self.split, index, self.world)
        for k, page in enumerate(pages):
            looks = told_looks(tale, k, page)[: self.stage]
            told[k, : len(looks)] = looks
        return told

    def _looks(
        self, index: int
    ) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        """`seen`, `asked` and `changed` of one story, each (V, P)."""
        shape = (FRAMES, self.stage)
        seen, asked, changed = np.zeros(shape, bool), np.zeros(shape, np.int64), np.zeros(shape, bool)
        met: set[str] = set()
        dressed: set[str] = set()
        for k, frame in enumerate(world_story(self.split, index, self.world).frames):
            dressed |= {name for name, _ in frame.changes}
            for i, name in enumerate(frame.on_stage[: self.stage]):
                seen[k, i], changed[k, i] = name in met, name in dressed
                asked[k, i] = next((asked_class(what) for who, what in frame.changes if who == name), 0)
            met |= set(frame.on_stage)
        return seen, asked, changed


def asked_class(what: str) -> int:
    """The class of `ASKED` of what is put on: the colour of a top, or a thing of `WORN`."""
    return 1 + (COLOURS + WORN[1:]).index(what)


class StoryHeads(nn.Module):
    """Linear readers of the summary tokens, used in training only: the world's labels are free.

    Labels of what the text encoder is not told, styles and who stands beyond its places, are not learnt.

    Attributes:
        page_labels, carried_labels, actor_labels, look_labels: those of the names above that `world` has.
    """

    def __init__(self, text: TextEncoderConfig, world: Vocabulary = SMALL):
        super().__init__()
        counts, width = classes(world), text.width
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
        drop_memory, met: shares of the stories without memory, and of those that begin with a look at one of their pages, as
            others begin with portraits of their cast.
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
        plain, seen, told = self._read(batch, step, rng)
        aux, figures = self._aux(batch, plain, told, seen)
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
        _, _, told = self._read(batch, step, rng)
        return self._context(told, rng, drop_all=0), Context.join([null for _, _, null in told])

    def _read(
        self, batch: StoryBatch, step: int, rng: torch.Generator
    ) -> tuple[Context, Tensor, list[Kinds]]:
        """The words of all pages, what the memory whose turn it is sees in their pictures, and both together."""
        memory = self.memories[step % len(self.memories)]
        plain = Context(*self.text(batch.ids, batch.segments, batch.mask))
        pictures = self._noised(batch, rng)
        seen = memory.look(plain, pictures.flatten(0, 1)).unflatten(0, pictures.shape[:2])
        return plain, seen, self._tell(memory, batch, plain, seen, rng)

    def _noised(self, batch: StoryBatch, rng: torch.Generator) -> Tensor:
        """The pictures as they are fed back: with noise of a random level, (B, V, C, 16, 16)."""
        level = 0.5 * torch.rand(*batch.latents.shape[:2], 1, 1, 1, generator=rng)
        noise = torch.randn(batch.latents.shape, generator=rng)
        return batch.latents + (level * noise).to(batch.latents.device)

    def _tell(
        self, memory: TrainedMemory, batch: StoryBatch, plain: Context, seen: Tensor, rng: torch.Generator
    ) -> list[Kinds]:
        """For each frame: its words with memory, its words alone, and the null of guidance; B stories each."""
        stories, frames = batch.latents.shape[:2]
        tokens = plain.tokens.unflatten(0, (stories, frames))
        masks = plain.mask.unflatten(0, (stories, frames))
        nothing = Context(*self.text(*_empty_page(batch)))
        state = memory.start(stories)
        if isinstance(memory, LSTMMemory):
            rows = torch.arange(stories), _before_changes(batch.changed, rng)
            met = memory.meet(state, Context(tokens[rows], masks[rows]), seen[rows])
            state = _either(torch.rand(stories, generator=rng) < self.met, met, state)
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
            jobs.append((name, heads.actors(name, state), actors(name).masked_fill(~batch.seen, -1)))
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


def _before_changes(changed: Tensor, rng: torch.Generator) -> Tensor:
    """The number of a frame of each story, (B,), on which nobody wears what the words told of; 0 if there is none."""
    frames = torch.rand(changed.shape[:2], generator=rng).to(changed.device)
    return frames.masked_fill(changed.any(2), -1).argmax(1)


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
