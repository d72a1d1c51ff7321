"""A file or a text -> `Story`."""
# ruff: noqa: RUF001 curly quotes are meant

import re
from bisect import bisect_left
from pathlib import Path
from typing import Protocol

from lianhuan.errors import StoryError
from lianhuan.script import lexicon_en
from lianhuan.script.chinese import Chinese
from lianhuan.script.looks import find_looks
from lianhuan.script.names import Names
from lianhuan.script.nouns import Nouns
from lianhuan.script.people import Link, Person, Sign, give_kin_kinds
from lianhuan.script.pronouns import Resolver
from lianhuan.script.sentences import Block, blocks_of, language_of, pages_of, quotations_of, sentences_of
from lianhuan.script.stage import PlaceFound, changes_in, on_stage, place_of, places_in
from lianhuan.script.tokens import tokens_of
from lianhuan.story import Character, Mention, Place, Scene, Span, Story

MAX_CHARACTERS = 2_000_000


class Readable(Protocol):
    """An open text or binary file."""

    def read(self) -> str | bytes:
        """The whole content."""
        ...


def read_story(
    source: str | Path | Readable,
    *,
    scenes: str = "sentence",
    title: str | None = None,
    max_characters: int = MAX_CHARACTERS,
) -> Story:
    """Read a text or Markdown file as a story.

    Args:
        source: path of the file, or an open file. UTF-8 (with or without a byte order mark) or UTF-16 with a mark.
        scenes: what one page holds: "sentence", "paragraph", or a number of sentences such as "2".
        title: title of the story; by default the first heading, else the file's name.
        max_characters: longer texts are refused.

    Raises:
        StoryError: the file is missing, binary, not UTF-8, empty or too long, or `scenes` is unknown.
    """
    if isinstance(source, (str, Path)):
        path = Path(source)
        try:
            data: str | bytes = path.read_bytes()
        except FileNotFoundError:
            raise StoryError(f"there is no file {path}: check the path of the story") from None
        except (OSError, ValueError) as error:
            raise StoryError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
        name, stem = str(path), _titled(path.stem)
    else:
        data, name, stem = source.read(), "the text", ""
    text = data if isinstance(data, str) else decode_text(data, name)
    return _parse(text, scenes, title, stem, max_characters)


def parse_story(
    text: str, *, title: str | None = None, scenes: str = "sentence", max_characters: int = MAX_CHARACTERS
) -> Story:
    """Read `text` as a story; arguments and errors as in `read_story`."""
    return _parse(text, scenes, title, "", max_characters)


def decode_text(data: bytes, name: str) -> str:
    """The bytes of a text file as text, character for character.

    Raises:
        StoryError: `name` is binary or not UTF-8.
    """
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    if encoding == "utf-8-sig" and b"\0" in data:
        raise StoryError(
            f"{name} is not a text: it has a zero byte at offset {data.index(0)}; save it as UTF-8"
        )
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        kind = "UTF-16" if encoding == "utf-16" else "UTF-8"
        at = error.start + (3 if data[:3] == b"\xef\xbb\xbf" else 0)
        raise StoryError(f"{name} is not {kind} text (byte at offset {at}); save it as UTF-8") from error


def _parse(text: str, scenes: str, title: str | None, fallback: str, limit: int) -> Story:
    if not text.strip():
        raise StoryError("the story is empty: write at least one sentence")
    if len(text) > limit:
        raise StoryError(
            f"the story has {len(text):,} characters, the limit is {limit:,}: split it, or raise max_characters (--max-characters)"
        )
    language = language_of(text)
    blocks = blocks_of(text, language)
    heading = blocks[0] if blocks[0].level == 1 and len(blocks) > 1 else None
    told = blocks[1:] if heading else blocks
    sentences = sentences_of(text, told, language)
    pages = pages_of(sentences, told, scenes)
    masked = _masked(text, blocks)
    quotations = quotations_of(masked, told)
    people, signs = _cast(masked.replace("’", "'"), language, quotations)
    links = Resolver(masked, sentences).read(signs)
    find_looks(masked, language, links, sentences)
    places = [] if language in ("ja", "other") else places_in(masked, language, quotations)
    return Story(
        title=title or (heading.title if heading else "") or fallback or _opening(text, sentences[0]),
        language=language,
        scenes=_scenes(text, masked, pages, links, places, language, quotations),
        cast=_characters(people, links),
        places=_places(places),
        mentions=_mentions(text, links),
    )


