"""Things worn beside the clothes: on the head (origin in its middle) and on the body; colours are of the lower clothes or fixed."""

from collections.abc import Callable
from dataclasses import dataclass

from lianhuan.world.draw_faces import INK, TURN
from lianhuan.world.draw_poses import Joints
from lianhuan.world.pen import Pen, Point, darker, lighter

_TOPS = {
    "fox": 0.82, "rabbit": 0.78, "bear": 0.84, "cat": 0.84, "dog": 0.86, "wolf": 0.8, "mouse": 0.92, "pig": 0.88, "sheep": 1.2,
    "elephant": 0.92, "tiger": 0.86, "monkey": 0.94, "panda": 0.88, "lion": 1.18, "grandfather": 0.86,
}  # fmt: skip
"""How high over the middle of the head hats sit, in radii; 1 where nothing is said."""


def draw_head_wear(pen: Pen, worn: str, kind: str, cloth: int, r: float) -> None:
    """What is on a head of radius `r`."""
    if worn == "glasses":
        _glasses(pen, r)
    elif worn in _HATS:
        with pen.moved(0.6, -r * _TOPS.get(kind, 1.0) + 1.5, scale=r / 11.5):
            _HATS[worn](pen, cloth)


def _glasses(pen: Pen, r: float) -> None:
    for side in (-1, 1):
        x = TURN + side * r * 0.42
        pen.ellipse(x, -0.2, 4.5, 4.5, 0xDFF4FF, 0.42)
        ring = [(x + 4.5 * cx, -0.2 + 4.5 * cy) for cx, cy in _RING]
        pen.line(ring, INK, 1.5)
        pen.line([(TURN + side * (r * 0.42 + 4.5), -0.6), (side * r * 1.0, -1.8)], INK, 1.4)
    pen.line([(TURN - 0.6, -0.6), (TURN + 0.6, -0.6)], INK, 1.5)


_RING = tuple((x / 8, y / 8) for x, y in (
    (8, 0), (7.4, 3.1), (5.7, 5.7), (3.1, 7.4), (0, 8), (-3.1, 7.4), (-5.7, 5.7), (-7.4, 3.1), (-8, 0), (-7.4, -3.1),
    (-5.7, -5.7), (-3.1, -7.4), (0, -8), (3.1, -7.4), (5.7, -5.7), (7.4, -3.1), (8, 0)))  # fmt: skip


def _hat(pen: Pen, cloth: int) -> None:
    """A straw hat with a wide brim and a ribbon."""
    straw = 0xF2C65A
    pen.ellipse(0, 1.5, 18, 4.4, darker(straw, 0.25))
    pen.ellipse(0, 0.7, 17.6, 3.8, straw)
    pen.blob([(-10.5, 0.8), (-9.5, -12), (0, -14), (9.5, -12), (10.5, 0.8), (0, 3.2)], straw)
    pen.blob([(-10.2, 0.2), (-9.6, -4.6), (0, -3.6), (9.6, -4.6), (10.2, 0.2), (0, 2.6)], cloth)
    for x in (-3.5, 1, 5):
        pen.line([(x, -6), (x + 0.6, -9.4)], darker(straw, 0.2), 0.9)


def _cap(pen: Pen, cloth: int) -> None:
    """A cap with its visor to the front."""
    pen.blob([(-12.5, 3.2), (-12.5, -7), (-3, -11.4), (8, -9), (12.5, -1), (12, 3.2)], cloth)
    pen.blob([(3, 2.8), (7, -1.6), (15, -1.2), (21, 3.2), (13, 4.4)], darker(cloth, 0.28))
    pen.line([(-1, -8.5), (0.5, 1.5)], darker(cloth, 0.2), 1.1)
    pen.ellipse(-1.5, -8.8, 1.8, 1.4, lighter(cloth, 0.5))
    pen.ellipse(5.4, -3.4, 2.6, 2.6, 0xFFFFFF)


def _crown(pen: Pen, _cloth: int) -> None:
    gold = 0xFFC92E
    pen.poly([(-10, 1.5), (-12, -11), (-5.5, -5), (0, -13.5), (5.5, -5), (12, -11), (10, 1.5)], gold, 0.7)
    pen.rect(-10.4, -1.6, 20.8, 3.8, darker(gold, 0.22), 1.2)
    for x, y in ((-12, -11), (0, -13.5), (12, -11)):
        pen.ellipse(x, y, 1.9, 1.9, 0xFFF3B0)
    for x, jewel in ((-6, 0x2F72E0), (0, 0xE3262E), (6, 0x2F72E0)):
        pen.ellipse(x, 0.2, 1.6, 1.5, jewel)


def _bow(pen: Pen, cloth: int) -> None:
    """A large ribbon tied to two loops."""
    dark = darker(cloth, 0.25)
    with pen.moved(-2.5, -5, turn=-10):
        for side in (-1, 1):
            pen.poly([(side * 2, 1.5), (side * 6, 7), (side * 9.5, 5.2)], dark, 0.9)
            pen.poly([(0, 0), (side * 11, -7), (side * 12.5, 0), (side * 11, 6)], cloth, 1.4)
            pen.line([(side * 3.6, 0), (side * 8.2, -1)], dark, 1.2)
        pen.ellipse(0, 0, 3.4, 3.6, dark)
        pen.ellipse(-0.5, -0.6, 2.2, 2.3, lighter(cloth, 0.25))


_HATS: dict[str, Callable[[Pen, int], None]] = {"hat": _hat, "cap": _cap, "crown": _crown, "bow": _bow}


