"""The layers of a trained model that compute with 8-bit numbers on the light engine, and the range of what enters each."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.conductor import draw_stories
from lianhuan.data.world import FRAMES, frame_request, world_story
from lianhuan.generators import Generator
from lianhuan.memory import Memory
from lianhuan.memory.load import load_memory
from lianhuan.models.few_steps import FEW_STEPS
from lianhuan.models.files import Range, grid, save_ranges
from lianhuan.story import DEFAULT_GUIDANCE, DEFAULT_STEPS
from lianhuan.train.finish import run_model
from lianhuan.train.loop import TrainStep
from lianhuan.world.vocabulary import SMALL, Vocabulary

MOST = 0.025
"""A layer whose 8-bit input, alone, moves what its network says by more than this share of its norm stays exact."""
TRIED = 8
"""Calls of a network by which that is measured."""
Call = tuple[tuple[Any, ...], dict[str, Any]]


def calibrate(folder: Path, *, stories: int, world: Vocabulary = SMALL) -> Iterator[TrainStep]:
    """Draw some stories of the training split with the model of a run and write the ranges of its networks beside their weights.

    A range is the mean over calls of the least and of the largest number that enters a layer (post-training quantisation as in
    Jacob et al. 2018, layer by layer). It takes no steps of training.
    """
    model = run_model(folder, "8-bit numbers")
    memory = load_memory("lstm", folder / "model", model.compute.device)
    watched = {("unet", ""): _Watched(model.denoiser.unet)}
    watched |= {
        ("autoencoder", f"{half}."): _Watched(getattr(model.autoencoder, half))
        for half in ("encoder", "decoder")
    }
    quick = model.quick
    if quick is not None and quick.denoiser is not None:
        watched[FEW_STEPS, ""] = _Watched(quick.denoiser.unet)
    with ExitStack() as stack:
        for network in watched.values():
            stack.enter_context(network.watching())
        for steps in (DEFAULT_STEPS, *([] if quick is None else [quick.how.steps])):
            _draw(model, memory, stories, steps, world)
    ranges: dict[str, dict[str, Range]] = {}
    for (part, prefix), network in watched.items():
        found = {f"{prefix}{name}": span for name, span in network.ranges().items()}
        ranges[part] = ranges.get(part, {}) | found
    for part, found in ranges.items():
        save_ranges(found, folder / "model" / part)
    yield from ()


def _draw(model: Generator, memory: Memory, stories: int, steps: int, world: Vocabulary) -> None:
    for index in range(stories):
        tale = world_story("train", index, world)
        language = "zh" if index % 4 == 3 else "en"
        how = {"seed": index, "steps": steps, "guidance": DEFAULT_GUIDANCE}
        draw_stories(model, memory, [[frame_request(tale, k, language, **how) for k in range(FRAMES)]])


@dataclass
class _Watched:
    """What enters the layers of a network, each once a call, and some of its calls."""

    network: nn.Module
    spans: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    seen: int = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Look on until the end of the block."""
        hooks = [self.network.register_forward_pre_hook(self._call, with_kwargs=True)]
        hooks += [
            layer.register_forward_pre_hook(lambda _, args, name=name: self._enter(name, args[0]))
            for name, layer in self._layers().items()
        ]
        try:
            yield
        finally:
            for hook in hooks:
                hook.remove()

    @torch.inference_mode()
    def ranges(self) -> dict[str, Range]:
        """The layers that may compute with 8-bit numbers."""
        layers, exact = self._layers(), [self._run(call) for call in self.calls]
        found = {name: _with_zero(*np.mean(spans, axis=0)) for name, spans in self.spans.items()}
        return {name: span for name, span in found.items() if self._error(layers[name], span, exact) <= MOST}

    def _layers(self) -> dict[str, nn.Module]:
        return {
            name: module
            for name, module in self.network.named_modules()
            if isinstance(module, nn.Conv2d | nn.Linear)
        }

    def _enter(self, name: str, x: Tensor) -> None:
        if x.ndim > 2:  # a single row gains nothing
            self.spans.setdefault(name, []).append((float(x.min()), float(x.max())))

    def _call(self, _: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Keep some calls, spread over all that there have been."""
        self.seen += 1
        if len(self.calls) < TRIED:
            self.calls.append((args, kwargs))
        elif (place := int(torch.randint(self.seen, ()))) < TRIED:
            self.calls[place] = args, kwargs

    def _run(self, call: Call) -> Tensor:
        args, kwargs = call
        out = self.network(*args, **kwargs)
        return out if isinstance(out, Tensor) else out[0]

    def _error(self, layer: nn.Module, span: Range, exact: list[Tensor]) -> float:
        """The mean over calls of how far what the network says moves, as a share of its norm."""
        hook = layer.register_forward_pre_hook(lambda _, args: (in_int8(args[0], span), *args[1:]))
        try:
            moved = [self._run(call) for call in self.calls]
        finally:
            hook.remove()
        return float(np.mean([(a - b).norm() / b.norm() for a, b in zip(moved, exact, strict=True)]))


def _with_zero(low: float, high: float) -> Range:
    return min(float(low), 0.0), max(float(high), 0.0)


def in_int8(x: Tensor, span: Range) -> Tensor:
    """`x` on the grid on which the light engine computes, see `lianhuan.models.light.graph.Graph`."""
    return torch.fake_quantize_per_tensor_affine(x, *grid(span), 0, 255)
