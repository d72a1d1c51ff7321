"""Heads and tails of dog, wolf, mouse, pig, sheep, elephant, tiger, monkey, panda and lion; figures face right."""

from collections.abc import Callable
from math import cos, pi, sin

from lianhuan.world.draw_faces import INK, TURN, Face, draw_face
from lianhuan.world.pen import Pen, darker, lighter, mix

_NOSE = 0xFF8AA0


def _nose(pen: Pen, y: float, rx: float, ry: float, colour: int = INK) -> None:
    pen.ellipse(TURN, y, rx, ry, colour)
    pen.ellipse(TURN - rx * 0.3, y - ry * 0.35, rx * 0.3, ry * 0.25, lighter(colour, 0.6))


def _whiskers(pen: Pen, r: float, colour: int = INK) -> None:
    for side in (-1, 1):
        for y, end in ((0.32, 0.2), (0.48, 0.56)):
            pen.line([(TURN + side * r * 0.5, r * y), (TURN + side * r * 1.25, r * end)], colour, 0.8)


def _dog(pen: Pen, fur: int, r: float, face: Face) -> None:
    """Long hanging ears, a patch around one eye, a big nose, a tongue."""
    pen.ellipse(0, 0, r * 1.04, r * 0.95, fur)
    pen.ellipse(TURN - r * 0.42, -r * 0.06, r * 0.38, r * 0.44, darker(fur, 0.42))
    pen.ellipse(TURN, r * 0.42, r * 0.56, r * 0.46, lighter(fur, 0.62))
    for side in (-1, 1):
        with pen.moved(side * r * 0.92, -r * 0.62, turn=-side * 16):
            pen.ellipse(side * 1.5, 7.6, 4.6, 10, darker(fur, 0.42))
            pen.ellipse(0, 0, 4, 3.4, darker(fur, 0.42))
    if face.mouth in ("smile", "open"):
        pen.rect(TURN - 1.9, r * 0.66, 3.8, 5.4, 0xFF6A82, 1.9)
    draw_face(pen, r, face, mouth_at=(0.0, 1.6))
    _nose(pen, r * 0.24, 3.4, 2.5)


def _wolf(pen: Pen, fur: int, r: float, face: Face) -> None:
    """Ragged cheeks, tall ears close together, a dark mask, a blunt snout with fangs."""
    for side in (-1, 1):
        pen.poly(
            [(side * r * 0.1, -r * 0.7), (side * r * 0.62, -r * 1.85), (side * r * 0.96, -r * 0.4)], fur, 0.8
        )
        pen.poly(
            [(side * r * 0.4, -r * 0.9), (side * r * 0.62, -r * 1.5), (side * r * 0.78, -r * 0.75)],
            0xD8C8C8,
            0.4,
        )
    pen.poly([(-r * 0.7, -r * 0.85), (r * 0.7, -r * 0.85), (r * 1.02, -r * 0.1), (r * 1.42, r * 0.2), (r * 1.1, r * 0.36),
              (r * 1.3, r * 0.72), (r * 0.85, r * 0.72), (r * 0.3, r * 1.06), (-r * 0.3, r * 1.06), (-r * 0.85, r * 0.72),
              (-r * 1.3, r * 0.72), (-r * 1.1, r * 0.36), (-r * 1.42, r * 0.2), (-r * 1.02, -r * 0.1)], fur, 1)  # fmt: skip
    pen.poly([(-r * 0.72, -r * 0.82), (r * 0.78, -r * 0.82), (TURN + r * 0.12, r * 0.2), (TURN - r * 0.12, r * 0.2)],
             darker(fur, 0.34), 0.8)  # fmt: skip
    pen.blob([(TURN - r * 0.7, r * 0.75), (TURN - r * 0.3, r * 0.05), (TURN + r * 0.5, r * 0.05), (TURN + r * 1.05, r * 0.3),
              (TURN + r * 1.0, r * 0.85), (TURN, r * 1.2)], lighter(fur, 0.6))  # fmt: skip
    draw_face(pen, r, face, mouth_at=(1.5, 2.2))
    if face.mouth in ("smile", "open", "laugh"):
        for x in (-1.4, 3.8):
            pen.poly(
                [(TURN + x, r * 0.68), (TURN + x + 1.9, r * 0.68), (TURN + x + 0.9, r * 0.9)], 0xFFFFFF, 0.3
            )
    pen.ellipse(TURN + r * 0.62, r * 0.26, 3.3, 2.5, INK)


