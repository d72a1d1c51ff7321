"""A folder of pictures with their words: `name.png` (or .jpg, .jpeg, .webp) beside `name.txt`."""

from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from lianhuan.errors import PictureError
from lianhuan.images import load_picture

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")


@dataclass(frozen=True)
class CaptionedPicture:
    """A picture and its words; `caption` is None where there is no text file."""

    image: Image.Image
    caption: str | None


def read_captioned(folder: Path) -> list[CaptionedPicture]:
    """The pictures of a folder in the order of their names.

    Raises:
        PictureError: there is no such folder, no picture in it, or a picture or its text cannot be read.
    """
    if not folder.is_dir():
        raise PictureError(
            f"{folder} is no folder; put the pictures, and their words in .txt files, into one"
        )
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise PictureError(f"{folder} holds no pictures ({', '.join(SUFFIXES)})")
    return [CaptionedPicture(load_picture(path), _words(path.with_suffix(".txt"))) for path in paths]


def _words(path: Path) -> str | None:
    if not path.exists():
        return None
    try:
        return path.read_text(encoding="utf-8").strip() or None
    except (OSError, UnicodeDecodeError) as error:
        raise PictureError(f"{path} cannot be read as UTF-8 text ({error})") from error
