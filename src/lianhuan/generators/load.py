"""Find a generator by name or folder."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lianhuan.errors import CheckpointError, DeviceError
from lianhuan.generators.base import Engine, Generator
from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.options import Compute, Extras, told_when_full
from lianhuan.late import installed, needing_extras
from lianhuan.models.few_steps import FEW_STEPS
from lianhuan.models.files import PICKLES

if TYPE_CHECKING:
    from lianhuan.generators.checkpoint import Place
    from lianhuan.generators.latent_diffusion import LatentDiffusion
    from lianhuan.generators.pipeline import PipelineGenerator

STORYBOOK = "storybook"
"""Name of the embedded model."""
EMBEDDED = "LatentDiffusion"
"""`_class_name` of the embedded model and of models in its layout."""
INDEX = "model_index.json"
PARTS = (INDEX, "autoencoder", FEW_STEPS, "memory", "path", "text_encoder", "unet")
"""What decides the pictures of a model folder in the embedded layout; a part for controls, as that for sketches, is not in it."""
FAMILIES = {"StableDiffusionPipeline": "Stable Diffusion 1.x and 2.x", "StableDiffusionXLPipeline": "SDXL"}
"""`_class_name` of a diffusers folder's model_index.json -> the family, as users know it."""


def model_folder(name: str | Path) -> Path:
    """The folder of a model: the embedded one for "storybook", that in the hub's cache for a hub name, else the folder itself.

    A checkpoint in one file is its own place.

    Raises:
        CheckpointError: there is no model.
    """
    if _is_single_file(name):
        return Path(name)
    if name == STORYBOOK:
        folder = Path(str(files("lianhuan"))) / "weights" / STORYBOOK
    else:
        from lianhuan.generators.hub import hub_folder, is_hub_name  # slow

        folder = hub_folder(str(name)) if is_hub_name(str(name)) else Path(name)
    if not (folder / INDEX).is_file():
        raise CheckpointError(
            f"{name}: no model there ({folder / INDEX} is missing); name a model folder, a .safetensors file, or {STORYBOOK!r} for "
            "the embedded one"
        )
    return folder


def _is_single_file(name: str | Path) -> bool:
    """Whether `name` is a file, and so no model folder.

    Raises:
        CheckpointError: it is one that is not read.
    """
    path = Path(name)
    if path.suffix in PICKLES and path.is_file():
        raise CheckpointError(
            f"{path} is a pickle that can run code when opened; take the checkpoint's .safetensors file instead"
        )
    if path.is_file() and path.suffix != ".safetensors":
        raise CheckpointError(f"{path} is no model; name a model folder or a .safetensors file")
    return path.is_file()


def load_generator(
    name: str | Path = STORYBOOK,
    extras: Extras | None = None,
    compute: Compute | None = None,
    *,
    engine: Engine | None = None,
) -> Generator:
    """The generator in a model folder or file, ready to draw. Its family is recognised from the files.

    Args:
        name: "storybook", the embedded model; the path of a model folder in its layout, or of a diffusers folder of a
            text-to-image pipeline; or such a model's name on the Hugging Face hub, "owner/name": only then the network
            may be used; or the path of a .safetensors file with a Stable Diffusion 1.x, 2.x or XL checkpoint in the
            original layout.
        extras: what is added to it; None for nothing.
        compute: what it computes with; None for a CPU.
        engine: "torch", or "light" for a model in the embedded layout on the CPU without torch; a memory must be of the
            same one. None for torch where it is installed or needed, else light.

    Raises:
        CheckpointError: the model, or something that is added to it, is missing, incomplete, damaged, unsafe or of an
            unknown kind, or the engine cannot draw with it.
        DeviceError: the memory of the device is too small, or the model or the engine cannot compute so.
        MissingDependency: the engine is not installed.
    """
    added, how = extras or Extras(), compute or Compute()
    if engine is None:
        engine = "torch" if installed("torch") or not is_embedded_kind(name) else "light"
    if engine == "light":
        return _load_light(name, added, how)
    with needing_extras(), told_when_full():
        generator = _load_torch(name, added, how)
    generator.extras = added
    return generator


def _load_torch(name: str | Path, extras: Extras, compute: Compute) -> Generator:
    from lianhuan.generators.latent_diffusion import LatentDiffusion, load_latent_diffusion
    from lianhuan.generators.pipeline import PipelineGenerator

    kind, folder = generator_kind(name), model_folder(name)
    if extras.config is not None and not folder.is_file():
        raise CheckpointError(f"{name} has its own settings; --config is for checkpoints in one file")
    if kind is LatentDiffusion:
        _check_own(str(name), extras, compute)
        return load_latent_diffusion(folder, str(name), PARTS, compute)
    if issubclass(kind, PipelineGenerator):
        from lianhuan.generators.attached import load_pipeline  # slow: brings transformers

        return load_pipeline(folder, _index(folder), str(name), extras, compute)
    from lianhuan.generators.checkpoint import load_stable_diffusion

    return load_stable_diffusion(_place(folder, extras), str(name), extras, compute)


