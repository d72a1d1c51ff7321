"""Backdrops of all places, and of the six first ones in nature; the ground begins between y = 78 and y = 92."""

from collections.abc import Callable

from lianhuan.world.draw_buildings import draw_castle, draw_farm, draw_lamps, draw_playground, draw_street
from lianhuan.world.draw_country import (
    draw_desert,
    draw_island,
    draw_jungle,
    draw_lake,
    draw_orchard,
    draw_snowfield,
    draw_wheatfield,
)
from lianhuan.world.draw_interiors import (
    draw_attic,
    draw_bakery,
    draw_bathroom,
    draw_cave,
    draw_library,
    draw_school,
    draw_shop,
)
from lianhuan.world.draw_rooms import draw_kitchen, draw_room
from lianhuan.world.draw_sky import Light, draw_sky, draw_weather
from lianhuan.world.draw_town import (
    draw_bridge,
    draw_harbour,
    draw_market,
    draw_park,
    draw_station,
    draw_town_lamps,
    draw_village,
)
from lianhuan.world.pen import Pen, darker, lighter, mix

Place = Callable[[Pen, Light, int], None]


def draw_place(pen: Pen, place: str, time: str, weather: str, variant: int) -> None:
    """Draw the backdrop `place` over the whole picture."""
    light = Light(time, weather)
    if place in _INSIDE:
        _INSIDE[place](pen, light, variant)
        return
    draw_sky(pen, light, 64.0 if place in ("forest", "castle", "orchard", "jungle") else 106.0)
    with pen.tinted(light.tint):
        _OUTSIDE[place](pen, light, variant)
    if time == "night":
        draw_lamps(pen, place, variant)
        draw_town_lamps(pen, place, variant)
    draw_weather(pen, light)


def _hill(pen: Pen, x: float, top: float, width: float, colour: int) -> None:
    pen.ellipse(x, top + width, width * 1.6, width, colour)


def _flower(pen: Pen, x: float, y: float, colour: int, size: float = 2.6) -> None:
    pen.line([(x, y), (x, y + 5)], 0x3E9A3C, 1.2)
    pen.ellipse(x, y, size, size, colour)
    pen.ellipse(x, y, size * 0.42, size * 0.42, 0xFFF3B0)


def _forest(pen: Pen, light: Light, variant: int) -> None:
    crown = light.leaf((0x1F7A4A, 0x2C8A3C, 0x5A8A2A)[variant])
    trunk = (0x6B4226, 0x7A4A2C, 0xEDE6D8)[variant]
    pen.rect(0, 52, 128, 40, darker(crown, 0.25))
    for x, top in ((22, 40), (44, 48), (84, 47), (106, 41)):
        pen.poly([(x - 14, 92), (x, top), (x + 14, 92)], darker(crown, 0.13), 2)
    pen.shade(86, 128, light.ground(0x3E7A38), light.ground(0x2F6130))
    for x, width in ((7, 13), (121, 14)):
        pen.poly(
            [(x - width / 2, 0), (x + width / 2, 0), (x + width / 2 + 3, 98), (x - width / 2 - 3, 98)],
            trunk,
            1,
        )
        if variant == 2:
            for y in range(30, 96, 15):
                pen.line([(x - 4, y), (x + 1, y)], 0x4A4038, 2)
    _crowns(pen, crown, variant)
    for x in (20, 106):
        for lean in (-7, 0, 7):
            pen.curve((x, 98), (x + lean / 2, 88), (x + lean, 87), light.leaf(0x4FA84A), 2.4)


def _crowns(pen: Pen, crown: int, variant: int) -> None:
    if variant == 1:
        for y, half in ((34, 22), (20, 19), (6, 15)):
            for x in (7, 121):
                pen.poly([(x - half, y), (x, y - 24), (x + half, y)], darker(crown, 0.02 * half - 0.3), 2)
    else:
        for x, y, size in ((2, 8, 20), (28, 2, 17), (126, 8, 20), (100, 1, 18), (8, 26, 15), (121, 26, 14)):
            pen.ellipse(x, y, size, size * 0.85, lighter(crown, 0.06) if size < 18 else crown)


