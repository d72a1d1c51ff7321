"""Backdrops of seven more places under a roof: school, library, shop, bakery, bathroom, attic, cave."""

from collections.abc import Sequence

from lianhuan.world.draw_rooms import draw_frame, draw_window, room_tint
from lianhuan.world.draw_sky import Light
from lianhuan.world.pen import Pen, darker, lighter, mix

_LAMP = 0xFFE08A
_COVERS = (0xD8433C, 0x2F6FD8, 0xF0B838, 0x3A9A58, 0x8A4AB8, 0xE8843A, 0x38A0A8)


def _planks(pen: Pen, colour: int, top: float = 88) -> None:
    pen.rect(0, top, 128, 128 - top, colour)
    for i, y in enumerate((top + 8, top + 18, top + 30)):
        pen.line([(0, y), (128, y)], darker(colour, 0.14), 1.2)
        for x in range(10 + 17 * i % 30, 128, 42):
            pen.line([(x, y), (x, y + 9)], darker(colour, 0.14), 1.0)


def _lamp(pen: Pen, light: Light, x: float, y: float, colour: int) -> None:
    """A lamp that hangs from the ceiling; it is on at night."""
    if light.time == "night":
        pen.glow(x, y + 4, 26, _LAMP, 0.7)
    pen.line([(x, 0), (x, y)], 0x4A4450, 1.4)
    pen.poly([(x - 3, y - 4), (x + 3, y - 4), (x + 8, y + 3), (x - 8, y + 3)], colour, 1)
    pen.ellipse(x, y + 4.5, 3, 2.2, _LAMP if light.time == "night" else 0xFFF6D8)


def _books(pen: Pen, x: float, floor: float, width: float, height: float, first: int) -> None:
    """A row of upright books on a shelf."""
    at, i = x, first
    while at < x + width - 2.6:
        wide = 2.8 + i * 7 % 3 * 0.7
        tall = height - i * 5 % 4 * 1.1
        pen.rect(at, floor - tall, min(wide, x + width - at), tall, _COVERS[i % 7], 0.4)
        at, i = at + wide + 0.25, i + 1


def draw_school(pen: Pen, light: Light, variant: int) -> None:
    """A classroom: blackboard with sums, window, desks, a globe."""
    wall, board, desk = (
        (0xF8EAC0, 0x2E6A50, 0xE0A050),
        (0xCFE6DA, 0x34384A, 0xC87848),
        (0xDCE2F6, 0x2A5A8A, 0xE8B85A),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 90, wall)
        pen.rect(0, 64, 128, 26, darker(wall, 0.12))
        for i in range(9):
            pen.rect(4 + 14 * i, 2, 9, 8, _COVERS[(i + variant) % 7], 1.5)
    draw_window(pen, light, 90, 16, 36, 34)
    with pen.tinted(room_tint(light)):
        draw_frame(pen, 90, 16, 36, 34, 0xFFFFFF)
        pen.rect(6, 15, 78, 42, 0xA86E3E, 2)
        pen.rect(9, 18, 72, 36, board, 1)
        _chalk(pen, variant)
        pen.rect(14, 57, 30, 3, 0x8A5A34, 1)
        _planks(pen, 0xD9A66A)
        pen.rect(0, 85, 128, 3.5, 0xFFFFFF)
        for x in (-6, 106):
            pen.rect(x + 3, 92, 4, 18, darker(desk, 0.3))
            pen.rect(x + 21, 92, 4, 18, darker(desk, 0.3))
            pen.rect(x, 84, 28, 9, darker(desk, 0.16), 2)
            pen.rect(x, 82, 28, 5, desk, 2)
        pen.ellipse(116, 73, 6.5, 6.5, 0x3A9AE0)
        pen.blob([(112, 70), (117, 68), (118, 73), (113, 75)], 0x4FB04A)
        pen.line([(111, 82), (121, 82)], 0x6B4226, 2.2)
        for y, colour in ((79, 0xD8433C), (76.5, 0xF0B838)):
            pen.rect(3, y, 14, 2.6, colour, 0.8)
    _lamp(pen, light, 46, 8, 0xFFFFFF)