def _place(found: Path, extras: Extras) -> Place:
    """Where a Stable Diffusion checkpoint and its settings lie."""
    from lianhuan.generators.checkpoint import Place
    from lianhuan.generators.hub import hub_folder, is_hub_name
    from lianhuan.generators.single_file import file_family

    if not found.is_file():
        return Place(found, _index(found))
    beside = found.with_suffix("")
    if extras.config is not None:
        hub = is_hub_name(extras.config)
        folder = hub_folder(extras.config, weights=False) if hub else Path(extras.config)
    elif (beside / INDEX).is_file():
        folder = beside
    else:
        raise CheckpointError(
            f"{found} holds weights alone; name a diffusers folder or a hub name of the same family, whose settings and tokenizers "
            f"it can have, with --config (its weights are not read), or put such a folder at {beside}"
        )
    family, index = file_family(found), _index(folder)
    if index["_class_name"] != family:
        raise CheckpointError(
            f"{found} is a {family}, but {folder} has the settings of a {index['_class_name']}"
        )
    return Place(folder, index, found)


def is_embedded_kind(name: str | Path) -> bool:
    """Whether a model is in the embedded model's layout.

    Args:
        name: as for `load_generator`.

    Raises:
        CheckpointError: the folder is missing or damaged.
    """
    folder = model_folder(name)
    return not folder.is_file() and str(_index(folder)["_class_name"]) == EMBEDDED


def generator_kind(name: str | Path) -> type[LatentGenerator | PipelineGenerator]:
    """What draws with a model, to ask what it accepts before it is loaded.

    Args:
        name: as for `load_generator`.

    Raises:
        CheckpointError: the folder is missing, damaged or of an unknown kind.
    """
    folder = model_folder(name)
    if folder.is_file():
        from lianhuan.generators.single_file import file_family

        pipeline = file_family(folder)
    else:
        pipeline = str(_index(folder)["_class_name"])
    if pipeline == EMBEDDED:
        from lianhuan.generators.latent_diffusion import LatentDiffusion

        return LatentDiffusion
    if pipeline in FAMILIES:
        from lianhuan.generators.stable_diffusion import StableDiffusion  # slow: brings transformers

        return StableDiffusion
    from lianhuan.generators import attached

    found = attached.attached_kind(pipeline)
    if found is None:
        known = ", ".join(f"{family} ({pipeline})" for pipeline, family in FAMILIES.items())
        raise CheckpointError(
            f"{folder} is a {pipeline}; supported so far: {known}, {', '.join(attached.FAMILIES)}, other pipelines that draw "
            f"pictures from words alone, and {EMBEDDED} folders like the embedded model's"
        )
    return found


def _index(folder: Path) -> dict[str, Any]:
    try:
        index: dict[str, Any] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        index["_class_name"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{folder / INDEX} is damaged ({error})") from error
    return index


def embedded_kind(generator: Generator, use: str) -> LatentDiffusion:
    """`generator`, if it is of the embedded model's kind.

    Args:
        generator: what draws.
        use: what needs one of that kind, for the message.

    Raises:
        CheckpointError: it is of another kind.
    """
    from lianhuan.generators.latent_diffusion import LatentDiffusion

    if not isinstance(generator, LatentDiffusion):
        raise CheckpointError(
            f"{use}: this works with models of the embedded kind ({STORYBOOK!r} is one), and {generator.name} is of another"
        )
    return generator


def own_loop(generator: Generator, use: str) -> LatentGenerator:
    """`generator`, if it is drawn by our own loop.

    Args:
        generator: what draws.
        use: what needs one of that kind, for the message.

    Raises:
        CheckpointError: it is a stock pipeline.
    """
    if not isinstance(generator, LatentGenerator):
        raise CheckpointError(
            f"{use}: this works with the embedded model and Stable Diffusion; {generator.name} is drawn by a stock "
            "pipeline"
        )
    return generator


def _load_light(name: str | Path, extras: Extras, compute: Compute) -> Generator:
    if not is_embedded_kind(name):
        raise CheckpointError(
            f"{name}: the light engine draws with models of the embedded kind alone ({STORYBOOK!r} is one); take the engine "
            "'torch'"
        )
    _check_own(str(name), extras, compute)
    if how := compute.recipe():
        raise DeviceError(
            f"the light engine knows no {', '.join(how)}; leave it away, or take the engine 'torch'"
        )
    with needing_extras():
        from lianhuan.generators.light import LightDiffusion

        return LightDiffusion(model_folder(name), str(name), PARTS)


def _check_own(name: str, extras: Extras, compute: Compute) -> None:
    """Raises: CheckpointError, DeviceError: a model in the embedded layout cannot be loaded in this way."""
    if extras != Extras():
        options = ", ".join(extras.recipe())
        raise CheckpointError(
            f"{name} takes no {options}: these are for Stable Diffusion and diffusers' pipelines"
        )
    if compute.precision() != "fp32":
        raise DeviceError(f"{name} computes in fp32 alone; leave --dtype away")
