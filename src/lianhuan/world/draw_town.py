"""Backdrops of six more places that people built: market, bridge, park, harbour, station, village."""

from lianhuan.world.draw_sky import Light
from lianhuan.world.pen import Pen, darker, lighter, mix

_LAMP = 0xFFE27A
_FLAGS = (0xE8413C, 0xF5C52E, 0x3AA860, 0x2F6FD8, 0xD85AB0)


def _cobbles(pen: Pen, light: Light, top: float, colour: int) -> None:
    ground = light.ground(colour)
    pen.rect(0, top, 128, 128 - top, ground)
    for row, y in enumerate(range(int(top) + 5, 128, 7)):
        for x in range(row % 2 * 6, 134, 12):
            pen.ellipse(x, y, 4.6, 2.1, lighter(ground, 0.16) if (x + row) % 3 else darker(ground, 0.1))


def draw_market(pen: Pen, light: Light, variant: int) -> None:
    """Stalls with striped roofs and crates of fruit under strings of flags."""
    stripes = (
        (0xE8413C, 0x2F8FD8, 0x3AA860),
        (0xF08A2A, 0x8A4AC8, 0xE8413C),
        (0x2F8FD8, 0xE85A8A, 0xF0B82E),
    )[variant]
    wall = (0xE8CDA0, 0xD8C0C8, 0xC8D4DC)[variant]
    for x, top, width in ((-4, 26, 34), (30, 34, 34), (64, 24, 32), (96, 32, 36)):
        pen.rect(x, top, width, 60, darker(wall, 0.06 + top % 4 * 0.03))
        pen.poly([(x - 2, top), (x + width / 2, top - 12), (x + width + 2, top)], light.leaf(0x9A5A4A), 1)
        pen.rect(x + width / 2 - 4, top + 4, 8, 9, 0x8FC7EE, 1)
    pen.rect(0, 84, 128, 10, darker(wall, 0.3))
    _cobbles(pen, light, 90, (0xB0A494, 0xA8A4B0, 0xB8AC90)[variant])
    for i, (x, width) in enumerate(((-6, 46), (43, 42), (88, 46))):
        for post in (x + 2, x + width - 4):
            pen.rect(post, 46, 2.6, 50, 0x7A5236)
        pen.rect(x, 74, width, 20, 0xB0794A, 1)
        pen.rect(x, 74, width, 3.4, 0xD8A468, 1)
        for k in range(int(width / 7)):
            colour = (0xE8413C, 0xF5B82E, 0x58B048, 0xF08A2A)[(k + i + variant) % 4]
            for dx, dy in ((2, 72), (5, 72), (3.5, 69)):
                pen.ellipse(x + 1 + 7 * k + dx, dy, 2.5, 2.5, colour)
        count = 7
        step = (width + 4) / count
        for k in range(count):
            left = x - 2 + k * step
            colour = 0xFFF8EE if k % 2 else light.leaf(stripes[i])
            pen.poly([(left + 1.5, 40), (left + step + 0.8, 40), (left + step, 54), (left, 54)], colour)
            pen.ellipse(left + step / 2, 54, step / 2, 3.2, colour)
    for k in range(11):
        flag = 2 + 12.4 * k
        y = 14 + 6 * (1 - abs((flag - 64) / 64) ** 2)
        pen.poly([(flag - 4, y), (flag + 4, y), (flag, y + 8)], _FLAGS[(k + variant) % 5])


def draw_bridge(pen: Pen, light: Light, variant: int) -> None:
    """One stands on a bridge over a river that comes from the hills."""
    stone = light.leaf((0xBDB4A8, 0xA87448, 0xD0403A)[variant])
    water = (0x3F9FE0, 0x36B0CC, 0x4A90D8)[variant]
    grass = light.ground((0x7FBF5A, 0x92BE58, 0x6CB868)[variant])
    pen.ellipse(16, 84, 66, 34, mix(grass, 0x5A98A0, 0.4))
    pen.ellipse(116, 84, 60, 30, mix(grass, 0x5A98A0, 0.25))
    pen.rect(0, 68, 128, 60, grass)
    pen.blob([(58, 64), (70, 64), (78, 76), (118, 92), (132, 134), (-4, 134), (10, 92), (50, 76)], water)
    for x, y, long in ((62, 72, 4), (56, 78, 7), (74, 82, 8), (50, 86, 9)):
        pen.line([(x - long, y), (x + long, y)], lighter(water, 0.55), 1.4)
    for x in (6, 122):
        pen.ellipse(x, 54, 13, 15, light.leaf(0x3F9A4E))
        pen.line([(x, 78), (x, 62)], 0x7A4E30, 4)
    pen.rect(0, 94, 128, 24, light.ground(lighter(stone, 0.2) if variant < 2 else 0xD8B078))
    _parapet(pen, stone, variant)
    pen.rect(0, 116, 128, 12, darker(stone, 0.16))
    for x in (16, 64, 112):
        pen.ellipse(x, 132, 19, 14, darker(water, 0.12))
        pen.line(
            [(x - 19, 127), (x - 13, 121), (x, 117.6), (x + 13, 121), (x + 19, 127)], lighter(stone, 0.25), 2
        )


