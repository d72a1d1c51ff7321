"""Heads of the eight kinds: hair, ears, faces. The origin is the middle of the head; figures face right."""

from lianhuan.world.pen import Pen, darker, lighter, mix
from lianhuan.world.scene import Look

SKIN = {"light": 0xFFDCC0, "tan": 0xEDB07C, "brown": 0xB5713C, "dark": 0x74462C}
FUR = {"light": 0xFBEBC4, "tan": 0xF0953C, "brown": 0x8C5530, "dark": 0x565866}
HAIR = {"black": 0x2A2533, "brown": 0x80481F, "blond": 0xF7CC46, "red": 0xD9481C, "grey": 0xAEB4C0}
_INK = 0x2A2030
_BLUSH = 0xFF7A7A
_TURN = 1.8


def draw_face(pen: Pen, r: float, eyes: str, mouth: str) -> None:
    """Eyes, cheeks and mouth of a head of radius `r`."""
    for side in (-1, 1):
        x = _TURN + side * r * 0.4
        if eyes == "open":
            pen.ellipse(x, -0.3, 2.5, 3.0, 0xFFFFFF)
            pen.ellipse(x + 0.5, 0.0, 1.75, 2.2, _INK)
            pen.ellipse(x + 1.0, -0.9, 0.7, 0.7, 0xFFFFFF)
        else:
            bend = -3.4 if eyes == "closed" else 3.0
            pen.curve((x - 2.6, 0.4), (x, 0.4 + bend), (x + 2.6, 0.4), _INK, 1.3)
        pen.ellipse(_TURN + side * r * 0.66, r * 0.36, 2.1, 1.5, _BLUSH, 0.65)
    _mouth(pen, r, mouth)


def _mouth(pen: Pen, r: float, mouth: str) -> None:
    y = r * 0.42
    if mouth == "smile":
        pen.curve((_TURN - 2.6, y), (_TURN, y + 3.4), (_TURN + 2.6, y), _INK, 1.2)
    elif mouth == "small":
        pen.ellipse(_TURN, y + 1, 1.1, 1.1, _INK)
    else:
        wide, high = (3.2, 3.6) if mouth == "open" else (4.6, 5.4)
        pen.blob([(_TURN - wide - 1.4, y - 0.8), (_TURN + wide + 1.4, y - 0.8), (_TURN + wide * 0.7, y + high),
                  (_TURN - wide * 0.7, y + high)], 0x8A1F2E)  # fmt: skip
        pen.ellipse(_TURN, y + high * 0.55, wide * 0.5, high * 0.22, 0xFF8A8A)


def draw_hair_behind(pen: Pen, kind: str, look: Look, r: float) -> None:
    """The hair that lies behind head and shoulders."""
    hair = darker(HAIR[look.hair], 0.1)
    if look.hair_style == "curly":
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


def draw_person_head(pen: Pen, kind: str, look: Look, r: float, eyes: str, mouth: str) -> None:
    """A head with hair, ear, face and, for men, a beard."""
    skin, hair = SKIN[look.tone], HAIR[look.hair]
    for side in (-1, 1):
        pen.ellipse(side * r * 0.98, 1.5, 2.4, 3, darker(skin, 0.1))
    pen.ellipse(0, 0, r, r * 0.97, skin)
    if kind == "man":
        pen.blob([(-r - 0.6, -1), (-r * 0.45, r * 0.3), (r * 0.7, r * 0.3), (r + 0.6, -1), (r * 0.95, r * 1.0),
                  (1, r * 1.6), (-r * 0.95, r * 1.0)], hair)  # fmt: skip
    _fringe(pen, look.hair_style, hair, r)
    if kind == "boy" and look.hair_style == "short":
        for x, tip in ((-4, -3), (0.5, 3), (5, 9)):
            pen.poly([(x - 3, -r - 0.5), (tip, -r - 5.5), (x + 3, -r - 0.5)], hair, 0.7)
    if kind == "man":
        pen.ellipse(_TURN, r * 0.5, 4.2, 2.6, lighter(skin, 0.05))
    draw_face(pen, r, eyes, mouth)


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


