"""Find a generator by name or folder."""

import json
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diffusers import UNet2DConditionModel
from tokenizers import Tokenizer

from lianhuan.errors import CheckpointError, DeviceError
from lianhuan.generators.base import Generator
from lianhuan.generators.hub import hub_folder, is_hub_name
from lianhuan.generators.latent import LatentGenerator
from lianhuan.generators.latent_diffusion import LatentDiffusion
from lianhuan.generators.options import Compute, Extras, told_when_full
from lianhuan.generators.pipeline import PipelineGenerator
from lianhuan.generators.placing import settle
from lianhuan.generators.single_file import file_family, is_single_file
from lianhuan.models.autoencoder import Autoencoder, AutoencoderConfig
from lianhuan.models.denoiser import Denoiser
from lianhuan.models.files import fingerprint, load_weights, read_config
from lianhuan.models.text_encoder import StoryTextEncoder, TextEncoderConfig
from lianhuan.models.tokens import PageTokenizer
from lianhuan.sampling import NoisePath

if TYPE_CHECKING:
    from lianhuan.generators.checkpoint import Place

STORYBOOK = "storybook"
"""Name of the embedded model."""
INDEX = "model_index.json"
PARTS = (INDEX, "autoencoder", "memory", "path", "text_encoder", "unet")
"""What decides the pictures of a model folder in the embedded layout; a part for controls, as that for sketches, is not in it."""
FAMILIES = {"StableDiffusionPipeline": "Stable Diffusion 1.x and 2.x", "StableDiffusionXLPipeline": "SDXL"}
"""`_class_name` of a diffusers folder's model_index.json -> the family, as users know it."""


def model_folder(name: str | Path) -> Path:
    """The folder of a model: the embedded one for "storybook", that in the hub's cache for a hub name, else the folder itself.

    A checkpoint in one file is its own place.

    Raises:
        CheckpointError: there is no model.
    """
    if is_single_file(name):
        return Path(name)
    if name == STORYBOOK:
        folder = Path(str(files("lianhuan"))) / "weights" / STORYBOOK
    else:
        folder = hub_folder(str(name)) if is_hub_name(str(name)) else Path(name)
    if not (folder / INDEX).is_file():
        raise CheckpointError(
            f"{name}: no model there ({folder / INDEX} is missing); name a model folder, a .safetensors file, or {STORYBOOK!r} for "
            "the embedded one"
        )
    return folder


def load_generator(
    name: str | Path = STORYBOOK, extras: Extras | None = None, compute: Compute | None = None
) -> Generator:
    """The generator in a model folder or file, ready to draw. Its family is recognised from the files.

    Args:
        name: "storybook", the embedded model; the path of a model folder in its layout, or of a diffusers folder of a
            text-to-image pipeline; or such a model's name on the Hugging Face hub, "owner/name": only then the network
            may be used; or the path of a .safetensors file with a Stable Diffusion 1.x, 2.x or XL checkpoint in the
            original layout.
        extras: what is added to it; None for nothing.
        compute: what it computes with; None for a CPU.

    Raises:
        CheckpointError: the model, or something that is added to it, is missing, incomplete, damaged, unsafe or of an
            unknown kind.
        DeviceError: the memory of the device is too small, or the model cannot compute in this precision.
    """
    added, how = extras or Extras(), compute or Compute()
    kind, folder = generator_kind(name), model_folder(name)
    if added.config is not None and not folder.is_file():
        raise CheckpointError(f"{name} has its own settings; --config is for checkpoints in one file")
    with told_when_full():
        generator: LatentGenerator | PipelineGenerator
        if kind is LatentDiffusion:
            generator = _load_own(folder, str(name), added, how)
        elif issubclass(kind, PipelineGenerator):
            from lianhuan.generators.attached import load_pipeline  # slow: brings transformers

            generator = load_pipeline(folder, _index(folder), str(name), added, how)
        else:
            from lianhuan.generators.checkpoint import load_stable_diffusion

            generator = load_stable_diffusion(_place(folder, added), str(name), added, how)
    generator.extras = added
    return generator


def _place(found: Path, extras: Extras) -> "Place":
    """Where a Stable Diffusion checkpoint and its settings lie."""
    from lianhuan.generators.checkpoint import Place

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


def generator_kind(name: str | Path) -> type[LatentGenerator] | type[PipelineGenerator]:
    """What draws with a model, to ask what it accepts before it is loaded.

    Args:
        name: as for `load_generator`.

    Raises:
        CheckpointError: the folder is missing, damaged or of an unknown kind.
    """
    folder = model_folder(name)
    pipeline = file_family(folder) if folder.is_file() else str(_index(folder)["_class_name"])
    if pipeline == LatentDiffusion.__name__:
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
            f"pictures from words alone, and {LatentDiffusion.__name__} folders like the embedded model's"
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


def _load_own(folder: Path, name: str, extras: Extras, compute: Compute) -> LatentDiffusion:
    """The generator in a folder in the embedded model's layout."""
    if extras != Extras():
        options = ", ".join(extras.recipe())
        raise CheckpointError(
            f"{name} takes no {options}: these are for Stable Diffusion and diffusers' pipelines"
        )
    if compute.precision() != "fp32":
        raise DeviceError(f"{name} computes in fp32 alone; leave --dtype away")
    text_config = read_config(folder / "text_encoder")
    unet_config = read_config(folder / "unet")
    path_config = read_config(folder / "path")
    try:
        autoencoder = Autoencoder(AutoencoderConfig(**read_config(folder / "autoencoder")))
        text_encoder = StoryTextEncoder(TextEncoderConfig(**text_config))
        unet = UNet2DConditionModel.from_config(unet_config)
        denoiser = Denoiser(unet, NoisePath.cosine(path_config["times"]), path_config["prediction"])
        tokenizer = Tokenizer.from_file(str(folder / "text_encoder" / "tokenizer.json"))
    except Exception as error:  # the tokenizers library raises bare Exception
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    for module, part in [(autoencoder, "autoencoder"), (text_encoder, "text_encoder"), (unet, "unet")]:
        load_weights(module, folder / part)
    generator = LatentDiffusion(
        name=name,
        fingerprint=fingerprint(folder, PARTS),
        autoencoder=autoencoder,
        text_encoder=text_encoder,
        tokenizer=PageTokenizer(tokenizer, text_encoder.config.max_length),
        denoiser=denoiser,
        bound=path_config.get("bound"),
    )
    generator.compute = compute
    settle(generator)
    return generator
