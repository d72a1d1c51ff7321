"""The building blocks of diffusers' networks: residual blocks, transformers, changes of size."""

from openvino import Node, opset15 as ops

from lianhuan.models.light.graph import Graph, doubled, gelu, shaped, turned


def resnet(g: Graph, x: Node, name: str, groups: int, epsilon: float, time: Node | None = None) -> Node:
    """A residual block on (B, C, H, W); `time` is (B, C_out), what the block is told of the time."""
    y = g.conv(ops.swish(g.group_norm(x, f"{name}.norm1", groups, epsilon)), f"{name}.conv1")
    if time is not None:
        y = ops.add(y, shaped(time, *time.shape, 1, 1))
    y = g.conv(ops.swish(g.group_norm(y, f"{name}.norm2", groups, epsilon)), f"{name}.conv2")
    if f"{name}.conv_shortcut.weight" in g.arrays:
        x = g.conv(x, f"{name}.conv_shortcut")
    return ops.add(x, y)


def transformer(
    g: Graph, x: Node, name: str, heads: int, groups: int, words: tuple[Node, Node], hidden: Node
) -> Node:
    """Self-attention of the cells of (B, C, H, W), a look at words, and a feed-forward layer.

    `words` are the keys and the values of the words, (B, heads, L, C / heads), and `hidden` hides some of them.
    """
    rows, channels, height, width = x.shape
    y = shaped(g.group_norm(x, f"{name}.norm", groups, 1e-6), rows, channels, height * width)
    y = g.linear(turned(y, 0, 2, 1), f"{name}.proj_in")
    block = f"{name}.transformer_blocks.0"
    near = g.layer_norm(y, f"{block}.norm1")
    query, key, value = (g.heads(near, f"{block}.attn1.to_{part}", heads) for part in "qkv")
    y = ops.add(y, g.linear(g.attend(query, key, value), f"{block}.attn1.to_out.0"))
    query = g.heads(g.layer_norm(y, f"{block}.norm2"), f"{block}.attn2.to_q", heads)
    y = ops.add(y, g.linear(g.attend(query, *words, hidden), f"{block}.attn2.to_out.0"))
    value, gate = g.halves(g.layer_norm(y, f"{block}.norm3"), f"{block}.ff.net.0.proj")
    y = ops.add(y, g.linear(ops.multiply(value, gelu(gate)), f"{block}.ff.net.2"))
    y = turned(g.linear(y, f"{name}.proj_out"), 0, 2, 1)
    return ops.add(x, shaped(y, rows, channels, height, width))


def words_for(g: Graph, tokens: Node, name: str, heads: int) -> tuple[Node, Node]:
    """What the transformer called `name` sees of tokens (B, L, D)."""
    attention = f"{name}.transformer_blocks.0.attn2"
    key, value = (g.heads(tokens, f"{attention}.to_{part}", heads) for part in "kv")
    return key, value


def upsample(g: Graph, x: Node, name: str) -> Node:
    """(B, C, H, W) -> (B, C, 2H, 2W)."""
    return g.conv(doubled(x), f"{name}.upsamplers.0.conv")
