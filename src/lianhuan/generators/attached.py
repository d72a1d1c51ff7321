"""Loading the stock pipelines of diffusers: safetensors only, nothing from the network."""

import importlib
import inspect
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
from diffusers.utils import logging
from torch import nn

from lianhuan.errors import CheckpointError
from lianhuan.generators.checkpoint import check_there, load_network, load_vae, quiet
from lianhuan.generators.extras import add_extras, marked
from lianhuan.generators.options import Compute, Extras
from lianhuan.generators.pipeline import Flux, Flux2Klein, FluxKontext, PipelineGenerator
from lianhuan.generators.placing import DTYPES
from lianhuan.models.files import fingerprint

FAMILIES: dict[str, type[PipelineGenerator]] = {
    "FluxPipeline": Flux,
    "FluxKontextPipeline": FluxKontext,
    "Flux2KleinPipeline": Flux2Klein,
}
"""`_class_name` of a diffusers folder's model_index.json -> what draws with it, for families that are known by name."""
LIBRARIES = ("diffusers", "transformers")
"""Where the parts of a pipeline may come from; anything else could be code of the folder's own."""
SAID = {"prompt", "height", "width", "num_inference_steps", "guidance_scale", "generator"}
"""What every pipeline is told."""


def attached_kind(pipeline: str) -> type[PipelineGenerator] | None:
    """What draws with a pipeline of diffusers, None if that does not draw pictures from words alone."""
    if pipeline in FAMILIES:
        return FAMILIES[pipeline]
    from diffusers.pipelines.auto_pipeline import AUTO_TEXT2IMAGE_PIPELINES_MAPPING  # slow: brings them all

    known = {kind.__name__ for kind in AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values()}
    return PipelineGenerator if pipeline in known and "Control" not in pipeline else None


def load_pipeline(
    folder: Path, index: dict[str, Any], name: str, extras: Extras, compute: Compute
) -> PipelineGenerator:
    """The generator in a diffusers folder of a pipeline that `attached_kind` knows.

    On a CPU it computes in single precision, elsewhere in bfloat16, if nothing else is asked for.

    Args:
        folder: where it is.
        index: what its model_index.json says.
        name: what the user called it.
        extras: what is added to it.
        compute: what it computes with.

    Raises:
        CheckpointError: a part is missing, damaged, a pickle, or of a kind that is not supported.
    """
    kind = attached_kind(index["_class_name"])
    assert kind is not None
    parts = {part: value for part, value in index.items() if isinstance(value, list) and value[0] is not None}
    how = replace(compute, dtype=compute.precision("fp32" if compute.device == "cpu" else "bf16"))
    dtype = DTYPES[how.precision()]
    networks: dict[str, Any] = {}
    for part, (library, class_name) in parts.items():
        found = _class(folder / part, library, class_name)
        check_there(folder / part, weights=issubclass(found, nn.Module))
        if issubclass(found, nn.Module):
            networks[part] = load_network(found, folder / part, dtype)
    if extras.vae is not None:
        if "vae" not in networks:
            raise CheckpointError(f"{folder} has no autoencoder to replace; leave --vae away")
        networks["vae"] = load_vae(type(networks["vae"]), Path(extras.vae), networks["vae"], dtype)
    pipeline = _assembled(folder, index["_class_name"], networks)
    with quiet():
        add_extras(pipeline, extras)
    _settle(pipeline, how)
    generator = kind(
        name=name,
        fingerprint=marked(fingerprint(folder, ("model_index.json", *parts)), extras),
        pipeline=pipeline,
        size=_side(folder, pipeline),
    )
    generator.compute = how
    return generator


def _settle(pipeline: Any, compute: Compute) -> None:
    """Bring a pipeline to its device, as sparingly as is wanted."""
    vae: Any = getattr(pipeline, "vae", None)
    if compute.low_memory and hasattr(vae, "enable_tiling"):
        vae.enable_slicing()
        vae.enable_tiling()
    if compute.compile:
        denoiser = getattr(pipeline, "transformer", None) or pipeline.unet
        denoiser.compile()
    if compute.offloads:
        pipeline.enable_model_cpu_offload(device=compute.device)
    else:
        pipeline.to(compute.device)


def _class(folder: Path, library: str, name: str) -> Any:
    found = getattr(importlib.import_module(library), name, None) if library in LIBRARIES else None
    if not inspect.isclass(found):
        raise CheckpointError(
            f"{folder} cannot be used: {library}.{name} is no class of {' or '.join(LIBRARIES)}"
        )
    return found


def _assembled(folder: Path, pipeline: str, networks: dict[str, Any]) -> Any:
    """The pipeline with its networks; the small parts, as tokenizers, are read here."""
    loader: Any = getattr(diffusers, pipeline if pipeline in FAMILIES else "AutoPipelineForText2Image")
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        ready = loader.from_pretrained(
            folder, local_files_only=True, use_safetensors=True, low_cpu_mem_usage=False, **networks
        )
    except Exception as error:  # the libraries let through whatever the files' readers raise
        raise CheckpointError(f"{folder} is damaged ({error})") from error
    finally:
        if shown:
            logging.enable_progress_bar()
    ready.set_progress_bar_config(disable=True)
    missing = SAID - set(inspect.signature(ready.__call__).parameters)
    if missing:
        raise CheckpointError(
            f"{folder} cannot be drawn with: {pipeline} takes no {', '.join(sorted(missing))}"
        )
    if ready.scheduler.config.get("stochastic_sampling"):
        raise CheckpointError(
            f"{folder} cannot be drawn with: its scheduler draws noise that no seed decides"
        )
    return ready


def _side(folder: Path, pipeline: Any) -> int:
    """Side of the pictures that a pipeline was trained for, as its denoiser or else its autoencoder declares it."""
    denoiser = getattr(pipeline, "transformer", None) or getattr(pipeline, "unet", None)
    cells = None if denoiser is None else denoiser.config.get("sample_size")
    side = cells * pipeline.vae_scale_factor if cells else pipeline.vae.config.get("sample_size")
    if not isinstance(side, int):
        raise CheckpointError(f"{folder} cannot be drawn with: it does not say how large its pictures are")
    return side