def draw_animal_head(pen: Pen, kind: str, look: Look, r: float, eyes: str, mouth: str) -> None:
    """A furry head with the ears and the muzzle of its kind."""
    fur = FUR[look.tone]
    _EARS[kind](pen, fur, r)
    if kind == "fox":
        pen.blob([(-r * 1.5, r * 0.55), (-r * 1.0, -r * 0.95), (r * 0.9, -r * 1.0), (r * 1.3, 0), (r * 1.9, r * 0.45),
                  (r * 1.2, r * 1.0), (-r * 0.4, r * 1.15)], fur)  # fmt: skip
        pen.blob([(-r * 1.35, r * 0.55), (-r * 0.6, r * 0.2), (r * 0.2, r * 0.55), (r * 1.0, r * 0.2), (r * 1.75, r * 0.5),
                  (r * 1.1, r * 0.98), (-r * 0.4, r * 1.1)], 0xFFFFFF)  # fmt: skip
        pen.ellipse(r * 1.42, r * 0.36, 2.3, 1.9, _INK)
    else:
        wide = {"rabbit": 0.96, "bear": 1.12, "cat": 1.1}[kind]
        pen.ellipse(0, 0, r * wide, r * 0.95, fur)
        _muzzle(pen, kind, fur, r)
    draw_face(pen, r, eyes, mouth)
    if kind == "cat":
        for side in (-1, 1):
            for y, end in ((3.4, 2), (5.4, 6.4)):
                pen.line(
                    [(_TURN + side * 5.5, y), (_TURN + side * 14, end)],
                    0xFFFFFF if look.tone == "dark" else _INK,
                    0.8,
                )


def _muzzle(pen: Pen, kind: str, fur: int, r: float) -> None:
    if kind == "bear":
        pen.ellipse(_TURN, r * 0.42, r * 0.58, r * 0.44, lighter(fur, 0.55))
        pen.ellipse(_TURN, r * 0.18, 3, 2.2, _INK)
    elif kind == "rabbit":
        pen.ellipse(_TURN, r * 0.46, r * 0.44, r * 0.36, lighter(fur, 0.55))
        pen.ellipse(_TURN, r * 0.24, 1.6, 1.2, 0xFF7A9A)
        pen.rect(_TURN - 1.6, r * 0.58, 3.2, 3.4, 0xFFFFFF, 0.8)
    else:
        for x in (-4, 0, 4):
            pen.line([(x, -r * 0.92), (x * 0.9, -r * 0.58)], darker(fur, 0.35), 1.7)
        pen.ellipse(_TURN, r * 0.46, r * 0.42, r * 0.32, lighter(fur, 0.5))
        pen.poly([(_TURN - 1.5, r * 0.24), (_TURN + 1.5, r * 0.24), (_TURN, r * 0.38)], 0xFF7A9A, 0.5)


def _fox_ears(pen: Pen, fur: int, r: float) -> None:
    for side in (-1, 1):
        pen.poly(
            [(side * r * 0.2, -r * 0.6), (side * r * 0.85, -r * 1.75), (side * r * 1.05, -r * 0.3)], fur, 1
        )
        pen.poly(
            [(side * r * 0.62, -r * 1.36), (side * r * 0.85, -r * 1.75), (side * r * 0.93, -r * 1.3)],
            0x3A2A30,
            1,
        )


def _cat_ears(pen: Pen, fur: int, r: float) -> None:
    for side in (-1, 1):
        pen.poly(
            [(side * r * 0.15, -r * 0.7), (side * r * 0.95, -r * 1.35), (side * r * 1.05, -r * 0.2)], fur, 1
        )
        pen.poly(
            [(side * r * 0.5, -r * 0.75), (side * r * 0.86, -r * 1.08), (side * r * 0.92, -r * 0.5)],
            0xFFA0B0,
            0.5,
        )


def _rabbit_ears(pen: Pen, fur: int, r: float) -> None:
    for side in (-1, 1):
        with pen.moved(side * r * 0.42, -r * 0.7, turn=side * 10):
            pen.ellipse(0, -9, 4.0, 11, fur)
            pen.ellipse(0, -9, 1.9, 8, 0xFFA8B8)


def _bear_ears(pen: Pen, fur: int, r: float) -> None:
    for side in (-1, 1):
        pen.ellipse(side * r * 0.88, -r * 0.76, 5, 5, fur)
        pen.ellipse(side * r * 0.88, -r * 0.76, 2.7, 2.7, mix(fur, 0xFFB090, 0.5))


_EARS = {"fox": _fox_ears, "cat": _cat_ears, "rabbit": _rabbit_ears, "bear": _bear_ears}
