"""The autoencoder: pictures <-> whitened latents."""

import openvino as ov
from openvino import Node, opset15 as ops

from lianhuan.models.light.blocks import resnet, upsample
from lianhuan.models.light.graph import Graph

GROUPS = 16
EPSILON = 1e-6


def encoder(g: Graph, patch: int, levels: int, size: int) -> ov.Model:
    """From "picture" (1, 3, size, size) to "latents" (1, C, size / 8, size / 8), as `lianhuan.models.autoencoder` has them.

    Args:
        g: with the autoencoder's weights.
        patch: side of the patches that the pictures are folded into.
        levels: number of widths.
        size: side of the pictures.
    """
    x = g.input("picture", (1, 3, size, size))
    x = g.conv(ops.space_to_depth(x, "depth_first", patch), "encoder.conv_in")
    for level in range(levels):
        name = f"encoder.down_blocks.{level}"
        x = _resnet(g, x, f"{name}.resnets.0")
        if f"{name}.downsamplers.0.conv.weight" in g.arrays:
            x = g.conv_padded(x, f"{name}.downsamplers.0.conv", 2, (0, 0), (1, 1))
    x = _ends(g, _middle(g, x, "encoder"), "encoder")
    return g.model(latents=ops.divide(ops.subtract(x, g.weight("mean")), g.weight("std")))


def decoder(g: Graph, patch: int, levels: int, shape: tuple[int, int, int]) -> ov.Model:
    """From "latents" (1, C, h, w), of this `shape` but for the 1, to "picture" (1, 3, 8 h, 8 w)."""
    x = g.input("latents", (1, *shape))
    x = ops.add(ops.multiply(x, g.weight("std")), g.weight("mean"))
    x = _middle(g, g.conv(x, "decoder.conv_in"), "decoder")
    for level in range(levels):
        name = f"decoder.up_blocks.{level}"
        for number in range(2):
            x = _resnet(g, x, f"{name}.resnets.{number}")
        if f"{name}.upsamplers.0.conv.weight" in g.arrays:
            x = upsample(g, x, name)
    return g.model(picture=ops.depth_to_space(_ends(g, x, "decoder"), "depth_first", patch))


def _resnet(g: Graph, x: Node, name: str) -> Node:
    return resnet(g, x, name, GROUPS, EPSILON)


def _middle(g: Graph, x: Node, half: str) -> Node:
    for number in range(2):
        x = _resnet(g, x, f"{half}.mid_block.resnets.{number}")
    return x


def _ends(g: Graph, x: Node, half: str) -> Node:
    return g.conv(ops.swish(g.group_norm(x, f"{half}.conv_norm_out", GROUPS, EPSILON)), f"{half}.conv_out")
