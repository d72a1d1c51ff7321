"""Fonts that have a glyph for every character of a text, or a message that says which one to install."""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import typst
from fontTools import ttLib, unicodedata as scripts  # type: ignore[import-untyped]

from lianhuan.errors import ExportError

EMBEDDED = "Libertinus Serif"
EMBEDDED_RANGES = (
    (0x20, 0x24F), (0x300, 0x36F), (0x384, 0x3CE), (0x400, 0x45F), (0x5D0, 0x5EA), (0x1E00, 0x1EFF),
    (0x2010, 0x2027), (0x2030, 0x2036), (0x2039, 0x203E), (0x20AC, 0x20AC),
)  # fmt: skip
"""Characters that the serif face inside typst draws: Latin, Greek, Cyrillic, Hebrew, punctuation."""
EAST_ASIAN = {"zh": "SC", "ja": "JP", "ko": "KR"}
SHARED = frozenset({"Zyyy", "Zinh", "Zzzz"})
"""Script codes of signs that belong to many scripts or to none."""
CJK_SCRIPTS = frozenset({"Hani", "Hira", "Kana", "Hang", "Bopo"})


@dataclass(frozen=True)
class Face:
    """A font face on disk."""

    family: str
    path: str
    index: int
    plainness: tuple[bool, int, float]

    @cached_property
    def characters(self) -> frozenset[int]:
        """Code points that have a glyph; none if the file is broken."""
        try:
            with ttLib.TTFont(self.path, fontNumber=self.index, lazy=True) as font:
                return frozenset(font.getBestCmap() or ())
        except (OSError, ttLib.TTLibError, AssertionError, KeyError):
            return frozenset()


@dataclass(frozen=True, kw_only=True)
class FontChoice:
    """Families in the order in which they are asked for a glyph, and the folders that hold them besides the system's."""

    families: tuple[str, ...]
    folders: tuple[Path, ...]


def choose_fonts(text: str, language: str, fonts: Sequence[str | Path], project: Path) -> FontChoice:
    """Families that together draw every character of `text`.

    The faces of `fonts` (files or folders) come first, then those in the folder `project`, then typst's own serif and,
    for what is still missing, the system's (East Asian ones go before the serif in East Asian text).

    Raises:
        ExportError: a font file is missing or broken, or no font has some script of the text; names the script
            and the package to install.
    """
    own = [face for path in fonts for face in _faces_at(Path(path), language)]
    if project.is_dir():
        own += _faces([project], language)
    missing = _visible(text)
    for face in own:
        missing -= face.characters
    missing = {code for code in missing if not any(low <= code <= high for low, high in EMBEDDED_RANGES)}
    system = _faces([], language, system=True) if missing else []
    chosen: list[str] = []
    for code_points in _by_script(missing):
        left = code_points & missing
        for face in _covering(left, system):
            chosen.append(face.family)
            missing -= face.characters
    if missing:
        raise ExportError(_advice(missing))
    serif = [*chosen, EMBEDDED] if language in EAST_ASIAN else [EMBEDDED, *chosen]
    folders = [Path(path) if Path(path).is_dir() else Path(path).parent for path in fonts]
    return FontChoice(
        families=tuple(dict.fromkeys([*(face.family for face in own), *serif])),
        folders=tuple(dict.fromkeys([*folders, *([project] if project.is_dir() else [])])),
    )


def _faces_at(path: Path, language: str) -> list[Face]:
    folder = path if path.is_dir() else path.parent
    faces = [
        f for f in _faces([folder], language) if path.is_dir() or Path(f.path).resolve() == path.resolve()
    ]
    if not faces:
        raise ExportError(f"{path} is no font (a .ttf, .otf or .ttc file, or a folder of them)")
    return faces


def _faces(folders: list[Path], language: str, *, system: bool = False) -> list[Face]:
    """All faces, the ones best suited to running text in `language` first."""
    infos = typst.Fonts(system, False, list(folders)).fonts()
    faces = [
        Face(
            info.family,
            info.path,
            info.index,
            (info.style != "normal", abs(info.weight - 400), abs(info.stretch - 1)),
        )
        for info in infos
        if info.path
    ]
    return sorted(faces, key=lambda face: _rank(face, language))


def _rank(face: Face, language: str) -> tuple[object, ...]:
    name = face.family
    return (
        face.plainness,
        any(word in name for word in ("Mono", "Math")),
        language == "zh" and "WenKai" not in name,
        not name.endswith(EAST_ASIAN.get(language, "")),
        "Serif" not in name,
        name,
        face.path,
        face.index,
    )


def _covering(code_points: set[int], faces: Iterable[Face]) -> list[Face]:
    """One face that has all of `code_points`; else faces that together have as many of them as can be had."""
    partial: list[Face] = []
    left = set(code_points)
    for face in faces if code_points else ():
        if code_points <= face.characters:
            return [face]
        if left & face.characters:
            partial.append(face)
            left -= face.characters
    return partial


def _visible(text: str) -> set[int]:
    """Code points of `text` that need a glyph."""
    composed = unicodedata.normalize("NFC", text)
    return {
        ord(character)
        for character in set(composed)
        if unicodedata.category(character) not in {"Cc", "Cf", "Zs", "Zl", "Zp"}
        and not 0xFE00 <= ord(character) <= 0xFE0F
    }


def _by_script(code_points: set[int]) -> list[set[int]]:
    """`code_points` in groups of one script each; signs that all scripts share come last."""
    groups: dict[str, set[int]] = {}
    for code in sorted(code_points):
        groups.setdefault(scripts.script(chr(code)), set()).add(code)
    return [groups[name] for name in sorted(groups, key=lambda name: (name in SHARED, name))]


def _advice(missing: set[int]) -> str:
    found = {scripts.script(chr(code)) for code in missing}
    if found - SHARED:
        found -= SHARED
    packages = ["fonts-noto-cjk or fonts-lxgw-wenkai"] if found & CJK_SCRIPTS else []
    if found - CJK_SCRIPTS:
        packages.append("fonts-noto-core or fonts-noto-color-emoji" if found & SHARED else "fonts-noto-core")
    names = sorted(scripts.script_name(name) for name in found)
    codes = [code for code in sorted(missing) if scripts.script(chr(code)) in found]
    sample = ", ".join(f"{chr(code)} (U+{code:04X})" for code in codes[:3])
    return (
        f"the PDF needs a font for the script {', '.join(names)}, for example for {sample}, and none is installed. "
        f"Install one (Debian and Ubuntu: apt install {' and '.join(packages)}), "
        "or give a font file or folder with --font, or put one into the book's folder fonts/"
    )
