"""Heads of people: hair, ears, beards, the marks of age. The origin is the middle of the head; figures face right."""

from lianhuan.world.draw_faces import TURN, Face, draw_face
from lianhuan.world.pen import Pen, darker, lighter
from lianhuan.world.scene import Look

SKIN = {"light": 0xFFDCC0, "tan": 0xEDB07C, "brown": 0xB5713C, "dark": 0x74462C}
HAIR = {"black": 0x2A2533, "brown": 0x80481F, "blond": 0xF7CC46, "red": 0xD9481C, "grey": 0xAEB4C0}


def draw_hair_behind(pen: Pen, kind: str, look: Look, r: float) -> None:
    """The hair that lies behind head and shoulders."""
    hair = darker(HAIR[look.hair], 0.1)
    if kind in _ELDERS:
        _ELDERS[kind](pen, look.hair_style, hair, r)
    elif look.hair_style == "curly":
        big = 1.0 if kind in ("girl", "woman") else 0.8
        spots = ((-10, 3), (-11, -5), (-6, -11), (1, -13), (8, -10), (11.5, -3), (10, 4))
        for x, y in spots:
            pen.ellipse(x * r / 11.5, y * r / 11.5, 5.6 * big, 5.6 * big, HAIR[look.hair])
    elif look.hair_style == "short":
        if kind in ("girl", "woman"):
            pen.rect(-r - 2, -r * 0.7, 2 * r + 4, r * 1.62, hair, 7)
    elif kind == "girl":
        for side in (-1, 1):
            pen.ellipse(side * (r + 4.2), 3.5, 4.6, 9, HAIR[look.hair])
            pen.ellipse(side * (r + 1), -4.6, 2.3, 2.3, 0xFFFFFF)
    elif kind == "woman":
        pen.rect(-r - 3, -r * 0.8, 2 * r + 5, r * 3.1, hair, 9)
    else:
        pen.rect(-r - 2, -r * 0.7, 2 * r + 4, r * 1.95, hair, 6)


def draw_person_head(pen: Pen, kind: str, look: Look, r: float, face: Face) -> None:
    """A head with hair, ear, face and, for men, a beard."""
    skin, hair = SKIN[look.tone], HAIR[look.hair]
    for side in (-1, 1):
        pen.ellipse(side * r * 0.98, 1.5, 2.4, 3, darker(skin, 0.1))
    pen.ellipse(0, 0, r, r * 0.97, skin)
    if kind == "man":
        pen.blob([(-r - 0.6, -1), (-r * 0.45, r * 0.3), (r * 0.7, r * 0.3), (r + 0.6, -1), (r * 0.95, r * 1.0),
                  (1, r * 1.6), (-r * 0.95, r * 1.0)], hair)  # fmt: skip
    if kind == "grandfather":
        _bald(pen, look.hair_style, hair, skin, r)
    else:
        _fringe(pen, look.hair_style, hair, r)
    if kind == "boy" and look.hair_style == "short":
        for x, tip in ((-4, -3), (0.5, 3), (5, 9)):
            pen.poly([(x - 3, -r - 0.5), (tip, -r - 5.5), (x + 3, -r - 0.5)], hair, 0.7)
    if kind == "man":
        pen.ellipse(TURN, r * 0.5, 4.2, 2.6, lighter(skin, 0.05))
    if kind in _ELDERS:
        _wrinkles(pen, skin, r)
    draw_face(pen, r, face, mouth_at=(0.0, 2.6) if kind == "grandfather" else (0.0, 0.0))
    if kind == "grandfather":
        _moustache(pen, hair, r)


def _fringe(pen: Pen, style: str, hair: int, r: float) -> None:
    """The hair over the forehead."""
    if style == "curly":
        for x, y, size in ((-8, -5.5, 4.4), (-3.5, -8.8, 4.6), (2.5, -9.4, 4.6), (7.6, -6.6, 4.2)):
            pen.ellipse(x * r / 11.5, y * r / 11.5, size, size, hair)
        return
    top = -r - 1.6
    edge = (
        ((-r * 0.2, -r * 0.42), (r * 0.35, -r * 0.62))
        if style == "short"
        else ((0.0, -r * 0.95), (r * 0.1, -r * 0.6))
    )
    pen.blob([(-r - 2, 2), (-r - 1.2, top * 0.75), (-r * 0.5, top - 1.5), (r * 0.5, top - 1.5), (r + 1.2, top * 0.75), (r + 2, 2),
              (r * 0.82, -r * 0.5), *reversed(edge), (-r * 0.85, -r * 0.45)], hair)  # fmt: skip
    pen.curve((-r * 0.6, -r * 0.86), (-r * 0.1, -r * 1.12), (r * 0.45, -r * 0.95), lighter(hair, 0.25), 1.3)


