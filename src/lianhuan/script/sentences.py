# ruff: noqa: RUF001 the marks are Chinese ones
"""Text -> blocks, sentences, quotations and pages, all as spans; no character but white space is dropped.

sentencex finds the sentence ends. A small layer on top keeps a closing quote with its speech tag
(“你要去哪里？”狐狸问道。 stays whole) and cuts after …… in Chinese and Japanese.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sentencex  # type: ignore[import-untyped]

from lianhuan.errors import StoryError
from lianhuan.story import Span

_HAN = re.compile(r"[㐀-鿿豈-﫿]")
_KANA = re.compile(r"[ぁ-ヿ]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(\S[^\r\n]*)")
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_CLOSING = '”」』"’'
_QUOTATION = re.compile(
    r"“[^“”]{0,4000}”|「[^「」]{0,4000}」|『[^『』]{0,4000}』|\"[^\"]{0,4000}\"|‘(?:[^‘’]|’(?=\w)){0,600}’(?!\w)"
    r"|(?<!\w)'(?=\S)(?:[^'\n]|(?<=\w)'(?=\w)){0,600}'(?!\w)|“[^“”]{0,4000}$|「[^「」]{0,4000}$"
)
_TAG_CJK = re.compile(
    r"[^。，！？：；“”「」『』…\n]{0,16}?(?:说|說|道|问|問|喊|叫|答|嚷|想|笑|哭|念叨|嘟囔)(?:着|了|起来)?[。，！？：“「…]|と|って"
)
_TAG_LATIN = re.compile(
    r"(?:\w+\.? ){1,3}(?:said|asked|cried|replied|answered|shouted|whispered|called|says|asks|yelled|laughed)\b"
)
_CUT_CJK = re.compile(r"(?:……|⋯⋯)(?=[^\W\d_]|[“「『])")
_WINDOW = 4000
_SAMPLE = 20_000


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a Markdown heading: `level` is 0 for a paragraph, else 1..6; `title` is the heading's text."""

    start: int
    end: int
    level: int = 0
    title: str = ""


def language_of(text: str) -> str:
    """The language by its script: "ja" with kana, "zh" with Han, "en" with Latin letters, else "other".

    A Han character or a kana counts as much as a Latin word; only the first 20,000 characters are looked at. Other
    languages in Latin script count as "en": they are split well, but their cast is found by names only.
    """
    sample = text[:_SAMPLE]
    han, kana = len(_HAN.findall(sample)), len(_KANA.findall(sample))
    latin = len(_LATIN.findall(sample))
    if han + kana > latin:
        return "ja" if 10 * kana > han else "zh"
    letters = sum(char.isalpha() for char in sample)
    own = sum(len(word) for word in _LATIN.findall(sample))
    return "en" if 2 * own >= letters else "other"


def blocks_of(text: str, language: str) -> list[Block]:
    """Paragraphs and headings in order. A blank line ends a paragraph; in Chinese and Japanese every line does."""
    blocks: list[Block] = []
    start = end = -1
    for line in _LINE.finditer(text):
        blank = not line[0].strip()
        heading = _HEADING.match(line[0])
        if start >= 0 and (blank or heading or language in ("zh", "ja")):
            blocks.append(Block(start, end))
            start = -1
        if heading:
            title = re.sub(r"[ \t]#+[ \t]*$", "", heading[2]).strip()
            blocks.append(Block(*_trim(text, line.start(), line.end()), len(heading[1]), title))
        elif not blank:
            left, end = _trim(text, line.start(), line.end())
            start = left if start < 0 else start
    return [*blocks, Block(start, end)] if start >= 0 else blocks