def _mouse(pen: Pen, fur: int, r: float, face: Face) -> None:
    """Two ears as large as the face, a pointed pink nose, two teeth."""
    for side in (-1, 1):
        pen.ellipse(side * r * 0.95, -r * 0.92, r * 0.78, r * 0.78, fur)
        pen.ellipse(side * r * 0.95, -r * 0.92, r * 0.54, r * 0.54, 0xFFA8B8)
    pen.blob([(-r * 1.1, 0), (-r * 0.85, -r * 1.05), (r * 0.85, -r * 1.05), (r * 1.1, 0), (r * 0.7, r * 0.95), (TURN, r * 1.15),
              (-r * 0.7, r * 0.95)], fur)  # fmt: skip
    pen.ellipse(TURN, r * 0.52, r * 0.4, r * 0.34, lighter(fur, 0.5))
    draw_face(pen, r, face, mouth_at=(0.0, 1.4))
    if face.mouth in ("smile", "open"):
        pen.rect(TURN - 1.7, r * 0.66, 3.4, 3.0, 0xFFFFFF, 0.7)
    _whiskers(pen, r, darker(fur, 0.6))
    _nose(pen, r * 0.24, 2.2, 1.9, 0xFF6A8A)


def _pig(pen: Pen, fur: int, r: float, face: Face) -> None:
    """A round snout with two nostrils, folded ears."""
    pink = mix(fur, 0xFF9AB0, 0.35)
    for side in (-1, 1):
        pen.poly(
            [(side * r * 0.3, -r * 0.82), (side * r * 0.9, -r * 1.4), (side * r * 1.0, -r * 0.4)],
            darker(pink, 0.12),
            1,
        )
    pen.ellipse(0, 0, r * 1.08, r * 0.97, pink)
    for side in (-1, 1):
        pen.poly([(side * r * 0.55, -r * 1.12), (side * r * 1.05, -r * 1.2), (side * r * 0.95, -r * 0.48)],
                 mix(darker(fur, 0.15), 0xFF7A9A, 0.45), 1)  # fmt: skip
    draw_face(pen, r, face, mouth_at=(0.0, 4.0))
    pen.ellipse(TURN, r * 0.3, r * 0.46, r * 0.34, mix(darker(fur, 0.3), 0xFF6A8A, 0.5))
    pen.ellipse(TURN, r * 0.27, r * 0.42, r * 0.29, mix(fur, 0xFF8AA4, 0.7))
    for side in (-1, 1):
        pen.ellipse(TURN + side * r * 0.16, r * 0.28, 1.0, 1.6, 0x7A2A40)