def _parapet(pen: Pen, stone: int, variant: int) -> None:
    """The railing behind: stone blocks, ropes between posts or red lattice."""
    if variant == 0:
        pen.rect(0, 83, 128, 12, darker(stone, 0.2))
        for row, y in enumerate((83, 89)):
            for x in range(row * 8 - 8, 136, 16):
                pen.rect(x + 0.7, y + 0.6, 14.6, 5, lighter(stone, 0.12) if x % 3 else darker(stone, 0.06), 1)
        pen.rect(0, 80, 128, 4.4, lighter(stone, 0.35), 1.4)
        for x in (2, 126):
            pen.rect(x - 8, 70, 16, 26, stone, 1.4)
            pen.rect(x - 10, 67, 20, 5, lighter(stone, 0.35), 1.4)
        return
    for x in range(8, 128, 28):
        pen.rect(x - 2.6, 66, 5.2, 30, darker(stone, 0.2), 1)
        pen.ellipse(x, 66, 3.8, 3.8, stone if variant == 1 else 0xF0C040)
        if variant == 1:
            for y in (72, 83):
                pen.curve((x, y), (x + 14, y + 8), (x + 28, y), 0xE8D0A0, 2.4)
        else:
            pen.line([(x, 74), (x + 28, 92)], stone, 2.2)
            pen.line([(x, 92), (x + 28, 74)], stone, 2.2)
    if variant == 1:
        pen.curve((-20, 72), (-6, 80), (8, 72), 0xE8D0A0, 2.4)
        pen.curve((-20, 83), (-6, 91), (8, 83), 0xE8D0A0, 2.4)
    else:
        pen.rect(0, 71, 128, 4, stone, 1)
        pen.rect(0, 91, 128, 4, stone, 1)


def draw_park(pen: Pen, light: Light, variant: int) -> None:
    """Lawns, a curved path, a bench, a street lamp; a fountain, a pond or a band stand."""
    lawn = light.ground((0x76C85A, 0x84CC4E, 0x66BE66)[variant])
    for x, y, size, colour in ((4, 50, 17, 0x3F9A4A), (30, 56, 14, 0x57AC4E), (56, 58, 11, 0x4AA456), (84, 57, 13, 0x3F9A4A),
                               (106, 52, 16, 0x57AC4E), (128, 50, 16, 0x3A9050)):  # fmt: skip
        pen.line([(x, 78), (x, y)], 0x7A5236, 4)
        pen.ellipse(x, y - 4, size, size, light.leaf(colour))
    pen.rect(0, 72, 128, 56, lawn)
    pen.blob([(70, 70), (80, 72), (60, 84), (66, 92), (128, 104), (140, 134), (-10, 134), (0, 106), (46, 92), (48, 84)],
             light.ground(0xE6CFA0))  # fmt: skip
    bench = (0xB8703C, 0x3A7A5A, 0xB8483A)[variant]
    for y in (70, 75, 81):
        pen.rect(2, y, 34, 3.6, bench, 1)
    pen.rect(1, 85, 36, 3.4, darker(bench, 0.15), 1)
    for x in (6, 32):
        pen.line([(x, 69), (x, 96)], 0x3A3A48, 2.4)
    pen.line([(96, 98), (96, 34)], 0x34405A, 2.8)
    pen.ellipse(96, 30, 5.4, 6.2, 0xFFF2B8)
    pen.poly([(89, 25), (96, 19), (103, 25)], 0x34405A, 0.8)
    if variant == 0:
        pen.ellipse(116, 90, 17, 6, 0xB8BCC8)
        pen.ellipse(116, 89, 14, 4.2, 0x6CC4F0)
        pen.rect(113.5, 70, 5, 18, 0xB8BCC8)
        for dx in (-10, -5, 5, 10):
            pen.curve((116, 70), (116 + dx * 0.6, 56), (116 + dx, 86), 0xC8F0FF, 1.8)
    elif variant == 1:
        pen.ellipse(114, 92, 22, 8, 0xA8A494)
        pen.ellipse(114, 92, 20, 6.6, 0x58B4E8)
        for x, y in ((108, 91), (118, 93)):
            pen.ellipse(x, y, 4, 2.4, 0xFFFFFF)
            pen.ellipse(x + 3.4, y - 2.6, 1.8, 1.8, 0xFFFFFF)
            pen.line([(x + 5, y - 2.4), (x + 6.4, y - 2.2)], 0xF08A2A, 1.4)
    else:
        pen.rect(104, 84, 24, 10, 0xF4EDE0, 1)
        for x in (105, 115, 125):
            pen.rect(x, 58, 2.4, 28, 0xFFFFFF)
        pen.poly([(100, 60), (116, 42), (132, 60)], light.leaf(0x3A80B8), 1)


