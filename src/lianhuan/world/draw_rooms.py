"""Backdrops of the two places indoors; time and weather show in a large window and in the light of the room."""

from lianhuan.world.draw_sky import Light, draw_sky, draw_weather
from lianhuan.world.pen import Pen, darker, lighter, mix

_INDOOR = {"day": 0xFFFFFF, "sunset": 0xFFD0A8, "night": 0x8A8FC0}


def room_tint(light: Light) -> int:
    """The colour that multiplies everything in a room."""
    return mix(_INDOOR[light.time], 0x8A9AB8, 0.35) if light.weather == "rain" else _INDOOR[light.time]


def draw_window(
    pen: Pen, light: Light, x: float, y: float, width: float, height: float, corner: float = 3.0
) -> None:
    """A window of the given outer size, no higher than wide; the whole sky, squeezed, shows in it."""
    with pen.clipped(x, y, width, height, corner), pen.moved(x, y, scale=width / 128):
        draw_sky(pen, light, 92)
        with pen.tinted(light.tint):
            pen.ellipse(64, 128 * height / width + 8, 100, 34, light.ground(0x7CC35A))
    with pen.clipped(x, y, width, height, corner), pen.moved(x, y, scale=0.6):
        draw_weather(pen, light)


def draw_frame(pen: Pen, x: float, y: float, width: float, height: float, colour: int) -> None:
    """The frame and the sill of a window."""
    for ends in ([(x, y), (x + width, y), (x + width, y + height), (x, y + height), (x, y)],
                 [(x + width / 2, y), (x + width / 2, y + height)]):  # fmt: skip
        pen.line(ends, colour, 3)
    pen.rect(x - 4, y + height, width + 8, 4, colour, 1)


def draw_room(pen: Pen, light: Light, variant: int) -> None:
    """A child's room: bed, window with curtains, rug on a wooden floor."""
    wall, rug, quilt = (
        (0xF7CFC0, 0x5AB0A8, 0x5A8AD8),
        (0xC9E0F0, 0xE8845A, 0xE86A8A),
        (0xE4D4F2, 0xF0B848, 0x58B07A),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 90, wall)
        for x in range(4, 128, 16):
            pen.rect(x, 0, 6, 88, lighter(wall, 0.28))
    draw_window(pen, light, 34, 8, 60, 46)
    with pen.tinted(room_tint(light)):
        draw_frame(pen, 34, 8, 60, 46, 0xFFFFFF)
        for x, lean in ((28, 8), (100, -8)):
            pen.poly([(x - 5, 4), (x + 5, 4), (x + 5 - lean / 2, 34), (x + 6, 60), (x - 6, 60)], quilt, 1)
        pen.line([(18, 4), (110, 4)], 0x8A5A34, 2.4)
        pen.rect(0, 84, 128, 6, 0xFFFFFF)
        pen.rect(0, 88, 128, 40, 0xC98F58)
        for y in (98, 108, 118):
            pen.line([(0, y), (128, y)], 0xB47C48, 1.2)
        pen.ellipse(64, 113, 50, 12, rug)
        pen.ellipse(64, 113, 40, 8.6, lighter(rug, 0.3))
        pen.rect(-4, 62, 5, 36, 0x8A5A34, 2)
        pen.rect(-2, 74, 30, 20, quilt, 4)
        pen.rect(-2, 70, 16, 9, 0xFFFFFF, 4)
        pen.rect(25, 68, 4, 30, 0x8A5A34, 2)
        pen.rect(104, 58, 22, 38, 0xA86E3E, 2)
        for y, colours in ((62, (0xE8413C, 0xF5B82E, 0x2F6FD8)), (79, (0x3AA860, 0x8A4AC8, 0xE88A3C))):
            pen.rect(107, y, 16, 13, 0x6A4020)
            for i, colour in enumerate(colours):
                pen.rect(108 + 5 * i, y + 3, 4, 10, colour)
    if light.time == "night":
        pen.glow(112, 52, 26, 0xFFE08A, 0.75)
    pen.poly([(107, 50), (117, 50), (120, 57), (104, 57)], 0xFFE08A if light.time == "night" else 0xF5C04A, 1)


def draw_kitchen(pen: Pen, light: Light, variant: int) -> None:
    """A kitchen: cupboards, stove and pots before white tiles, a chequered floor."""
    front, tile, dark = (
        (0x3E9C98, 0xFDF6E4, 0xD8645A),
        (0xE8A840, 0xF0F6FA, 0x5A88B8),
        (0x7CA85A, 0xFBEFE8, 0xB87A5A),
    )[variant]
    with pen.tinted(room_tint(light)):
        pen.rect(0, 0, 128, 90, tile)
        for y in range(10, 70, 10):
            pen.line([(0, y), (128, y)], darker(tile, 0.1), 0.8)
        for x in range(6, 128, 12):
            pen.line([(x, 0), (x, 70)], darker(tile, 0.1), 0.8)
    draw_window(pen, light, 38, 6, 58, 44)
    with pen.tinted(room_tint(light)):
        draw_frame(pen, 38, 6, 58, 44, 0xFFFFFF)
        for x in (2, 104):
            pen.rect(x, 4, 26, 28, front, 2)
            pen.rect(x + 3, 7, 20, 22, lighter(front, 0.2), 2)
        for x, colour in ((8, 0xE8413C), (20, 0x2F6FD8)):
            pen.rect(x - 5, 51, 10, 8, colour, 2)
            pen.line([(x - 6, 51), (x + 6, 51)], darker(colour, 0.2), 2)
        pen.rect(0, 59, 128, 5, 0x9A6A42)
        pen.rect(0, 64, 128, 28, front)
        for x in (3, 31, 59):
            pen.rect(x, 67, 25, 22, lighter(front, 0.15), 2)
            pen.ellipse(x + 21, 77, 1.4, 1.4, 0xFFFFFF)
        pen.rect(92, 60, 34, 32, 0xE6EAF0, 2)
        pen.rect(96, 72, 26, 16, 0x39405A, 2)
        pen.rect(99, 75, 20, 9, 0xFFB048, 1)
        for x in (98, 106, 114, 121):
            pen.ellipse(x, 66, 1.8, 1.8, 0x39405A)
        pen.rect(99, 48, 17, 11, 0xC8CED8, 2)
        pen.line([(97, 48), (118, 48)], 0x8A94A4, 2.4)
        pen.rect(0, 90, 128, 38, 0xFFF8EC)
        _floor_tiles(pen, dark)
    if light.time == "night":
        pen.glow(18, 40, 26, 0xFFE08A, 0.5)


def _floor_tiles(pen: Pen, dark: int) -> None:
    for row, (top, bottom) in enumerate(((90, 97), (97, 106), (106, 116), (116, 128))):
        for i in range(-6, 7):
            if (i + row) % 2:
                a, b = 1 + (top - 90) / 50, 1 + (bottom - 90) / 50
                pen.poly([(64 + i * 16 * a, top), (64 + (i + 1) * 16 * a, top), (64 + (i + 1) * 16 * b, bottom),
                          (64 + i * 16 * b, bottom)], dark)  # fmt: skip
