"""Faces: eyes, brows, mouths, and what feelings add to them. The origin is the middle of the head; faces look right."""

from collections.abc import Callable
from dataclasses import dataclass

from lianhuan.world.pen import Pen, Point

INK = 0x2A2030
TURN = 1.8
"""How far the face lies to the front of the middle of the head."""

_BLUSH = 0xFF7A7A
_WATER = 0x4FB4F5


@dataclass(frozen=True)
class Face:
    """What a face shows: shape of eyes and mouth, (lift, tilt) of the brows, and marks of feelings."""

    eyes: str = "open"
    mouth: str = "smile"
    brows: Point | None = None
    marks: tuple[str, ...] = ()


FEELINGS = {
    "happy": Face("shiny", "grin", (1.6, -0.2), ("blush", "shine")),
    "sad": Face("down", "frown", (0.2, 2.6), ("tear",)),
    "angry": Face("open", "teeth", (-1.4, -2.8), ("red", "steam")),
    "afraid": Face("tiny", "wave", (1.6, 2.4), ("pale", "quiver")),
    "surprised": Face("wide", "round", (3.0, 0.4), ("rays",)),
    "tired": Face("half", "yawn", (-0.6, 1.2), ("bags",)),
    "proud": Face("closed", "smirk", (1.4, -0.6), ("stars",)),
    "shy": Face("aside", "tiny", (0.8, 1.0), ("blush", "bashful")),
    "worried": Face("open", "wave", (0.6, 2.8), ("sweat",)),
}
"""The faces of all emotions but calm."""


def face_of(eyes: str, mouth: str, emotion: str) -> Face:
    """The face of a pose with `eyes` and `mouth` under an emotion; who sleeps, laughs or cries goes on doing so."""
    feeling = FEELINGS.get(emotion)
    if feeling is None:
        return Face(eyes, mouth)
    if eyes == "open" and mouth in ("smile", "open"):
        return feeling
    return Face(eyes, mouth, feeling.brows, feeling.marks)


def draw_face(pen: Pen, r: float, face: Face, line: int = INK, mouth_at: Point = (0.0, 0.0)) -> None:
    """Eyes, cheeks and mouth of a head of radius `r`; `line` is the colour of shut eyes, `mouth_at` moves the mouth."""
    for mark in face.marks:
        if mark in _UNDER:
            _UNDER[mark](pen, r)
    for side in (-1, 1):
        x = TURN + side * r * 0.4
        _eye(pen, x, side, face.eyes, line)
        pen.ellipse(TURN + side * r * 0.66, r * 0.36, 2.1, 1.5, _BLUSH, 0.65)
        if face.brows is not None:
            lift, tilt = face.brows
            y = -5.2 - lift
            pen.line([(x - side * 2.9, y - tilt / 2), (x + side * 2.9, y + tilt / 2)], line, 1.7)
    with pen.moved(*mouth_at):
        _mouth(pen, r, face.mouth)
    for mark in face.marks:
        if mark in _OVER:
            _OVER[mark](pen, r)


def _eye(pen: Pen, x: float, side: int, eyes: str, line: int) -> None:
    """One eye in the middle of (x, 0)."""
    if eyes in _EYES:
        (white_x, white_y), (pupil_x, pupil_y), (at_x, at_y), shine = _EYES[eyes]
        pen.ellipse(x, -0.3, white_x, white_y, 0xFFFFFF)
        pen.ellipse(x + at_x, at_y, pupil_x, pupil_y, INK)
        if shine:
            pen.ellipse(x + at_x + 0.5, at_y - 0.9, shine, shine, 0xFFFFFF)
        if eyes == "half":
            pen.line([(x - 2.9, -1.0), (x + 2.9, -1.0)], line, 1.9)
        elif eyes == "down":
            pen.curve((x - 2.8, -0.9), (x, -2.6), (x + 2.8, -0.9), line, 1.5)
    elif eyes == "shut":
        pen.line([(x - side * 2.4, -2.0), (x + side * 2.0, 0.2), (x - side * 2.4, 2.2)], line, 1.4)
    else:
        bend = -3.4 if eyes == "closed" else 3.0
        pen.curve((x - 2.6, 0.4), (x, 0.4 + bend), (x + 2.6, 0.4), line, 1.3)