def _chalk(pen: Pen, variant: int) -> None:
    """A sum and a small drawing on the board."""
    white = 0xF4F6F0
    if variant == 2:
        pen.line([(18, 46), (28, 26), (38, 46)], white, 1.7)
        pen.line([(22, 39), (34, 39)], white, 1.5)
    else:
        pen.line([(18, 28), (22, 25), (22, 45)], white, 1.8)
        pen.line([(28, 36), (36, 36)], white, 1.6)
        pen.line([(32, 32), (32, 40)], white, 1.6)
    pen.line([(42, 29), (46, 25), (50, 29), (42, 45), (51, 45)], white, 1.8)
    pen.line([(56, 33), (63, 33)], white, 1.6)
    pen.line([(56, 39), (63, 39)], white, 1.6)
    pen.ellipse(71, 30 + variant * 5, 4, 4, 0xFFE27A)


def draw_library(pen: Pen, light: Light, variant: int) -> None:
    """Walls of books to the ceiling, a ladder, a window between the shelves, a deep carpet."""
    wood, carpet, wall = (
        (0x8A5430, 0xA83A48, 0xF0DDB8),
        (0x6A4A3A, 0x3A6A8A, 0xE8D0C0),
        (0xB07A48, 0x4A7A50, 0xF6EAD0),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 90, wall)
    draw_window(pen, light, 46, 8, 36, 34)
    with pen.tinted(room_tint(light)):
        draw_frame(pen, 46, 8, 36, 34, wood)
        for x, width in ((-2, 44), (86, 44)):
            pen.rect(x, 0, width, 90, darker(wood, 0.3))
            for row, floor in enumerate((20, 40, 60, 80)):
                _books(pen, x + 3, floor, width - 6, 15, row * 3 + variant * 2 + (1 if x > 0 else 0))
                pen.rect(x, floor, width, 3, wood)
            for side in (x, x + width - 3):
                pen.rect(side, 0, 3.4, 90, wood)
        pen.rect(44, 62, 40, 28, darker(wood, 0.3))
        _books(pen, 46, 80, 36, 14, variant + 2)
        pen.rect(44, 60, 40, 4, wood, 1)
        pen.rect(44, 80, 40, 4, wood)
        pen.rect(0, 88, 128, 40, carpet)
        pen.ellipse(64, 112, 58, 13, lighter(carpet, 0.16))
        pen.ellipse(64, 112, 46, 9.4, carpet)
        x = (92, 16, 100)[variant]
        for side in (0, 11):
            pen.line([(x + side, 94), (x + side + 5, 8)], 0xE8C078, 2.4)
        for y in range(18, 92, 10):
            pen.line([(x + (94 - y) * 0.058, y), (x + 11 + (94 - y) * 0.058, y)], 0xE8C078, 1.8)
    pen.line([(64, 60), (64, 52)], 0x4A4450, 2)
    if light.time == "night":
        pen.glow(64, 52, 24, _LAMP, 0.8)
    pen.blob([(55, 53), (58, 44), (70, 44), (73, 53)], 0x3FA868)


def draw_shop(pen: Pen, light: Light, variant: int) -> None:
    """A shop: jars and boxes on shelves, a counter with scales and a till, a striped blind over the shop window."""
    wall, wood, blind = (
        (0xBFE3DC, 0xB87840, 0xE2574A),
        (0xF4D0D8, 0x8A6A4A, 0x3A80C8),
        (0xF6E2A8, 0x9A5A3A, 0x4AA060),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 92, wall)
    draw_window(pen, light, 42, 10, 46, 40)
    with pen.tinted(room_tint(light)):
        draw_frame(pen, 42, 10, 46, 40, wood)
        for i in range(8):
            pen.poly([(38 + 6.8 * i, 4), (44.8 + 6.8 * i, 4), (44.8 + 6.8 * i, 15), (38 + 6.8 * i, 15)],
                     0xFFFFFF if i % 2 else blind)  # fmt: skip
            pen.ellipse(41.4 + 6.8 * i, 15, 3.4, 3, 0xFFFFFF if i % 2 else blind)
        for x in (1, 92):
            for row, y in enumerate((22, 40, 58)):
                pen.rect(x, y, 36, 3, wood, 1)
                _goods(pen, x, y, row + variant)
        pen.rect(-2, 66, 132, 5, lighter(wood, 0.3), 1)
        pen.rect(0, 70, 128, 24, wood)
        for x in range(3, 128, 21):
            pen.rect(x, 74, 17, 16, lighter(wood, 0.14), 1.5)
        pen.rect(4, 52, 20, 14, 0x5A6478, 2)
        pen.rect(7, 46, 12, 8, 0x8FE0B0, 1)
        pen.line([(110, 66), (110, 50)], 0xE0B040, 2.4)
        pen.line([(100, 52), (120, 52)], 0xE0B040, 2)
        for x in (100, 120):
            pen.blob([(x - 7, 56), (x + 7, 56), (x + 4, 61), (x - 4, 61)], 0xE0B040)
        pen.rect(0, 92, 128, 36, 0xE6D8C4)
        for i in range(-3, 12):
            pen.line([(64 + (i - 4) * 16, 92), (64 + (i - 4) * 30, 128)], 0xC8B49A, 1.2)
        for y in (98, 107, 118):
            pen.line([(0, y), (128, y)], 0xC8B49A, 1.2)
    _lamp(pen, light, 64, 20, blind)


