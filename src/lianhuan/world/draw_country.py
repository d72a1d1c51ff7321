"""Backdrops of seven more places in nature: desert, lake, island, orchard, jungle, snowfield, wheatfield."""

from lianhuan.world.draw_sky import Light
from lianhuan.world.pen import Pen, darker, lighter, mix


def _pine(pen: Pen, light: Light, x: float, y: float, size: float, colour: int) -> None:
    pen.rect(x - 1.6 * size, y - 5 * size, 3.2 * size, 6 * size, 0x6B4A34)
    for i, half in enumerate((9, 7, 5)):
        base = y - (4 + 8 * i) * size
        pen.poly(
            [(x - half * size, base), (x, base - 13 * size), (x + half * size, base)], light.leaf(colour), 0.6
        )


def draw_desert(pen: Pen, light: Light, variant: int) -> None:
    """Dunes behind dunes; cacti, pyramids or a red table mountain."""
    sand = light.leaf((0xEDA556, 0xE8B468, 0xDB8C52)[variant])
    if variant == 1:
        for x, top, half in ((30, 26, 36), (88, 40, 28)):
            pen.poly([(x - half, 84), (x, top), (x + half, 84)], light.leaf(0xD89848))
            pen.poly([(x, top), (x + half, 84), (x + 7, 84)], light.leaf(0xA86E3A))
    elif variant == 2:
        rock = light.leaf(0xB8553A)
        pen.poly([(4, 84), (10, 40), (40, 40), (48, 84)], rock, 1.5)
        pen.poly([(86, 84), (90, 50), (98, 50), (100, 34), (116, 34), (122, 84)], rock, 1.5)
        for y in (50, 61, 72):
            pen.line([(9, y), (43, y)], lighter(rock, 0.22), 2)
            pen.line([(91, y + 4), (118, y + 4)], lighter(rock, 0.22), 2)
    far = darker(sand, 0.16)
    pen.blob(
        [(-30, 78), (6, 72), (40, 66), (70, 80), (96, 68), (124, 70), (160, 84), (160, 140), (-30, 140)], far
    )
    pen.blob([(-30, 90), (10, 84), (56, 92), (90, 80), (140, 90), (160, 140), (-30, 140)], sand)
    pen.blob(
        [(-30, 112), (30, 96), (74, 108), (120, 100), (160, 112), (160, 150), (-30, 150)], lighter(sand, 0.22)
    )
    for x, y in ((20, 116), (58, 118), (98, 113), (40, 124), (84, 124)):
        pen.curve((x - 9, y), (x, y - 2.6), (x + 9, y), darker(sand, 0.1), 1.3)
    if variant == 0:
        for x, y, size in ((14, 96, 1.1), (114, 93, 0.9)):
            cactus = light.leaf(0x3E9A56)
            pen.line([(x, y), (x, y - 40 * size)], cactus, 8 * size)
            pen.line(
                [(x - 11 * size, y - 30 * size), (x - 11 * size, y - 19 * size), (x, y - 17 * size)],
                cactus,
                5 * size,
            )
            pen.line(
                [(x + 11 * size, y - 36 * size), (x + 11 * size, y - 25 * size), (x, y - 23 * size)],
                cactus,
                5 * size,
            )
            pen.ellipse(x, y - 44 * size, 2.6, 2.2, 0xFF6A9A)


