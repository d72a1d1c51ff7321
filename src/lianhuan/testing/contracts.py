"""What every implementation of a protocol must keep to, as checks that raise AssertionError."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lianhuan.arrays import Array
from lianhuan.memory import Memory
from lianhuan.memory.base import Branch
from lianhuan.models.context import Context, Told

Pages = Callable[[int, int], tuple[Context, Array]]
"""(stories, seed) -> the context of a page and the latents of its picture, for that many stories."""


def check_memory(memory: Memory, pages: Pages) -> None:
    """Check the contract of `lianhuan.memory.Memory`.

    Reading is pure, writing leaves the old state alone, stories do not mix in a batch, and equal stories give equal states.

    Args:
        memory: the memory, in evaluation mode.
        pages: makes pages; row i must not depend on how many there are.
    """
    for branch in ("cond", "uncond"):
        _check_reading(memory, pages, branch)
    context, latents = pages(2, 0)
    start = memory.start(2)
    before = _tensors(start)
    written = memory.write(start, context, latents)
    _same(_tensors(start), before, "write() changed the state that it was given")
    _same(
        _tensors(memory.write(start, context, latents)), _tensors(written), "write() is not a pure function"
    )


def _check_reading(memory: Memory, pages: Pages, branch: Branch) -> None:
    context, latents = pages(3, 0)
    later, _ = pages(3, 1)
    state = memory.write(memory.start(3), context, latents)
    known = _tensors(state)
    first = _tensors(memory.read(state, later, branch))
    _same(_tensors(state), known, "read() changed the state")
    _same(_tensors(memory.read(state, later, branch)), first, "read() gives something else the second time")
    for row in range(3):
        alone = memory.write(memory.start(1), _row(context, row), latents[row : row + 1])
        own = _tensors(memory.read(alone, _row(later, row), branch))
        _same(own, [t[row : row + 1] for t in first], "stories of a batch mix", 1e-5)


def _row(context: Context, row: int) -> Context:
    one = slice(row, row + 1)
    extra = None if context.extra is None else context.extra[one]
    told = context.told and Told(context.told.tokens[one], context.told.mask[one], context.told.names[one])
    return Context(
        context.tokens[one],
        context.mask[one],
        cast=context.cast[one],
        extra=extra,
        images=context.images[one],
        told=told,
    )


def _tensors(value: Any) -> list[Tensor]:
    """Copies of all arrays in a plain value, in order, as tensors."""
    if isinstance(value, Tensor | np.ndarray):
        return [torch.as_tensor(value).clone()]
    if is_dataclass(value):
        return [t for field in fields(value) for t in _tensors(getattr(value, field.name))]
    if isinstance(value, dict):
        return [t for item in value.values() for t in _tensors(item)]
    if isinstance(value, tuple | list):
        return [t for item in value for t in _tensors(item)]
    return []


def _same(now: list[Tensor], before: list[Tensor], message: str, tolerance: float = 0.0) -> None:
    same = len(now) == len(before) and all(
        a.shape == b.shape and torch.allclose(a.float(), b.float(), atol=tolerance, rtol=tolerance)
        for a, b in zip(now, before, strict=True)
    )
    assert same, message
