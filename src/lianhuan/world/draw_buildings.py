"""Backdrops of the places that people built: street, farm, playground, castle."""

from lianhuan.world.draw_sky import Light
from lianhuan.world.pen import Pen, darker, lighter

_LAMP = 0xFFE27A
_HOUSES = ((-6, 30), (30, 40), (64, 34), (98, 26))


def _window(pen: Pen, x: float, y: float, width: float, height: float) -> None:
    pen.rect(x - 1, y - 1, width + 2, height + 2, 0xFFFFFF, 1)
    pen.rect(x, y, width, height, 0x8FC7EE)
    pen.line([(x + width / 2, y), (x + width / 2, y + height)], 0xFFFFFF, 1)


def draw_street(pen: Pen, light: Light, variant: int) -> None:
    """A row of gabled houses above a pavement and a road."""
    walls = ((0xF2B84B, 0xE8745A, 0x6DB5C8, 0xF0D9B0), (0xE88AA0, 0xF5D58A, 0x8FBF7A, 0xA890D0),
             (0x7AA8D8, 0xF0E0C0, 0xE8945A, 0x78B89A))[variant]  # fmt: skip
    roofs = (0x8A4A3A, 0x5A5A78, 0x9A5A3C)
    for i, (x, top) in enumerate(_HOUSES):
        pen.rect(x, top, 36, 66, walls[i])
        pen.poly(
            [(x - 2, top + 1), (x + 18, top - 17), (x + 38, top + 1)], light.leaf(roofs[(i + variant) % 3]), 1
        )
        for dx in (6, 21):
            _window(pen, x + dx, top + 8, 9, 11)
        if i % 2:
            _window(pen, x + 5, top + 29, 10, 13)
            pen.arch(x + 20, x + 31, top + 28, 92, darker(walls[i], 0.5))
        else:
            pen.arch(x + 12, x + 24, 62, 92, darker(walls[i], 0.5))
    pen.rect(0, 86, 128, 6, light.ground(0xD8D4CC))
    pen.rect(0, 92, 128, 36, light.ground(0x77788A))
    for x in range(-4, 128, 26):
        pen.rect(x, 119, 15, 3.4, 0xFFF6D8, 1)
    pen.line([(124, 94), (124, 40)], 0x3A3A4C, 2.4)
    pen.ellipse(124, 38, 4.5, 4.5, 0xFFE680)


def draw_farm(pen: Pen, light: Light, variant: int) -> None:
    """A barn, a silo and golden rows of wheat."""
    barn = (0xC8382E, 0xB4472A, 0x9A3A3A)[variant]
    wheat = light.ground((0xE8BE4A, 0xDDB456, 0xF0CC58)[variant])
    pen.ellipse(64, 96, 100, 26, light.leaf(0x8DB84A))
    x = (4, 66, 4)[variant]
    pen.rect(x, 42, 58, 48, barn)
    pen.poly([(x - 4, 44), (x + 8, 24), (x + 29, 13), (x + 50, 24), (x + 62, 44)], light.leaf(0x5A4650), 1)
    pen.poly([(x + 3, 45), (x + 12, 28), (x + 29, 19), (x + 46, 28), (x + 55, 45)], barn)
    pen.rect(x + 16, 58, 26, 32, 0xFFF4E4)
    pen.rect(x + 18.5, 60.5, 21, 30, darker(barn, 0.2))
    for ends in ([(x + 19, 61), (x + 39, 90)], [(x + 39, 61), (x + 19, 90)]):
        pen.line(ends, 0xFFF4E4, 2.4)
    pen.ellipse(x + 29, 38, 6, 6, 0xFFF4E4)
    pen.ellipse(x + 29, 38, 4, 4, 0x5A3440)
    side = (98, 24, 98)[variant]
    if variant == 2:
        pen.ellipse(side, 82, 18, 14, 0xF0C84A)
        pen.ellipse(side, 82, 11, 8.5, 0xD8A83A)
        pen.ellipse(side, 82, 4.5, 3.5, 0xF0C84A)
    else:
        pen.rect(side - 11, 40, 22, 52, 0xC9D2DA)
        pen.ellipse(side, 40, 11, 10, light.leaf(0x8F9CAA))
        for y in (54, 68):
            pen.line([(side - 11, y), (side + 11, y)], 0x9AA8B4, 1.6)
    pen.rect(0, 88, 128, 40, wheat)
    for y in (95, 104, 114, 124):
        pen.line([(0, y), (128, y)], darker(wheat, 0.15), 2.6)
        for tuft in range(4 + y % 3 * 3, 128, 11):
            pen.line([(tuft, y), (tuft + 1.5, y - 4.5)], darker(wheat, 0.15), 1.6)