def draw_harbour(pen: Pen, light: Light, variant: int) -> None:
    """Ships at a stone quay with bollards; a crane, a lighthouse or sheds."""
    sea = (0x2F86C0, 0x2A9AA8, 0x4A7CC0)[variant]
    pen.shade(56, 100, darker(sea, 0.1), lighter(sea, 0.1))
    for x, y in ((50, 62), (78, 66), (60, 84), (30, 88), (96, 86)):
        pen.line([(x - 7, y), (x + 7, y)], lighter(sea, 0.5), 1.4)
    if variant == 1:
        _crane(pen, light)
    else:
        _lighthouse_or_sheds(pen, light, variant)
    hull = (0x7A3E2A, 0x34466A, 0x2E7A5A)[variant]
    pen.poly([(-6, 68), (52, 68), (44, 88), (-6, 88)], hull, 1)
    pen.line([(-6, 72), (50, 72)], 0xFFF0D8, 2)
    for x, top in ((6, 8), (30, 16)):
        pen.line([(x, 68), (x, top)], 0x6B4A34, 2.4)
        pen.poly([(x + 2, top + 4), (x + 19, 60), (x + 2, 60)], 0xFFF6E4, 0.8)
        pen.poly([(x, top), (x + 9, top + 3), (x, top + 6)], _FLAGS[variant], 0.4)
    quay = light.ground((0xA8A09A, 0x9AA0A8, 0xB0A48E)[variant])
    pen.rect(0, 90, 128, 38, quay)
    pen.rect(0, 88, 128, 5, lighter(quay, 0.3))
    for row, y in enumerate((101, 110, 119)):
        pen.line([(0, y), (128, y)], darker(quay, 0.2), 1.3)
        for x in range(8 + row * 9 % 20, 128, 24):
            pen.line([(x, y), (x, y + 9)], darker(quay, 0.2), 1.3)
    for x in (10, 118):
        pen.rect(x - 4, 92, 8, 11, 0x33384A, 2)
        pen.rect(x - 6, 90, 12, 4, 0x454C62, 2)


def _crane(pen: Pen, light: Light) -> None:
    steel = light.leaf(0xF0A82E)
    for x in (92, 112):
        pen.line([(x, 90), (102, 30)], steel, 3)
    for y, half in ((76, 7.6), (60, 5), (46, 3)):
        pen.line([(102 - half, y), (102 + half, y)], steel, 2)
    pen.line([(112, 32), (58, 18)], steel, 3.4)
    pen.line([(102, 20), (66, 20)], steel, 1.6)
    pen.rect(104, 26, 14, 10, 0xD8433C, 1)
    pen.line([(62, 20), (62, 44)], 0x3A3A48, 1.2)
    pen.rect(54, 44, 16, 11, 0x3A80C8, 1)