def draw_lake(pen: Pen, light: Light, variant: int) -> None:
    """A wide lake before hills; one stands on a wooden jetty."""
    water = (0x3A8FD0, 0x2FA0A8, 0x5A88C8)[variant]
    for x, top, half in (((20, 30, 40), (74, 24, 46), (118, 36, 36)), ((8, 38, 40), (60, 32, 44), (112, 22, 46)),
                         ((34, 28, 46), (96, 32, 44), (130, 40, 30)))[variant]:  # fmt: skip
        pen.poly([(x - half, 62), (x, top), (x + half, 62)], light.leaf(mix(0x5A9A78, 0x6A8AB0, 0.5)), 2)
    for x in range(-4, 132, 9):
        _pine(pen, light, x, 62, 0.62 + x % 4 * 0.06, 0x2E7A54)
    pen.shade(61, 128, lighter(water, 0.35), water)
    for x, y, long in (
        (14, 68, 9),
        (48, 72, 12),
        (100, 69, 10),
        (78, 79, 12),
        (24, 83, 12),
        (112, 86, 11),
        (8, 100, 8),
        (121, 104, 7),
    ):
        pen.line([(x - long, y), (x + long, y)], lighter(water, 0.6), 1.4)
    wood = light.ground((0xB98252, 0x9A7050, 0xC89A68)[variant])
    for x in (8, 34, 94, 120):
        pen.rect(x - 2.4, 84, 4.8, 44, darker(wood, 0.35), 1)
    pen.poly([(22, 92), (106, 92), (136, 128), (-8, 128)], wood)
    for y in (96, 101, 107, 114, 122):
        side = 22 - (y - 92) * 0.83
        pen.line([(side, y), (128 - side, y)], darker(wood, 0.22), 1.3)
    if variant == 1:
        pen.blob([(2, 76), (30, 76), (25, 86), (7, 86)], 0xC8433A)
        pen.line([(4, 78), (29, 78)], 0xFFF0D8, 1.6)
        pen.line([(12, 84), (36, 70)], 0x8A5A34, 1.8)
    elif variant == 2:
        for x, y in ((12, 78), (112, 76), (98, 84)):
            pen.ellipse(x, y, 7, 2.6, light.leaf(0x4FA85A))
            pen.poly([(x - 3, y - 1), (x, y - 6), (x + 3, y - 1)], 0xFF9AC0, 0.8)
    else:
        for x in (2, 7, 12, 118, 123, 127):
            pen.line([(x, 92), (x + 1, 66)], 0x4E8A3E, 1.8)
            pen.line([(x + 1, 69), (x + 1, 61)], 0x7A4A2C, 3.4)


def _palm(pen: Pen, light: Light, x: float, y: float, lean: float, size: float = 1.0) -> None:
    top = (x + lean, y - 52 * size)
    pen.curve((x, y), (x - lean * 0.4, y - 26 * size), top, 0xA8713C, 4.6 * size)
    for dx, dy in ((-18, 4), (-14, -8), (-3, -13), (10, -11), (18, 1), (14, 9), (-10, 10)):
        pen.curve(top, (top[0] + dx * 0.6 * size, top[1] - (5 - dy * 0.5) * size), (top[0] + dx * size, top[1] + (dy + 3) * size),
                  light.leaf(0x2FA05A), 4.4 * size)  # fmt: skip
    for nut in (-2.2, 2.2):
        pen.ellipse(top[0] + nut, top[1] + 2.6, 2.2, 2.2, 0x7A4A2C)


def draw_island(pen: Pen, light: Light, variant: int) -> None:
    """A small round island with palms, the open sea on all sides."""
    sea = (0x1E9FD8, 0x22AFC0, 0x3A7FD0)[variant]
    pen.shade(50, 128, darker(sea, 0.08), lighter(sea, 0.18))
    for x, y in (
        (16, 58),
        (58, 55),
        (104, 60),
        (34, 66),
        (84, 66),
        (118, 74),
        (8, 76),
        (10, 122),
        (118, 122),
        (60, 126),
    ):
        pen.curve((x - 8, y), (x - 4, y - 3), (x, y), lighter(sea, 0.6), 1.5)
        pen.curve((x, y), (x + 4, y - 3), (x + 8, y), lighter(sea, 0.6), 1.5)
    if variant == 1:
        pen.poly([(70, 54), (88, 30), (96, 30), (116, 54)], light.leaf(0x6A7A6A), 1)
        pen.poly([(86, 33), (88, 29), (96, 29), (98, 33)], 0xE8573A, 0.6)
        pen.ellipse(92, 22, 8, 4, 0xE0E4EA)
        pen.ellipse(98, 15, 6, 3.6, 0xE0E4EA)
    elif variant == 0:
        pen.poly([(22, 50), (48, 50), (44, 57), (26, 57)], 0x8A4A2C, 0.6)
        pen.poly([(34, 48), (34, 30), (47, 46)], 0xFFFFFF, 0.5)
        pen.poly([(32, 48), (32, 34), (23, 46)], 0xF6E0D0, 0.5)
    sand = light.ground((0xF8DC98, 0xF2D088, 0xFBE6B4)[variant])
    pen.ellipse(64, 107, 64, 22, lighter(sea, 0.7))
    pen.ellipse(64, 105, 60, 20, darker(sand, 0.08))
    pen.ellipse(64, 104, 58, 18, sand)
    grass = light.ground(0x6CBF5A)
    pen.ellipse(64, 95, 44, 9, grass)
    if variant == 2:
        pen.poly([(92, 92), (96, 66), (122, 66), (124, 92)], 0xC99A5A, 1)
        pen.poly([(88, 68), (109, 46), (128, 68)], light.leaf(0x9A7038), 1.5)
        pen.arch(103, 114, 74, 93, 0x5A3A28)
        _palm(pen, light, 14, 98, 9)
    else:
        _palm(pen, light, 18, 98, -6 if variant else 9)
        _palm(pen, light, 114, 97, 6 if variant else -9, 0.85)