def _goods(pen: Pen, x: float, y: float, row: int) -> None:
    """Jars with lids and boxes on a board."""
    for i in range(4):
        colour = _COVERS[(i * 2 + row) % 7]
        left = x + 1.5 + 8.8 * i
        if (i + row) % 2:
            pen.rect(left, y - 11, 7.2, 11, 0xEAF6FF, 2)
            pen.rect(left + 0.8, y - 7, 5.6, 6.4, colour, 1.4)
            pen.rect(left + 0.4, y - 12.4, 6.4, 2.6, darker(colour, 0.3), 0.8)
        else:
            pen.rect(left, y - 9, 7.6, 9, colour, 0.8)
            pen.rect(left + 1.6, y - 6.4, 4.4, 3, 0xFFFFFF, 0.4)


def draw_bakery(pen: Pen, light: Light, variant: int) -> None:
    """A brick oven with a fire, boards of loaves, a counter with buns."""
    wall, brick, cloth = (
        (0xFBE3B8, 0xB85A40, 0xD8433C),
        (0xF4D6B4, 0x9A6A5A, 0x3A80C8),
        (0xEED8CC, 0xC8764A, 0x6AA04A),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 92, wall)
    draw_window(pen, light, 42, 6, 40, 34)
    with pen.tinted(room_tint(light)):
        draw_frame(pen, 42, 6, 40, 34, 0x8A5A34)
        for row, y in enumerate((20, 38, 56)):
            pen.rect(0, y, 38, 3, 0x8A5A34, 1)
            _loaves(pen, y, row)
        pen.rect(86, 0, 42, 92, brick)
        for i, y in enumerate(range(6, 92, 7)):
            pen.line([(86, y), (128, y)], lighter(brick, 0.3), 0.9)
            for x in range(92 + i % 2 * 5, 128, 10):
                pen.line([(x, y - 7), (x, y)], lighter(brick, 0.3), 0.9)
        pen.arch(90, 124, 22, 66, darker(brick, 0.4))
        pen.arch(93, 121, 26, 64, 0x2E1E26)
    pen.glow(107, 56, 22, 0xFF9A30, 0.9)
    for x, high, colour in (
        (101, 12, 0xFF8A1E),
        (108, 17, 0xFF8A1E),
        (114, 11, 0xFF8A1E),
        (106, 9, 0xFFD84A),
        (111, 7, 0xFFD84A),
    ):
        pen.blob(
            [(x - 4, 64), (x - 3, 64 - high * 0.5), (x, 62 - high), (x + 3, 64 - high * 0.5), (x + 4, 64)],
            colour,
        )
    with pen.tinted(room_tint(light)):
        pen.rect(-2, 68, 88, 5, 0xFFF6E8, 1)
        pen.rect(0, 72, 84, 22, cloth)
        for x in range(0, 84, 12):
            pen.rect(x, 72, 6, 22, lighter(cloth, 0.75))
        for x in (8, 20, 32, 70):
            pen.ellipse(x, 66, 5.6, 4.2, 0xDB9440)
            pen.ellipse(x - 1, 64.6, 2.6, 1.4, 0xF2BE70)
        _planks(pen, 0xC89058, 92)


def _loaves(pen: Pen, y: float, row: int) -> None:
    crust = (0xD08A3C, 0xE0A850, 0xB8702E)[row]
    for i, x in enumerate((7, 19, 31)):
        if row == 1:
            pen.rect(x - 1.8, y - 14, 3.8, 14, crust, 1.9)
            pen.rect(x + 3.0, y - 12, 3.6, 12, darker(crust, 0.1), 1.8)
        else:
            pen.ellipse(x, y - 4, 5.6, 4.6, crust)
            for dx in (-2.2, 0.2, 2.6):
                pen.line([(x + dx, y - 6.4), (x + dx - 1.2, y - 3.2)], lighter(crust, 0.45), 1.0 + 0.1 * i)


