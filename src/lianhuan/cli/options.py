"""Options of a model that verbs share: what is added to it, and what it computes with."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from lianhuan.book import BookFile
    from lianhuan.generators import Compute, Extras

Lora = Annotated[
    list[str] | None,
    typer.Option(metavar="FILE[:SCALE]", help="LoRA adapter for the model; may be repeated; '' for none."),
]
Embedding = Annotated[
    list[str] | None,
    typer.Option(
        metavar="FILE",
        help="Textual inversion, a word of the prompt by its file's name; may be repeated; '' for none.",
    ),
]
Vae = Annotated[
    str | None,
    typer.Option(metavar="DIR", help="Folder of an autoencoder instead of the model's own; '' for its own."),
]
Config = Annotated[
    str | None,
    typer.Option(
        metavar="DIR|NAME",
        help="Diffusers folder or hub name with the settings and tokenizers for a model in one file. "
        "[default: the folder beside it, of its name]",
    ),
]
Sampler = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="Sampler: dpmpp-2m, ddim; with Stable Diffusion also euler, heun, pndm, unipc, deis, checkpoint.",
    ),
]
Negative = Annotated[
    str | None,
    typer.Option(metavar="TEXT", help="What guidance leads away from, where the model can; '' for nothing."),
]
Device = Annotated[
    Literal["cpu", "cuda", "mps"] | None,
    typer.Option(help="Where the model computes. [default: cuda where it is here, else cpu]"),
]
Dtype = Annotated[
    Literal["fp32", "fp16", "bf16"] | None,
    typer.Option(help="Precision of Stable Diffusion and stock pipelines. [default: the model's]"),
]
LowMemory = Annotated[
    bool,
    typer.Option(
        "--low-memory",
        help="Need less memory, and more time: networks wait in main memory, large pictures are decoded in tiles.",
    ),
]
Compile = Annotated[bool, typer.Option("--compile", help="Compile the denoiser: slow at first, then faster.")]


def chosen_compute(
    device: str | None, dtype: Literal["fp32", "fp16", "bf16"] | None, low_memory: bool, compiled: bool
) -> "Compute":
    """What is computed with.

    Raises:
        DeviceError: there is no such device here, or it cannot compute in this precision.
    """
    from lianhuan.generators.options import Compute, devices

    return Compute(device or devices()[0], dtype, low_memory, compiled)


def chosen_extras(
    old: "BookFile | None",
    model: str,
    *,
    config: str | None,
    vae: str | None,
    loras: Sequence[str] | None,
    embeddings: Sequence[str] | None,
) -> "Extras":
    """What is added to `model`: the options given, else what the book has, if it has the same model."""
    from lianhuan.generators import Extras

    kept = old if old is not None and old.generator == model else Extras()
    return Extras(
        config=kept.config if config is None else _place(config),
        vae=kept.vae if vae is None else _place(vae),
        loras=kept.loras if loras is None else _places(loras),
        embeddings=kept.embeddings if embeddings is None else _places(embeddings),
    )


def _places(given: Sequence[str]) -> tuple[str, ...]:
    return tuple(place for text in given if (place := _place(text)))


def _place(text: str) -> str | None:
    """A path as it is from everywhere, a hub name as it is, None for ''."""
    from lianhuan.generators.options import lora

    path, _ = lora(text)
    return f"{path.resolve()}{text.removeprefix(str(path))}" if path.exists() and text else text or None