def draw_playground(pen: Pen, light: Light, variant: int) -> None:
    """A slide and a swing on a soft coloured floor before trees."""
    slide, frame, floor = (
        (0xE8413C, 0x2F6FD8, 0xE89A6A),
        (0xF5B82E, 0xD8407A, 0x78B8C8),
        (0x3AA860, 0x8A4AC8, 0xE8B878),
    )[variant]
    for x in range(0, 140, 22):
        pen.ellipse(x, 68, 16, 16, light.leaf(0x6CBF6A))
    pen.rect(0, 68, 128, 24, light.leaf(0x6CBF6A))
    pen.rect(0, 86, 128, 42, light.ground(floor))
    pen.ellipse(64, 112, 54, 11, light.ground(lighter(floor, 0.25)))
    for foot in (70, 82, 112, 124):
        pen.line([(foot, 94), (76 if foot < 90 else 118, 26)], frame, 3.4)
    pen.line([(74, 26), (120, 26)], frame, 4)
    for x in (88, 106):
        pen.line([(x - 4, 27), (x - 4, 66)], 0x5A5A68, 1.3)
        pen.line([(x + 4, 27), (x + 4, 66)], 0x5A5A68, 1.3)
        pen.line([(x - 6, 67), (x + 6, 67)], slide, 4)
    for x in (6, 20):
        pen.line([(x, 95), (x, 34)], 0x5A5A78, 3)
    for y in range(48, 95, 9):
        pen.line([(6, y), (20, y)], 0x5A5A78, 2)
    pen.poly([(1, 30), (13, 16), (25, 30)], frame, 1.5)
    pen.line([(20, 46), (44, 84), (56, 92)], darker(slide, 0.25), 10)
    pen.line([(20, 45), (44, 83), (56, 91)], slide, 7)


def draw_castle(pen: Pen, light: Light, variant: int) -> None:
    """A great castle with round towers and pointed roofs."""
    stone = (0xC9C3D6, 0xDCCBB0, 0xB4C2CE)[variant]
    roof = light.leaf((0x7B4AB8, 0xD8485A, 0x2F72C0)[variant])
    pen.rect(20, 46, 88, 46, stone)
    for x in range(20, 108, 12):
        pen.rect(x, 40, 7, 8, stone)
    for x in (4, 100):
        pen.rect(x, 34, 24, 60, darker(stone, 0.1))
        pen.poly([(x - 3, 35), (x + 12, 6), (x + 27, 35)], roof, 1)
        pen.arch(x + 8, x + 16, 46, 60, 0x4A4468)
        pen.line([(x + 12, 6), (x + 12, 0)], 0x5A4A50, 1.4)
        pen.poly([(x + 12, 0), (x + 20, 2.5), (x + 12, 5)], 0xFFC93A)
    for x in (36, 76):
        pen.rect(x, 30, 16, 40, darker(stone, 0.05))
        pen.poly([(x - 2, 31), (x + 8, 10), (x + 18, 31)], roof, 1)
        pen.arch(x + 5, x + 11, 40, 51, 0x4A4468)
    pen.arch(49, 79, 52, 94, darker(stone, 0.3))
    pen.arch(52, 76, 55, 94, 0x6B4028)
    for x in (58, 64, 70):
        pen.line([(x, 57), (x, 92)], 0x54301C, 1.4)
    pen.rect(0, 90, 128, 38, light.ground((0x8FAE7A, 0xA8AE78, 0x84A890)[variant]))
    pen.poly([(50, 90), (78, 90), (112, 128), (16, 128)], light.ground(darker(stone, 0.12)))
    for x, y in ((60, 96), (72, 100), (52, 108), (84, 112), (44, 121), (70, 120)):
        pen.ellipse(x, y, 4, 1.6, light.ground(darker(stone, 0.25)))


def draw_lamps(pen: Pen, place: str, variant: int) -> None:
    """The lit windows of a place at night."""
    if place == "street":
        for i, (x, top) in enumerate(_HOUSES):
            pen.rect(x + (6 if (i + variant) % 2 else 21), top + 8, 9, 11, _LAMP)
            if i % 2:
                pen.rect(x + 5, top + 29, 10, 13, _LAMP)
        pen.glow(124, 38, 20, _LAMP, 0.6)
        pen.ellipse(124, 38, 4.5, 4.5, _LAMP)
    elif place == "castle":
        for x, top, bottom in ((12, 46, 60), (108, 46, 60), (41, 40, 51), (81, 40, 51)):
            pen.arch(x, x + (8 if bottom == 60 else 6), top, bottom, _LAMP)
    elif place == "farm":
        pen.ellipse((4, 66, 4)[variant] + 29, 38, 4, 4, _LAMP)