_EYES: dict[str, tuple[Point, Point, Point, float]] = {
    "open": ((2.5, 3.0), (1.75, 2.2), (0.5, 0.0), 0.7),
    "shiny": ((3.0, 3.6), (2.4, 3.0), (0.3, -0.2), 1.15),
    "down": ((2.5, 2.7), (1.7, 1.6), (0.2, 1.0), 0.5),
    "tiny": ((3.2, 3.8), (0.95, 1.1), (0.2, 0.0), 0.0),
    "wide": ((3.4, 4.2), (1.6, 2.0), (0.4, -0.2), 0.7),
    "half": ((2.6, 2.0), (1.6, 1.4), (0.3, 0.6), 0.0),
    "aside": ((2.6, 3.0), (1.6, 1.9), (-1.0, 0.9), 0.6),
}
"""Radii of the white and of the pupil, where the pupil is, size of its highlight."""


def _mouth(pen: Pen, r: float, mouth: str) -> None:
    y = r * 0.42
    if mouth in _CURVES:
        (left, start), (bend_x, bend_y), (right, end), width = _CURVES[mouth]
        pen.curve((TURN + left, y + start), (TURN + bend_x, y + bend_y), (TURN + right, y + end), INK, width)
    elif mouth in _DOTS:
        rx, ry, down = _DOTS[mouth]
        pen.ellipse(TURN, y + down, rx, ry, INK if rx < 2 else 0x8A1F2E)
        if rx > 2:
            pen.ellipse(TURN, y + down + ry * 0.45, rx * 0.6, ry * 0.4, 0xFF8A8A)
    elif mouth == "wave":
        pen.curve((TURN - 4.4, y + 2.0), (TURN - 2.6, y - 1.4), (TURN - 1.2, y + 1.2), INK, 1.4)
        pen.curve((TURN - 1.2, y + 1.2), (TURN + 0.4, y + 3.8), (TURN + 1.6, y + 1.2), INK, 1.4)
        pen.curve((TURN + 1.6, y + 1.2), (TURN + 2.8, y - 1.0), (TURN + 4.4, y + 2.0), INK, 1.4)
    elif mouth == "teeth":
        pen.rect(TURN - 4.6, y - 0.2, 9.2, 4.4, INK, 1.6)
        pen.rect(TURN - 3.9, y + 0.5, 7.8, 3.0, 0xFFFFFF, 1.0)
        for x in (-1.6, 1.6):
            pen.line([(TURN + x, y + 0.6), (TURN + x, y + 3.2)], INK, 0.7)
    elif mouth == "wail":
        pen.blob(
            [(TURN - 6.2, y + 6.2), (TURN - 3.2, y - 1.2), (TURN + 3.2, y - 1.2), (TURN + 6.2, y + 6.2)],
            0x8A1F2E,
        )
        pen.ellipse(TURN, y + 3.8, 2.4, 1.0, 0xFF8A8A)
    else:
        _open_mouth(pen, y, mouth)


def _open_mouth(pen: Pen, y: float, mouth: str) -> None:
    wide, high = {"open": (3.2, 3.6), "grin": (4.4, 4.4)}.get(mouth, (4.6, 5.4))
    pen.blob([(TURN - wide - 1.4, y - 0.8), (TURN + wide + 1.4, y - 0.8), (TURN + wide * 0.7, y + high),
              (TURN - wide * 0.7, y + high)], 0x8A1F2E)  # fmt: skip
    pen.ellipse(TURN, y + high * 0.55, wide * 0.5, high * 0.22, 0xFF8A8A)
    if mouth == "grin":
        pen.rect(TURN - wide * 0.8, y - 0.3, wide * 1.6, 1.5, 0xFFFFFF, 0.7)


_CURVES: dict[str, tuple[Point, Point, Point, float]] = {
    "smile": ((-2.6, 0), (0, 3.4), (2.6, 0), 1.2),
    "frown": ((-3.2, 3.0), (0, -2.2), (3.2, 3.0), 1.4),
    "smirk": ((-3.0, 1.2), (1.6, 4.4), (4.0, -0.8), 1.5),
    "chew": ((-3.4, 1.4), (0, 3.0), (3.4, 1.0), 1.2),
}
"""Mouths that are one line: start, bend, end, width."""