@dataclass(frozen=True)
class Trunk:
    """The upright body between hip and neck, as a frame to draw in: `at(along, aside)` in units from the hip."""

    body: Joints
    half: float

    @property
    def length(self) -> float:
        """From hip to neck."""
        hip, neck = self.body.hip, self.body.neck
        return float(((neck[0] - hip[0]) ** 2 + (neck[1] - hip[1]) ** 2) ** 0.5)

    def at(self, along: float, aside: float) -> Point:
        """The point that is the share `along` of the way to the neck and `aside` half shoulders to the front."""
        hip, neck = self.body.hip, self.body.neck
        up = ((neck[0] - hip[0]) / self.length, (neck[1] - hip[1]) / self.length)
        far, out = along * self.length, aside * self.half
        return hip[0] + up[0] * far - up[1] * out, hip[1] + up[1] * far + up[0] * out


def draw_body_wear(pen: Pen, worn: str, trunk: Trunk, cloth: int, *, seated: bool) -> None:
    """What is over the clothes, under the head and the front arm."""
    if worn == "coat":
        _coat(pen, trunk, coat_colour(cloth), seated=seated)
    elif worn == "apron":
        _apron(pen, trunk, seated=seated)
    elif worn == "bag":
        _bag(pen, trunk)


def coat_colour(cloth: int) -> int:
    """The cloth of a coat over trousers of the colour `cloth`."""
    return darker(cloth, 0.34)


def _coat(pen: Pen, trunk: Trunk, cloth: int, *, seated: bool) -> None:
    """An open coat to the knees, with a collar and buttons; the shirt shows between its halves and on the lower arms."""
    at, dark = trunk.at, darker(cloth, 0.5)
    hem = -0.1 if seated else -0.52
    pen.poly(
        [at(0.94, -0.3), at(0.86, -1.0), at(0.0, -1.2), at(hem, -1.3), at(hem, -0.2), at(0.4, -0.34)],
        cloth,
        1.4,
    )
    pen.poly(
        [at(0.94, 0.5), at(0.86, 1.0), at(0.0, 1.2), at(hem, 1.35), at(hem, 0.5), at(0.4, 0.46)], cloth, 1.4
    )
    for aside in (-0.34, 0.48):
        pen.line([at(0.9, aside * 0.9), at(0.4, aside), at(hem, aside * 0.8)], dark, 1.3)
        pen.poly([at(1.0, aside * 0.3), at(0.96, aside * 1.7), at(0.68, aside)], dark, 0.6)
    for along in (0.46, 0.22, -0.02):
        pen.ellipse(*at(along, 0.68), 1.3, 1.3, 0xFFDB6E)


def _apron(pen: Pen, trunk: Trunk, *, seated: bool) -> None:
    """A white bib with a pocket and a frill."""
    at, white, edge = trunk.at, 0xFFFFFF, 0xB8BED0
    hem = -0.05 if seated else -0.4
    pen.line([at(0.98, -0.3), at(0.72, -0.42)], edge, 1.6)
    pen.line([at(0.98, 0.5), at(0.72, 0.58)], edge, 1.6)
    for colour, grow in ((edge, 1.5), (white, 0.6)):
        pen.poly([at(0.74, -0.46), at(0.74, 0.62), at(0.3, 0.62), at(0.22, 0.98), at(hem, 1.12), at(hem, -0.94), at(0.22, -0.8),
                  at(0.3, -0.46)], colour, grow)  # fmt: skip
    pen.line([at(0.26, -0.9), at(0.26, 1.0)], edge, 1.4)
    pen.poly([at(0.12, -0.24), at(0.12, 0.44), at(-0.1, 0.44), at(-0.1, -0.24)], 0xE8ECF6, 0.6)
    pen.line([at(0.14, -0.3), at(0.14, 0.5)], edge, 1.1)


def _bag(pen: Pen, trunk: Trunk) -> None:
    """A satchel on the hip, its strap across the chest."""
    at, leather = trunk.at, 0xA8642C
    for colour, width in ((0x5A3418, 3.2), (leather, 1.9)):
        pen.line([at(0.9, 0.62), at(0.06, -0.86)], colour, width)
    x, y = at(-0.02, -0.98)
    with pen.moved(x, y, turn=8):
        pen.rect(-8.2, -5.0, 14.4, 12.6, 0x5A3418, 2.6)
        pen.rect(-7.4, -4.2, 12.8, 11, leather, 2)
        pen.rect(-7.4, -4.2, 12.8, 5.4, lighter(leather, 0.22), 2)
        pen.rect(-2.6, -0.4, 3.2, 3.2, 0xFFDB6E, 0.8)


def draw_scarf(pen: Pen, trunk: Trunk, cloth: int) -> None:
    """A striped scarf around the neck, one end hanging down."""
    at, dark, pale = trunk.at, darker(cloth, 0.35), lighter(cloth, 0.55)
    for colour, width in ((dark, 7.4), (cloth, 5.8)):
        pen.line([at(0.2, 0.5), at(0.8, 0.3)], colour, width)
        pen.line([at(0.84, -0.82), at(0.76, -0.1), at(0.86, 0.92)], colour, width)
    for along in (0.18, 0.36, 0.54):
        pen.line([at(along, 0.2), at(along, 0.78)], pale, 1.6)
    for aside in (-0.6, -0.1, 0.6):
        pen.line([at(0.94, aside), at(0.7, aside)], pale, 1.6)