def draw_orchard(pen: Pen, light: Light, variant: int) -> None:
    """Rows of fruit trees on a lawn, fruit on the ground, a ladder at a trunk."""
    fruit, leaf = ((0xE8342C, 0x4FA044), (0xFF9420, 0x3F9A58), (0x9A4AD0, 0x6AA83C))[variant]
    grass = light.ground((0x8FCB56, 0x86C466, 0x9CCB4C)[variant])
    pen.rect(0, 66, 128, 62, grass)
    for y in (78, 88, 100, 114):
        pen.line([(0, y), (128, y)], lighter(grass, 0.16), 2.2)
    for x in (34, 50, 66, 82, 98):
        _fruit_tree(pen, light, x, 76, 0.5, leaf, fruit)
    for x in (12, 117):
        _fruit_tree(pen, light, x, 98, 1.18, leaf, fruit)
    side = 16 if variant == 1 else 98
    for rail in (0, 8):
        pen.line([(side + rail, 98), (side + rail + 7, 50)], 0xE0B878, 2)
    for y in range(58, 96, 8):
        pen.line([(side + (98 - y) * 0.146, y), (side + 8 + (98 - y) * 0.146, y)], 0xE0B878, 1.6)
    for x, y in ((4, 102), (30, 104), (22, 118), (44, 121), (92, 104), (108, 106), (124, 104), (84, 120)):
        pen.ellipse(x, y, 2.7, 2.6, fruit)
        pen.line([(x, y - 2), (x + 1.2, y - 4)], 0x5A3A24, 1)


def _fruit_tree(pen: Pen, light: Light, x: float, y: float, size: float, leaf: int, fruit: int) -> None:
    pen.line([(x, y), (x, y - 30 * size)], 0x7A4E30, 6 * size)
    crown = light.leaf(leaf)
    for dx, dy, r in ((-13, -34, 14), (13, -34, 14), (0, -46, 16), (0, -32, 13)):
        pen.ellipse(x + dx * size, y + dy * size, r * size, r * size * 0.92, crown)
    pen.ellipse(x - 4 * size, y - 48 * size, 9 * size, 6 * size, lighter(crown, 0.14))
    for dx, dy in ((-16, -34), (-7, -43), (4, -52), (10, -40), (18, -32), (0, -30), (-9, -27), (8, -27)):
        pen.ellipse(x + dx * size, y + dy * size, 3.1 * size, 3.1 * size, fruit)


def draw_jungle(pen: Pen, light: Light, variant: int) -> None:
    """Thick leaves and hanging vines; a waterfall or an old temple between them."""
    deep = light.leaf((0x0F5A46, 0x16604A, 0x2A5A34)[variant])
    pen.rect(0, 14, 128, 80, deep)
    for x, y, size in ((10, 24, 26), (44, 14, 22), (84, 16, 24), (120, 26, 26), (30, 48, 18), (100, 50, 20)):
        pen.ellipse(x, y, size, size * 0.8, lighter(deep, 0.07))
    if variant == 1:
        pen.rect(50, 0, 30, 90, 0x7FD4F0)
        for x in (54, 60, 67, 74):
            pen.line([(x, 2), (x, 84)], 0xE0F8FF, 2)
        for x in (48, 58, 70, 82):
            pen.ellipse(x, 87, 9, 5, 0xF4FCFF)
    elif variant == 2:
        for i, (half, top) in enumerate(((34, 68), (26, 54), (18, 40))):
            pen.rect(64 - half, top, 2 * half, 16, light.leaf(mix(0xB0A888, 0x6A7A60, 0.2 * i)), 1)
        pen.arch(57, 71, 64, 86, 0x2E3A30)
    ground = light.ground((0x5E6A2C, 0x4E6E3A, 0x6E6432)[variant])
    pen.blob([(-20, 88), (20, 84), (64, 88), (104, 83), (150, 88), (150, 150), (-20, 150)], ground)
    _vines(pen, light)
    for x, side in ((-2, 1), (130, -1)):
        _fronds(pen, light, x, side)
    for x, y in ((34, 92), (98, 90), (112, 118), (14, 119)):
        pen.ellipse(x, y, 4, 2.6, (0xFF5A7A, 0xFFC93A, 0xE070F0)[variant])
        pen.ellipse(x, y, 1.4, 1.2, 0xFFF3B0)