_DOTS = {"small": (1.1, 1.1, 1.0), "tiny": (1.6, 0.9, 1.0), "round": (3.0, 4.0, 3.2), "yawn": (2.7, 3.3, 2.8),
         "pout": (1.7, 1.5, 1.2)}  # fmt: skip
"""Round mouths: radii, how far down they are."""


def draw_drop(pen: Pen, x: float, y: float, size: float, turn: float = 0.0) -> None:
    """A drop of water, tip up, `size` units wide."""
    half = size / 2
    with pen.moved(x, y, turn=turn):
        pen.poly([(0, -2.6 * half), (0.86 * half, -0.2 * half), (-0.86 * half, -0.2 * half)], _WATER, 0.3)
        pen.ellipse(0, 0.2 * half, half, 1.1 * half, _WATER)
        pen.ellipse(-0.35 * half, 0.1 * half, 0.32 * half, 0.5 * half, 0xFFFFFF)


def draw_star(pen: Pen, x: float, y: float, size: float, colour: int) -> None:
    """A sparkle with four points."""
    thin = size * 0.26
    pen.poly([(x, y - size), (x + thin, y - thin), (x + size, y), (x + thin, y + thin), (x, y + size),
              (x - thin, y + thin), (x - size, y), (x - thin, y - thin)], colour)  # fmt: skip


def _rays(pen: Pen, r: float) -> None:
    for angle in (-0.5, 0.0, 0.5):
        pen.line(
            [(angle * r * 1.5, -r * 1.75 + abs(angle) * 3), (angle * r * 2.1, -r * 2.3 + abs(angle) * 4)], 0xFFE14A, 2.0
        )  # fmt: skip


def _steam(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        for out, up, size in ((1.35, 0.95, 2.3), (1.62, 1.25, 3.0), (1.3, 1.4, 1.9)):
            pen.ellipse(side * r * out, -r * up, size, size, 0xFFFFFF)


def _quiver(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        for out in (1.38, 1.7):
            x = side * r * out
            pen.curve((x, -4.5), (x + side * 2, -2), (x, 0), 0x8FD0FF, 1.5)
            pen.curve((x, 0), (x - side * 2, 2), (x, 4.5), 0x8FD0FF, 1.5)
    draw_drop(pen, -r * 0.8, -r * 0.75, 3.6)


def _bags(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        x = TURN + side * r * 0.4
        pen.curve((x - 2.4, 2.4), (x, 4.0), (x + 2.4, 2.4), 0x7A5A90, 1.3)


def _bashful(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        for dx in (-1.5, 0, 1.5):
            x = TURN + side * r * 0.62 + dx
            pen.line([(x - 0.6, r * 0.46), (x + 0.6, r * 0.2)], 0xD8304A, 0.9)


def _stars(pen: Pen, r: float) -> None:
    for x, y, size in ((-1.5, -0.9, 3.6), (1.5, -1.15, 4.4), (1.75, -0.2, 2.8)):
        draw_star(pen, x * r, y * r, size, 0xFFE14A)


def _shine(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        for out, high in ((1.35, 0.1), (1.3, -0.35)):
            pen.line([(side * r * out, r * high), (side * r * (out + 0.32), r * (high * 1.5))], 0xFFE14A, 1.5)


def _blush(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        pen.ellipse(TURN + side * r * 0.64, r * 0.36, 3.4, 2.5, 0xFF5A78, 0.8)


Mark = Callable[[Pen, float], None]
_UNDER: dict[str, Mark] = {
    "red": lambda pen, r: pen.ellipse(TURN * 0.5, 0.5, r * 0.9, r * 0.86, 0xF0281E, 0.42),
    "pale": lambda pen, r: pen.ellipse(TURN * 0.5, -r * 0.2, r * 0.86, r * 0.7, 0x6AA4FF, 0.5),
    "blush": _blush,
}  # fmt: skip
_OVER: dict[str, Mark] = {
    "tear": lambda pen, r: draw_drop(pen, TURN + r * 0.66, r * 0.5, 4.2),
    "sweat": lambda pen, r: draw_drop(pen, -r * 0.95, -r * 0.5, 5.0),
    "rays": _rays, "steam": _steam, "quiver": _quiver, "bags": _bags, "bashful": _bashful, "stars": _stars, "shine": _shine,
}  # fmt: skip
