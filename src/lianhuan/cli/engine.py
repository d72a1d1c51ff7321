"""The option that says what computes."""

from typing import Annotated, Literal

import typer

Engine = Annotated[
    Literal["auto", "light", "torch"],
    typer.Option(
        help="What computes: light (OpenVINO, for the embedded model with the memories none and lstm), torch, or auto: light "
        "where it can."
    ),
]
