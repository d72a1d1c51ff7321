"""The take: a PNG that carries its own recipe, with bytes that depend on nothing else."""

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError
from PIL.PngImagePlugin import PngInfo

from lianhuan.errors import PictureError
from lianhuan.images import PNG_LEVEL

KEY = "lianhuan"
SCHEMA_VERSION = 1
XMP = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    "<Iptc4xmpExt:DigitalSourceType>"
    "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    "</Iptc4xmpExt:DigitalSourceType></rdf:Description></rdf:RDF></x:xmpmeta>"
    '<?xpacket end="r"?>'
)
INFOTEXT_NAMES = {"steps": "Steps", "sampler": "Sampler", "guidance": "CFG scale", "seed": "Seed"}


def encode_take(image: Image.Image, recipe: Mapping[str, Any]) -> bytes:
    """`image` as PNG bytes that depend only on its RGB pixels and on `recipe` (a JSON object).

    Three text chunks say how it was made: `lianhuan` (the whole recipe), `parameters` (the line that other
    picture tools read; from the keys caption, steps, sampler, guidance, seed and generator where present) and
    XMP (made by a trained model).
    """
    pixels = Image.new("RGB", image.size)
    pixels.paste(image.convert("RGB"))
    record = {"schema_version": SCHEMA_VERSION, "recipe": recipe}
    info = PngInfo()
    info.add_itxt(KEY, json.dumps(record, sort_keys=True, ensure_ascii=False, allow_nan=False))
    info.add_text("parameters", _infotext(recipe, image.size))
    info.add_itxt("XML:com.adobe.xmp", XMP)
    stream = io.BytesIO()
    pixels.save(stream, "PNG", pnginfo=info, compress_level=PNG_LEVEL)
    return stream.getvalue()


def read_recipe(png: Path | bytes) -> dict[str, Any]:
    """The recipe stored in a take.

    Raises:
        PictureError: it is no readable PNG, or it carries no recipe of a known version.
    """
    name = png if isinstance(png, Path) else "the picture"
    try:
        with Image.open(png if isinstance(png, Path) else io.BytesIO(png)) as image:
            text = image.info.get(KEY)
    except (OSError, SyntaxError, ValueError, UnidentifiedImageError) as error:
        raise PictureError(f"{name} is not a readable picture ({error})") from error
    try:
        record = json.loads(text or "null")
    except ValueError as error:
        raise PictureError(f"{name} carries a damaged recipe ({error})") from error
    if not isinstance(record, dict) or record.get("schema_version") != SCHEMA_VERSION:
        raise PictureError(f"{name} carries no recipe that this version of lianhuan can read")
    return dict(record["recipe"])


def recipe_in(png: Path | bytes) -> dict[str, Any]:
    """The recipe stored in a take; empty if none can be read."""
    try:
        return read_recipe(png)
    except PictureError:
        return {}


def _infotext(recipe: Mapping[str, Any], size: tuple[int, int]) -> str:
    pairs = [(label, recipe[key]) for key, label in INFOTEXT_NAMES.items() if key in recipe]
    pairs.append(("Size", f"{size[0]}x{size[1]}"))
    if "generator" in recipe:
        pairs.append(("Model", recipe["generator"]))
    caption = " ".join(str(recipe.get("caption", "")).replace("\0", " ").split())
    return caption + "\n" + ", ".join(f"{label}: {value}" for label, value in pairs)