def _opening(text: str, span: Span) -> str:
    """The first words of the story, as a title."""
    opening = re.sub(r"\s+", " ", text[span[0] : span[1]])
    return opening if len(opening) <= 40 else opening[:40].rsplit(" ", 1)[0] + " …"


def _titled(stem: str) -> str:
    """A title from a file's name: "mike-and-jon" -> "Mike and Jon"."""
    words = stem.replace("-", " ").replace("_", " ").split()
    return " ".join(
        w if i and w in ("and", "of", "the", "a", "in", "to") else w[:1].upper() + w[1:]
        for i, w in enumerate(words)
    )


def _masked(text: str, blocks: list[Block]) -> str:
    """The text with headings and Markdown marks blanked, character for character."""
    pieces, last = [], 0
    for block in blocks:
        if block.level:
            pieces += [text[last : block.start], " " * (block.end - block.start)]
            last = block.end
    return "".join([*pieces, text[last:]]).translate({ord("*"): " ", ord("_"): " "})


def _cast(text: str, language: str, quotations: list[Span]) -> tuple[list[Person], list[Sign]]:
    if language == "zh":
        chinese = Chinese(text, quotations)
        return list(dict.fromkeys(chinese.people.values())), sorted(
            chinese.signs, key=lambda sign: sign.start
        )
    names = Names(text, tokens_of(text, quotations))
    nouns = Nouns(names)
    people = [*dict.fromkeys(names.people.values()), *nouns.people]
    return people, sorted([*names.signs, *nouns.signs], key=lambda sign: sign.start)


def _scenes(
    text: str,
    masked: str,
    pages: list[Span],
    links: list[Link],
    places: list[PlaceFound],
    language: str,
    quotations: list[Span],
) -> tuple[Scene, ...]:
    scenes: list[Scene] = []
    stage: tuple[str, ...] = ()
    place: str | None = None
    starts, spots, quotes = (
        [k.sign.start for k in links],
        [p[0][0] for p in places],
        [q[0] for q in quotations],
    )
    for number, span in enumerate(pages, 1):
        here = links[bisect_left(starts, span[0]) : bisect_left(starts, span[1])]
        said = quotations[max(bisect_left(quotes, span[0]) - 1, 0) : bisect_left(quotes, span[1])]
        stage = on_stage(here, stage)
        place = place_of(span, places[bisect_left(spots, span[0]) : bisect_left(spots, span[1])], place)
        scenes.append(
            Scene(
                id=f"s{number:03}",
                text=text[span[0] : span[1]],
                span=span,
                on_stage=stage,
                place=place,
                changes=changes_in(masked, span, language, here, said),
            )
        )
    return tuple(scenes)


def _characters(people: list[Person], links: list[Link]) -> tuple[Character, ...]:
    """The cast in the order of first mention."""
    for link in links:
        if link.sign.who:
            link.sign.who.spans.append((link.sign.start, link.sign.end))
    ordered = sorted((person for person in people if person.spans), key=lambda person: person.spans[0])
    give_kin_kinds(ordered)
    return tuple(
        Character(name=p.name, kind=_kind(p), aliases=tuple(p.aliases), look=p.look, spans=tuple(p.spans))
        for p in ordered
    )


def _kind(person: Person) -> str:
    """The kind, with a guess for names of both sexes that no pronoun settled."""
    return "boy" if person.kind == "person" and person.name.split()[0] in lexicon_en.BOYS else person.kind


def _places(found: list[PlaceFound]) -> tuple[Place, ...]:
    spans: dict[str, list[Span]] = {}
    for span, place, _ in found:
        spans.setdefault(place, []).append(span)
    return tuple(Place(name=name, spans=tuple(here)) for name, here in spans.items())


def _mentions(text: str, links: list[Link]) -> tuple[Mention, ...]:
    """Every pronoun, and every noun phrase for a person with another name."""
    mentions: list[Mention] = []
    for link in links:
        sign, names = link.sign, tuple(person.name for person in link.people)
        words = text[sign.start : sign.end]
        if sign.who is None or not any(part.lower() in words.lower() for part in names[0].split()):
            mentions.append(
                Mention(span=(sign.start, sign.end), text=words, refers_to=names, ambiguous=link.ambiguous)
            )
    return tuple(mentions)
