"""The denoiser's UNet."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import openvino as ov
from openvino import Node, opset15 as ops

from lianhuan.errors import CheckpointError
from lianhuan.models.files import Numbers
from lianhuan.models.light.blocks import resnet, transformer, upsample, words_for
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


def words(g: Graph, config: Mapping[str, Any], rows: int, length: int) -> ov.Model:
    """What the UNet sees of the words of pages, which is the same at all times.

    Its input is "tokens" (rows, length, D). Its outputs are "summary" (rows, E), which is added to the time, and for each
    block that looks at words "NAME.key" and "NAME.value", (rows, heads, length, C / heads).
    """
    tokens = g.input("tokens", (rows, length, config["cross_attention_dim"]))
    seen = {"summary": g.linear(flattened(first(tokens, summary_tokens(config))), "class_embedding")}
    for name, heads in _looks(g, config).items():
        seen[f"{name}.key"], seen[f"{name}.value"] = words_for(g, tokens, name, heads)
    return g.model(**seen)


def unet(g: Graph, config: Mapping[str, Any], rows: int, length: int) -> ov.Model:
    """The UNet of `lianhuan.models.denoiser.build_unet` on pages of fixed sizes.

    Its inputs are "x" (rows, C, h, w), "time" (1, `block_out_channels[0]`) of `sinusoids`, "mask" (rows, length), 1 = keep, and
    the outputs of `words`; its output is "out" (rows, C, h, w).

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
    side = config["sample_size"]
    x = g.input("x", (rows, config["in_channels"], side, side))
    time = g.input("time", (1, config["block_out_channels"][0]))
    summary = g.input("summary", (rows, len(g.array("class_embedding.weight"))))
    hidden = padding(g.input("mask", (rows, length)))
    return g.model(out=_UNet(g, config, length)(x, time, summary, hidden))


def _looks(g: Graph, config: Mapping[str, Any]) -> dict[str, int]:
    """The heads of each block that looks at words."""
    heads = list(config["attention_head_dim"])
    every = {f"down_blocks.{level}.attentions.0": number for level, number in enumerate(heads)}
    every["mid_block.attentions.0"] = heads[-1]
    for level, number in enumerate(reversed(heads)):
        every |= {f"up_blocks.{level}.attentions.{i}": number for i in range(2)}
    return {name: number for name, number in every.items() if f"{name}.proj_in.weight" in g.arrays}


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
    def __init__(self, g: Graph, config: Mapping[str, Any], length: int):
        self.g, self.length = g, length
        self.groups: int = config["norm_num_groups"]
        self.epsilon: float = config["norm_eps"]
        self.levels = len(config["attention_head_dim"])
        self.looks = _looks(g, config)

    def __call__(self, x: Node, time: Node, summary: Node, hidden: Node) -> Node:
        self.hidden = hidden
        self._tell(time, summary)
        x = self.g.conv(x, "conv_in")
        kept = [x]
        for level in range(self.levels):
            name = f"down_blocks.{level}"
            x = self._layer(x, name, 0)
            kept.append(x)
            if f"{name}.downsamplers.0.conv.weight" in self.g.arrays:
                x = self.g.conv(x, f"{name}.downsamplers.0.conv", stride=2)
                kept.append(x)
        x = self._layer(x, "mid_block", 0)
        x = self._resnet(x, "mid_block.resnets.1")
        for level in range(self.levels):
            name = f"up_blocks.{level}"
            for number in range(2):
                x = self._layer(ops.concat([x, kept.pop()], 1), name, number)
            if f"{name}.upsamplers.0.conv.weight" in self.g.arrays:
                x = upsample(self.g, x, name)
        last = ops.swish(self.g.group_norm(x, "conv_norm_out", self.groups, self.epsilon))
        return self.g.conv(last, "conv_out")

    def _tell(self, time: Node, summary: Node) -> None:
        """What every residual block is told of the time and the summary, all in one product."""
        told = self.g.linear(
            ops.swish(self.g.linear(time, "time_embedding.linear_1")), "time_embedding.linear_2"
        )
        end = ".time_emb_proj.weight"
        names = [name.removesuffix(end) for name in self.g.arrays if name.endswith(end)]
        told = self.g.linears(ops.swish(ops.add(told, summary)), [f"{name}.time_emb_proj" for name in names])
        self.told = dict(zip(names, told, strict=True))

    def _layer(self, x: Node, name: str, number: int) -> Node:
        x = self._resnet(x, f"{name}.resnets.{number}")
        look = f"{name}.attentions.{number}"
        if look not in self.looks:
            return x
        rows, channels, heads = x.shape[0], x.shape[1], self.looks[look]
        shape = rows, heads, self.length, channels // heads
        key, value = (self.g.input(f"{look}.{part}", shape) for part in ("key", "value"))
        return transformer(self.g, x, look, heads, self.groups, (key, value), self.hidden)

    def _resnet(self, x: Node, name: str) -> Node:
        return resnet(self.g, x, name, self.groups, self.epsilon, self.told[name])