def _vines(pen: Pen, light: Light) -> None:
    for x, low, bend in ((26, 44, 6), (40, 30, -5), (90, 36, 5), (104, 52, -6), (70, 22, 4)):
        pen.curve((x, -2), (x + bend, low / 2), (x, low), light.leaf(0x6AA83A), 2)
        for y in range(8, low, 9):
            pen.ellipse(x + bend * 0.4 + (2.6 if y % 2 else -2.6), y, 2.6, 1.7, light.leaf(0x7EC24A))


def _fronds(pen: Pen, light: Light, x: float, side: int) -> None:
    """Great leaves that reach into the picture from one side."""
    for reach, rise, colour in (
        (40, 50, 0x2FA85A),
        (46, 26, 0x48BC5C),
        (36, 72, 0x1F8A4E),
        (40, 4, 0x36A050),
    ):
        tip = (x + side * reach * 0.86, 98 - rise)
        root = (x, 100 - rise * 0.35)
        pen.blob(
            [root, (x + side * reach * 0.34, 84 - rise), tip, (x + side * reach * 0.5, 106 - rise * 0.9)],
            light.leaf(colour),
        )
        pen.line(
            [(root[0] + side * 6, root[1] - rise * 0.2), (tip[0] - side * 10, tip[1] + 3)],
            light.leaf(darker(colour, 0.25)),
            1.2,
        )


def draw_snowfield(pen: Pen, light: Light, variant: int) -> None:
    """White hills under the sky, snowy pines; an igloo, a frozen pond or walls of ice."""
    snow = (0xF2F8FF, 0xEAF4FF, 0xF6F4FF)[variant]
    pen.ellipse(20, 100, 74, 46, mix(snow, 0x8AB4E0, 0.42))
    pen.ellipse(112, 98, 70, 40, mix(snow, 0x8AB4E0, 0.3))
    for x, y, size in (
        (6, 74, 1.0),
        (22, 66, 0.8),
        (40, 62, 0.7),
        (96, 66, 0.8),
        (112, 70, 1.0),
        (125, 76, 1.1),
    ):
        _pine(pen, light, x, y, size * 1.1, 0x3A7A78)
        for i, half in enumerate((5, 4, 3)):
            top = y - (15.5 + 8.8 * i) * size
            pen.poly(
                [(x - half * size, top + 5 * size), (x, top - 2.5), (x + half * size, top + 5 * size)],
                0xFFFFFF,
                0.4,
            )
    pen.blob(
        [(-30, 82), (20, 74), (64, 82), (108, 74), (160, 84), (160, 140), (-30, 140)],
        mix(snow, 0xA8C8EC, 0.22),
    )
    pen.blob([(-30, 104), (30, 90), (74, 100), (110, 92), (160, 104), (160, 150), (-30, 150)], snow)
    if variant == 0:
        pen.ellipse(104, 90, 23.4, 21.4, 0x7AA6D4)
        pen.ellipse(104, 90, 22, 20, 0xC8DFF6)
        pen.rect(80, 90, 48, 8, mix(snow, 0xA8C8EC, 0.22))
        for y, wide in ((78, 17.5), (84, 20.5)):
            pen.line([(104 - wide, y), (104 + wide, y)], 0x7AA6D4, 1.4)
        for x, y in ((98, 72), (110, 72), (92, 78), (116, 78), (88, 84), (120, 84)):
            pen.line([(x, y), (x, y + 6)], 0x7AA6D4, 1.4)
        pen.arch(96, 112, 74, 92, 0x7AA6D4)
        pen.arch(98, 110, 76, 92, 0x34507A)
    elif variant == 1:
        pen.ellipse(24, 96, 30, 9, 0xFFFFFF)
        pen.ellipse(24, 96, 27, 7.4, 0x8CCBEA)
        pen.line([(8, 95), (20, 93)], 0xFFFFFF, 1.4)
        pen.line([(26, 99), (40, 97)], 0xFFFFFF, 1.4)
    else:
        for x, top, half in ((8, 56, 14), (26, 72, 9), (120, 60, 13), (104, 76, 8)):
            pen.poly(
                [
                    (x - half, 98),
                    (x - half * 0.5, top + 8),
                    (x, top),
                    (x + half * 0.7, top + 12),
                    (x + half, 98),
                ],
                0x9AD4F0,
                1,
            )
            pen.poly([(x, top), (x + half * 0.7, top + 12), (x + half, 98), (x + 2, 98)], 0x6AB0DC, 0.6)
    for x, y in ((20, 116), (52, 108), (92, 120), (116, 110), (70, 122)):
        pen.curve((x - 8, y), (x, y - 2.4), (x + 8, y), 0xC4DAF2, 1.4)


