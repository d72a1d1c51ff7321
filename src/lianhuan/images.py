"""Pictures as PIL images: load, save, resize with a named filter, contact sheets; no torch."""

from pathlib import Path

from PIL import Image, UnidentifiedImageError

from lianhuan.errors import PictureError

MAX_PIXELS = 64_000_000
PNG_LEVEL = 4
"""How hard PNG files are packed, of 9: drawn pages come out as small as at 6, the usual level, in half the time."""


def load_picture(path: str | Path) -> Image.Image:
    """The picture at `path` as RGB; transparent parts become white.

    Raises:
        PictureError: the file is missing, is no picture, is broken, or has more than 64 million pixels.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise PictureError(
                    f"{path}: {image.width}x{image.height} pixels are too many (limit {MAX_PIXELS})"
                )
            rgba = image.convert("RGBA")
    except (OSError, SyntaxError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise PictureError(f"{path}: not a readable picture ({error})") from error
    white = Image.new("RGBA", rgba.size, "white")
    return Image.alpha_composite(white, rgba).convert("RGB")


def fit_square(
    image: Image.Image, size: int, how: Image.Resampling = Image.Resampling.LANCZOS
) -> Image.Image:
    """Centre crop to a square, then resize to `size` x `size` pixels with a filter."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.crop((left, top, left + side, top + side)).resize((size, size), how)


def contact_sheet(images: list[Image.Image], columns: int, gap: int = 4) -> Image.Image:
    """All `images` (equal sizes) on one white sheet, row by row.

    Raises:
        PictureError: there is no image to show.
    """
    if not images:
        raise PictureError("a contact sheet needs at least one picture")
    width, height = images[0].size
    columns = max(1, min(columns, len(images)))
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), "white")
    for i, image in enumerate(images):
        sheet.paste(image, (gap + i % columns * (width + gap), gap + i // columns * (height + gap)))
    return sheet
