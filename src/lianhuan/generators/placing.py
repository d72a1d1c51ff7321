"""Where the networks of a generator with our own loop compute, and how sparingly."""

import torch
from torch import nn

from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.options import DtypeName
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.pointwise import fix_pointwise

DTYPES: dict[DtypeName, torch.dtype] = {
    "fp32": torch.float32,
    "fp16": torch.float16,
    "bf16": torch.bfloat16,
}
ALIGNED = 64
"""Bytes; addresses of torch's own memory are multiples of it."""


def settle(generator: LatentGenerator) -> None:
    """Bring the networks of a generator, in evaluation mode, to the device that its `compute` names."""
    compute, device = generator.compute, torch.device(generator.compute.device)
    vae = getattr(generator.autoencoder, "vae", None)
    if compute.low_memory and vae is not None:
        vae.enable_slicing()
        vae.enable_tiling()
    for module in networks(generator):
        fix_pointwise(module)
        align(module)
        module.eval().requires_grad_(False)
    if compute.compile:
        for denoiser in (module for module in networks(generator) if isinstance(module, Denoiser)):
            denoiser.unet.compile()
    if compute.offloads:
        offload(generator, device)
    else:
        for module in networks(generator):
            module.to(device)


def align(module: nn.Module) -> None:
    """Move weights to where torch would put them.

    Those that are read straight from a file lie anywhere, and the last bits of a CPU's products depend on that: the same
    weights would draw another picture out of another file.
    """
    for weight in module.parameters():
        if weight.data_ptr() % ALIGNED:
            weight.data = weight.data.clone()


def networks(generator: LatentGenerator) -> list[nn.Module]:
    """All networks, in the order in which they compute."""
    checker = getattr(generator, "checker", None)
    judges = [] if checker is None else [checker.network]
    quick = None if generator.quick is None else generator.quick.denoiser
    every = [generator.text_encoder, generator.denoiser, generator.autoencoder, quick, *judges]
    return [network for network in every if network is not None]


def offload(generator: LatentGenerator, device: torch.device) -> None:
    """Let each large network wait in main memory until it computes on `device`, and the one before it go back then."""
    from accelerate import cpu_offload_with_hook  # slow

    encoders = generator.text_encoder
    parts = [*(encoders if isinstance(encoders, nn.ModuleList) else [encoders]), generator.denoiser.unet]
    vae = getattr(generator.autoencoder, "vae", None)
    if vae is None:
        generator.autoencoder.to(device)
    else:
        parts.append(vae)
        for name, buffer in generator.autoencoder.named_buffers(recurse=False):
            setattr(generator.autoencoder, name, buffer.to(device))
    before = None
    for part in parts:
        _, before = cpu_offload_with_hook(part, device, prev_module_hook=before)
    for other in networks(generator)[3:]:
        other.to(device)
