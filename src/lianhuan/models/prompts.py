"""Pictures of characters as the cross-attention of pages reads them beside the words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from lianhuan.late import Late

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn
else:
    torch, nn = Late("torch"), Late("torch.nn")


@dataclass(frozen=True)
class Regions:
    """What finds the place of each of C characters on B pages: the words of the page that speak of it.

    Attributes:
        tokens: (B, L, D) tokens of all words of the page.
        mask: (B, L) bool, True = keep.
        spoken: (B, C, L) bool, which words speak of each character.
    """

    tokens: Tensor
    mask: Tensor
    spoken: Tensor


@dataclass(frozen=True)
class Prompts:
    """Pictures of up to C characters on each of B pages.

    Attributes:
        tokens: (B, C, N, D) tokens of the pictures of each character.
        there: (B, C, N) bool, False where a page has fewer characters, or a character fewer pictures.
        layers: name of a cross-attention layer -> what makes its keys and values of such tokens (`to_k`, `to_v`).
        strength: weight of what is read of them against what is read of the words.
        regions: where on the page each character's pictures are read; None for everywhere.
    """

    tokens: Tensor
    there: Tensor
    layers: Mapping[str, nn.Module]
    strength: float
    regions: Regions | None = None


def join_prompts(parts: Sequence[Prompts | None], pages: Sequence[int]) -> Prompts | None:
    """Prompts of all pages, in order; some may have none.

    Args:
        parts: the prompts of some pages each.
        pages: the numbers of pages of the parts.
    """
    known = next((part for part in parts if part is not None), None)
    if known is None:
        return None
    return _joined([part or _nobody(known, count) for part, count in zip(parts, pages, strict=True)])


def last_of_group(prompts: Prompts, size: int) -> Prompts:
    """The prompts (B) of groups (B * size) of pages whose last ones have these, and the others none."""

    def spread(tensor: Tensor) -> Tensor:
        grouped = tensor.new_zeros(len(tensor), size, *tensor.shape[1:])
        grouped[:, -1] = tensor
        return grouped.flatten(0, 1)

    return _each(prompts, spread)


Record = TypeVar("Record", Prompts, Regions)


def _nobody(like: Prompts, pages: int) -> Prompts:
    return _each(like, lambda tensor: torch.zeros_like(tensor[:1]).repeat(pages, *[1] * (tensor.dim() - 1)))


def _each(record: Record, change: Callable[[Tensor], Tensor]) -> Record:
    """The same record with all tensors changed."""
    changed: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if isinstance(value, torch.Tensor):
            changed[field.name] = change(value)
        elif isinstance(value, Regions):
            changed[field.name] = _each(value, change)
    return replace(record, **changed)


def _joined(records: Sequence[Record]) -> Record:
    """The rows of all records, in order, each tensor with zeros at the ends of its axes where others are longer."""
    changed: dict[str, Any] = {}
    for field in fields(records[0]):
        values = [getattr(record, field.name) for record in records]
        if isinstance(values[0], torch.Tensor):
            changed[field.name] = torch.cat(_even(values))
        elif isinstance(values[0], Regions):
            changed[field.name] = _joined(values)
    return replace(records[0], **changed)


def _even(tensors: Sequence[Tensor]) -> list[Tensor]:
    sizes = [max(tensor.shape[axis] for tensor in tensors) for axis in range(1, tensors[0].dim())]
    rooms = [[size - have for size, have in zip(sizes, t.shape[1:], strict=True)] for t in tensors]
    return [
        nn.functional.pad(t, [side for more in reversed(room) for side in (0, more)])
        for t, room in zip(tensors, rooms, strict=True)
    ]
