"""A network of OpenVINO's operations, built piece by piece from the weights of a part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import Node, Type, opset15 as ops

from lianhuan.errors import CheckpointError
from lianhuan.models.files import Arrays, Numbers, Range, grid, to_int8

FEW_CELLS = 64
"""Of no more cells, convolutions without ranges are products, hardly slower and in half the memory, and groups are normalised as rows."""

LARGEST = 63
"""The largest number of weights that meet 8-bit inputs: two products with inputs of up to 255 are then below 2^15, and processors
without VNNI instructions, which add up pairs of products in 16 bits, lose nothing."""

EXACT: Mapping[str, Range] = {}
"""No layer computes with 8-bit numbers."""


@dataclass(frozen=True)
class Matrix:
    """A matrix (n, m) or kernel (n, m, ...): its numbers, and what its rows are multiplied by, (n, 1, ...), if they are 8-bit numbers."""

    numbers: npt.NDArray[Any]
    scale: Numbers | None = None

    @classmethod
    def stacked(cls, parts: Sequence[Self]) -> Self:
        """The rows of all; all of them have 8-bit numbers, or none has."""
        scales = [part.scale for part in parts if part.scale is not None]
        return cls(
            np.concatenate([part.numbers for part in parts]), np.concatenate(scales) if scales else None
        )

    def split(self, parts: int) -> list[Self]:
        """Equal parts of its rows."""
        pieces = np.split(self.numbers, parts)
        scales = [None] * parts if self.scale is None else np.split(self.scale, parts)
        return [type(self)(*piece) for piece in zip(pieces, scales, strict=True)]

    def for_int8(self) -> Self:
        """The same in whole numbers that may be multiplied by 8-bit inputs, see `LARGEST`."""
        if self.scale is None:
            return type(self)(*to_int8(self.numbers, LARGEST))
        fewer = np.float32(LARGEST / 127)
        return type(self)(np.rint(self.numbers * fewer).astype(np.int8), self.scale / fewer)

    def of_kernel_rows(self) -> list[Self]:
        """The matrices (n, k * m) of the rows of the kernel (n, m, k, k) that it is."""
        scale = None if self.scale is None else self.scale.reshape(-1, 1)
        rows = np.ascontiguousarray(np.transpose(self.numbers, (2, 0, 3, 1)))
        return [type(self)(row.reshape(len(row), -1), scale) for row in rows]

    def node(self) -> Node:
        """A constant; OpenVINO keeps 8-bit numbers as they are where it can, which takes a quarter of the memory."""
        if self.scale is None:
            return shared(self.numbers)
        return ops.multiply(ops.convert(shared(self.numbers), Type.f32), ops.constant(self.scale))


class Graph:
    """Layers by the names that their weights have in a part's file.

    Args:
        arrays: the weights.
        ranges: layers that compute with 8-bit numbers, each with the range of what enters it.
    """

    def __init__(self, arrays: Arrays, ranges: Mapping[str, Range] = EXACT):
        self.arrays, self.ranges = arrays, ranges
        self.inputs: list[Node] = []

    def input(self, name: str, shape: Sequence[int], kind: Type = Type.f32) -> Node:
        """An input of the network."""
        node = ops.parameter(list(shape), kind, name=name)
        node.output(0).get_tensor().set_names({name})
        self.inputs.append(node)
        return node

    def model(self, **outputs: Node) -> ov.Model:
        """The network with these outputs."""
        results = []
        for name, node in outputs.items():
            result = ops.result(node)
            result.output(0).get_tensor().set_names({name})
            results.append(result)
        return ov.Model(results, self.inputs)

    def array(self, name: str) -> Numbers:
        """A weight's numbers.

        Raises:
            CheckpointError: the part has no such weight.
        """
        if name not in self.arrays:
            raise CheckpointError(f"the weight {name!r} is missing")
        return self.arrays[name]

    def matrix(self, name: str) -> Matrix:
        """A matrix, its numbers as short as the part has them.

        Raises:
            CheckpointError: the part has no such weight.
        """
        short = self.arrays.short(name)
        return Matrix(self.array(name)) if short is None else Matrix(*short)

    def weight(self, name: str) -> Node:
        """A weight as it is."""
        return shared(self.array(name))

    def linear(self, x: Node, name: str) -> Node:
        """(..., D_in) -> (..., D_out), also by a convolution with a kernel of a single cell."""
        return self._linear(x, name, self._as_rows(name), self.arrays.get(f"{name}.bias"))

    def halves(self, x: Node, name: str) -> tuple[Node, Node]:
        """The first and the second half of what a linear layer says."""
        weights, biases = self._as_rows(name).split(2), np.split(self.array(f"{name}.bias"), 2)
        first, second = (self._linear(x, name, *half) for half in zip(weights, biases, strict=True))
        return first, second

    def linears(self, x: Node, names: Sequence[str]) -> list[Node]:
        """What several linear layers say of the same rows (B, D), in one product."""
        weights = [self.matrix(f"{name}.weight") for name in names]
        biases: Numbers = np.concatenate([self.array(f"{name}.bias") for name in names])
        y = self._product(x, Matrix.stacked(weights), biases)
        widths = ops.constant(np.array([len(weight.numbers) for weight in weights]))
        return list(ops.variadic_split(y, ops.constant(np.array(1)), widths).outputs())

    def _linear(self, x: Node, name: str, weight: Matrix, bias: Numbers | None) -> Node:
        if name in self.ranges:
            x, weight = self._in_int8(x, name), weight.for_int8()
        return self._product(x, weight, bias)

    def _as_rows(self, name: str) -> Matrix:
        weight = self.matrix(f"{name}.weight")
        rows = len(weight.numbers)
        scale = None if weight.scale is None else weight.scale.reshape(rows, 1)
        return Matrix(weight.numbers.reshape(rows, -1), scale)

    def rows(self, x: Node, name: str, part: str) -> Node:
        """One of the two products of torch's LSTMCell: `part` is "ih" or "hh"."""
        return self._product(x, self.matrix(f"{name}.weight_{part}"), self.array(f"{name}.bias_{part}"))

    def heads(self, x: Node, name: str, heads: int) -> Node:
        """(B, n, D) -> (B, heads, n, D / heads), after a linear layer."""
        return split(self.linear(x, name), heads)

    def conv(self, x: Node, name: str, stride: int = 1) -> Node:
        """A convolution in one or two dimensions that keeps the size, but for its stride."""
        edges = [side // 2 for side in self.matrix(f"{name}.weight").numbers.shape[2:]]
        return self.conv_padded(x, name, stride, edges, edges)

    def conv_padded(
        self, x: Node, name: str, stride: int, before: Sequence[int], after: Sequence[int]
    ) -> Node:
        """A convolution with so many zeros before and after each dimension."""
        if name in self.ranges:
            kernel = self.matrix(f"{name}.weight").for_int8().node()
            return self._convolved(self._in_int8(x, name), kernel, name, stride, before, after)
        if self.arrays.short(f"{name}.weight") and len(x.shape) == 4 and x.shape[2] * x.shape[3] <= FEW_CELLS:
            return self._conv_of_few(x, name, stride, before, after)
        return self._convolved(x, self.weight(f"{name}.weight"), name, stride, before, after)

    def _convolved(
        self, x: Node, kernel: Node, name: str, stride: int, before: Sequence[int], after: Sequence[int]
    ) -> Node:
        bias, space = self.array(f"{name}.bias"), len(kernel.shape) - 2
        y = ops.convolution(x, kernel, [stride] * space, list(before), list(after), [1] * space)
        return ops.add(y, shared(bias.reshape(1, -1, *[1] * space)))

    def _in_int8(self, x: Node, name: str) -> Node:
        """What enters a layer, on the grid of 256 steps of its range, which has a step at 0."""
        step, zero = grid(self.ranges[name])
        low = -step * zero
        ends = number(low), number(low + 255 * step)
        return ops.fake_quantize(x, *ends, *ends, 256)

    def _conv_of_few(
        self, x: Node, name: str, stride: int, before: Sequence[int], after: Sequence[int]
    ) -> Node:
        """A convolution in two dimensions as products with 8-bit matrices, for which OpenVINO needs no long numbers.

        Each row of the kernel is a product of its own: the sums of longer ones are shared out among the threads, and come out
        differently with each number of them.
        """
        weight = self.matrix(f"{name}.weight")
        sides = weight.numbers.shape[2:]
        edges = (ops.constant(np.array([0, *ends, 0])) for ends in (before, after))
        x = ops.pad(turned(x, 0, 2, 3, 1), *edges, "constant", number(0))
        count, height, width, channels = x.shape
        cells: npt.NDArray[np.int64] = np.arange(height * width).reshape(height, width)
        windows = np.lib.stride_tricks.sliding_window_view(cells, sides)[::stride, ::stride]
        x = shaped(x, count, -1, channels)
        y = shared(self.array(f"{name}.bias"))
        for row, kernel in enumerate(weight.of_kernel_rows()):
            near = np.ascontiguousarray(windows[:, :, row])
            seen = ops.gather(x, ops.constant(near.ravel()), ops.constant(np.array(1)))
            y = ops.add(y, self._product(shaped(seen, count, *near.shape[:2], -1), kernel, None))
        return turned(y, 0, 3, 1, 2)

    def group_norm(self, x: Node, name: str, groups: int, epsilon: float) -> Node:
        """Group normalisation of (B, C, H, W).

        OpenVINO's own shares a large group out among the threads, and its last bits depend on their number. So small groups are
        made rows, whose normalisation takes one thread a row, and large ones, which are costly to move, are normalised by the
        means of their channels.
        """
        count, channels, height, width = x.shape
        scale, shift = (
            shared(self.array(f"{name}.{part}").reshape(1, -1, 1, 1)) for part in ("weight", "bias")
        )
        if height * width > FEW_CELLS:
            x = ops.subtract(x, _group_means(x, groups))
            spread = ops.sqrt(ops.add(_group_means(ops.multiply(x, x), groups), number(epsilon)))
            return ops.add(ops.multiply(x, ops.divide(scale, spread)), shift)
        rows = shaped(x, count, groups, channels // groups * height * width)
        flat = ops.mvn(rows, ops.constant(np.array([2])), True, epsilon, "inside_sqrt")
        return ops.add(ops.multiply(shaped(flat, count, channels, height, width), scale), shift)

    def layer_norm(self, x: Node, name: str) -> Node:
        """Layer normalisation over the last dimension."""
        flat = ops.mvn(x, ops.constant(np.array([-1])), True, 1e-5, "inside_sqrt")
        return ops.add(ops.multiply(flat, self.weight(f"{name}.weight")), self.weight(f"{name}.bias"))

    def attend(self, query: Node, key: Node, value: Node, hidden: Node | None = None) -> Node:
        """(B, n, D) from (B, heads, n, D / heads) queries and (B, heads, m, D / heads) keys and values.

        Args:
            query: what looks.
            key: what is looked at.
            value: what is seen.
            hidden: additive, of a shape that fits (B, heads, n, m).
        """
        weights = ops.multiply(ops.matmul(query, key, False, True), number(query.shape[3] ** -0.5))
        if hidden is not None:
            weights = ops.add(weights, hidden)
        seen = ops.matmul(ops.softmax(weights, -1), value, False, False)
        return merged(seen)

    def multihead(
        self, name: str, query: Node, looked_at: Node, heads: int, hidden: Node | None = None
    ) -> Node:
        """Torch's MultiheadAttention: (B, n, D) queries look at (B, m, D) tokens."""
        sources = {"q": query, "k": looked_at, "v": looked_at}
        weights = self.matrix(f"{name}.in_proj_weight").split(3)
        biases = np.split(self.array(f"{name}.in_proj_bias"), 3)
        asked, known, told = (
            split(self._product(x, weight, bias), heads)
            for (part, x), weight, bias in zip(sources.items(), weights, biases, strict=True)
        )
        return self.linear(self.attend(asked, known, told, hidden), f"{name}.out_proj")

    def _product(self, x: Node, weight: Matrix, bias: Numbers | None) -> Node:
        y = ops.matmul(x, weight.node(), False, True)
        return y if bias is None else ops.add(y, shared(bias))


def shared(array: npt.NDArray[Any]) -> Node:
    """A constant that does not copy its numbers."""
    return ops.constant(array, shared_memory=True)


def _group_means(x: Node, groups: int) -> Node:
    """The mean of the group of each channel, (B, C, 1, 1), of (B, C, H, W)."""
    count, channels = x.shape[:2]
    cut = count, groups, channels // groups
    means = shaped(ops.reduce_mean(x, ops.constant(np.array([2, 3])), False), *cut)
    means = ops.reduce_mean(means, ops.constant(np.array([2])), True)
    return shaped(ops.broadcast(means, ops.constant(np.array(cut))), count, channels, 1, 1)


def split(x: Node, heads: int) -> Node:
    """(B, n, D) -> (B, heads, n, D / heads)."""
    rows, length, width = x.shape
    return turned(shaped(x, rows, length, heads, width // heads), 0, 2, 1, 3)


def merged(x: Node) -> Node:
    """(B, heads, n, D / heads) -> (B, n, D)."""
    rows, heads, length, width = x.shape
    return shaped(turned(x, 0, 2, 1, 3), rows, length, heads * width)


def padding(mask: Node, least: float = -1e4) -> Node:
    """(B, 1, 1, L) to be added to attention weights, from (B, L), 1 = keep."""
    away = ops.multiply(ops.subtract(number(1), mask), number(least))
    return shaped(away, mask.shape[0], 1, 1, mask.shape[1])


def number(value: float) -> Node:
    """A constant."""
    return ops.constant(np.float32(value))


def turned(x: Node, *order: int) -> Node:
    """The dimensions in another order."""
    return ops.transpose(x, ops.constant(np.array(order)))


def shaped(x: Node, *shape: int) -> Node:
    """The same numbers in another shape; -1 stands for what is left."""
    return ops.reshape(x, ops.constant(np.array(shape)), False)


def gelu(x: Node) -> Node:
    """The exact GELU."""
    return ops.gelu(x, "erf")


def pieces(x: Node, axis: int, parts: int) -> list[ov.Output]:
    """Equal parts along a dimension."""
    return list(ops.split(x, ops.constant(np.array(axis)), parts).outputs())


def first(x: Node, count: int) -> Node:
    """The first tokens of (B, L, D)."""
    start, stop, one = (ops.constant(np.array([at])) for at in (0, count, 1))
    return ops.slice(x, start, stop, one, one)


def doubled(x: Node) -> Node:
    """(B, C, H, W) -> (B, C, 2H, 2W), every cell four times."""
    return ops.interpolate(
        x,
        ops.constant(np.array([2.0, 2.0], np.float32)),
        "nearest",
        "scales",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
        axes=ops.constant(np.array([2, 3])),
    )


def flattened(x: Node) -> Node:
    """(B, ...) -> (B, all the rest)."""
    return shaped(x, x.shape[0], -1)
