"""The sampling loop with controls."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import torch
from torch import Tensor

from lianhuan.generators.base import Control, DrawStep, Moment
from lianhuan.sampling import NoisePath, Sampler

Predictions = tuple[dict[str, Tensor], Mapping[str, Tensor]]
"""x0 estimates by branch, and the activations of the layers that were asked for, of the "cond" branch."""
Predict = Callable[[Tensor, float], Predictions]


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
) -> Iterator[DrawStep]:
    """Draw latents from `noise`, (B, C, H, W); the last step's `x0` is the result.

    Args:
        predict: the denoiser on all branches; differentiable in its first argument.
        path: between pictures and noise.
        noise: what to start from.
        steps: denoising steps; a control that starts from a picture leaves the first ones out.
        controls: what bends the sampling, asked in order.
        sampler: the times, and the walk along them.
    """
    times, walker = sampler(path, steps)
    x = noise
    for control in controls:
        x, times = control.start(x, times, path)
    total = len(times) - 1
    guide = _guide(controls)
    pushes: list[tuple[float, Tensor]] = []  # of the present step: scale and direction

    def denoise(x: Tensor, t: float) -> Tensor:
        active = [c for c in controls if _covers(c.window, number - 1, total)]
        losing = [c for c in active if type(c).loss is not Control.loss]
        pushes.clear()
        with torch.enable_grad() if losing else torch.inference_mode():
            leaf = x.detach().requires_grad_(bool(losing))
            moment = Moment(number - 1, total, t, path, leaf)
            predictions, features = predict(leaf, t)
            x0 = guide.combine(predictions)
            gradients = [(c, _gradient(c, moment, x0, features)) for c in losing]
        x0 = x0.detach().clone()  # outside of inference mode: a plain tensor again
        for control, gradient in gradients:
            if gradient is not None and control.rule == "score":
                x0 = x0 - control.scale * path.sigma(t) ** 2 / path.alpha(t) * gradient
            elif gradient is not None:
                pushes.append((control.scale, gradient))
        for control in active:
            x0 = control.x0(moment, x0)
        return x0

    walk = walker(denoise, path, x, times)
    sent: Tensor | None = None
    for number in range(1, total + 1):
        after, x0 = walk.send(sent)
        sent = _pushed(x, after, pushes) if pushes and number < total else None
        x = after if sent is None else sent
        yield DrawStep(number, total, x0)


def _guide(controls: Sequence[Control]) -> Control:
    guides = [control for control in controls if control.branches()]
    if len(guides) > 1:
        raise ValueError("only one control can say how the conditionings are combined")
    return guides[0] if guides else Control()


def _covers(window: tuple[float, float], number: int, total: int) -> bool:
    return window[0] <= number / total and (number + 1) / total <= window[1] + 1e-9


def _gradient(control: Control, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor | None:
    loss = control.loss(moment, x0, features)
    if loss is None:
        return None
    return torch.autograd.grad(loss.sum(), moment.x, retain_graph=True)[0]


def _pushed(before: Tensor, after: Tensor, pushes: Sequence[tuple[float, Tensor]]) -> Tensor:
    """The latents x - scale ||z_t - z_{t-1}|| / ||g|| g, for each gradient."""
    length = (before - after).flatten(1).norm(dim=1)
    for scale, gradient in pushes:
        size = gradient.flatten(1).norm(dim=1).clamp(min=1e-12)
        after = after - (scale * length / size)[:, None, None, None] * gradient
    return after