def draw_bathroom(pen: Pen, light: Light, variant: int) -> None:
    """Tiles, a bathtub full of foam, a basin under a mirror, towels."""
    tile, tub, towel = (
        (0x8FD0E8, 0xFFFFFF, 0xFF8FB0),
        (0xA8E0C0, 0xFFF2E0, 0xF0B040),
        (0xD8B8EC, 0xF0FAFF, 0x4A9AD8),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 90, lighter(tile, 0.55))
        pen.rect(0, 44, 128, 46, tile)
        for y in range(4, 90, 10):
            pen.line([(0, y), (128, y)], 0xFFFFFF, 1.0)
        for x in range(4, 128, 10):
            pen.line([(x, 0), (x, 90)], 0xFFFFFF, 1.0)
    draw_window(pen, light, 42, 6, 44, 32)
    with pen.tinted(room_tint(light)):
        draw_frame(pen, 42, 6, 44, 32, 0xFFFFFF)
        pen.ellipse(110, 26, 14, 18, 0xC8A040)
        pen.ellipse(110, 26, 12, 16, 0xDDF2FC)
        pen.line([(104, 30), (112, 16)], 0xFFFFFF, 2.4)
        pen.poly([(96, 58), (124, 58), (120, 68), (100, 68)], 0xFFFFFF, 2)
        pen.rect(106, 68, 8, 26, 0xEDF2F6, 2)
        pen.line([(110, 57), (110, 50), (105, 50)], 0x9AA8B4, 2.6)
        pen.line([(2, 16), (34, 16)], 0x9AA8B4, 2.2)
        pen.rect(6, 16, 12, 26, towel, 1.5)
        pen.rect(20, 16, 11, 20, lighter(towel, 0.5), 1.5)
        pen.rect(0, 88, 128, 40, mix(tile, 0xF4F0E8, 0.7))
        for y in (97, 107, 118):
            pen.line([(0, y), (128, y)], mix(tile, 0xFFFFFF, 0.3), 1.2)
        pen.ellipse(72, 114, 44, 9.4, lighter(towel, 0.25))
        pen.line([(4, 98), (4, 104)], 0xC8A040, 4)
        pen.line([(40, 98), (40, 104)], 0xC8A040, 4)
        for x, y, size in ((6, 68, 6), (15, 64, 7.5), (26, 63, 7.5), (36, 67, 6.5), (20, 57, 5)):
            pen.ellipse(x, y, size, size * 0.9, 0xF8FCFF)
        pen.poly([(-4, 70), (48, 70), (42, 98), (2, 98)], darker(tub, 0.1), 3)
        pen.rect(-6, 68, 58, 6, tub, 3)
        for x, y in ((12, 50), (24, 46), (33, 54)):
            pen.ellipse(x, y, 2.4, 2.4, 0xD8F2FF)
    _lamp(pen, light, 64, 6, 0xFFFFFF)


def draw_attic(pen: Pen, light: Light, variant: int) -> None:
    """Sloping beams, a round window, an old chest, boxes, a cobweb."""
    wood, wall, chest = (
        (0x9A6A42, 0xD8B088, 0x7A3A2C),
        (0x7A5A48, 0xC8A890, 0x3A5A7A),
        (0xA88858, 0xC2CCA4, 0x4A6A3A),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 90, wall)
        for x in range(8, 128, 12):
            pen.line([(x, 0), (x, 90)], darker(wall, 0.12), 1.2)
    draw_window(pen, light, 40, 13, 48, 48, 24)
    with pen.tinted(room_tint(light)):
        for ends in ([(64, 13), (64, 61)], [(40, 37), (88, 37)]):
            pen.line(ends, wood, 2.6)
        ring: Sequence[tuple[float, float]] = [(64 + 24 * x, 37 + 24 * y) for x, y in _CIRCLE]
        pen.line(ring, wood, 4)
        for side in (0, 128):
            towards = 1 if side == 0 else -1
            pen.poly([(side, 0), (side + towards * 56, 0), (side, 76)], darker(wood, 0.35))
            pen.line([(side + towards * 58, -2), (side - towards * 2, 80)], wood, 6)
            pen.line([(side + towards * 30, -2), (side - towards * 2, 42)], darker(wood, 0.15), 4)
        pen.rect(0, 6, 128, 6, wood)
        for x, y in ((20, 46), (14, 56), (8, 66)):
            pen.line([(0, y - 40 if y < 50 else y - 30), (x + 8, y - 26)], 0xE8E4E0, 0.9)
        for far in (7, 13, 19):
            pen.curve((0, 14 + far), (far * 0.7, 12 + far * 0.8), (far, 12), 0xE8E4E0, 0.9)
        _planks(pen, darker(wood, 0.08), 86)
        _chest(pen, (100, 4, 100)[variant], chest)
        box = (2, 96, 2)[variant]
        pen.rect(box, 74, 28, 22, 0xD0A468, 1)
        pen.rect(box + 12, 74, 4, 22, 0xEFD8A8)
        pen.rect(box + 4, 58, 20, 16, 0xBC8C54, 1)
        pen.rect(box + 12, 58, 4, 16, 0xEFD8A8)
    _lamp(pen, light, 96, 22, 0xC8A040)


