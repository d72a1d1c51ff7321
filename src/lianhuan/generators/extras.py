"""LoRA adapters and textual inversions, put into the networks of a pipeline of diffusers."""

from pathlib import Path
from typing import Any

from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from lianhuan.errors import CheckpointError
from lianhuan.generators.options import Extras, lora
from lianhuan.models.files import PICKLES, fingerprint, short_hash

_DOWN = ("lora_down.weight", "lora_A.weight", "lora.down.weight", "lora_linear_layer.down.weight")
"""How the name of the first matrix of a layer's LoRA ends: kohya, peft, diffusers, and diffusers' text encoders."""

_NAME = "lora"


def add_extras(pipeline: Any, extras: Extras) -> None:
    """Put textual inversions and LoRAs into a pipeline, in place; the LoRAs become part of its weights.

    Args:
        pipeline: of diffusers, on a CPU.
        extras: what to add; its `config` and `vae` are not looked at.

    Raises:
        CheckpointError: a file is missing, damaged, a pickle, of another family or of an unknown form, or the pipeline takes none.
    """
    for name in extras.embeddings:
        _embed(pipeline, Path(name))
    for text in extras.loras:
        path, scale = lora(text)
        _attach(pipeline, path)
        pipeline.set_adapters([_NAME], [scale])
        pipeline.fuse_lora(components=_loadable(pipeline), adapter_names=[_NAME])
        pipeline.unload_lora_weights()


def marked(mark: str, extras: Extras) -> str:
    """The fingerprint of weights with the fingerprint `mark` after `extras` were added to them."""
    files = [*(lora(text) for text in extras.loras), *((Path(name), 1.0) for name in extras.embeddings)]
    parts = [f"{fingerprint(path.parent, [path.name])} {scale}" for path, scale in files]
    if extras.vae:
        parts.append(fingerprint(Path(extras.vae)))
    return short_hash(" ".join([mark, *parts])) if parts else mark


def _loadable(pipeline: Any) -> list[str]:
    return [part for part in pipeline._lora_loadable_modules if getattr(pipeline, part, None) is not None]


def _attach(pipeline: Any, path: Path) -> None:
    given = sum(key.endswith(_DOWN) for key in _read(path))
    if not given:
        raise CheckpointError(
            f"{path} holds no LoRA of a known form; those of kohya, diffusers and peft are read"
        )
    if not hasattr(pipeline, "load_lora_weights"):
        raise CheckpointError(f"{type(pipeline).__name__} takes no LoRA; leave --lora {path} away")
    try:
        pipeline.load_lora_weights(str(path), adapter_name=_NAME, local_files_only=True, use_safetensors=True)
    except Exception as error:  # diffusers and peft let through whatever goes wrong inside them
        raise _misfit(path, pipeline, str(error)) from error
    modules = [m for part in _loadable(pipeline) for m in getattr(pipeline, part).modules()]
    there = sum(isinstance(module, BaseTunerLayer) and _NAME in _layers(module) for module in modules)
    if there < given:
        raise _misfit(path, pipeline, f"{given - there} of its {given} layers are not there")


def _layers(module: BaseTunerLayer) -> set[str]:
    return {name for kind in module.adapter_layer_names for name in getattr(module, kind)}


def _misfit(path: Path, pipeline: Any, why: str) -> CheckpointError:
    reason = why.splitlines()[0] if why else "unknown"
    return CheckpointError(
        f"{path} does not fit {type(pipeline).__name__} ({reason}); was it made for another model family?"
    )


def _embed(pipeline: Any, path: Path) -> None:
    if not hasattr(pipeline, "load_textual_inversion"):
        raise CheckpointError(f"{type(pipeline).__name__} takes no embeddings; leave --embedding {path} away")
    tensors = _read(path)
    parts = _parts(path, tensors, double=hasattr(pipeline, "text_encoder_2"))
    try:
        for key, number in parts.items():
            encoder, vectors = getattr(pipeline, f"text_encoder{number}"), tensors[key]
            width = encoder.get_input_embeddings().embedding_dim
            if vectors.shape[-1] != width:
                raise ValueError(
                    f"its vectors have {vectors.shape[-1]} numbers, the model's words have {width}"
                )
            tokenizer = getattr(pipeline, f"tokenizer{number}")
            pipeline.load_textual_inversion(
                vectors, token=path.stem.lower(), text_encoder=encoder, tokenizer=tokenizer
            )
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise _misfit(path, pipeline, str(error)) from error


def _parts(path: Path, tensors: dict[str, Tensor], *, double: bool) -> dict[str, str]:
    """The names of the vectors, with the ends of the names of the text encoders that they are for."""
    if double and tensors.keys() >= {"clip_l", "clip_g"}:
        return {"clip_l": "", "clip_g": "_2"}
    known = ["emb_params"] if "emb_params" in tensors else list(tensors)
    if double or len(known) != 1:
        raise CheckpointError(
            f"{path} is no embedding for this model; it holds {', '.join(sorted(tensors)[:4]) or 'nothing'}; a model with one text "
            "encoder wants emb_params or one tensor of any name, one with two wants clip_l and clip_g"
        )
    return {known[0]: ""}


def _read(path: Path) -> dict[str, Tensor]:
    """Raises: CheckpointError: it is missing, damaged or a pickle."""
    if not path.is_file():
        raise CheckpointError(f"{path} is not there, or no file")
    if path.suffix in PICKLES:
        raise CheckpointError(
            f"{path} is a pickle that can run code when opened; take the .safetensors file instead"
        )
    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise CheckpointError(f"{path} is no safetensors file, or damaged ({error})") from error
