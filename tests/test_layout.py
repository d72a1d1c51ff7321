"""A book can be read and printed: every word and picture is there, nothing is markup, the bytes are repeatable."""

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
import typst
from PIL import Image
from pypdf import PdfReader

from lianhuan.book import Book, Settings
from lianhuan.errors import ExportError
from lianhuan.layout import alt_text, export_book, render_contact_sheet, render_html, render_pdf
from lianhuan.layout.fonts import EMBEDDED, choose_fonts
from lianhuan.layout.pages import split_paragraphs
from lianhuan.story import Scene, Story

CAPTIONS = ("Mike and Jon came to a stream.", "They saw a small green frog.", "“Look!” said Mike.")
INJECTION = 'A #panic() of *stars* & $x$ <script>alert("1")</script> @ref \\ {{ 7*7 }} </title> `raw` // end'


def make(
    folder: Path,
    captions: tuple[str, ...] = CAPTIONS,
    *,
    drawn: int = 99,
    title: str = "Two Friends",
    language: str = "en",
) -> Book:
    scenes = tuple(
        Scene(id=f"{i:03d}", text=caption, span=(i, i + 1), on_stage=("Mike", "Jon"), place="stream")
        for i, caption in enumerate(captions, start=1)
    )
    book = Book.create(
        folder,
        Story(title=title, language=language, scenes=scenes),
        source_text="".join(captions),
        seed=1,
        generator="storybook",
        memory="lstm",
        settings=Settings(),
    )
    for i, scene in enumerate(scenes[:drawn]):
        picture = Image.new("RGB", (32, 32), (40 * i % 256, 90, 160))
        book.pick(scene.id, book.add_take(scene.id, picture, {"seed": i}))
    return book


def texts(pdf: bytes) -> list[str]:
    """The words of each page, white space and invisible break points evened out."""
    return [
        " ".join(page.extract_text().replace("\u200b", "").split())
        for page in PdfReader(io.BytesIO(pdf)).pages
    ]