_CIRCLE = ((1, 0), (0.924, 0.383), (0.707, 0.707), (0.383, 0.924), (0, 1), (-0.383, 0.924), (-0.707, 0.707), (-0.924, 0.383),
           (-1, 0), (-0.924, -0.383), (-0.707, -0.707), (-0.383, -0.924), (0, -1), (0.383, -0.924), (0.707, -0.707),
           (0.924, -0.383), (1, 0))  # fmt: skip


def _chest(pen: Pen, x: float, colour: int) -> None:
    pen.rect(x, 76, 26, 20, colour, 1.5)
    pen.blob(
        [(x - 1, 78), (x - 1, 64), (x + 6, 62), (x + 20, 62), (x + 27, 64), (x + 27, 78)],
        lighter(colour, 0.15),
    )
    for dx in (3, 20):
        pen.rect(x + dx, 64, 3, 32, 0xE0B040)
    pen.rect(x - 0.5, 76, 27, 2.4, 0xE0B040)
    pen.rect(x + 10.5, 74, 5, 6.5, 0xFFDB6E, 1)


def draw_cave(pen: Pen, light: Light, variant: int) -> None:
    """Dark rock around a bright mouth, spikes of stone above and below, crystals."""
    rock, crystal = ((0x5A5468, 0x5AD0F0), (0x6A564C, 0xFF8AC8), (0x3C6258, 0xA8F06A))[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 128, rock)
    draw_window(pen, light, 30, 12, 70, 66, 30)
    with pen.tinted(room_tint(light)):
        edge = darker(rock, 0.3)
        for points in (
            [(24, 84), (20, 30), (34, 4), (44, 12), (36, 34), (42, 52), (33, 70), (36, 84)],
            [(30, 24), (28, 4), (100, 2), (104, 26), (92, 22), (80, 14), (64, 19), (50, 13), (40, 22)],
            [(106, 84), (110, 30), (96, 6), (88, 16), (96, 36), (90, 54), (98, 68), (94, 84)],
        ):
            pen.poly(points, edge, 1.5)
        for x, half, tip in (
            (6, 7, 34),
            (20, 6, 24),
            (38, 5, 20),
            (62, 5, 16),
            (84, 5, 20),
            (106, 6, 28),
            (121, 7, 38),
        ):
            pen.poly([(x - half, -2), (x + half, -2), (x, tip)], darker(rock, 0.45), 1)
        for x, y, rx, ry in ((6, 60, 12, 26), (122, 64, 12, 28), (18, 40, 5, 9), (112, 40, 4, 8)):
            pen.ellipse(x, y, rx, ry, lighter(rock, 0.1))
        pen.blob(
            [(-20, 84), (20, 76), (64, 82), (104, 75), (150, 84), (150, 150), (-20, 150)], darker(rock, 0.14)
        )
        for x, y, rx in ((20, 100, 12), (104, 118, 14), (64, 92, 9), (34, 122, 10)):
            pen.ellipse(x, y, rx, rx * 0.28, darker(rock, 0.32))
        for x, half, top in ((4, 7, 64), (17, 5, 78), (124, 7, 62), (110, 5, 76)):
            pen.poly([(x - half, 98), (x, top), (x + half, 98)], darker(rock, 0.4), 1)
    for x, y, turn, long in (
        (8, 96, -16, 17),
        (14, 97, 8, 13),
        (21, 98, 24, 9),
        (106, 96, -20, 11),
        (114, 97, 4, 18),
        (121, 97, 20, 13),
    ):
        with pen.moved(x, y, turn=turn):
            pen.poly([(-2.8, 0), (-2.8, -long * 0.7), (0, -long), (2.8, -long * 0.7), (2.8, 0)], crystal, 0.5)
            pen.poly([(0, 0), (0, -long), (2.8, -long * 0.7), (2.8, 0)], darker(crystal, 0.22))
