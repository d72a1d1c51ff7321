"""The story text encoder."""

import numpy as np
import openvino as ov
from openvino import Node, opset15 as ops

from lianhuan.models.light.graph import Graph, gelu, padding, shaped, turned


def text_encoder(g: Graph, layers: int, heads: int, length: int) -> ov.Model:
    """`lianhuan.models.text_encoder.StoryTextEncoder` on one page of `length` words.

    Its inputs are "words" (1, length, W), the vectors of the words, "segments" (1, length, D), those of their segments, and
    "mask" (1, length), 1 = keep; its output is "tokens" (1, S + length, D).
    """
    lead_length, width = g.array("summary").shape
    words = g.input("words", (1, length, g.array("enter.weight").shape[1]))
    segments = g.input("segments", (1, length, width))
    mask = g.input("mask", (1, length))
    x = ops.add(
        ops.add(g.linear(words, "enter"), segments), ops.constant(g.array("positions.weight")[:length])
    )
    kept = shaped(mask, 1, length, 1)
    for number in range(2):
        x = _word_conv(g, x, f"convs.{number}", kept)
    lead = ops.constant(g.array("summary")[None])
    x = ops.concat([lead, x], 1)
    keep = ops.concat([ops.constant(np.ones((1, lead_length), np.float32)), mask], 1)
    for number in range(layers):
        x = _layer(g, x, f"transformer.layers.{number}", heads, padding(keep))
    x = g.layer_norm(x, "norm")
    skipped = g.linear(words, "skip")
    nothing = ops.constant(np.zeros((1, lead_length, width), np.float32))
    return g.model(tokens=ops.add(x, ops.concat([nothing, skipped], 1)))


def _word_conv(g: Graph, x: Node, name: str, kept: Node) -> Node:
    y = turned(ops.multiply(g.layer_norm(x, f"{name}.norm"), kept), 0, 2, 1)
    return ops.add(x, gelu(turned(g.conv(y, f"{name}.conv"), 0, 2, 1)))


def _layer(g: Graph, x: Node, name: str, heads: int, hidden: Node) -> Node:
    near = g.layer_norm(x, f"{name}.norm1")
    x = ops.add(x, g.multihead(f"{name}.self_attn", near, near, heads, hidden))
    y = gelu(g.linear(g.layer_norm(x, f"{name}.norm2"), f"{name}.linear1"))
    return ops.add(x, g.linear(y, f"{name}.linear2"))
