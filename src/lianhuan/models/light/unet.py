"""The denoiser's UNet."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
from openvino import Node, opset15 as ops

from lianhuan.errors import CheckpointError
from lianhuan.models.files import Numbers
from lianhuan.models.light.blocks import resnet, transformer, upsample
from lianhuan.models.light.graph import Graph, first, flattened, padding

FIXED: dict[str, Any] = {
    "layers_per_block": 1,
    "transformer_layers_per_block": 1,
    "class_embed_type": "simple_projection",
    "addition_embed_type": None,
    "use_linear_projection": False,
    "resnet_time_scale_shift": "default",
    "act_fn": "silu",
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "mid_block_type": "UNetMidBlock2DCrossAttn",
}
"""What `lianhuan.models.denoiser.build_unet` leaves as it is."""


def unet(g: Graph, config: Mapping[str, Any], rows: int, length: int) -> ov.Model:
    """The UNet of `lianhuan.models.denoiser.build_unet` on pages of fixed sizes.

    Its inputs are "x" (rows, C, h, w), "time" (1, `block_out_channels[0]`) of `sinusoids`, "tokens" (rows, length, D) and
    "mask" (rows, length), 1 = keep; its output is "out" (rows, C, h, w).

    Args:
        g: with the UNet's weights.
        config: of the UNet, as diffusers writes it.
        rows: branches of a page that are computed together.
        length: number of tokens.

    Raises:
        CheckpointError: a UNet of another kind.
    """
    wrong = [key for key, value in FIXED.items() if config.get(key) != value]
    if wrong:
        raise CheckpointError(
            f"the light engine cannot draw with a UNet whose {wrong[0]} is {config.get(wrong[0])!r}"
        )
    build = _UNet(g, config)
    side = config["sample_size"]
    x = g.input("x", (rows, config["in_channels"], side, side))
    time = g.input("time", (1, config["block_out_channels"][0]))
    tokens = g.input("tokens", (rows, length, config["cross_attention_dim"]))
    mask = g.input("mask", (rows, length))
    return g.model(out=build(x, time, tokens, padding(mask)))


def summary_tokens(config: Mapping[str, Any]) -> int:
    """How many leading tokens a UNet adds to its time."""
    return int(config["projection_class_embeddings_input_dim"] // config["cross_attention_dim"])


def sinusoids(t: float, width: int) -> Numbers:
    """A time as (1, width) cosines and sines (Ho et al. 2020)."""
    half = width // 2
    exponent = -np.log(10000.0) * np.arange(half, dtype=np.float32) / np.float32(half)
    angles = np.float32(t) * np.exp(exponent.astype(np.float32))
    return np.concatenate([np.cos(angles), np.sin(angles)])[None].astype(np.float32)


class _UNet:
    def __init__(self, g: Graph, config: Mapping[str, Any]):
        self.g = g
        self.groups: int = config["norm_num_groups"]
        self.epsilon: float = config["norm_eps"]
        self.heads: list[int] = list(config["attention_head_dim"])
        self.summary = summary_tokens(config)

    def __call__(self, x: Node, time: Node, tokens: Node, hidden: Node) -> Node:
        self.time = ops.swish(self._embedding(time, tokens))
        self.tokens, self.hidden = tokens, hidden
        x = self.g.conv(x, "conv_in")
        kept = [x]
        for level, heads in enumerate(self.heads):
            name = f"down_blocks.{level}"
            x = self._layer(x, name, 0, heads)
            kept.append(x)
            if f"{name}.downsamplers.0.conv.weight" in self.g.arrays:
                x = self.g.conv(x, f"{name}.downsamplers.0.conv", stride=2)
                kept.append(x)
        x = self._layer(x, "mid_block", 0, self.heads[-1])
        x = self._resnet(x, "mid_block.resnets.1")
        for level, heads in enumerate(reversed(self.heads)):
            name = f"up_blocks.{level}"
            for number in range(2):
                x = self._layer(ops.concat([x, kept.pop()], 1), name, number, heads)
            if f"{name}.upsamplers.0.conv.weight" in self.g.arrays:
                x = upsample(self.g, x, name)
        last = ops.swish(self.g.group_norm(x, "conv_norm_out", self.groups, self.epsilon))
        return self.g.conv(last, "conv_out")

    def _embedding(self, time: Node, tokens: Node) -> Node:
        told = ops.swish(self.g.linear(time, "time_embedding.linear_1"))
        summary = self.g.linear(flattened(first(tokens, self.summary)), "class_embedding")
        return ops.add(self.g.linear(told, "time_embedding.linear_2"), summary)

    def _layer(self, x: Node, name: str, number: int, heads: int) -> Node:
        x = self._resnet(x, f"{name}.resnets.{number}")
        looks = f"{name}.attentions.{number}"
        if f"{looks}.proj_in.weight" not in self.g.arrays:
            return x
        return transformer(self.g, x, looks, heads, self.groups, self.tokens, self.hidden)

    def _resnet(self, x: Node, name: str) -> Node:
        return resnet(self.g, x, name, self.groups, self.epsilon, self.time)
