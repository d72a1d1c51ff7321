"""Training of the text encoder, the memory and the denoiser on stories of the world."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from lianhuan.data.world import FRAMES, training_requests, world_story
from lianhuan.memory import LSTMMemory
from lianhuan.memory.base import State
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.text_encoder import SUMMARY_TOKENS, StoryTextEncoder
from lianhuan.models.tokens import PageTokenizer
from lianhuan.world.scene import CLASSES
from lianhuan.world.vocabulary import MAX_ACTORS

PAGE_LABELS = ("place", "count", "prop")
"""Labels that the words alone decide."""
CARRIED_LABELS = ("time", "weather")
"""Labels that an earlier page may decide."""
LOOK_LABELS = ("top", "head")
"""Labels per actor that only pictures show."""


@dataclass(frozen=True)
class StoryBatch:
    """B stories of V frames, flattened story by story.

    Attributes:
        ids, segments, mask: (B*V, L) as `PageTokenizer` gives them, cut to the longest page.
        latents: (B, V, C, 16, 16) of the true pictures.
        labels: name -> (B, V) int64.
        seen: (B, V, 3) bool, whether the actor in each place of the stage was in an earlier frame.
    """

    ids: Tensor
    segments: Tensor
    mask: Tensor
    latents: Tensor
    labels: dict[str, Tensor]
    seen: Tensor

    def to(self, device: torch.device) -> "StoryBatch":
        """The batch on another device."""
        labels = {name: value.to(device) for name, value in self.labels.items()}
        ids, segments, mask = self.ids.to(device), self.segments.to(device), self.mask.to(device)
        return StoryBatch(ids, segments, mask, self.latents.to(device), labels, self.seen.to(device))


class StoryData:
    """Latents and labels of world stories; `batch(step)` is a pure function of seed and step."""

    def __init__(
        self,
        latents: Tensor,
        labels: dict[str, npt.NDArray[np.int64]],
        tokenizer: PageTokenizer,
        batch: int,
        seed: int,
    ):
        self.latents = latents
        self.labels = {name: torch.from_numpy(table) for name, table in labels.items()}
        self.tokenizer = tokenizer
        self.size = batch
        self.seed = seed

    def batch(self, step: int) -> StoryBatch:
        """The stories of a step, with fresh paraphrases."""
        rng = np.random.default_rng((self.seed, step))
        chosen = rng.choice(len(self.latents), self.size, replace=False)
        pages = [page for i in chosen for page in training_requests("train", int(i), rng)]
        ids, segments, mask = self.tokenizer(pages)
        longest = int(mask.sum(1).max())
        ids, segments, mask = ids[:, :longest], segments[:, :longest], mask[:, :longest]
        rows = torch.from_numpy(chosen)
        labels = {name: table[rows] for name, table in self.labels.items()}
        seen = torch.from_numpy(np.stack([_seen(int(i)) for i in chosen]))
        return StoryBatch(ids, segments, mask, self.latents[rows].float(), labels, seen)


def _seen(index: int) -> npt.NDArray[np.bool_]:
    table = np.zeros((FRAMES, MAX_ACTORS), dtype=bool)
    met: set[str] = set()
    for k, frame in enumerate(world_story("train", index).frames):
        for i, name in enumerate(frame.on_stage):
            table[k, i] = name in met
        met |= set(frame.on_stage)
    return table


class StoryHeads(nn.Module):
    """Linear readers of the summary tokens, used in training only: the world's labels are free."""

    def __init__(self, width: int):
        super().__init__()
        page = {name: nn.Linear(width, CLASSES[name]) for name in (*PAGE_LABELS, *CARRIED_LABELS)}
        actor = {name: nn.Linear(width, CLASSES[f"{name}0"]) for name in ("kind", "action", *LOOK_LABELS)}
        seen = {f"seen_{name}": nn.Linear(width, CLASSES[f"{name}0"]) for name in LOOK_LABELS}
        self.heads = nn.ModuleDict({**page, **actor, **seen})

    def page(self, name: str, summary: Tensor) -> Tensor:
        """Logits of a label of the whole page from the first summary token; summary is (..., 4, D)."""
        return self.heads[name](summary[..., 0, :])

    def actors(self, name: str, summary: Tensor) -> Tensor:
        """Logits (..., 3, classes) of a label of each place on the stage."""
        return self.heads[name](summary[..., 1:, :])


