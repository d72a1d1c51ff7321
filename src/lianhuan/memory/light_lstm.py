"""The LSTM memory without torch: `lianhuan.memory.lstm` as networks of OpenVINO, from the same weights."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
from openvino import Node, opset15 as ops

from lianhuan.arrays import Array, as_numpy
from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Engine, Input
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks, read_looks
from lianhuan.models.context import Context
from lianhuan.models.files import load_arrays, read_config
from lianhuan.models.light.graph import (
    Graph,
    first,
    flattened,
    gelu,
    merged,
    number,
    padding,
    pieces,
    shaped,
    turned,
)
from lianhuan.models.light.run import Network

SHARPNESS = 4.0
GATE_LIMIT = 6.0
LOOKS = "matrix", "weight"
"""The parts of the state that keep looks under names."""
LOOKING_HEADS = 4
"""Heads of the layer that looks at the picture."""


class LightLSTMMemory:
    """Implements `lianhuan.memory.Memory` with the engine "light"; its state is that of `lianhuan.memory.LSTMMemory`.

    Args:
        folder: of the memory.

    Raises:
        CheckpointError: its files are missing or damaged.
    """

    name = "lstm"
    engine: Engine = "light"
    fingerprint = ""
    gives: frozenset[Input] = frozenset({"tokens"})

    def __init__(self, folder: Path):
        self._folder = folder
        self.casts: Looks | None = read_looks(folder)
        self._first = load_arrays(folder)["first"]
        self._reading, self._writing = cache(self._reader), cache(self._writer)
        config: dict[str, Any] = read_config(folder)
        try:
            width, self._heads = config["width"], config["heads"]
            matrix = (self._heads, width // self._heads, width // self._heads)
            hidden, picture = (config["hidden"],), (config["picture_width"],)
            self._lead = config.get("summary_tokens", 4)
        except (KeyError, TypeError) as error:
            raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
        self._shapes = {"h": hidden, "c": hidden, "picture": picture, "matrix": matrix, "weight": matrix[:2]}
        self._reader(self._lead)  # what does not fit is told before anything is drawn
        self._writer(self._lead, config["latent_channels"], 16, 16)

    def start(self, stories: int) -> State:
        """Zero state and the learned vector that stands for "no picture yet"."""
        nothing = {name: np.zeros((stories, *shape), np.float32) for name, shape in self._shapes.items()}
        return {**nothing, "picture": np.repeat(self._first[None], stories, axis=0)}

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """Tokens plus the residual; the unconditional branch stays without memory."""
        if branch == "uncond":
            return context
        network = self._reading(context.mask.shape[1])
        return context.with_tokens(_by_row(network, **state, **_words(context))["read"])

    def write(self, state: State, context: Context, latents: Array) -> State:
        """Advance the LSTM by one frame and look at the picture; of a portrait the looks alone are kept, under their names."""
        network = self._writing(context.mask.shape[1], *latents.shape[1:])
        after = _by_row(network, **state, **_words(context), latents=latents)
        return {**state, **{name: after[name] for name in LOOKS}} if context.portrait else after

    def _graph(self, length: int) -> "_Graph":
        return _Graph(Graph(load_arrays(self._folder)), self._heads, length, self._lead, self._shapes)

    def _reader(self, length: int) -> Network:
        return Network(self._folder, lambda: self._graph(length).reader())

    def _writer(self, length: int, channels: int, rows: int, columns: int) -> Network:
        return Network(self._folder, lambda: self._graph(length).writer((1, channels, rows, columns)))


class _Graph:
    """The networks of the memory for one story, by the formulas of `lianhuan.memory.lstm`."""

    def __init__(self, g: Graph, heads: int, length: int, lead: int, shapes: dict[str, tuple[int, ...]]):
        self.g, self.heads, self.lead = g, heads, lead
        self.tokens = g.input("tokens", (1, length, len(g.array("recall.weight"))))
        self.hidden = padding(g.input("mask", (1, length)))
        self.state = {name: g.input(name, (1, *shape)) for name, shape in shapes.items()}
        self.summary = first(self.tokens, self.lead)

    def reader(self) -> ov.Model:
        """The tokens with what is remembered."""
        g, (h, _) = self.g, self._advance()
        asked = ops.add(shaped(g.linear(h, "from_state"), 1, 1, -1), g.linear(self.tokens, "from_token"))
        known = g.linear(self._recall(), "recall")
        rest = np.zeros((1, self.tokens.shape[1] - self.lead, known.shape[2]), np.float32)
        known = ops.concat([known, ops.constant(rest)], 1)
        return g.model(read=ops.add(ops.add(self.tokens, g.linear(gelu(asked), "out")), known))

    def writer(self, shape: tuple[int, ...]) -> ov.Model:
        """The state after a frame whose picture has latents of this shape."""
        g, (h, c) = self.g, self._advance()
        seen = self._look(g.input("latents", shape))
        names = self._names()
        gate = g.linear(ops.concat([names, seen], 2), "matrix.gate")
        gate = ops.multiply(ops.tanh(ops.divide(gate, number(GATE_LIMIT))), number(GATE_LIMIT))
        gate = shaped(turned(ops.exp(gate), 0, 2, 1), 1, self.heads, -1, 1)
        keys = ops.multiply(self._address(names), gate)
        values = g.heads(seen, "matrix.value", self.heads)
        added = ops.reduce_sum(keys, ops.constant(np.array([2])), False)
        return g.model(
            h=h,
            c=c,
            picture=g.linear(flattened(seen), "pictures.out"),
            matrix=ops.add(self.state["matrix"], ops.matmul(values, keys, True, False)),
            weight=ops.add(self.state["weight"], added),
        )

    def _advance(self) -> tuple[Node, Node]:
        g = self.g
        told = ops.concat([g.linear(flattened(self.summary), "pool"), self.state["picture"]], 1)
        sums = ops.add(g.rows(told, "cell", "ih"), g.rows(self.state["h"], "cell", "hh"))
        enter, forget, new, leave = pieces(sums, 1, 4)
        kept = ops.multiply(ops.sigmoid(forget), self.state["c"])
        c = ops.add(kept, ops.multiply(ops.sigmoid(enter), ops.tanh(new)))
        return ops.multiply(ops.sigmoid(leave), ops.tanh(c)), c

    def _look(self, latents: Node) -> Node:
        g, x = self.g, latents
        for layer, stride in ((0, 1), (2, 2), (4, 1)):
            x = gelu(g.conv(x, f"pictures.convs.{layer}", stride))
        cells = turned(shaped(x, 1, x.shape[1], -1), 0, 2, 1)
        cells = ops.add(cells, ops.constant(g.array("pictures.positions")))
        name, y = "pictures.attend", self.summary
        near = g.layer_norm(y, f"{name}.norm1")
        y = ops.add(y, g.multihead(f"{name}.self_attn", near, near, LOOKING_HEADS))
        near = g.layer_norm(y, f"{name}.norm2")
        y = ops.add(y, g.multihead(f"{name}.multihead_attn", near, cells, LOOKING_HEADS))
        near = gelu(g.linear(g.layer_norm(y, f"{name}.norm3"), f"{name}.linear1"))
        return g.layer_norm(ops.add(y, g.linear(near, f"{name}.linear2")), "pictures.norm")

    def _names(self) -> Node:
        looked = self.g.multihead("matrix.who", self.summary, self.tokens, self.heads, self.hidden)
        return self.g.layer_norm(ops.add(self.summary, looked), "matrix.norm")

    def _address(self, names: Node) -> Node:
        keys = self.g.heads(names, "matrix.key", self.heads)
        return ops.softmax(ops.multiply(keys, number(SHARPNESS)), -1)

    def _recall(self) -> Node:
        queries = self._address(self._names())
        found = ops.matmul(queries, self.state["matrix"], False, True)
        weight = ops.matmul(queries, shaped(self.state["weight"], 1, self.heads, -1, 1), False, False)
        return merged(ops.divide(found, ops.add(weight, number(1e-4))))


def _words(context: Context) -> dict[str, Array]:
    return {"tokens": context.tokens, "mask": as_numpy(context.mask).astype(np.float32)}


def _by_row(network: Callable[..., dict[str, Array]], **batch: Array) -> dict[str, Array]:
    """The outputs for B stories, one after another."""
    rows = [
        network(**{name: value[i : i + 1] for name, value in batch.items()})
        for i in range(len(batch["tokens"]))
    ]
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}