def _sheep(pen: Pen, fur: int, r: float, face: Face) -> None:
    """A narrow face in a cloud of wool, ears to the sides."""
    wool = mix(fur, 0xFFFFFF, 0.72)
    for x, y, size in ((-0.95, 0.25, 0.42), (-1.02, -0.3, 0.46), (-0.72, -0.82, 0.5), (-0.15, -1.1, 0.52), (0.45, -1.05, 0.5),
                       (0.92, -0.65, 0.48), (1.06, -0.1, 0.44), (0.95, 0.38, 0.4)):  # fmt: skip
        pen.ellipse(x * r, y * r, size * r, size * r, wool)
    for side in (-1, 1):
        with pen.moved(side * r * 1.02, -r * 0.02, turn=side * 24):
            pen.ellipse(side * 3.4, 0, 5.6, 3.0, fur)
            pen.ellipse(side * 3.6, 0.2, 3.6, 1.5, _NOSE)
    pen.blob([(-r * 0.95, -r * 0.2), (-r * 0.6, -r * 1.0), (r * 0.8, -r * 1.0), (r * 1.1, -r * 0.2), (r * 0.8, r * 0.95),
              (TURN, r * 1.25), (-r * 0.6, r * 0.95)], fur)  # fmt: skip
    for x, y, size in ((-0.5, -0.72, 0.36), (0.02, -0.86, 0.4), (0.58, -0.72, 0.36)):
        pen.ellipse(x * r, y * r, size * r, size * r * 0.86, wool)
    draw_face(pen, r, face, mouth_at=(0.0, 1.6))
    pen.poly([(TURN - 1.8, r * 0.26), (TURN + 1.8, r * 0.26), (TURN, r * 0.46)], 0x6A3A48, 0.6)


def _elephant(pen: Pen, fur: int, r: float, face: Face) -> None:
    """Ears like sails, a long trunk, small tusks."""
    for side in (-1, 1):
        pen.blob([(side * r * 0.5, -r * 1.0), (side * r * 1.7, -r * 1.35), (side * r * 2.1, -r * 0.1), (side * r * 1.6, r * 0.95),
                  (side * r * 0.7, r * 0.6)], darker(fur, 0.14))  # fmt: skip
        pen.blob([(side * r * 0.7, -r * 0.7), (side * r * 1.55, -r * 1.0), (side * r * 1.8, -r * 0.1), (side * r * 1.45, r * 0.65),
                  (side * r * 0.8, r * 0.4)], mix(fur, 0xFF9AB0, 0.5))  # fmt: skip
    pen.ellipse(0, 0, r * 1.02, r * 1.0, fur)
    draw_face(pen, r, face, mouth_at=(-3.6, 2.4))
    for x in (-2.6, 5.6):
        pen.line([(TURN + x, r * 0.5), (TURN + x + 0.6, r * 0.92)], 0xFFFDF0, 2.4)
    edge = darker(fur, 0.3)
    for colour, width in ((edge, 8.4), (fur, 6.8)):
        pen.line([(TURN + 1.6, r * 0.22), (TURN + 2.6, r * 0.7), (TURN + 4.6, r * 1.2), (TURN + 8.4, r * 1.5),
                  (TURN + 12.4, r * 1.3), (TURN + 13.4, r * 0.95)], colour, width)  # fmt: skip
    pen.ellipse(TURN + 1.4, r * 0.14, 4.2, 3.2, fur)
    for x, y, turn in ((1.8, 0.5, 0), (3.4, 0.86, 20), (6.2, 1.26, 45)):
        with pen.moved(TURN + x, r * y, turn=-turn):
            pen.line([(-2.2, 0), (2.2, 0)], edge, 0.8)


def _striped(pen: Pen, r: float, colour: int) -> None:
    for x, y, half, high in ((0.16, -0.94, 0.12, 0.42), (-0.3, -0.9, 0.1, 0.32), (0.62, -0.8, 0.1, 0.32)):
        pen.poly([((x - half) * r, y * r), ((x + half) * r, y * r), (x * r, (y + high) * r)], colour, 0.6)
    for side in (-1, 1):
        for y in (-0.12, 0.24, 0.56):
            edge = 1.08 * (1 - y * y) ** 0.5
            pen.poly([(side * r * edge, (y - 0.13) * r), (side * r * edge, (y + 0.13) * r), (side * r * (edge - 0.42), y * r)],
                     colour, 0.4)  # fmt: skip