def _lighthouse_or_sheds(pen: Pen, light: Light, variant: int) -> None:
    if variant == 0:
        pen.ellipse(112, 88, 24, 8, light.leaf(0x7A7A84))
        pen.poly([(104, 84), (107, 34), (117, 34), (120, 84)], 0xFFFFFF)
        for y in (42, 58, 74):
            pen.rect(105.6, y, 13.2, 8, 0xD8433C)
        pen.rect(107, 24, 10, 10, 0xFFE070, 1)
        pen.poly([(105, 25), (112, 16), (119, 25)], 0xD8433C, 1)
        return
    for x, colour in ((70, 0xC85A4A), (90, 0x4A8AA8), (110, 0xD8A84A)):
        pen.rect(x, 52, 19, 40, light.leaf(colour))
        pen.poly([(x - 1, 53), (x + 9.5, 40), (x + 20, 53)], light.leaf(darker(colour, 0.4)), 0.6)
        pen.arch(x + 5, x + 14, 66, 92, darker(colour, 0.5))
        pen.ellipse(x + 9.5, 57, 3, 3, 0xFFF6D8)


def draw_station(pen: Pen, light: Light, variant: int) -> None:
    """A train at the platform, a roof on pillars, a big clock."""
    train, roof = ((0x2F7A4A, 0x5A6478), (0xC8383A, 0x6A5248), (0x2F62B8, 0x48706A))[variant]
    pen.ellipse(64, 84, 110, 30, light.leaf(0x7CB060))
    pen.rect(0, 78, 128, 14, light.ground(0x8A8078))
    if variant == 1:
        _engine(pen, train)
    else:
        pen.rect(-6, 36, 140, 42, train, 5)
        pen.rect(-6, 36, 140, 8, lighter(train, 0.3), 4)
        pen.rect(-6, 66, 140, 4, 0xFFE9A8)
        for x in (-3, 21, 69, 93, 117):
            pen.rect(x, 47, 18, 15, 0xBFE4F8, 2.5)
            pen.line([(x + 9, 47), (x + 9, 62)], train, 1.4)
        pen.rect(45, 44, 19, 34, darker(train, 0.3), 2)
        pen.rect(48, 47, 13, 16, 0xBFE4F8, 2)
    for x in (8, 26, 50, 78, 102, 120):
        pen.ellipse(x, 80, 5.6, 5.6, 0x2E2E3A)
        pen.ellipse(x, 80, 2.4, 2.4, 0xA8B0BC)
    pen.rect(0, 86, 128, 42, light.ground((0xC4BCB0, 0xC8B8A4, 0xB8BEC4)[variant]))
    pen.rect(0, 86, 128, 3, 0xF4F0E8)
    pen.rect(0, 92, 128, 4, 0xFFD23A)
    for x in range(-20, 128, 26):
        pen.line([(x + 20, 97), (x + 8, 128)], 0xA09A90, 1.2)
    pen.rect(0, 0, 128, 14, light.leaf(roof))
    for x in range(0, 128, 8):
        pen.poly([(x, 13), (x + 8, 13), (x + 4, 21)], light.leaf(lighter(roof, 0.25)))
    for x in (10, 118):
        pen.rect(x - 2.4, 12, 4.8, 80, darker(roof, 0.2))
        pen.line([(x, 26), (x + (12 if x < 64 else -12), 14)], darker(roof, 0.2), 2.6)
    pen.line([(64, 12), (64, 18)], 0x33384A, 2)
    pen.ellipse(64, 27, 10.5, 10.5, 0x33384A)
    pen.ellipse(64, 27, 8.6, 8.6, 0xFFFFFF)
    pen.line([(64, 21), (64, 27), (68.5, 29)], 0x33384A, 1.8)


def _engine(pen: Pen, colour: int) -> None:
    """A steam engine before a carriage."""
    pen.rect(-6, 38, 46, 40, 0x8A5A3A, 3)
    for x in (0, 19):
        pen.rect(x, 46, 15, 14, 0xBFE4F8, 2)
    pen.rect(46, 30, 30, 48, colour, 2)
    pen.rect(42, 26, 38, 6, darker(colour, 0.3), 2)
    pen.rect(52, 37, 18, 16, 0xBFE4F8, 2)
    pen.rect(74, 46, 44, 28, darker(colour, 0.12), 8)
    for x in (84, 98):
        pen.rect(x, 46, 3, 28, 0xF0C040)
    pen.rect(102, 30, 9, 18, 0x2E2E3A, 1)
    pen.rect(99.5, 26, 14, 5, 0x2E2E3A, 1.5)
    for x, y, size in ((106, 18, 6), (96, 10, 8), (82, 5, 9)):
        pen.ellipse(x, y, size, size * 0.75, 0xF2F2F6, 0.95)
    pen.poly([(114, 78), (126, 78), (116, 64)], 0x9AA2AE, 1)


