"""`lianhuan adapt`: learn a character from a few pictures."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from lianhuan.cli.terminal import print_json, progress
from lianhuan.cli.threads import use_cores


class Mode(StrEnum):
    """What is learnt."""

    LORA = "lora"
    TOKEN = "token"
    FULL = "full"


def adapt(  # noqa: PLR0913 - one argument per option
    name: Annotated[str, typer.Option(help="The character's name, a word that the pictures' texts use.")],
    pictures: Annotated[
        Path,
        typer.Option(
            metavar="DIR", help="Folder with 3 or more pictures, and beside each its words in a .txt file."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", metavar="ADAPTER", help="File for what was learnt.")],
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
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Learn a new character from 3 or more pictures; draw it with `lianhuan illustrate --character NAME=ADAPTER`."""
    from lianhuan.data.captioned import read_captioned
    from lianhuan.generators import load_generator
    from lianhuan.generators.load import embedded_kind
    from lianhuan.train.adapt import AdaptConfig, adapt as learn

    use_cores()
    model = embedded_kind(load_generator(generator), "lianhuan adapt")
    config = AdaptConfig(name=name, kind=init, mode=mode, steps=steps, seed=seed)
    with progress(steps) as shown:
        for event in learn(model, read_captioned(pictures), config, out):
            shown.at(event.step, f"loss {event.loss:.3f}")
            seconds = event.seconds
    size = out.stat().st_size
    if as_json:
        print_json({"adapter": str(out), "bytes": size, "seconds": round(seconds, 1)})
    else:
        print(out)
