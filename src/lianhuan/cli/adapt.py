"""`lianhuan adapt`: learn a character from a few pictures."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lianhuan.cli.terminal import print_json, progress
from lianhuan.cli.threads import use_cores

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lianhuan.data.captioned import CaptionedPicture
    from lianhuan.generators import Generator
    from lianhuan.generators.learner import Keys
    from lianhuan.train.adapt import AdaptConfig
    from lianhuan.train.loop import TrainStep


class Mode(StrEnum):
    """What is learnt."""

    LORA = "lora"
    TOKEN = "token"
    FULL = "full"


class KeyForm(StrEnum):
    """What the layers are called in a file of low-rank changes."""

    DIFFUSERS = "diffusers"
    KOHYA = "kohya"


def adapt(  # noqa: PLR0913 - one argument per option
    name: Annotated[str, typer.Option(help="The character's name, a word that the pictures' texts use.")],
    pictures: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder with 3 or more pictures, and beside each its words in a .txt file."
        ),
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="ADAPTER", help="File for what was learnt; a folder with Stable Diffusion."
        ),
    ],
    init: Annotated[
        str, typer.Option(metavar="WORD", help="What the character is: man, woman, girl, fox ...")
    ] = "person",
    mode: Annotated[
        Mode,
        typer.Option(
            help="token: the name alone; lora: small changes of the attention, too; full: all but the autoencoder."
        ),
    ] = Mode.LORA,
    steps: Annotated[int, typer.Option(min=1, help="Training steps of 8 pictures.")] = 200,
    generator: Annotated[str, typer.Option(help="Model: storybook or a model folder.")] = "storybook",
    keys: Annotated[
        KeyForm,
        typer.Option(
            help="With Stable Diffusion, names of the layers in the file of the changes: as diffusers has them, or as kohya's scripts "
            "and web interfaces do."
        ),
    ] = KeyForm.DIFFUSERS,
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Learn a new character from 3 or more pictures.

    Draw it with `lianhuan illustrate --character NAME=ADAPTER`. With Stable Diffusion, ADAPTER is a folder with learned_embeds.safetensors and pytorch_lora_weights.safetensors, which other tools read.
    """
    from lianhuan.data.captioned import read_captioned
    from lianhuan.generators import load_generator
    from lianhuan.train.adapt import AdaptConfig

    use_cores()
    config = AdaptConfig(name=name, kind=init, mode=mode, steps=steps, seed=seed)
    with progress(steps) as shown:
        for event in _learn(load_generator(generator), read_captioned(pictures), config, out, keys.value):
            shown.at(event.step, f"loss {event.loss:.3f}")
            seconds = event.seconds
    size = sum(path.stat().st_size for path in ([out] if out.is_file() else out.glob("*.safetensors")))
    if as_json:
        print_json({"adapter": str(out), "bytes": size, "seconds": round(seconds, 1)})
    else:
        print(out)


def _learn(
    generator: "Generator",
    pictures: "Sequence[CaptionedPicture]",
    config: "AdaptConfig",
    out: Path,
    keys: "Keys",
) -> "Iterator[TrainStep]":
    from lianhuan.errors import RecipeError
    from lianhuan.generators.load import embedded_kind
    from lianhuan.generators.stable_diffusion import StableDiffusion
    from lianhuan.train.adapt import adapt as learn
    from lianhuan.train.adapt_stable import adapt_stable

    if isinstance(generator, StableDiffusion):
        return adapt_stable(generator, pictures, config, out, keys)
    embedded = embedded_kind(generator, "lianhuan adapt")
    if keys == "kohya":
        raise RecipeError(f"what {embedded.name} learns is a file of its own form; leave --keys away")
    return learn(embedded, pictures, config, out)