def draw_village(pen: Pen, light: Light, variant: int) -> None:
    """Cottages with steep roofs around a church on green hills, a path, a well."""
    grass = light.ground((0x86C65A, 0x98C858, 0x74BC64)[variant])
    pen.ellipse(24, 84, 76, 40, mix(grass, 0x58A080, 0.35))
    pen.ellipse(108, 86, 70, 36, mix(grass, 0x58A080, 0.2))
    church = (64, 36, 92)[variant]
    pen.rect(church - 6, 26, 12, 34, 0xFFF6E6)
    pen.poly([(church - 8, 27), (church, 4), (church + 8, 27)], light.leaf(0x5A6A90), 0.8)
    pen.ellipse(church, 33, 3.2, 3.2, 0x5A6A90)
    for x, y, size, i in _cottages(variant):
        _cottage(pen, light, x, y, size, i + variant)
    pen.blob([(-30, 90), (30, 86), (64, 90), (100, 86), (160, 90), (160, 150), (-30, 150)], grass)
    pen.blob([(60, 86), (70, 86), (76, 98), (104, 134), (20, 134), (50, 98)], light.ground(0xD8BC8A))
    pen.rect(108, 90, 16, 11, 0xA8A2A0, 2)
    for x in (109, 121):
        pen.rect(x, 74, 2.4, 18, 0x7A5236)
    pen.poly([(104, 76), (116, 66), (128, 76)], light.leaf(0xA85A3A), 0.8)
    for x in (4, 14, 24):
        pen.poly([(x, 104), (x, 92), (x + 2.5, 89), (x + 5, 92), (x + 5, 104)], 0xF6EBD8)
    pen.rect(-2, 95, 32, 3, 0xF6EBD8)


def _cottages(variant: int) -> tuple[tuple[float, float, float, int], ...]:
    middle = (34.0, 62.0, 58.0)[variant]
    return (
        (middle, 68, 0.8, 0),
        (96.0 if variant < 2 else 24.0, 70, 0.85, 1),
        (12, 86, 1.15, 2),
        (112, 84, 1.1, 3),
    )


def _cottage(pen: Pen, light: Light, x: float, y: float, size: float, i: int) -> None:
    wall = (0xFFF0D4, 0xF2D8C0, 0xE4ECF0, 0xFBE2A8)[i % 4]
    roof = light.leaf((0xC8543A, 0xB8863A, 0x8A4A5A, 0x5A7A58)[i % 4])
    pen.rect(x - 13 * size, y - 18 * size, 26 * size, 20 * size, wall)
    pen.rect(x + 5 * size, y - 40 * size, 5 * size, 14 * size, 0xA86A58)
    pen.poly([(x - 17 * size, y - 16 * size), (x, y - 38 * size), (x + 17 * size, y - 16 * size)], roof, 1)
    pen.arch(x - 4 * size, x + 4 * size, y - 12 * size, y + 2 * size, 0x7A4A34)
    for side in (-9, 9):
        pen.rect(x + side * size - 2.6 * size, y - 12 * size, 5.2 * size, 5.2 * size, 0x7FB8E4, 0.6)


def draw_town_lamps(pen: Pen, place: str, variant: int) -> None:
    """What shines in these places at night."""
    if place == "market":
        for stall in (17, 64, 111):
            pen.glow(stall, 58, 17, _LAMP, 0.7)
            pen.ellipse(stall, 59, 3, 3.6, _LAMP)
    elif place == "park":
        pen.glow(96, 30, 24, _LAMP, 0.7)
        pen.ellipse(96, 30, 5.4, 6.2, _LAMP)
    elif place == "harbour":
        _harbour_lamps(pen, variant)
    elif place == "station":
        for window in (-3, 21, 69, 93, 117) if variant != 1 else (0, 19):
            pen.rect(window, 47, 15, 13, _LAMP, 2.5)
        pen.glow(64, 27, 18, _LAMP, 0.5)
    elif place == "village":
        for x, y, size, _ in _cottages(variant):
            for side in (-9, 9):
                pen.rect(x + side * size - 2.6 * size, y - 12 * size, 5.2 * size, 5.2 * size, _LAMP, 0.6)


def _harbour_lamps(pen: Pen, variant: int) -> None:
    if variant == 0:
        pen.glow(112, 29, 26, _LAMP, 0.8)
        pen.rect(107, 24, 10, 10, _LAMP, 1)
    elif variant == 2:
        for shed in (79.5, 99.5, 119.5):
            pen.ellipse(shed, 57, 3, 3, _LAMP)
