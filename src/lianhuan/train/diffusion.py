"""The loss of a denoiser."""

import torch
from torch import Tensor

from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser


def step_rng(seed: int, step: int) -> torch.Generator:
    """The source of randomness of one training step, so that a resumed run goes on as it would have."""
    return torch.Generator().manual_seed(seed * 1_000_003 + step)


def diffusion_loss(
    denoiser: Denoiser, x0: Tensor, context: Context, rng: torch.Generator, weight: Tensor | None = None
) -> Tensor:
    """Mean squared error of the network's own prediction, eps or v, at random times.

    Args:
        denoiser: what learns.
        x0: (B, C, H, W) clean latents.
        context: of the B pictures.
        rng: source of times and noise.
        weight: (B, 1, H, W), how much each cell counts; None for all alike.
    """
    error = prediction_error(denoiser, x0, context, *random_noise(denoiser, x0, rng))
    return error.mean() if weight is None else (weight * error).mean() / weight.mean()


def random_noise(denoiser: Denoiser, x0: Tensor, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Times (B,) and noise (B, C, H, W) to train with, both where `x0` is."""
    t = _training_times(len(x0), len(denoiser.path.alphas_cumprod), rng)
    return t.to(x0.device), torch.randn(x0.shape, generator=rng).to(x0.device)


def prediction_error(denoiser: Denoiser, x0: Tensor, context: Context, t: Tensor, noise: Tensor) -> Tensor:
    """Squared error (B, C, H, W) of the network's own prediction, eps or v, at the times `t` under `noise`."""
    alpha, sigma = denoiser.levels(t, x0)
    target = noise if denoiser.prediction == "epsilon" else alpha * noise - sigma * x0
    out = denoiser.predict(alpha * x0 + sigma * noise, t, context)
    return (out.float() - target).square()


def _training_times(count: int, total: int, rng: torch.Generator) -> Tensor:
    """Half of the times uniform, half towards the noisy end, where what the story says is decided."""
    uniform = torch.rand(count, generator=rng)
    noisy = 1 - torch.rand(count, generator=rng).square()
    pick = torch.rand(count, generator=rng) < 0.5
    return (torch.where(pick, noisy, uniform) * total).long().clamp(max=total - 1)