def _grandmother_hair(pen: Pen, style: str, hair: int, r: float) -> None:
    """A bun on top and, by style, hair to the chin, a braid over the shoulder or curls."""
    if style == "short":
        pen.rect(-r - 1.6, -r * 0.7, 2 * r + 3.2, r * 1.35, hair, 7)
    elif style == "long":
        for i in range(4):
            pen.ellipse(-r * 0.95 - 0.6 * i, 4.5 + 6 * i, 4.4 - 0.3 * i, 4.2, hair)
        pen.ellipse(-r * 0.95 - 2, 26, 2.2, 2, 0xFF6A8A)
    else:
        for x, y in ((-10.5, 6), (-12, -1), (-10, -8), (10, -8), (12, -1), (11, 6)):
            pen.ellipse(x * r / 11.5, y * r / 11.5, 4.8, 4.8, hair)
    pen.ellipse(-1, -r - 6, 7.2, 6.2, hair)
    pen.curve((-5.4, -r - 7.5), (-1, -r - 12), (3.8, -r - 7.5), lighter(hair, 0.25), 1.2)
    pen.line([(-5.5, -r - 1.5), (3.5, -r - 1.5)], 0xFF6A8A, 2.2)


def _grandfather_hair(pen: Pen, style: str, hair: int, r: float) -> None:
    """Long hair hangs behind a bald head; other hair is only at the temples."""
    if style == "long":
        pen.rect(-r - 3, -r * 0.2, 2 * r + 6, r * 1.6, hair, 5)


_ELDERS = {"grandmother": _grandmother_hair, "grandfather": _grandfather_hair}


def _bald(pen: Pen, style: str, hair: int, skin: int, r: float) -> None:
    """A bald crown that shines, hair at the temples, bushy brows."""
    pen.curve((-r * 0.5, -r * 0.62), (-r * 0.2, -r * 0.9), (r * 0.25, -r * 0.82), lighter(skin, 0.5), 1.8)
    for side in (-1, 1):
        if style == "curly":
            for x, y, size in ((0.98, -0.42, 3.6), (1.2, -0.02, 4.0), (1.05, 0.42, 3.6)):
                pen.ellipse(side * r * x, r * y, size, size, hair)
        else:
            pen.ellipse(side * r * 1.03, -r * 0.06, 3.2, 6.2, hair)
        x = TURN + side * r * 0.4
        pen.line([(x - 2.6, -5.2), (x + 2.6, -5.2 - side * 0.2)], hair, 2.0)


def _moustache(pen: Pen, hair: int, r: float) -> None:
    for side in (-1, 1):
        pen.blob([(TURN, r * 0.3), (TURN + side * 4.5, r * 0.24), (TURN + side * 9.4, r * 0.62), (TURN + side * 4.5, r * 0.66),
                  (TURN, r * 0.5)], hair)  # fmt: skip
    pen.ellipse(TURN + 0.6, r * 0.22, 2.1, 1.6, 0xF0A080)


def _wrinkles(pen: Pen, skin: int, r: float) -> None:
    """Lines on the forehead, at the eyes and beside the mouth."""
    line = darker(skin, 0.3)
    for side in (-1, 1):
        x = TURN + side * r * 0.4
        pen.curve((x - 2, 3.6), (x, 4.6), (x + 2, 3.6), line, 0.8)
        pen.curve(
            (TURN + side * 4.2, r * 0.26),
            (TURN + side * 6.0, r * 0.45),
            (TURN + side * 5.2, r * 0.66),
            line,
            0.8,
        )
    pen.line([(TURN - 3, -r * 0.56), (TURN + 3.4, -r * 0.56)], line, 0.8)
