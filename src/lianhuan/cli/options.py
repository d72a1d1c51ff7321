"""Options of a model that verbs share: what is added to it, and what it computes with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from lianhuan.book import BookFile
    from lianhuan.generators import Compute, Extras
    from lianhuan.generators.base import Engine

EngineWish = Literal["auto", "light", "torch"]
DtypeName = Literal["fp32", "fp16", "bf16"]
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
EngineOption = Annotated[
    EngineWish,
    typer.Option(
        help="What computes: light (OpenVINO, for the embedded model with the memories none and lstm), torch, or auto: light "
        "where it can."
    ),
]
Device = Annotated[
    Literal["cpu", "cuda", "mps"] | None,
    typer.Option(help="Where torch computes. [default: cuda where it is here, else cpu]"),
]
Dtype = Annotated[
    DtypeName | None,
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


@dataclass(frozen=True)
class Computing:
    """What computes, as the options say."""

    engine: EngineWish
    device: str | None
    dtype: DtypeName | None
    low_memory: bool
    compiled: bool

    def settled(
        self, model: str, memory: str, extras: "Extras", *, learnt: bool = False, sketch: bool = False
    ) -> "tuple[Engine, Compute]":
        """The engine, and what it computes with.

        Args:
            model: what draws.
            memory: name of the memory.
            extras: what is added to the model.
            learnt: whether a character was learnt by `lianhuan adapt`.
            sketch: whether a sketch is followed.

        Raises:
            CheckpointError: the light engine is wanted and cannot draw this.
            DeviceError: there is no such device here, or it cannot compute in this precision.
        """
        from lianhuan.conductor import choose_engine
        from lianhuan.generators.options import Compute, devices

        wanted = {
            "--device": self.device not in (None, "cpu"),
            "--dtype": self.dtype not in (None, "fp32"),
            "--low-memory": self.low_memory,
            "--compile": self.compiled,
            **dict.fromkeys(extras.recipe(), True),
        }
        names = [name for name, there in wanted.items() if there]
        engine = choose_engine(self.engine, model, memory, learnt=learnt, sketch=sketch, options=names)
        device = self.device or ("cpu" if engine == "light" else devices()[0])
        return engine, Compute(device, self.dtype, self.low_memory, self.compiled)


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
