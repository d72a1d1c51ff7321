"""Animals: ears, muzzles and tails of the first four kinds. The origin of a head is its middle; figures face right."""

from lianhuan.world.draw_beasts import BEAST_TAILS, BEASTS
from lianhuan.world.draw_faces import INK, TURN, Face, draw_face
from lianhuan.world.pen import Pen, darker, lighter, mix
from lianhuan.world.scene import Look

FUR = {"light": 0xFBEBC4, "tan": 0xF0953C, "brown": 0x8C5530, "dark": 0x565866}


def draw_animal_head(pen: Pen, kind: str, look: Look, r: float, face: Face) -> None:
    """A furry head with the ears and the muzzle of its kind."""
    fur = FUR[look.tone]
    if kind in BEASTS:
        BEASTS[kind](pen, fur, r, face)
        return
    _EARS[kind](pen, fur, r)
    if kind == "fox":
        pen.blob([(-r * 1.5, r * 0.55), (-r * 1.0, -r * 0.95), (r * 0.9, -r * 1.0), (r * 1.3, 0), (r * 1.9, r * 0.45),
                  (r * 1.2, r * 1.0), (-r * 0.4, r * 1.15)], fur)  # fmt: skip
        pen.blob([(-r * 1.35, r * 0.55), (-r * 0.6, r * 0.2), (r * 0.2, r * 0.55), (r * 1.0, r * 0.2), (r * 1.75, r * 0.5),
                  (r * 1.1, r * 0.98), (-r * 0.4, r * 1.1)], 0xFFFFFF)  # fmt: skip
        pen.ellipse(r * 1.42, r * 0.36, 2.3, 1.9, INK)
    else:
        wide = {"rabbit": 0.96, "bear": 1.12, "cat": 1.1}[kind]
        pen.ellipse(0, 0, r * wide, r * 0.95, fur)
        _muzzle(pen, kind, fur, r)
    draw_face(pen, r, face)
    if kind == "cat":
        for side in (-1, 1):
            for y, end in ((3.4, 2), (5.4, 6.4)):
                pen.line(
                    [(TURN + side * 5.5, y), (TURN + side * 14, end)],
                    0xFFFFFF if look.tone == "dark" else INK,
                    0.8,
                )


def _muzzle(pen: Pen, kind: str, fur: int, r: float) -> None:
    if kind == "bear":
        pen.ellipse(TURN, r * 0.42, r * 0.58, r * 0.44, lighter(fur, 0.55))
        pen.ellipse(TURN, r * 0.18, 3, 2.2, INK)
    elif kind == "rabbit":
        pen.ellipse(TURN, r * 0.46, r * 0.44, r * 0.36, lighter(fur, 0.55))
        pen.ellipse(TURN, r * 0.24, 1.6, 1.2, 0xFF7A9A)
        pen.rect(TURN - 1.6, r * 0.58, 3.2, 3.4, 0xFFFFFF, 0.8)
    else:
        for x in (-4, 0, 4):
            pen.line([(x, -r * 0.92), (x * 0.9, -r * 0.58)], darker(fur, 0.35), 1.7)
        pen.ellipse(TURN, r * 0.46, r * 0.42, r * 0.32, lighter(fur, 0.5))
        pen.poly([(TURN - 1.5, r * 0.24), (TURN + 1.5, r * 0.24), (TURN, r * 0.38)], 0xFF7A9A, 0.5)


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


def _fox_tail(pen: Pen, fur: int) -> None:
    with pen.moved(-5, 1, turn=-34):
        pen.blob([(3, 3), (-6, 6), (-20, 6), (-27, -1), (-20, -8), (-7, -6), (3, -2)], fur)
        pen.blob([(-16, 4.5), (-22, 4.5), (-26, -1), (-21, -6.5), (-16, -6)], 0xFFFFFF)


def _cat_tail(pen: Pen, fur: int) -> None:
    pen.curve((-4, 2), (-20, 4), (-17, -16), darker(fur, 0.1), 4.4)
    pen.ellipse(-17, -17, 2.6, 2.6, darker(fur, 0.4))


def _rabbit_tail(pen: Pen, fur: int) -> None:
    pen.ellipse(-9, 1, 4.6, 4.6, lighter(fur, 0.5))


def _bear_tail(pen: Pen, fur: int) -> None:
    pen.ellipse(-10.5, 1, 3, 3, darker(fur, 0.1))


TAILS = {**BEAST_TAILS, "fox": _fox_tail, "cat": _cat_tail, "rabbit": _rabbit_tail, "bear": _bear_tail}
