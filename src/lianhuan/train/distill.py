"""Training of a denoiser that draws in few steps, without a second call for guidance."""

import torch
from torch import Tensor, nn

from lianhuan.control import ClassifierFree
from lianhuan.generators.loop import within_bound
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.few_steps import FewSteps
from lianhuan.sampling import dpmpp_2m
from lianhuan.train.diffusion import step_rng
from lianhuan.train.losses import cell_weights
from lianhuan.train.story import StoryObjective, some_pages
from lianhuan.train.story_data import StoryBatch

TEACHER_STEPS = 12
"""Steps of the teacher for a whole picture, or a few more: each of the student's stands for equally many of them."""


class DistillObjective:
    """Progressive distillation (Salimans and Ho 2022) of a guided denoiser (Meng et al. 2023) in one go.

    At each of the student's few times a true picture is noised; the teacher walks its guided steps of DPM-Solver++
    from there to the student's next time, and the student learns to arrive where it does in one step of DDIM.

    Args:
        student: what learns, from the teacher's weights.
        teacher: what it learns from.
        story: words and memories as they are.
        how: steps and guidance of the student.
        bound: of the teacher's estimates, see `within_bound`.
    """

    def __init__(
        self,
        student: Denoiser,
        teacher: Denoiser,
        story: StoryObjective,
        how: FewSteps,
        bound: float | None,
    ):
        self.module: nn.Module = student.unet
        self.student, self.teacher, self.story = student, teacher, story
        self.how, self.bound = how, bound
        self.substeps = -(-TEACHER_STEPS // how.steps)
        self.times = teacher.path.times(how.steps * self.substeps)

    def batch(self, step: int) -> StoryBatch:
        """The stories of `step`."""
        return self.story.batch(step)

    def loss(self, batch: StoryBatch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """Squared error of v on all pages and some portraits of some stories, each at one of the times; the figures hold that of each time."""
        batch = batch.to(device)
        rng = step_rng(self.story.data.seed, step)
        x0, focus, cond, null = self.story.pictures(batch, step)
        weight = cell_weights(focus)
        losses = []
        for number, rows in enumerate(torch.randperm(len(x0), generator=rng).chunk(self.how.steps)):
            noise = torch.randn(x0[rows].shape, generator=rng).to(device)
            error = self._error(number, x0[rows], noise, some_pages(cond, rows), some_pages(null, rows))
            losses.append((weight[rows] * error).mean() / weight.mean())
        figures = {f"at_{self.times[i * self.substeps]:.0f}": loss.detach() for i, loss in enumerate(losses)}
        return torch.stack(losses).mean(), figures

    def _error(self, number: int, x0: Tensor, noise: Tensor, cond: Context, null: Context) -> Tensor:
        """Squared error (B, C, H, W) of v at the student's time `number`."""
        path, t = self.teacher.path, self.times[number * self.substeps]
        x = path.alpha(t) * x0 + path.sigma(t) * noise
        wrong = self.student(x, t, cond).float() - self.aim(number, x, cond, null)
        return (wrong / path.sigma(t)).square()

    def aim(self, number: int, x: Tensor, cond: Context, null: Context) -> Tensor:
        """The estimate of x0 with which one step of DDIM leads from `x` to where the teacher arrives.

        Args:
            number: of the step of the student, from 0.
            x: (B, C, H, W) latents at its time.
            cond: the words of the B pages.
            null: the null of guidance.
        """
        path = self.teacher.path
        times = self.times[number * self.substeps : (number + 1) * self.substeps + 1]
        t, after = times[0], times[-1]
        left = path.sigma(after) / path.sigma(t)
        arrived = self._walk(x, times, Context.join([cond, null]))
        return (arrived - left * x) / (path.alpha(after) - left * path.alpha(t))

    @torch.no_grad()
    def _walk(self, x: Tensor, times: list[float], both: Context) -> Tensor:
        """Where the teacher arrives from `x`."""
        guide = ClassifierFree(self.how.guidance)

        def denoise(x: Tensor, t: float) -> Tensor:
            cond, null = self.teacher(x.repeat(2, 1, 1, 1), t, both).float().chunk(2)
            guided = guide.combine({"cond": cond, "uncond": null})
            return guided if self.bound is None else within_bound(guided, self.bound)

        *_, last = dpmpp_2m(denoise, self.teacher.path, x, times)
        arrived: Tensor = last.x
        return arrived