def draw_wheatfield(pen: Pen, light: Light, variant: int) -> None:
    """Tall golden wheat with a path through it; a scarecrow, bales of straw or a row of poplars."""
    gold = light.ground((0xEFC040, 0xE2A93A, 0xF2CE5A)[variant])
    pen.ellipse(30, 72, 70, 22, light.leaf(0x7AA860))
    pen.ellipse(108, 70, 60, 18, light.leaf(0x8AB468))
    if variant == 2:
        for x in (6, 18, 30, 42, 88, 100, 112, 124):
            pen.ellipse(x, 44, 4.6, 20, light.leaf(0x3E7A44))
    pen.rect(0, 62, 128, 66, gold)
    pen.poly([(60, 62), (68, 62), (104, 128), (24, 128)], light.ground(0xB98A50))
    for row, y in enumerate((68, 76, 85, 96, 109, 124)):
        half = 6 + (y - 62) * 0.6
        for x in range(-4 + row * 3 % 5, 132, 6):
            if abs(x - 64) > half:
                tall = 7 + row * 2.6
                pen.line([(x, y + 3), (x + 1, y - tall * 0.5)], darker(gold, 0.2), 1.3)
                pen.line([(x + 1, y - tall * 0.5), (x + 2.2, y - tall)], lighter(gold, 0.32), 2.6)
    if variant == 0:
        _scarecrow(pen, 16)
    elif variant == 1:
        for x, y, size in ((14, 84, 14), (112, 80, 12), (98, 92, 9)):
            pen.ellipse(x, y, size * 1.15, size, darker(gold, 0.24))
            pen.ellipse(x - size * 0.15, y, size * 0.9, size * 0.9, lighter(gold, 0.3))
            for share in (0.6, 0.3):
                pen.ellipse(x - size * 0.15, y, size * share, size * share, darker(gold, 0.12 + share * 0.1))


def _scarecrow(pen: Pen, x: float) -> None:
    pen.line([(x, 98), (x, 40)], 0x7A4E30, 3)
    pen.line([(x - 15, 54), (x + 15, 54)], 0x7A4E30, 3)
    pen.poly(
        [
            (x - 12, 51),
            (x + 12, 51),
            (x + 12, 58),
            (x + 6, 58),
            (x + 7, 78),
            (x - 7, 78),
            (x - 6, 58),
            (x - 12, 58),
        ],
        0x4A7AB8,
        1,
    )
    pen.ellipse(x, 42, 7, 7, 0xF2DCA8)
    for side in (-1, 1):
        pen.ellipse(x + side * 2.4, 41, 1, 1.2, 0x3A2A20)
    pen.curve((x - 2.6, 44.5), (x, 46.6), (x + 2.6, 44.5), 0x3A2A20, 1)
    pen.ellipse(x, 36, 11, 2.8, 0x8A5A34)
    pen.poly([(x - 6, 35), (x - 3, 26), (x + 4, 26), (x + 6, 35)], 0x8A5A34, 0.8)
