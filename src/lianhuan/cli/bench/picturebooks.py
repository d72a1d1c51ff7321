"""`lianhuan bench picturebooks`: try measures of consistency on real picture books."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lianhuan.cli.bench.world import Split
from lianhuan.cli.threads import use_cores

if TYPE_CHECKING:
    from lianhuan.metrics.features import FeatureNetwork


def picturebooks(
    data: Annotated[
        Path,
        typer.Argument(metavar="DIR", help="Folder of real books: books.jsonl and the pictures it names."),
    ],
    json_file: Annotated[Path, typer.Option("--json", help="File for the figures.")] = Path(
        "out/bench-picturebooks.json"
    ),
    split: Annotated[Split | None, typer.Option(help="Which books; all if not given.")] = None,
    reader: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the reader, if not the embedded one.")
    ] = None,
    clip: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Folder of the model of pictures and captions, if not the embedded one."
        ),
    ] = None,
    inception: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Weights of Inception v3, to be tried, too.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the intervals.")] = 0,
) -> None:
    """Try measures of consistency on real picture books.

    For each measure: how often are two pages of a book more alike than pages of two books by the same illustrator?
    """
    from lianhuan.bench.picturebooks import bench_picturebooks, markdown_areas
    from lianhuan.book import write_atomically
    from lianhuan.metrics.inception import load_inception
    from lianhuan.metrics.reader import load_reader
    from lianhuan.models.clip import load_clip

    use_cores()
    networks: dict[str, FeatureNetwork] = {"reader": load_reader(reader), "clip": load_clip(clip)}
    if inception is not None:
        networks["inception"] = load_inception(inception)
    result = bench_picturebooks(data, networks, split=split, seed=seed)
    write_atomically(json_file, (json.dumps(result, indent=1) + "\n").encode())
    print(markdown_areas(result), end="")