def _tiger(pen: Pen, fur: int, r: float, face: Face) -> None:
    """Bold stripes, round ears, a white muzzle."""
    stripe = darker(fur, 0.86)
    for side in (-1, 1):
        pen.ellipse(side * r * 0.82, -r * 0.78, 4.6, 4.6, fur)
        pen.ellipse(side * r * 0.82, -r * 0.78, 2.5, 2.5, 0xFFFFFF)
    pen.ellipse(0, 0, r * 1.1, r * 0.97, fur)
    _striped(pen, r, stripe)
    for side in (-1, 1):
        pen.ellipse(TURN + side * r * 0.27, r * 0.5, r * 0.36, r * 0.32, 0xFFFFFF)
    draw_face(pen, r, face, mouth_at=(0.0, 1.2))
    pen.poly([(TURN - 2.4, r * 0.18), (TURN + 2.4, r * 0.18), (TURN, r * 0.38)], 0xE8607A, 0.7)
    _whiskers(pen, r, stripe)


def _monkey(pen: Pen, fur: int, r: float, face: Face) -> None:
    """Round ears at the sides, a pale face in the shape of a heart, a tuft."""
    pale = mix(lighter(fur, 0.5), 0xFFD8B0, 0.6)
    for side in (-1, 1):
        pen.ellipse(side * r * 1.12, 0, 5.6, 5.6, fur)
        pen.ellipse(side * r * 1.12, 0.2, 3.4, 3.4, pale)
    for x in (-3, 0.5, 4):
        pen.poly([(x - 2, -r * 0.85), (x + 1.5, -r * 1.4), (x + 2.4, -r * 0.85)], fur, 0.8)
    pen.ellipse(0, 0, r, r * 0.97, darker(fur, 0.08))
    for side in (-1, 1):
        pen.ellipse(TURN + side * r * 0.36, -r * 0.12, r * 0.44, r * 0.5, pale)
    pen.ellipse(TURN, r * 0.5, r * 0.74, r * 0.5, pale)
    draw_face(pen, r, face, mouth_at=(0.0, 1.8))
    for side in (-1, 1):
        pen.ellipse(TURN + side * 1.2, r * 0.34, 0.7, 0.9, 0x5A2A2A)


def _panda(pen: Pen, fur: int, r: float, face: Face) -> None:
    """A white face with patches around the eyes and dark round ears."""
    patch = darker(fur, 0.5)
    for side in (-1, 1):
        pen.ellipse(side * r * 0.86, -r * 0.8, 5.2, 5.2, patch)
    pen.ellipse(0, 0, r * 1.12, r * 0.98, 0xFFFFFF)
    for side in (-1, 1):
        with pen.moved(TURN + side * r * 0.44, r * 0.04, turn=side * 28):
            pen.ellipse(0, 0, r * 0.34, r * 0.46, patch)
    draw_face(
        pen, r, face, line=0xF4F4FF if face.eyes in ("closed", "asleep", "shut") else INK, mouth_at=(0.0, 1.2)
    )
    _nose(pen, r * 0.3, 2.6, 1.9)


def _lion(pen: Pen, fur: int, r: float, face: Face) -> None:
    """A great ragged mane around the face."""
    mane = mix(darker(fur, 0.25), 0xA04A10, 0.55)
    for colour, far, near in ((mane, 1.72, 1.38), (lighter(mane, 0.18), 1.42, 1.16)):
        points = []
        for i in range(24):
            x, y = _ROUND[i]
            points.append((x * r * (near if i % 2 else far), y * r * (near if i % 2 else far) + 0.6))
        pen.poly(points, colour, 1.2)
    for side in (-1, 1):
        pen.ellipse(side * r * 0.8, -r * 0.86, 4.2, 4.2, fur)
        pen.ellipse(side * r * 0.8, -r * 0.86, 2.2, 2.2, darker(fur, 0.35))
    pen.ellipse(0, 0.6, r * 0.98, r * 0.93, fur)
    pen.ellipse(TURN, r * 0.5, r * 0.5, r * 0.38, lighter(fur, 0.55))
    draw_face(pen, r, face, mouth_at=(0.0, 1.0))
    pen.poly([(TURN - 2.8, r * 0.16), (TURN + 2.8, r * 0.16), (TURN, r * 0.4)], 0x5A2A22, 0.7)


