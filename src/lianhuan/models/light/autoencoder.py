"""The autoencoder: pictures <-> whitened latents."""

import openvino as ov
from openvino import Node, Type, opset15 as ops

from lianhuan.models.light.blocks import resnet, upsample
from lianhuan.models.light.graph import Graph, number, turned
from lianhuan.models.sizes import SIDE, AutoencoderConfig

GROUPS = 16
EPSILON = 1e-6


def encoder(g: Graph, sizes: AutoencoderConfig) -> ov.Model:
    """From "picture" (1, size, size, 3) of 8 bits to "latents" (1, C, 16, 16), as `lianhuan.models.autoencoder` has them."""
    x = turned(g.input("picture", (1, sizes.size, sizes.size, 3), Type.u8), 0, 3, 1, 2)
    x = ops.subtract(ops.divide(ops.convert(x, Type.f32), number(127.5)), number(1))
    x = _averaged(x, sizes.size // sizes.seen)
    x = g.conv(ops.space_to_depth(x, "depth_first", sizes.patch), "encoder.conv_in")
    for level in range(len(sizes.widths)):
        name = f"encoder.down_blocks.{level}"
        x = _resnet(g, x, f"{name}.resnets.0")
        if f"{name}.downsamplers.0.conv.weight" in g.arrays:
            x = g.conv_padded(x, f"{name}.downsamplers.0.conv", 2, (0, 0), (1, 1))
    x = _ends(g, _middle(g, x, "encoder"), "encoder")
    return g.model(latents=ops.divide(ops.subtract(x, g.weight("mean")), g.weight("std")))


def decoder(g: Graph, sizes: AutoencoderConfig) -> ov.Model:
    """From "latents" (1, C, 16, 16) to "picture" (1, size, size, 3) of 8 bits; what is outside [-1, 1] is clipped."""
    x = g.input("latents", (1, sizes.latent_channels, SIDE, SIDE))
    x = ops.add(ops.multiply(x, g.weight("std")), g.weight("mean"))
    x = _middle(g, g.conv(x, "decoder.conv_in"), "decoder")
    for level in range(len(sizes.decoder_widths or sizes.widths)):
        name = f"decoder.up_blocks.{level}"
        for i in range(2):
            x = _resnet(g, x, f"{name}.resnets.{i}")
        if f"{name}.upsamplers.0.conv.weight" in g.arrays:
            x = upsample(g, x, name)
    x = ops.clamp(_ends(g, x, "decoder"), -1.0, 1.0)
    x = ops.round(ops.multiply(ops.add(x, number(1)), number(127.5)), "half_to_even")
    x = ops.depth_to_space(ops.convert(x, Type.u8), "depth_first", sizes.patch)
    return g.model(picture=turned(x, 0, 2, 3, 1))


def _averaged(x: Node, fold: int) -> Node:
    """Squares of `fold` x `fold` pixels as their mean."""
    if fold == 1:
        return x
    sides = [fold, fold]
    return ops.avg_pool(x, sides, [0, 0], [0, 0], sides, exclude_pad=False)


def _resnet(g: Graph, x: Node, name: str) -> Node:
    return resnet(g, x, name, GROUPS, EPSILON)


def _middle(g: Graph, x: Node, half: str) -> Node:
    for i in range(2):
        x = _resnet(g, x, f"{half}.mid_block.resnets.{i}")
    return x


def _ends(g: Graph, x: Node, half: str) -> Node:
    return g.conv(ops.swish(g.group_norm(x, f"{half}.conv_norm_out", GROUPS, EPSILON)), f"{half}.conv_out")
