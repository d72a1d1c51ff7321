"""The building blocks of diffusers' networks: residual blocks, transformers, changes of size."""

import numpy as np
from openvino import Node, opset15 as ops

from lianhuan.models.light.graph import Graph, doubled, gelu, halves, shaped


def resnet(g: Graph, x: Node, name: str, groups: int, epsilon: float, time: Node | None = None) -> Node:
    """A residual block on (B, C, H, W); `time` is (B, D), already through its activation."""
    y = g.conv(ops.swish(g.group_norm(x, f"{name}.norm1", groups, epsilon)), f"{name}.conv1")
    if time is not None:
        told = g.linear(time, f"{name}.time_emb_proj")
        y = ops.add(y, shaped(told, *told.shape, 1, 1))
    y = g.conv(ops.swish(g.group_norm(y, f"{name}.norm2", groups, epsilon)), f"{name}.conv2")
    if f"{name}.conv_shortcut.weight" in g.arrays:
        x = g.conv(x, f"{name}.conv_shortcut")
    return ops.add(x, y)


def transformer(g: Graph, x: Node, name: str, heads: int, groups: int, tokens: Node, hidden: Node) -> Node:
    """Self-attention of the cells of (B, C, H, W), a look at the tokens (B, L, D), and a feed-forward layer."""
    rows, channels, height, width = x.shape
    y = g.conv(g.group_norm(x, f"{name}.norm", groups, 1e-6), f"{name}.proj_in")
    y = shaped(y, rows, channels, height * width)
    y = ops.transpose(y, ops.constant(np.array([0, 2, 1])))
    block = f"{name}.transformer_blocks.0"
    near = g.layer_norm(y, f"{block}.norm1")
    y = ops.add(y, _attention(g, near, near, f"{block}.attn1", heads))
    y = ops.add(y, _attention(g, g.layer_norm(y, f"{block}.norm2"), tokens, f"{block}.attn2", heads, hidden))
    value, gate = halves(g.linear(g.layer_norm(y, f"{block}.norm3"), f"{block}.ff.net.0.proj"), 2)
    y = ops.add(y, g.linear(ops.multiply(value, gelu(gate)), f"{block}.ff.net.2"))
    y = ops.transpose(y, ops.constant(np.array([0, 2, 1])))
    return ops.add(x, g.conv(shaped(y, rows, channels, height, width), f"{name}.proj_out"))


def _attention(g: Graph, x: Node, looked_at: Node, name: str, heads: int, hidden: Node | None = None) -> Node:
    query = g.heads(x, f"{name}.to_q", heads)
    key, value = (g.heads(looked_at, f"{name}.to_{part}", heads) for part in "kv")
    return g.linear(g.attend(query, key, value, hidden), f"{name}.to_out.0")


def upsample(g: Graph, x: Node, name: str) -> Node:
    """(B, C, H, W) -> (B, C, 2H, 2W)."""
    return g.conv(doubled(x), f"{name}.upsamplers.0.conv")