class Elements(HTMLParser):
    """All tags with their attributes, and the text outside style and script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if not self.tags or self.tags[-1][0] not in {"script", "style"}:
            self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_all_formats_are_written_under_exports_and_repeat_byte_for_byte(tmp_path: Path) -> None:
    book = make(tmp_path / "one")
    paths = export_book(book, {"pdf", "html", "png"})
    assert {name: path.relative_to(book.folder).as_posix() for name, path in paths.items()} == {
        "pdf": "exports/book.pdf",
        "html": "exports/index.html",
        "png": "exports/contact-sheet.png",
    }
    first = {name: path.read_bytes() for name, path in paths.items()}
    again = export_book(make(tmp_path / "two"), ["png", "html", "pdf"])
    assert {name: path.read_bytes() for name, path in again.items()} == first
    assert sorted(path.name for path in (book.folder / "exports").iterdir()) == [
        "book.pdf",
        "contact-sheet.png",
        "index.html",
    ]


def test_an_unknown_format_is_named(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="unknown format docx; choose from html, png, pdf"):
        export_book(make(tmp_path / "b"), {"docx", "pdf"})
    assert not (tmp_path / "b" / "exports").exists()


def test_the_pdf_has_a_title_page_and_a_numbered_page_for_each_scene(tmp_path: Path) -> None:
    captions = tuple(f"This is what happened on day {i}." for i in range(1, 31))
    pages = texts(render_pdf(make(tmp_path / "b", captions)))
    assert pages == ["Two Friends", *(f"{caption} {i}" for i, caption in enumerate(captions, start=1))]


def test_the_pdf_is_square_tagged_and_says_its_language_title_and_alt_texts(tmp_path: Path) -> None:
    reader = PdfReader(io.BytesIO(render_pdf(make(tmp_path / "b", language="de"))))
    root = reader.root_object
    assert {round(float(x) / 72 * 25.4) for page in reader.pages for x in page.mediabox[2:]} == {210}
    assert root["/MarkInfo"]["/Marked"].value is True
    assert root["/Lang"] == "de"
    assert reader.metadata is not None
    assert reader.metadata.title == "Two Friends"
    assert reader.metadata.creation_date is None
    assert f"Mike and Jon at the stream. {CAPTIONS[0]}" in alt_texts(root["/StructTreeRoot"])


def alt_texts(node: object) -> list[str]:
    found: list[str] = []
    stack = [node]
    while stack:
        item = stack.pop()
        item = item.get_object() if hasattr(item, "get_object") else item
        if isinstance(item, list):
            stack.extend(item)
        elif isinstance(item, dict):
            found += [str(item["/Alt"])] if "/Alt" in item else []
            stack.extend([item["/K"]] if "/K" in item else [])
    return found


def test_words_are_never_markup(tmp_path: Path) -> None:
    book = make(tmp_path / "b", (INJECTION,), title=INJECTION)
    title, page = texts(render_pdf(book))
    assert title.replace(" ", "") == INJECTION.replace(" ", "")
    assert page.replace(" ", "") == f"{INJECTION} 1".replace(" ", "")
    html = Elements(render_html(book))
    assert len(html.all("script")) == 1
    assert html.text.count(INJECTION) == 3  # <title>, <h1> and the caption


def test_a_long_caption_flows_on_and_loses_nothing(tmp_path: Path) -> None:
    words = tuple(f"word{i}" for i in range(660))
    caption = " ".join(words)
    assert len(caption) > 4900
    pages = texts(render_pdf(make(tmp_path / "b", ("Short.", caption, "End."))))
    assert 5 <= len(pages) <= 7
    assert tuple(re.findall(r"word\d+", " ".join(pages))) == words
    assert pages[-1] == "End. 3"


@pytest.mark.parametrize("length", [200, 400, 700, 1000])
def test_captions_shrink_before_they_flow(tmp_path: Path, length: int) -> None:
    caption = ("The rain fell and fell on the roof. " * 40)[:length]
    assert len(texts(render_pdf(make(tmp_path / "b", (caption,))))) == 2


def test_a_word_without_end_stays_on_the_page(tmp_path: Path) -> None:
    book = make(tmp_path / "b", ("x" * 400,), title="y" * 300)
    reader = PdfReader(io.BytesIO(render_pdf(book)))
    for page, letter, count in ((reader.pages[0], "y", 300), (reader.pages[1], "x", 400)):
        lines = [line for line in page.extract_text().splitlines() if letter in line]
        assert sum(line.count(letter) for line in lines) == count
        assert max(map(len, lines)) < 120


def test_pages_that_are_not_drawn_show_their_words(tmp_path: Path) -> None:
    book = make(tmp_path / "b", drawn=1)
    assert len(texts(render_pdf(book))) == 4
    html = Elements(render_html(book))
    assert len(html.all("img")) == 2  # the cover and page 1
    assert len([a for a in html.all("div") if a["class"] == "picture empty"]) == 2
    undrawn = make(tmp_path / "c", drawn=0)
    assert texts(render_pdf(undrawn))[1:] == [f"{caption} {i}" for i, caption in enumerate(CAPTIONS, start=1)]
    with Image.open(io.BytesIO(render_contact_sheet(undrawn))) as sheet:
        assert sheet.width > 3 * 256


def test_the_page_points_to_pictures_that_are_there_and_to_nothing_else(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    path = export_book(book, {"html"})["html"]
    source = path.read_text(encoding="utf-8")
    html = Elements(source)
    pictures = html.all("img")
    assert len(pictures) == 4
    for picture in pictures:
        assert (path.parent / str(picture["src"])).is_file()
    assert [picture["alt"] for picture in pictures[1:]] == [
        f"Mike and Jon at the stream. {c}" for c in CAPTIONS
    ]
    assert html.all("html") == [{"lang": "en", "dir": "ltr"}]
    assert not re.search(r"https?:|//[a-z]|@import|url\(", source)
    assert all(caption in html.text for caption in CAPTIONS)


def test_right_to_left_books_are_set_from_the_right(tmp_path: Path) -> None:
    book = make(tmp_path / "b", ("ذهب مايك وجون إلى النهر.",), language="ar")
    assert Elements(render_html(book)).all("html") == [{"lang": "ar", "dir": "rtl"}]


def test_the_contact_sheet_shows_each_page_in_order(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    with Image.open(io.BytesIO(render_contact_sheet(book))) as sheet:
        colours = [sheet.getpixel((16 + 128 + i * 272, 16 + 128)) for i in range(3)]
    assert colours == [(0, 90, 160), (40, 90, 160), (80, 90, 160)]


def test_a_broken_picture_stops_the_export_before_anything_is_written(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    picture = book.picture("002")
    assert picture is not None
    picture.write_bytes(picture.read_bytes()[:60])
    with pytest.raises(ExportError, match=r"page 2: .*not a readable picture.*lianhuan illustrate"):
        export_book(book, {"pdf", "html", "png"})
    assert not (book.folder / "exports").exists()


# --- fonts -----------------------------------------------------------------------------------------------------


def test_latin_greek_and_cyrillic_need_no_installed_font(tmp_path: Path) -> None:
    choice = choose_fonts("Zoë, “Ελένη” — Жанна…", "en", [], tmp_path / "fonts")
    assert choice.families == (EMBEDDED,)
    assert texts(render_pdf(make(tmp_path / "b", ("Zoë, “Ελένη” — Жанна…",))))[1] == "Zoë, “Ελένη” — Жанна… 1"


def test_a_script_without_a_font_is_named_and_the_other_formats_are_written(tmp_path: Path) -> None:
    book = make(tmp_path / "b", ("Once there was a \U00012000.",))  # cuneiform
    with pytest.raises(ExportError, match=r"script Cuneiform.*U\+12000.*fonts-noto-core.*--font"):
        export_book(book, {"pdf", "html", "png"})
    assert sorted(path.name for path in (book.folder / "exports").iterdir()) == [
        "contact-sheet.png",
        "index.html",
    ]


@pytest.mark.skipif(
    any("CJK" in name or "WenKai" in name for name in typst.Fonts().families()), reason="has one"
)
def test_chinese_without_a_font_names_the_packages(tmp_path: Path) -> None:
    book = make(tmp_path / "b", ("从前有一座山、山里有一座庙。",), language="zh", title="故事")
    with pytest.raises(ExportError, match=r"script Han,.*fonts-noto-cjk or fonts-lxgw-wenkai\).*--font"):
        render_pdf(book)


def test_a_font_argument_comes_before_the_embedded_face(tmp_path: Path, own_font: Path) -> None:
    by_argument = choose_fonts("Hello", "en", [own_font], tmp_path / "fonts")
    assert by_argument.families == ("Storyteller", EMBEDDED)
    book = make(tmp_path / "b", ("Hello \ue000",))
    with pytest.raises(ExportError, match=r"U\+E000"):
        render_pdf(book)
    page = PdfReader(io.BytesIO(render_pdf(book, fonts=[own_font]))).pages[1]
    used = [font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()]
    assert any("Storyteller" in name for name in used)
    assert any("Libertinus" in name for name in used)  # the page number
    (book.folder / "fonts").mkdir()
    (book.folder / "fonts" / "own.ttf").write_bytes(own_font.read_bytes())
    assert render_pdf(book) == render_pdf(book, fonts=[own_font])


@pytest.fixture
def own_font(tmp_path: Path) -> Path:
    """A font that draws a box for the letters of "Hello" and for the private character U+E000."""
    from fontTools.fontBuilder import FontBuilder
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    pen.lineTo((50, 700))
    pen.lineTo((450, 700))
    pen.lineTo((450, 0))
    pen.closePath()
    names = [".notdef", "H", "e", "l", "o", "own"]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord("H"): "H", ord("e"): "e", ord("l"): "l", ord("o"): "o", 0xE000: "own"})
    glyph = pen.glyph()
    builder.setupGlyf(dict.fromkeys(names, glyph))
    builder.setupHorizontalMetrics(dict.fromkeys(names, (500, 50)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable(
        {"familyName": "Storyteller", "styleName": "Regular", "psName": "Storyteller-Regular"}
    )
    builder.setupOS2(sTypoAscender=800, usWeightClass=400)
    builder.setupPost()
    folder = tmp_path / "own"
    folder.mkdir()
    builder.save(folder / "own.ttf")
    return folder / "own.ttf"


def test_a_missing_or_broken_font_file_is_named(tmp_path: Path) -> None:
    book = make(tmp_path / "b")
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    for name in ("none.ttf", "bad.ttf"):
        with pytest.raises(ExportError, match=rf"{name} is no font"):
            render_pdf(book, fonts=[tmp_path / name])


# --- words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("story_language", "on_stage", "place", "expected"),
    [
        ("en", ("Mike", "Jon"), "stream", "Mike and Jon at the stream. Hi."),
        ("en", ("Mia", "Tom", "the fox"), "the forest", "Mia, Tom and the fox in the forest. Hi."),
        ("en", ("Mia",), "Paris", "Mia at Paris. Hi."),
        ("en", (), "kitchen", "In the kitchen. Hi."),
        ("en", (), None, "Hi."),
        ("zh", ("小明", "小红", "狐狸"), "森林", "小明、小红和狐狸在森林。Hi."),
        ("zh-Hant", ("小明",), None, "小明。Hi."),
        ("zh", (), None, "Hi."),
    ],
)
def test_alt_texts_tell_the_stage(
    story_language: str, on_stage: tuple[str, ...], place: str | None, expected: str
) -> None:
    scene = Scene(id="1", text=" Hi.\n", span=(0, 1), on_stage=on_stage, place=place)
    assert alt_text(Story(title="", language=story_language, scenes=(scene,)), scene) == expected


def test_alt_texts_end(tmp_path: Path) -> None:
    scene = Scene(id="1", text="long " * 1000, span=(0, 1))
    assert len(alt_text(Story(title="", scenes=(scene,)), scene)) == 300


def test_line_breaks_are_white_space_and_blank_lines_part_paragraphs() -> None:
    assert split_paragraphs(" One\r\ntwo\n \nthree\x07 \n\n\n") == ("One two", "three")
    assert split_paragraphs("从前有\n一座山、\n山里") == ("从前有一座山、山里",)
    assert split_paragraphs(" \n ") == ()
