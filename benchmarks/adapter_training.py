"""What a training step of the AR-LDM memory beside a frozen model costs; `checkpoints.py` runs this.

Measured: seconds and peak memory, with and without gradient checkpointing. Reckoned, not run: what a step beside a UNet of the
size of Stable Diffusion 1.5 at 512 px keeps for the way back, from the shapes of the tensors that autograd saves on torch's meta device.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from diffusers.models.attention import BasicTransformerBlock
from diffusers.models.resnet import ResnetBlock2D
from real_sizes import real_unet
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.memory.bridged import Base, BridgedMemory, BridgedMemoryConfig
from lianhuan.train.encoded import EncodedStories
from lianhuan.train.frozen import FrozenBaseObjective, FrozenPlan

FRAMES = 5
CAPTIONS = ("Mia ran to the beach.", "Mia met Leo.", "Leo slept.", "They waved.", "Mia sat down.")
HISTORY = 4 + 77
"""Tokens of an earlier frame in AR-LDM's history: four slots and a chunk of words, each after it has looked at the picture."""


class Step:
    """A training step that can be taken again and again."""

    def __init__(self, generator: StableDiffusion, width: int, *, checkpointing: bool):
        torch.manual_seed(3)
        self.device = generator.device
        side = generator.side
        latents = torch.randn(FRAMES, 4, side, side).half()
        data = EncodedStories("train", latents, (tuple((words,) for words in CAPTIONS),), {})
        memory = BridgedMemory.beside(generator, "ar-ldm", width=width).to(self.device)
        plan = FrozenPlan(base="", data=Path(), memory="ar-ldm", frames=FRAMES, checkpointing=checkpointing)
        self.objective = FrozenBaseObjective(generator, memory, data, plan)
        self.optimizer = torch.optim.AdamW(memory.parameters(), lr=1e-4)

    def __call__(self) -> float:
        """Take it; seconds."""
        began = time.perf_counter()
        loss, _ = self.objective.loss(self.objective.batch(0), 0, self.device)
        loss.backward()
        self.optimizer.step()
        self.optimizer.zero_grad()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return time.perf_counter() - began


def reckoned(width: int = 256) -> dict[str, Any]:
    """Bytes of a training step beside Stable Diffusion 1.5 at 512 px in single precision, reckoned and not run."""
    with torch.device("meta"):
        unet = real_unet("sd1").requires_grad_(False)
        memory = BridgedMemory(BridgedMemoryConfig("ar-ldm", Base("sd1", 768, 4), fold=4, width=width))
    weights = sum(p.numel() for p in unet.parameters())
    learnt = sum(p.numel() for p in memory.parameters())
    whole, block = _kept(unet)
    unet.enable_gradient_checkpointing()
    sparing, _ = _kept(unet)
    return {
        "unet_parameters": weights,
        "unet_mb": weights * 4 / 2**20,
        "memory_parameters": learnt,
        "memory_with_gradients_and_adam_mb": learnt * 16 / 2**20,
        "kept_for_a_frame_mb": whole / 2**20,
        "kept_for_a_frame_checkpointing_mb": sparing / 2**20,
        "largest_block_again_mb": block / 2**20,
        "frames": FRAMES,
        "kept_for_a_story_mb": FRAMES * whole / 2**20,
        "kept_for_a_story_checkpointing_mb": (FRAMES * sparing + block) / 2**20,
    }


def _kept(unet: Any) -> tuple[int, int]:
    """Bytes that autograd keeps of one frame, and of its largest block."""
    own = {p.untyped_storage()._cdata for p in unet.parameters()}
    kept: dict[int, Tensor] = {}
    blocks = [0]

    def pack(tensor: Tensor) -> Tensor:
        if tensor.untyped_storage()._cdata not in own:
            kept.setdefault(tensor.untyped_storage()._cdata, tensor)
        return tensor

    def size() -> int:
        return sum(tensor.untyped_storage().nbytes() for tensor in kept.values())

    starts: list[int] = []

    def before(*_: object) -> None:
        starts.append(size())

    def after(*_: object) -> None:
        blocks.append(size() - starts.pop())

    handles = []
    for module in unet.modules():
        if isinstance(module, ResnetBlock2D | BasicTransformerBlock):
            assert isinstance(module, nn.Module)
            handles += [module.register_forward_pre_hook(before), module.register_forward_hook(after)]
    tokens = torch.empty(1, 77 + (FRAMES - 1) * HISTORY, 768, device="meta", requires_grad=True)
    latents = torch.empty(1, 4, 64, 64, device="meta")
    with _fused_attention(), saved_tensors_hooks(pack, lambda tensor: tensor):
        out = unet(latents, torch.empty(1, device="meta"), tokens).sample
    assert out.grad_fn is not None
    for handle in handles:
        handle.remove()
    return size(), max(blocks)


@contextmanager
def _fused_attention() -> Iterator[None]:
    """On the meta device torch takes the plain form of attention, whose square matrix no real device keeps."""

    def attend(query: Tensor, key: Tensor, value: Tensor, **_: object) -> Tensor:
        return torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(query, key, value)[0]

    with patch("torch.nn.functional.scaled_dot_product_attention", attend):
        yield