def _stream(pen: Pen, light: Light, variant: int) -> None:
    grass = light.ground((0x7CC35A, 0x9CC653, 0x62B36A)[variant])
    _hill(pen, 30, 56, 44, mix(grass, 0x4A9A8A, 0.45))
    _hill(pen, 108, 62, 40, mix(grass, 0x4A9A8A, 0.3))
    pen.rect(0, 76, 128, 52, grass)
    water = (0x3FA9E8, 0x35B5D8, 0x4A98E0)[variant]
    pen.blob([(-12, 80), (30, 80), (64, 84), (100, 79), (140, 82), (140, 107), (96, 103), (60, 108), (20, 103), (-12, 106)],
             lighter(water, 0.45))  # fmt: skip
    pen.blob([(-12, 82), (30, 82), (64, 86), (100, 81), (140, 84), (140, 105), (96, 101), (60, 106), (20, 101), (-12, 104)],
             water)  # fmt: skip
    for x, y in ((14, 90), (58, 94), (104, 89), (84, 98), (32, 98)):
        pen.line([(x - 6, y), (x + 6, y)], lighter(water, 0.55), 1.6)
    if variant == 1:
        for x in (6, 11, 116, 122):
            pen.line([(x, 82), (x, 60)], 0x3E8A3E, 1.8)
            pen.line([(x, 62), (x, 54)], 0x7A4A2C, 3.6)
    elif variant == 2:
        for x, y, size in ((10, 80, 9), (24, 83, 6), (114, 80, 10), (100, 83, 5)):
            pen.ellipse(x, y, size, size * 0.7, light.leaf(0x97A0AC))
    else:
        _tree(pen, light, 10, 80, 0x3E9A4A)
        _tree(pen, light, 118, 80, 0x4AA850)


def _tree(pen: Pen, light: Light, x: float, y: float, crown: int, size: float = 1.0) -> None:
    pen.line([(x, y), (x, y - 20 * size)], 0x8A5A34, 4.5 * size)
    pen.ellipse(x, y - 28 * size, 12 * size, 14 * size, light.leaf(crown))
    pen.ellipse(x - 3 * size, y - 31 * size, 6 * size, 7 * size, light.leaf(lighter(crown, 0.15)))


def _beach(pen: Pen, light: Light, variant: int) -> None:
    sea = (0x1FB0C8, 0x2A8FDC, 0x2CC0B0)[variant]
    if variant == 2:
        pen.ellipse(24, 60, 22, 12, light.leaf(0x6A9A6A))
    pen.shade(58, 92, sea, lighter(sea, 0.25))
    for x, y in ((20, 66), (60, 70), (100, 65), (84, 76), (36, 77)):
        pen.line([(x - 7, y), (x + 7, y)], lighter(sea, 0.5), 1.5)
    sand = light.ground((0xF8DC98, 0xF6CF8C, 0xFBE6B4)[variant])
    pen.blob([(-20, 84), (30, 83), (64, 88), (100, 83), (150, 85), (150, 150), (-20, 150)], 0xFFFFFF)
    pen.blob([(-20, 87), (30, 86), (64, 91), (100, 86), (150, 88), (150, 150), (-20, 150)], sand)
    for x, y in ((30, 104), (70, 120), (96, 100), (52, 98), (110, 122), (12, 122)):
        pen.ellipse(x, y, 2.4, 1.1, darker(sand, 0.12))
    if variant == 1:
        pen.poly([(8, 86), (10, 36), (20, 36), (22, 86)], 0xFFFFFF)
        for y in (44, 62):
            pen.rect(8.6, y, 13, 9, 0xE8413C)
        pen.rect(9, 27, 12, 9, 0xFFE070, 1)
        pen.poly([(8, 28), (15, 19), (22, 28)], 0xE8413C, 1)
    else:
        x = 10 if variant == 0 else 118
        lean = 8 if variant == 0 else -8
        pen.curve((x, 96), (x - lean / 2, 70), (x + lean, 40), 0xA8713C, 5)
        leaf = light.leaf(0x2FA05A)
        for dx, dy in ((-17, 3), (-13, -8), (0, -13), (13, -8), (17, 4)):
            pen.curve((x + lean, 40), (x + lean + dx * 0.7, 36 + dy), (x + lean + dx, 44 + dy), leaf, 4.5)


def _meadow(pen: Pen, light: Light, variant: int) -> None:
    green = light.ground((0xA4D84E, 0x8CD05A, 0xB8DC4A)[variant])
    _hill(pen, 24, 62, 46, mix(green, 0x5AB870, 0.5))
    _hill(pen, 104, 58, 50, mix(green, 0x5AB870, 0.3))
    if variant == 1:
        pen.poly([(15, 68), (18, 44), (26, 44), (29, 68)], 0xFFF4E0)
        pen.poly([(16, 45), (22, 36), (28, 45)], 0xD8574A, 1)
        for dx, dy in ((14, 8), (-8, 14), (-14, -8), (8, -14)):
            pen.line([(22, 44), (22 + dx, 44 + dy)], 0xFFFFFF, 3)
    elif variant == 2:
        for x, y in ((14, 66), (30, 62), (110, 62)):
            pen.ellipse(x, y, 6, 4.2, 0xFFFFFF)
            pen.ellipse(x + 5, y - 1, 2.2, 2.2, 0x4A4450)
    else:
        _tree(pen, light, 16, 74, 0x3FA048, 1.15)
    _hill(pen, 64, 80, 90, green)
    colours = (0xFF5A6A, 0xFFFFFF, 0xFFC628, 0xC060E0)
    for i, (x, y) in enumerate(((5, 92), (17, 98), (66, 92), (30, 90), (84, 94), (98, 89), (112, 96), (123, 90), (8, 116),
                                (66, 119), (96, 120), (118, 117), (36, 121))):  # fmt: skip
        _flower(pen, x, y, colours[(i + variant) % 4])


