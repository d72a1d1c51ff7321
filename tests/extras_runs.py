"""Files that are added to checkpoints, with random weights, and the stock pipelines to compare with."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import Tensor, nn

WIDTHS = {"clip_l": 32, "clip_g": 32}
RANK = 2
ENDS = ("to_q", "to_k", "to_v", "to_out.0", "q_proj", "k_proj", "v_proj", "out_proj")


def stock_pipeline(folder: Path) -> Any:
    kind = StableDiffusionXLPipeline if (folder / "text_encoder_2").is_dir() else StableDiffusionPipeline
    pipeline = kind.from_pretrained(folder, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def write_lora(pipeline: Any, path: Path, form: str, seed: int = 0, parts: tuple[str, ...] = ()) -> Path:
    """A LoRA of rank 2 for the attention of a pipeline's networks, in the form of "diffusers", "peft" or "kohya"."""
    made = torch.Generator().manual_seed(seed)
    tensors: dict[str, Tensor] = {}
    for part, name, layer in _layers(pipeline, parts):
        down = torch.randn(RANK, layer.in_features, generator=made)
        up = torch.randn(layer.out_features, RANK, generator=made) / 4
        if form == "kohya":
            short = {"unet": "unet", "text_encoder": "te", "text_encoder_2": "te2"}[part]
            if short == "te" and hasattr(pipeline, "text_encoder_2"):
                short = "te1"
            whole = name if part == "unet" else f"text_model.{name.removeprefix('text_model.')}"
            start = f"lora_{short}_{whole.replace('.', '_')}"
            tensors |= {f"{start}.lora_down.weight": down, f"{start}.lora_up.weight": up}
            tensors[f"{start}.alpha"] = torch.tensor(1.0)
        else:
            ends = {"peft": ("lora_A", "lora_B"), "diffusers": ("lora.down", "lora.up")}[form]
            if form == "diffusers" and part != "unet":
                ends = ("lora_linear_layer.down", "lora_linear_layer.up")
            tensors |= {
                f"{part}.{name}.{end}.weight": value for end, value in zip(ends, (down, up), strict=True)
            }
    save_file(tensors, path)
    return path


def _layers(pipeline: Any, parts: tuple[str, ...]) -> Iterator[tuple[str, str, nn.Linear]]:
    for part in parts or pipeline._lora_loadable_modules:
        for name, module in getattr(pipeline, part).named_modules():
            if name.endswith(ENDS) and isinstance(module, nn.Linear):
                yield part, name, module


def write_embedding(path: Path, family: str, vectors: int = 1, width: int = 32) -> Path:
    """A textual inversion, for SDXL with vectors for both text encoders."""
    made = torch.Generator().manual_seed(vectors)
    names = ("clip_l", "clip_g") if family == "sdxl" else ("emb_params",)
    save_file({name: torch.randn(vectors, width, generator=made) for name in names}, path)
    return path
