"""A network of OpenVINO's operations, built piece by piece from the weights of a part."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import openvino as ov
from openvino import Node, Type, opset15 as ops

from lianhuan.errors import CheckpointError
from lianhuan.models.files import Arrays, Numbers

FEW_CELLS = 64
"""Convolutions of no more cells are products: hardly slower, and in half the memory."""


@dataclass(frozen=True)
class Matrix:
    """A matrix (n, m): its numbers, and what its rows are multiplied by, (n, 1), if they are 8-bit numbers."""

    numbers: npt.NDArray[Any]
    scale: Numbers | None = None

    def split(self, parts: int) -> list[Self]:
        """Equal parts of its rows."""
        pieces = np.split(self.numbers, parts)
        scales = [None] * parts if self.scale is None else np.split(self.scale, parts)
        return [type(self)(*piece) for piece in zip(pieces, scales, strict=True)]

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
    """

    def __init__(self, arrays: Arrays):
        self.arrays = arrays
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
        """(..., D_in) -> (..., D_out)."""
        return self._product(x, self.matrix(f"{name}.weight"), self.arrays.get(f"{name}.bias"))

    def rows(self, x: Node, name: str, part: str) -> Node:
        """One of the two products of torch's LSTMCell: `part` is "ih" or "hh"."""
        return self._product(x, self.matrix(f"{name}.weight_{part}"), self.array(f"{name}.bias_{part}"))

    def heads(self, x: Node, name: str, heads: int) -> Node:
        """(B, n, D) -> (B, heads, n, D / heads), after a linear layer."""
        return self._split(self.linear(x, name), heads)

    def conv(self, x: Node, name: str, stride: int = 1) -> Node:
        """A convolution in one or two dimensions that keeps the size, but for its stride."""
        weight = self.array(f"{name}.weight")
        edges = [width // 2 for width in weight.shape[2:]]
        return self.conv_padded(x, name, stride, edges, edges)

    def conv_padded(
        self, x: Node, name: str, stride: int, before: Sequence[int], after: Sequence[int]
    ) -> Node:
        """A convolution with so many zeros before and after each dimension."""
        if self.arrays.short(f"{name}.weight") and len(x.shape) == 4 and x.shape[2] * x.shape[3] <= FEW_CELLS:
            return self._conv_of_few(x, name, stride, before, after)
        weight, bias = self.array(f"{name}.weight"), self.array(f"{name}.bias")
        space = weight.ndim - 2
        y = ops.convolution(x, shared(weight), [stride] * space, list(before), list(after), [1] * space)
        return ops.add(y, shared(bias.reshape(1, -1, *[1] * space)))

    def _conv_of_few(
        self, x: Node, name: str, stride: int, before: Sequence[int], after: Sequence[int]
    ) -> Node:
        """A convolution in two dimensions as products with 8-bit matrices, for which OpenVINO needs no long numbers.

        Each row of the kernel is a product of its own: the sums of longer ones are shared out among the threads, and come out
        differently with each number of them.
        """
        sides = self.array(f"{name}.weight").shape[2:]
        edges = (ops.constant(np.array([0, *ends, 0])) for ends in (before, after))
        x = ops.pad(ops.transpose(x, ops.constant(np.array([0, 2, 3, 1]))), *edges, "constant", number(0))
        count, height, width, channels = x.shape
        cells: npt.NDArray[np.int64] = np.arange(height * width).reshape(height, width)
        windows = np.lib.stride_tricks.sliding_window_view(cells, sides)[::stride, ::stride]
        x = shaped(x, count, -1, channels)
        y = shared(self.array(f"{name}.bias"))
        for row, kernel in enumerate(self.matrix(f"{name}.weight").of_kernel_rows()):
            near = np.ascontiguousarray(windows[:, :, row])
            seen = ops.gather(x, ops.constant(near.ravel()), ops.constant(np.array(1)))
            y = ops.add(y, self._product(shaped(seen, count, *near.shape[:2], -1), kernel, None))
        return ops.transpose(y, ops.constant(np.array([0, 3, 1, 2])))

    def group_norm(self, x: Node, name: str, groups: int, epsilon: float) -> Node:
        """Group normalisation of (B, C, H, W).

        By OpenVINO's normalisation over rows, one thread a row; its own for groups shares a large one out among the threads, and
        its last bits depend on their number.
        """
        count, channels, height, width = x.shape
        rows = shaped(x, count, groups, channels // groups * height * width)
        flat = ops.mvn(rows, ops.constant(np.array([2])), True, epsilon, "inside_sqrt")
        scale, shift = (
            shared(self.array(f"{name}.{part}").reshape(1, -1, 1, 1)) for part in ("weight", "bias")
        )
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
            self._split(self._product(x, weight, bias), heads)
            for (part, x), weight, bias in zip(sources.items(), weights, biases, strict=True)
        )
        return self.linear(self.attend(asked, known, told, hidden), f"{name}.out_proj")

    def _product(self, x: Node, weight: Matrix, bias: Numbers | None) -> Node:
        y = ops.matmul(x, weight.node(), False, True)
        return y if bias is None else ops.add(y, shared(bias))

    def _split(self, x: Node, heads: int) -> Node:
        rows, length, width = x.shape
        cut = shaped(x, rows, length, heads, width // heads)
        return ops.transpose(cut, ops.constant(np.array([0, 2, 1, 3])))


def shared(array: npt.NDArray[Any]) -> Node:
    """A constant that does not copy its numbers."""
    return ops.constant(array, shared_memory=True)


def merged(x: Node) -> Node:
    """(B, heads, n, D / heads) -> (B, n, D)."""
    rows, heads, length, width = x.shape
    return shaped(ops.transpose(x, ops.constant(np.array([0, 2, 1, 3]))), rows, length, heads * width)


def padding(mask: Node, least: float = -1e4) -> Node:
    """(B, 1, 1, L) to be added to attention weights, from (B, L), 1 = keep."""
    away = ops.multiply(ops.subtract(number(1), mask), number(least))
    return shaped(away, mask.shape[0], 1, 1, mask.shape[1])


def number(value: float) -> Node:
    """A constant."""
    return ops.constant(np.float32(value))


def shaped(x: Node, *shape: int) -> Node:
    """The same numbers in another shape; -1 stands for what is left."""
    return ops.reshape(x, ops.constant(np.array(shape)), False)


def gelu(x: Node) -> Node:
    """The exact GELU."""
    return ops.gelu(x, "erf")


def halves(x: Node, axis: int, parts: int = 2) -> list[ov.Output]:
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
