"""Training of a denoiser of few steps by what can be read in the pictures that it draws."""

import torch
from torch import Tensor, nn

from lianhuan.data.world import WorldPictures
from lianhuan.metrics.reader import Reader
from lianhuan.sampling import ddim
from lianhuan.train.diffusion import step_rng
from lianhuan.train.distill import DistillObjective
from lianhuan.train.reader import readings
from lianhuan.train.story_data import StoryBatch

LATENT_READER = "latent_reader"
"""Name of the folder in the run folder of what reads noised latents."""
_STAGES = ((128, 160, 1), (160, 192, 2), (192, 192, 1))
"""Convolutions of a reader of latents after the first one."""
LOUDEST = 0.7
"""Share of the noise up to which a reader of latents learns to read."""
CLEAR = 0.35
"""Share of the noise up to which what is drawn is read: enough that it has to be drawn plainly, not so much that kinds look alike."""


def latent_reader(classes: dict[str, int], channels: int) -> Reader:
    """A new reader of noised latents of so many channels, and the level of their noise as one more."""
    return Reader(classes, ((channels + 1, 128, 1), *_STAGES), fold=1)


def noised(latents: Tensor, rng: torch.Generator, loudest: float = LOUDEST) -> Tensor:
    """Latents (B, C, 16, 16) with noise of a random level each, at most `loudest`, and that level as one more channel."""
    level = (loudest * torch.rand(len(latents), 1, 1, 1, generator=rng)).to(latents.device)
    noise = torch.randn(latents.shape, generator=rng).to(latents.device)
    mixed = (1 - level.square()).sqrt() * latents + level * noise
    return torch.cat([mixed, level.expand(-1, 1, *latents.shape[2:])], dim=1)


class LatentReaderObjective:
    """Cross-entropy of every label of noised latents of drawn pictures.

    Args:
        reader: what is trained, see `latent_reader`.
        pictures: drawn pictures of the world.
        latents: (stories, frames, C, 16, 16) of them.
        batch: pictures per batch.
        seed: seed of the choice of pictures and of the noise.
    """

    def __init__(self, reader: Reader, pictures: WorldPictures, latents: Tensor, batch: int, seed: int):
        self.module: nn.Module = reader
        self.reader, self.latents = reader, latents.flatten(0, 1)
        self.labels = {name: torch.from_numpy(table.reshape(-1)) for name, table in pictures.labels.items()}
        self.size, self.seed = batch, seed

    def batch(self, step: int) -> tuple[Tensor, dict[str, Tensor]]:
        """Latents (B, C + 1, 16, 16) of random pictures, noised, and their labels."""
        rng = step_rng(self.seed, step)
        rows = torch.randint(len(self.latents), (self.size,), generator=rng)
        labels = {name: table[rows] for name, table in self.labels.items()}
        return noised(self.latents[rows].float(), rng), labels

    def loss(
        self,
        batch: tuple[Tensor, dict[str, Tensor]],
        step: int,  # noqa: ARG002 - the protocol's form
        device: torch.device,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean of the labels' losses; the worst accuracy of a label on the batch, and those of all."""
        seen, labels = batch
        losses, right = readings(self.reader, seen.to(device), labels)
        return _mean(losses), {"worst": torch.stack(list(right.values())).min(), **right}


def _mean(losses: dict[str, Tensor]) -> Tensor:
    return torch.stack(list(losses.values())).mean()


class RewardObjective:
    """Reward fine-tuning with gradients through the sampling (DRaFT, Clark et al. 2024) of a student of few steps.

    The student draws pages from nothing but noise; the loss is what a frozen reader, which sees them under noise of a random
    level, cannot read of what the page is told. Every other step is one of distillation, so that pictures stay those of the
    teacher. The reader is not that of the bench, which nothing that draws ever sees.

    Args:
        distill: student, stories, and how the student draws.
        reader: of noised latents, trained by `LatentReaderObjective`.
        weight: of the reader's loss against that of distillation.
    """

    def __init__(self, distill: DistillObjective, reader: Reader, weight: float):
        self.module: nn.Module = distill.module
        self.distill, self.weight = distill, weight
        self.reader = reader.eval().requires_grad_(False)

    def batch(self, step: int) -> StoryBatch:
        """The stories of `step`."""
        return self.distill.batch(step)

    def loss(self, batch: StoryBatch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The reader's loss and its accuracies by label, or in every other step the loss of distillation."""
        if step % 2:
            return self.distill.loss(batch, step, device)
        context, labels = self.distill.story.remembered(batch.to(device), step)
        rng = step_rng(self.distill.story.data.seed, step)
        student, times = self.distill.student, self.distill.times[:: self.distill.substeps]
        shape = self.distill.story.data.pages.latents.shape[2:]
        noise = torch.randn(len(context.tokens), *shape, generator=rng).to(device)
        *_, last = ddim(lambda x, t: student(x, t, context).float(), student.path, noise, times)
        losses, right = readings(self.reader, noised(last.x0, rng, CLEAR), labels)
        unread = _mean(losses)
        return self.weight * unread, {**right, "unread": unread.detach()}
