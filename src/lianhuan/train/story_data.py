"""Stories of the world as a training step takes them: words, latents and labels."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lianhuan.data.world import (
    FRAMES,
    TrainingStory,
    WorldPictures,
    cast_of,
    portraits,
    said_looks,
    told_looks,
    training_story,
    world_story,
)
from lianhuan.models.tokens import PageTokenizer
from lianhuan.story import PageRequest
from lianhuan.train.cells import Cells, columns
from lianhuan.world.scene import Actor, WorldStory, labels
from lianhuan.world.vocabulary import COLOURS, HAIR_STYLES, PEOPLE, TONES, WORN

TOLD_LOOKS = ("head", "top")
"""Looks that the stage may tell, in the order of `lianhuan.data.world.told_looks`."""
HIDDEN = {"skin": TONES, "cut": HAIR_STYLES, "bottom": COLOURS}
"""Looks that stay from page to page beside those that the reader of the bench names: skin and cut of hair, of people, and trousers or skirt."""
PLAIN = 3.0
"""How much more often than others a story in the first style is learnt: it is what is drawn unless another is asked for."""
CHANGES = 4.0
"""How much more often than others a story is learnt in which somebody puts on something: one in three has such a page."""


@dataclass(frozen=True)
class Cast:
    """Portraits of the cast of B stories, at most P of each, flattened story by story.

    Attributes:
        ids, segments, mask: (B*P, L) as `PageTokenizer` gives them, cut to the longest portrait.
        latents, focus: as those of `StoryBatch`, (B, P, C, 16, 16) and (B, P, 2, 16, 16).
        labels: name -> (B, P) int64, of the one who is shown; -1 where there is none.
        told: (B, P, 2) bool, whether its look is said.
        there: (B, P) bool, whether the story has so many characters.
    """

    ids: Tensor
    segments: Tensor
    mask: Tensor
    latents: Tensor
    focus: Tensor
    labels: dict[str, Tensor]
    told: Tensor
    there: Tensor

    def to(self, device: torch.device) -> "Cast":
        """The portraits on another device."""
        return _moved(self, device)

    def some(self, number: int, rng: torch.Generator) -> Tensor:
        """Numbers of portraits that are there, at random, at most `number`, among all in a row."""
        rows = self.there.flatten().nonzero()[:, 0]
        return rows[torch.randperm(len(rows), generator=rng)[:number].to(rows.device)]

    def cells(self) -> Cells:
        """What is where in all portraits, (B*P, ...)."""
        kind, action = (self.labels[name].flatten()[:, None] for name in ("kind", "action"))
        alone = torch.tensor([0.0, torch.inf], device=kind.device).expand(len(kind), -1)
        return Cells.of(self.focus.flatten(0, 1), alone, kind.clamp(min=0), action, kind[:, 0])


@dataclass(frozen=True)
class StoryBatch:
    """B stories of V frames, flattened story by story.

    Attributes:
        ids, segments, mask: (B*V, L) as `PageTokenizer` gives them, cut to the longest page.
        latents: (B, V, C, 16, 16) of the true pictures.
        focus: (B, V, 2, 16, 16), the shares in 0..1 of each latent cell that characters and the prop cover.
        columns: (B, V, P + 1), see `lianhuan.train.cells.columns`.
        labels: name -> (B, V) int64.
        seen: (B, V, P) bool, whether the actor in each place of the stage was in an earlier frame.
        asked: (B, V, P) int64, what it is said to put on in this frame, see `ASKED`.
        changed: (B, V, P) bool, whether it has put on something, in this frame or since it was first seen.
        told: (B, V, P, 2) bool, whether the stage says its looks, see `TOLD_LOOKS`.
        cast: the portraits of the stories.
    """

    ids: Tensor
    segments: Tensor
    mask: Tensor
    latents: Tensor
    focus: Tensor
    columns: Tensor
    labels: dict[str, Tensor]
    seen: Tensor
    asked: Tensor
    changed: Tensor
    told: Tensor
    cast: Cast

    def to(self, device: torch.device) -> "StoryBatch":
        """The batch on another device."""
        return _moved(self, device)

    def by_frame(self) -> tuple[Tensor, Tensor]:
        """`latents` and `focus` of all pictures, (V*B, ...), frame after frame as the contexts of a step are."""
        return frame_after_frame(self.latents), frame_after_frame(self.focus)

    def actors(self, name: str) -> Tensor:
        """(B, V, P) a label of the actor in each place of the stage."""
        return torch.stack([self.labels[f"{name}{i}"] for i in range(self.seen.shape[2])], dim=2)

    def cells(self, kinds: int) -> Cells:
        """What is where in all pictures of a world of so many kinds of characters, in the order of `by_frame`."""
        thing = kinds + self.labels["prop"]
        of = (self.focus, self.columns, self.actors("kind"), self.actors("action"), thing)
        return Cells.of(*map(frame_after_frame, of))


def frame_after_frame(table: Tensor) -> Tensor:
    """(V*B, ...) from (B, V, ...): the first frames of all stories, then the second ones."""
    return table.transpose(0, 1).flatten(0, 1)


Moved = TypeVar("Moved", Cast, StoryBatch)


def _moved(batch: Moved, device: torch.device) -> Moved:
    """All that a batch holds, labels by their names among it, on another device."""
    moved: dict[str, Any] = {}
    for field in fields(batch):
        held = getattr(batch, field.name)
        if isinstance(held, dict):
            moved[field.name] = {name: value.to(device) for name, value in held.items()}
        else:
            moved[field.name] = held.to(device)
    return replace(batch, **moved)


@dataclass(frozen=True)
class Encoded:
    """Pictures of N stories, K of each, as training takes them.

    Attributes:
        latents: (N, K, C, 16, 16).
        focus: (N, K, 16, 16, 2) uint8, see `lianhuan.data.world.focus_maps`.
    """

    latents: Tensor
    focus: npt.NDArray[np.uint8]

    def stories(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, K, C, 16, 16), and focus (B, K, 2, 16, 16) in 0..1, of the stories with these numbers."""
        focus = torch.from_numpy(self.focus[rows.numpy()]).movedim(-1, 2)
        return self.latents[rows].float(), focus.float() / 255

    def pictures(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Latents (B, C, 16, 16), and focus (B, 2, 16, 16) in 0..1, of the pictures with these numbers in a row."""
        of, number = rows // self.latents.shape[1], rows % self.latents.shape[1]
        focus = torch.from_numpy(self.focus[of.numpy(), number.numpy()]).movedim(-1, 1)
        return self.latents[of, number].float(), focus.float() / 255


class StoryData:
    """Pages, portraits and labels of world stories; `batch(step)` is a pure function of seed and step."""

    def __init__(
        self,
        pages: Encoded,
        portraits: Encoded,
        pictures: WorldPictures,
        tokenizer: PageTokenizer,
        batch: int,
        seed: int,
    ):
        self.pages, self.portraits = pages, portraits
        self.labels = {name: torch.from_numpy(table) for name, table in pictures.labels.items()}
        self.tokenizer = tokenizer
        self.size = batch
        self.seed = seed
        self.split, self.world = pictures.split, pictures.world
        self.stage = tokenizer.sizes.stage
        tales = (world_story(self.split, index, self.world) for index in range(len(pages.latents)))
        stories, casts = zip(*((self._of_story(tale), self._of_cast(tale)) for tale in tales), strict=True)
        tables = (torch.from_numpy(np.stack(rows)) for rows in zip(*stories, strict=True))
        self.seen, self.asked, self.changed, hidden, self.columns = tables
        for number, name in enumerate(HIDDEN):
            self.labels |= {f"{name}{i}": hidden[:, :, i, number] for i in range(self.stage)}
        self.cast_labels = {name: torch.tensor([row[name] for row in casts]) for name in casts[0]}
        often = np.where(self.asked.flatten(1).any(1), CHANGES, 1.0)
        if "style" in pictures.labels:
            often *= np.where(pictures.labels["style"][:, 0] == 0, PLAIN, 1.0)
        self.share = often / often.sum()

    def batch(self, step: int) -> StoryBatch:
        """The stories of a step, with fresh paraphrases."""
        rng = np.random.default_rng((self.seed, step))
        chosen = rng.choice(len(self.pages.latents), self.size, replace=False, p=self.share)
        stories = [training_story(self.split, int(i), rng, world=self.world) for i in chosen]
        ids, segments, mask = self._words([page for story in stories for page in story.pages])
        rows = torch.from_numpy(chosen)
        page_labels = {name: table[rows] for name, table in self.labels.items()}
        seen, asked, changed = self.seen[rows], self.asked[rows], self.changed[rows]
        latents, focus = self.pages.stories(rows)
        told = torch.from_numpy(np.stack([self._told(story) for story in stories]))
        cast = self._cast(stories, rows)
        spots = self.columns[rows]
        return StoryBatch(
            ids, segments, mask, latents, focus, spots, page_labels, seen, asked, changed, told, cast
        )

    def _words(self, pages: Sequence[PageRequest]) -> tuple[Tensor, Tensor, Tensor]:
        """Word ids, segments and mask, cut to the longest page."""
        ids, segments, mask = self.tokenizer(pages)
        longest = int(mask.sum(1).max())
        return ids[:, :longest], segments[:, :longest], mask[:, :longest]

    def _cast(self, stories: Sequence[TrainingStory], rows: Tensor) -> Cast:
        nobody = PageRequest(scene_id="", caption="")
        shown_labels = {name: table[rows] for name, table in self.cast_labels.items()}
        there = shown_labels["kind"] > 0
        told = torch.zeros((*there.shape, len(TOLD_LOOKS)), dtype=torch.bool)
        pages = []
        for row, story in enumerate(stories):
            shown = story.portraits[: self.stage]
            for place, (page, actor) in enumerate(zip(shown, cast_of(story.tale), strict=False)):
                told[row, place] = torch.tensor(said_looks(actor, page.stage[0].look))
            pages += [*shown, *[nobody] * (self.stage - len(shown))]
        return Cast(*self._words(pages), *self.portraits.stories(rows), shown_labels, told, there)

    def _told(self, story: TrainingStory) -> npt.NDArray[np.bool_]:
        """`told` of one story, (V, P, 2)."""
        told = np.zeros((FRAMES, self.stage, len(TOLD_LOOKS)), bool)
        for k, page in enumerate(story.pages):
            looks = told_looks(story.tale, k, page)[: self.stage]
            told[k, : len(looks)] = looks
        return told

    def _of_story(self, tale: WorldStory) -> tuple[npt.NDArray[Any], ...]:
        """`seen`, `asked` and `changed` of one story, each (V, P), the labels of `HIDDEN`, (V, P, 3), and `columns`."""
        shape = (FRAMES, self.stage)
        seen, asked, changed = np.zeros(shape, bool), np.zeros(shape, np.int64), np.zeros(shape, bool)
        hidden = np.full((*shape, len(HIDDEN)), -1)
        spots = [columns(frame.graph, self.stage) for frame in tale.frames]
        met: set[str] = set()
        dressed: set[str] = set()
        for k, frame in enumerate(tale.frames):
            dressed |= {name for name, _ in frame.changes}
            for i, actor in enumerate(frame.graph.actors[: self.stage]):
                name = actor.name
                seen[k, i], changed[k, i] = name in met, name in dressed
                asked[k, i] = next((asked_class(what) for who, what in frame.changes if who == name), 0)
                hidden[k, i] = hidden_classes(actor)
            met |= set(frame.on_stage)
        return seen, asked, changed, hidden, np.array(spots, np.float32)

    def _of_cast(self, tale: WorldStory) -> dict[str, list[int]]:
        """The labels of the portraits of one story; -1 where there is no portrait."""
        graphs = portraits(tale)[: self.stage]
        rows = [labels(graph, self.world) for graph in graphs]
        hidden = [hidden_classes(graph.actors[0]) for graph in graphs]
        none = [-1] * (self.stage - len(graphs))
        slot = [name.removesuffix("0") for name in rows[0] if name.endswith("0")]
        seen = {name: [row[f"{name}0"] for row in rows] + none for name in slot}
        return seen | {name: [row[i] for row in hidden] + none for i, name in enumerate(HIDDEN)}


def hidden_classes(actor: Actor) -> tuple[int, int, int]:
    """The classes of `HIDDEN`; -1 for what an animal has not."""
    look = actor.look
    bottom = COLOURS.index(look.bottom)
    if actor.kind not in PEOPLE:
        return -1, -1, bottom
    return TONES.index(look.tone), HAIR_STYLES.index(look.hair_style), bottom


def asked_class(what: str) -> int:
    """The class of `ASKED` of what is put on: the colour of a top, or a thing of `WORN`."""
    return 1 + (COLOURS + WORN[1:]).index(what)
