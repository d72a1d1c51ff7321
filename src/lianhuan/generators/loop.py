"""The sampling loop with controls, and what controls do in a step of any loop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from lianhuan.arrays import Array, differentiable, quantiles, settled
from lianhuan.generators.base import Control, DrawStep, Moment
from lianhuan.late import Late
from lianhuan.sampling import NoisePath, Sampler

if TYPE_CHECKING:
    import torch
    from torch import Tensor
else:
    torch = Late("torch")

Predictions = tuple[dict[str, Array], Mapping[str, Array]]
"""x0 estimates by branch, and the activations of the layers that were asked for, of the "cond" branch."""
Pushes = list[tuple[float, Array]]
"""Scales and gradients of the losses with the "normalised" rule."""
Predict = Callable[[Array, float], Predictions]
Found = list[tuple[Control, Array]]
"""Controls and the gradients of their losses."""


def branches_of(controls: Sequence[Control]) -> tuple[str, ...]:
    """The conditionings to run, "cond" last.

    Raises:
        ValueError: two controls want to guide.
    """
    return _guide(controls).branches() or ("cond",)


def sample(
    predict: Predict,
    path: NoisePath,
    noise: Tensor,
    steps: int,
    controls: Sequence[Control],
    sampler: Sampler,
    bound: float | None = None,
) -> Iterator[DrawStep]:
    """Draw latents from `noise`, (B, C, H, W); the last step's `x0` is the result.

    Args:
        predict: the denoiser on all branches; differentiable in its first argument.
        path: between pictures and noise.
        noise: what to start from.
        steps: denoising steps; a control that starts from a picture leaves the first ones out.
        controls: what bends the sampling, asked in order.
        sampler: the times, and the walk along them.
        bound: see `within_bound`; None leaves the estimates as they are.
    """
    times, walker = sampler(path, steps)
    x = noise
    for control in controls:
        x, times = control.start(x, times, path)
    total = len(times) - 1
    guide = _guide(controls)
    pushes: Pushes = []  # of the present step

    def estimate(asked: Sequence[Control], x: Tensor, t: float) -> tuple[Tensor, Moment, Found]:
        losing = any_loses(asked)
        with torch.enable_grad() if losing else torch.inference_mode():
            leaf = x.detach().requires_grad_(losing)
            moment = Moment(number - 1, total, t, path, leaf)
            predictions, features = predict(leaf, t)
            x0 = guide.combine(predictions)
            found = gradients(
                asked,
                moment,
                x0,
                features,
                lambda loss: torch.autograd.grad(loss, leaf, retain_graph=True)[0],
            )
        return x0, moment, found

    def denoise(x: Array, t: float) -> Array:
        asked = active(controls, number - 1, total)
        if differentiable(x):
            x0, moment, found = estimate(asked, x, t)
        else:
            x0, moment, found = guide.combine(predict(x, t)[0]), Moment(number - 1, total, t, path, x), []
        x0, pushes[:] = edited(asked, moment, x0, found, bound)
        return x0

    walk = walker(denoise, path, x, times)
    sent: Tensor | None = None
    for number in range(1, total + 1):
        after, x0 = walk.send(sent)
        sent = pushed(x, after, pushes) if pushes and number < total else None
        x = after if sent is None else sent
        yield DrawStep(number, total, x0)


def _guide(controls: Sequence[Control]) -> Control:
    guides = [control for control in controls if control.branches()]
    if len(guides) > 1:
        raise ValueError("only one control can say how the conditionings are combined")
    return guides[0] if guides else Control()


def active(controls: Sequence[Control], number: int, total: int) -> list[Control]:
    """The controls that are asked in step `number`, from 0, of `total`."""
    return [
        c for c in controls if c.window[0] <= number / total and (number + 1) / total <= c.window[1] + 1e-9
    ]


def any_loses(controls: Sequence[Control]) -> bool:
    """Whether one of them has a loss."""
    return any(type(control).loss is not Control.loss for control in controls)


def gradients(
    controls: Sequence[Control],
    moment: Moment,
    x0: Tensor,
    features: Mapping[str, Tensor],
    gradient: Callable[[Tensor], Tensor],
) -> Found:
    """The gradients (B, C, H, W) of the controls' losses; `gradient` is that of a number with respect to the latents."""
    losses = [(control, control.loss(moment, x0, features)) for control in controls]
    return [(control, gradient(loss.sum())) for control, loss in losses if loss is not None]


def edited(
    controls: Sequence[Control], moment: Moment, x0: Array, found: Found, bound: float | None = None
) -> tuple[Array, Pushes]:
    """The estimate of the clean latents after the score rule, the bound and the controls' edits, and what is left to push the latents."""
    x0 = settled(x0)
    shares, pushes = moment.path, []
    for control, gradient in found:
        if control.rule == "score":
            x0 = x0 - control.scale * shares.sigma(moment.t) ** 2 / shares.alpha(moment.t) * gradient
        else:
            pushes.append((control.scale, gradient))
    if bound is not None:
        x0 = within_bound(x0, bound)
    for control in controls:
        x0 = control.x0(moment, x0)
    return x0, pushes


def within_bound(x0: Array, bound: float, percentile: float = 0.995) -> Array:
    """Dynamic thresholding (Imagen: Saharia et al. 2022, section 2.3): estimates that guidance has driven too far, pulled back.

    Args:
        x0: (B, C, H, W) estimates of clean pictures or latents.
        bound: where for a page the `percentile` s of |x0| is above it, x0 is clipped to [-s, s] and scaled to [-bound, bound].
        percentile: share in 0..1.
    """
    size = quantiles(abs(x0), percentile).clip(min=bound)[:, None, None, None]
    return x0.clip(-size, size) * (bound / size)


def pushed(before: Tensor, after: Tensor, pushes: Pushes) -> Tensor:
    """The latents x - scale ||z_t - z_{t-1}|| / ||g|| g, for each gradient."""
    length = (before - after).flatten(1).norm(dim=1)
    for scale, gradient in pushes:
        size = gradient.flatten(1).norm(dim=1).clamp(min=1e-12)
        after = after - (scale * length / size)[:, None, None, None] * gradient
    return after