def sentences_of(text: str, blocks: list[Block], language: str) -> list[Span]:
    """Spans of the sentences in order, trimmed; a heading belongs to the sentence that follows it.

    A piece without letters or digits ("***") joins the sentence before it, and a sentence of more than 4,000 characters is cut.
    """
    spans: list[Span] = []
    opened: Span | None = None
    for block in blocks:
        if block.level:
            opened = (opened[0] if opened else block.start, block.end)
            continue
        for start, end in _paragraph(text, block, language):
            spoken = any(map(str.isalnum, text[start:end]))
            if opened:
                start, opened = opened[0], None
            elif not spoken and spans:
                start = spans.pop()[0]
            spans.append((start, end))
    return [*spans, opened] if opened else spans


def quotations_of(text: str, blocks: list[Block]) -> list[Span]:
    """Spans of what is said in quotes, marks included, in order."""
    return [
        (block.start + found.start(), block.start + found.end())
        for block in blocks
        for found in _QUOTATION.finditer(text[block.start : block.end])
    ]


def pages_of(sentences: list[Span], blocks: list[Block], scenes: str) -> list[Span]:
    """Spans of the pages: one per sentence, one per paragraph, or N sentences each.

    Raises:
        StoryError: `scenes` is none of "sentence", "paragraph" and a positive number.
    """
    if scenes == "sentence":
        return sentences
    if scenes == "paragraph":
        ends = iter(block.end for block in blocks if not block.level)
        end, groups = -1, list[list[Span]]()
        for span in sentences:
            if span[1] > end:
                groups.append([])
                end = next((e for e in ends if e >= span[1]), len(span))
            groups[-1].append(span)
    elif scenes.isascii() and scenes.isdigit() and int(scenes) > 0:
        size = int(scenes)
        groups = [sentences[i : i + size] for i in range(0, len(sentences), size)]
    else:
        raise StoryError(
            f'scenes is {scenes!r}: give "sentence", "paragraph" or a number of sentences a page, 1 or more'
        )
    return [(group[0][0], group[-1][1]) for group in groups]


def _trim(text: str, start: int, end: int) -> Span:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())


def _paragraph(text: str, block: Block, language: str) -> Iterator[Span]:
    """Sentences of one paragraph, with the dialogue layer."""
    held: Span | None = None
    for start, end in _cut(text, block, language):
        if held and _continues(text, held, (start, end)):
            held = (held[0], end)
            continue
        if held:
            yield held
        held = (start, end)
    if held:
        yield held


def _continues(text: str, before: Span, span: Span) -> bool:
    """Whether `span` is the speech tag of the quotation that ends `before`."""
    if text[before[1] - 1] not in _CLOSING:
        return False
    piece = text[span[0] : min(span[1], span[0] + 60)]
    return bool(_TAG_CJK.match(piece) or _TAG_LATIN.match(piece))


def _cut(text: str, block: Block, language: str) -> Iterator[Span]:
    for start, end in _windows(text, block, language):
        if language in ("zh", "ja"):
            quoted = [found.span() for found in _QUOTATION.finditer(text, start, end)]
            for found in _CUT_CJK.finditer(text, start, end):
                if not any(a < found.start() < b for a, b in quoted):
                    yield from _spans(text, start, found.end())
                    start = found.end()
        yield from _spans(text, start, end)


def _spans(text: str, start: int, end: int) -> Iterator[Span]:
    left, right = _trim(text, start, end)
    if left < right:
        yield left, right


def _windows(text: str, block: Block, language: str) -> Iterator[Span]:
    """Ends found by sentencex in windows of 4,000 characters, because its time grows with the square of a paragraph with quotes."""
    start = block.start
    while start < block.end:
        stop = min(start + _WINDOW, block.end)
        found = sentencex.get_sentence_boundaries(language if language != "other" else "en", text[start:stop])
        ends = [start + piece["end_index"] for piece in found]
        if stop < block.end:
            ends = ends[:-1] or [_word_end(text, start, stop)]
        for end in ends:
            yield start, end
            start = end


def _word_end(text: str, start: int, stop: int) -> int:
    """The last place before `stop` where a word ends."""
    space = max(text.rfind(" ", start + 1, stop), text.rfind("\n", start + 1, stop))
    return space if space > start else stop
