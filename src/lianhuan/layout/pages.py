"""What every form of a book shows on a page: picture, words, and words for those who cannot see the picture."""

import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from lianhuan.book import Book
from lianhuan.errors import ExportError, PictureError
from lianhuan.images import load_picture
from lianhuan.story import Scene, Story

INSIDE = frozenset(
    {"forest", "meadow", "street", "room", "kitchen", "garden", "castle", "house", "park", "city"}
)
ALT_LENGTH = 300
CJK = "\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef"


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page, ready to be set. `picture` is None while the page is not drawn; `number` starts at 1."""

    number: int
    paragraphs: tuple[str, ...]
    alt: str
    picture: Path | None


def pages_of(book: Book) -> tuple[Page, ...]:
    """The pages of `book` in order.

    Raises:
        ExportError: a picked picture is missing or cannot be read.
    """
    story = book.story()
    pages = []
    for number, scene in enumerate(story.scenes, start=1):
        picture = book.picture(scene.id)
        if picture is not None:
            _must_be_readable(picture, number, book)
        paragraphs = split_paragraphs(scene.text)
        pages.append(Page(number=number, paragraphs=paragraphs, alt=alt_text(story, scene), picture=picture))
    return tuple(pages)


def split_paragraphs(text: str) -> tuple[str, ...]:
    """The paragraphs of `text`: blank lines part them, single line breaks are white space, controls are dropped."""
    joined = re.sub(rf"(?<=[{CJK}])[ \t]*\n[ \t]*(?=[{CJK}])", "", "\n".join(text.splitlines()))
    parts = (" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", joined))
    return tuple(clean for part in parts if (clean := drop_controls(part)))


def drop_controls(text: str) -> str:
    """`text` without control characters, which have no glyph in any font."""
    return "".join(character for character in text if unicodedata.category(character) != "Cc")


def alt_text(story: Story, scene: Scene) -> str:
    """Who is where, then the caption (at most 300 characters of it): "Mike and Jon at the stream. They see a frog."."""
    caption = drop_controls(" ".join(scene.text.split()))
    if len(caption) > ALT_LENGTH:
        caption = caption[: ALT_LENGTH - 1] + "…"
    if primary_language(story) == "zh":
        stage = _chinese_stage(scene)
        return stage + caption
    stage = _english_stage(scene)
    return f"{stage} {caption}".strip()


def primary_language(story: Story) -> str:
    """The two- or three-letter code of the story's language; "und" if it has none."""
    code = story.language.replace("_", "-").partition("-")[0].lower()
    return code if re.fullmatch("[a-z]{2,3}", code) else "und"


def _english_stage(scene: Scene) -> str:
    names = list(scene.on_stage)
    who = " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    place = scene.place or ""
    if place and not re.match(r"(the|an?|his|her|their|my|our)\s|[A-Z]", place):
        place = f"the {place}"
    if place:
        place = f"{'in' if place.split()[-1].lower() in INSIDE else 'at'} {place}"
    stage = f"{who} {place}".strip()
    return f"{stage[0].upper()}{stage[1:]}." if stage else ""


def _chinese_stage(scene: Scene) -> str:
    names = list(scene.on_stage)
    who = "和".join(["、".join(names[:-1]), names[-1]] if len(names) > 1 else names)
    place = f"在{scene.place}" if scene.place else ""
    return f"{who}{place}。" if who or place else ""


def _must_be_readable(picture: Path, number: int, book: Book) -> None:
    try:
        load_picture(picture)
    except PictureError as error:
        raise ExportError(
            f"page {number}: {error}; run `lianhuan illustrate {book.folder}` to draw the page again"
        ) from error