def _long_tail(pen: Pen, fur: int) -> None:
    pen.curve((-5, 2), (-24, 6), (-21, -14), fur, 3.6)


def _dog_tail(pen: Pen, fur: int) -> None:
    pen.curve((-5, 0), (-17, -2), (-15, -15), fur, 5.4)
    pen.ellipse(-15, -15, 2.9, 2.9, darker(fur, 0.42))


def _wolf_tail(pen: Pen, fur: int) -> None:
    with pen.moved(-5, 1, turn=-36):
        pen.poly([(3, -3), (-6, -5), (-15, -5), (-23, 0), (-15, 5), (-6, 4), (3, 3)], fur, 0.8)
        pen.poly([(-15, -5), (-23, 0), (-15, 5), (-12, 0)], darker(fur, 0.45), 0.8)


def _mouse_tail(pen: Pen, fur: int) -> None:
    pink = mix(0xF09AA4, fur, 0.15)
    pen.curve((-5, 3), (-16, 12), (-21, 0), pink, 2.2)
    pen.curve((-21, 0), (-24, -8), (-30, -6), pink, 2.0)


def _pig_tail(pen: Pen, fur: int) -> None:
    pink = mix(fur, 0xFF7A9A, 0.5)
    pen.curve((-8, 1), (-16, 6), (-15, -2), pink, 2.4)
    pen.curve((-15, -2), (-13, -7), (-18, -6), pink, 2.2)


def _sheep_tail(pen: Pen, fur: int) -> None:
    for x, y in ((-9, 0), (-12, 3), (-9, 4)):
        pen.ellipse(x, y, 3.8, 3.8, mix(fur, 0xFFFFFF, 0.72))


def _elephant_tail(pen: Pen, fur: int) -> None:
    pen.curve((-10, -2), (-18, 0), (-17, 9), fur, 2.4)
    pen.ellipse(-17, 10, 2.2, 3, darker(fur, 0.5))


def _tiger_tail(pen: Pen, fur: int) -> None:
    _long_tail(pen, fur)
    for x, y in ((-15, 3.5), (-20, -2.5), (-21, -9)):
        pen.line([(x - 1.6, y - 1.2), (x + 1.6, y + 1.2)], darker(fur, 0.86), 1.8)


def _monkey_tail(pen: Pen, fur: int) -> None:
    pen.curve((-5, 2), (-26, 8), (-24, -10), darker(fur, 0.08), 3)
    pen.curve((-24, -10), (-22, -19), (-15, -15), darker(fur, 0.08), 3)
    pen.curve((-15, -15), (-13, -10), (-18, -10), darker(fur, 0.08), 2.8)


def _panda_tail(pen: Pen, fur: int) -> None:
    pen.ellipse(-10.5, 1, 3.2, 3.2, mix(0xFFFFFF, fur, 0.12))


def _lion_tail(pen: Pen, fur: int) -> None:
    _long_tail(pen, fur)
    pen.ellipse(-21, -16, 4, 4.8, mix(darker(fur, 0.25), 0xA04A10, 0.55))


_ROUND = tuple((sin(i * pi / 12), -cos(i * pi / 12)) for i in range(24))

Head = Callable[[Pen, int, float, Face], None]
BEASTS: dict[str, Head] = {
    "dog": _dog, "wolf": _wolf, "mouse": _mouse, "pig": _pig, "sheep": _sheep, "elephant": _elephant, "tiger": _tiger,
    "monkey": _monkey, "panda": _panda, "lion": _lion,
}  # fmt: skip
"""How the head of each kind is drawn: pen, fur, radius, face."""

BEAST_TAILS = {
    "dog": _dog_tail, "wolf": _wolf_tail, "mouse": _mouse_tail, "pig": _pig_tail, "sheep": _sheep_tail,
    "elephant": _elephant_tail, "tiger": _tiger_tail, "monkey": _monkey_tail, "panda": _panda_tail, "lion": _lion_tail,
}  # fmt: skip
