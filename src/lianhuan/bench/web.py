"""Web pages that are one file: pictures inside, no network."""

import base64
import io
from importlib import resources
from typing import Any

import jinja2
from PIL import Image


def render(template: str, **values: Any) -> str:
    """The page `template` of this room, filled with `values`."""
    source = resources.files("lianhuan.bench").joinpath(template).read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    return environment.from_string(source).render(**values)


def embedded(picture: Image.Image, largest: int, *, exact: bool = False) -> str:
    """`picture` as a data address; only its pixels get into it, not how it was made.

    Args:
        picture: what to show.
        largest: a picture with longer sides, in pixels, is made smaller.
        exact: whether every pixel stays as it is, at about twice the bytes.
    """
    small = Image.new("RGB", picture.size)
    small.paste(picture.convert("RGB"))
    small.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "WEBP", quality=88, lossless=exact)
    return f"data:image/webp;base64,{base64.b64encode(stream.getvalue()).decode()}"