def _garden(pen: Pen, light: Light, variant: int) -> None:
    lawn = light.ground((0x6CC04A, 0x7ACB5C, 0x58B455)[variant])
    hedge = light.leaf((0x2E8B4A, 0x3A9A40, 0x267A50)[variant])
    for x in range(0, 140, 18):
        pen.ellipse(x, 56, 13, 11, hedge)
    pen.rect(0, 56, 128, 36, hedge)
    fence = (0xFFFFFF, 0xFFE9C8, 0xD8ECFF)[variant]
    pen.rect(0, 66, 128, 4, fence)
    pen.rect(0, 80, 128, 4, fence)
    for x in range(2, 128, 12):
        pen.poly([(x, 90), (x, 61), (x + 3.5, 56), (x + 7, 61), (x + 7, 90)], fence)
    pen.rect(0, 88, 128, 40, lawn)
    pen.rect(0, 88, 128, 8, light.ground(0x9A6A42))
    petal = (0xFFC928, 0xFF6A8A, 0xB070F0)[variant]
    for x, y in ((7, 62), (22, 72), (106, 72), (121, 60)):
        pen.line([(x, y), (x, 92)], 0x2F8A38, 2.4)
        pen.ellipse(x + 4, y + 16, 4, 2, 0x4FB04A)
        for dx, dy in ((6, 0), (-6, 0), (0, 6), (0, -6), (4.3, 4.3), (-4.3, 4.3), (4.3, -4.3), (-4.3, -4.3)):
            pen.ellipse(x + dx * 0.8, y + dy * 0.8, 3.2, 3.2, petal)
        pen.ellipse(x, y, 3.8, 3.8, 0x7A4A22)


def _mountain(pen: Pen, light: Light, variant: int) -> None:
    rock = (0x7F8FB5, 0x9A86A8, 0x6F9AA8)[variant]
    peaks = (
        ((22, 26, 34), (100, 12, 46)),
        ((34, 10, 48), (106, 28, 34)),
        ((14, 22, 36), (64, 8, 40), (114, 22, 36)),
    )[variant]
    for x, top, half in peaks:
        pen.poly([(x - half, 92), (x, top), (x + half, 92)], rock, 1)
        pen.poly([(x, top), (x + half, 92), (x + half * 0.15, 92), (x - 3, top + 34)], darker(rock, 0.16))
        edge = top + (92 - top) * 0.33
        pen.poly([(x - half * 0.33, edge), (x, top), (x + half * 0.33, edge), (x + half * 0.16, edge - 5),
                  (x, edge + 3), (x - half * 0.17, edge - 4)], 0xFFFFFF, 0.8)  # fmt: skip
    ground = light.ground((0xA79A8C, 0xB59C86, 0x9AA39A)[variant])
    pen.blob([(-20, 80), (30, 86), (70, 82), (110, 87), (150, 80), (150, 150), (-20, 150)], ground)
    for x, y, size in ((8, 96, 8), (121, 97, 9), (108, 90, 4), (20, 91, 4), (70, 121, 4), (30, 123, 5)):
        pen.ellipse(x, y, size, size * 0.65, darker(ground, 0.2))
        pen.ellipse(x - size * 0.2, y - size * 0.15, size * 0.6, size * 0.35, lighter(ground, 0.2))


_OUTSIDE: dict[str, Place] = {
    "forest": _forest, "stream": _stream, "beach": _beach, "meadow": _meadow, "garden": _garden, "mountain": _mountain,
    "street": draw_street, "farm": draw_farm, "playground": draw_playground, "castle": draw_castle,
    "market": draw_market, "bridge": draw_bridge, "park": draw_park, "harbour": draw_harbour, "station": draw_station,
    "village": draw_village, "desert": draw_desert, "lake": draw_lake, "island": draw_island, "orchard": draw_orchard,
    "jungle": draw_jungle, "snowfield": draw_snowfield, "wheatfield": draw_wheatfield,
}  # fmt: skip
_INSIDE: dict[str, Place] = {
    "room": draw_room, "kitchen": draw_kitchen, "school": draw_school, "library": draw_library, "shop": draw_shop,
    "bakery": draw_bakery, "bathroom": draw_bathroom, "attic": draw_attic, "cave": draw_cave,
}  # fmt: skip