class StoryObjective:
    """One objective for two stages: without a denoiser, words and memory learn from labels alone; with it, all learn to draw.

    Losses: v- or eps-MSE of the denoiser over all frames of the story, teacher-forced with noised true pictures (against
    exposure bias), gradients through time; plus `aux_weight` times the cross-entropies of the heads.
    """

    def __init__(
        self,
        text: StoryTextEncoder,
        memory: LSTMMemory,
        data: StoryData,
        denoiser: Denoiser | None = None,
        *,
        drop_memory: float = 0.15,
        drop_all: float = 0.1,
        aux_weight: float = 1.0,
    ):
        self.text, self.memory, self.denoiser = text, memory, denoiser
        self.heads = StoryHeads(text.config.width)
        parts: dict[str, nn.Module] = {"text": text, "memory": memory, "heads": self.heads}
        if denoiser is not None:
            parts["unet"] = denoiser.unet
        self.module: nn.Module = nn.ModuleDict(parts)
        self.data = data
        self.drop_memory, self.drop_all, self.aux_weight = drop_memory, drop_all, aux_weight

    def batch(self, step: int) -> StoryBatch:
        """The stories of `step`."""
        return self.data.batch(step)

    def loss(self, batch: StoryBatch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some stories; `step` seeds the noise; figures hold each part and the heads' accuracies."""
        batch = batch.to(device)
        rng = torch.Generator().manual_seed(self.data.seed * 1_000_003 + step)
        tokens, keep = self.text(batch.ids, batch.segments, batch.mask)
        remembered, pictures = self._remember(batch, tokens, keep, rng)
        aux, figures = self._aux(batch, tokens, remembered, pictures)
        loss = self.aux_weight * aux
        if self.denoiser is not None:
            drawn = self._denoise(batch, Context(tokens, keep), remembered, rng)
            figures["denoise"] = drawn.detach()
            loss = loss + drawn
        return loss, figures

    def _remember(
        self, batch: StoryBatch, tokens: Tensor, keep: Tensor, rng: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Tokens with memory, (B*V, L, D), and what the picture encoder saw, (B, V, 4, D)."""
        stories, frames = batch.latents.shape[:2]
        by_frame = tokens.unflatten(0, (stories, frames))
        masks = keep.unflatten(0, (stories, frames))
        level = 0.5 * torch.rand(stories, frames, 1, 1, 1, generator=rng)
        noise = torch.randn(batch.latents.shape, generator=rng)
        noised = batch.latents + (level * noise).to(batch.latents.device)
        seen = self.memory.pictures.see(noised.flatten(0, 1), tokens[:, :SUMMARY_TOKENS])
        features = self.memory.pictures.out(seen.flatten(1)).unflatten(0, (stories, frames))
        state: State = self.memory.start(stories)
        out = []
        for k in range(frames):
            context = Context(by_frame[:, k], masks[:, k])
            out.append(self.memory.read(state, context, "cond").tokens)
            hidden, cell = self.memory.advance(state, context)
            state = {"h": hidden, "c": cell, "picture": features[:, k]}
        return torch.stack(out, 1).flatten(0, 1), seen.unflatten(0, (stories, frames))

    def _aux(
        self, batch: StoryBatch, tokens: Tensor, remembered: Tensor, pictures: Tensor
    ) -> tuple[Tensor, dict[str, Tensor]]:
        shape = batch.latents.shape[:2]
        words = tokens[:, :SUMMARY_TOKENS].unflatten(0, shape)
        state = remembered[:, :SUMMARY_TOKENS].unflatten(0, shape)
        table = batch.labels

        def actors(name: str) -> Tensor:
            return torch.stack([table[f"{name}{i}"] for i in range(MAX_ACTORS)], dim=2)

        jobs = [(name, self.heads.page(name, words), table[name]) for name in PAGE_LABELS]
        jobs += [(name, self.heads.page(name, state), table[name]) for name in CARRIED_LABELS]
        jobs += [(name, self.heads.actors(name, words), actors(name)) for name in ("kind", "action")]
        for name in LOOK_LABELS:
            jobs.append((name, self.heads.actors(name, state), actors(name).masked_fill(~batch.seen, -1)))
            jobs.append((f"seen_{name}", self.heads.actors(f"seen_{name}", pictures), actors(name)))
        losses: list[Tensor] = []
        figures: dict[str, Tensor] = {}
        for name, logits, target in jobs:
            flat, wanted = logits.flatten(0, -2).float(), target.flatten()
            losses.append(nn.functional.cross_entropy(flat, wanted, ignore_index=-1))
            known = wanted >= 0
            figures[name] = ((flat.argmax(-1) == wanted) & known).sum() / known.sum()
        return torch.stack(losses).sum(), figures

    def _denoise(self, batch: StoryBatch, plain: Context, remembered: Tensor, rng: torch.Generator) -> Tensor:
        assert self.denoiser is not None
        x0 = batch.latents.flatten(0, 1)
        stories, frames = batch.latents.shape[:2]
        forget = (
            (torch.rand(stories, 1, generator=rng) < self.drop_memory)
            .expand(stories, frames)
            .flatten()
            .to(x0.device)
        )
        empty = (torch.rand(stories * frames, generator=rng) < self.drop_all).to(x0.device)
        nothing, nobody = self.text(*_empty_page(batch))
        tokens = torch.where(forget[:, None, None], plain.tokens, remembered)
        tokens = torch.where(empty[:, None, None], nothing, tokens)
        context = Context(tokens, torch.where(empty[:, None], nobody, plain.mask))
        t = _training_times(len(x0), len(self.denoiser.path.alphas_cumprod), rng)
        noise = torch.randn(x0.shape, generator=rng).to(x0.device)
        share = (
            torch.from_numpy(self.denoiser.path.alphas_cumprod[t.numpy()])
            .float()
            .to(x0.device)[:, None, None, None]
        )
        alpha, sigma = share.sqrt(), (1 - share).sqrt()
        target = noise if self.denoiser.prediction == "epsilon" else alpha * noise - sigma * x0
        out = self.denoiser.predict(alpha * x0 + sigma * noise, t.to(x0.device), context)
        return (out.float() - target).square().mean()


def _empty_page(batch: StoryBatch) -> tuple[Tensor, Tensor, Tensor]:
    none = torch.zeros_like(batch.ids[:1])
    return none, none, torch.zeros_like(batch.mask[:1])


def _training_times(count: int, total: int, rng: torch.Generator) -> Tensor:
    """Half of the times uniform, half towards the noisy end, where what the story says is decided."""
    uniform = torch.rand(count, generator=rng)
    noisy = 1 - torch.rand(count, generator=rng).square()
    pick = torch.rand(count, generator=rng) < 0.5
    return (torch.where(pick, noisy, uniform) * total).long().clamp(max=total - 1)
