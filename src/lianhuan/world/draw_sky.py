"""Skies, light and weather of the world."""

from dataclasses import dataclass

from lianhuan.world.pen import Pen, mix

SKIES = {"day": (0x6EC6F5, 0xD6F1FB), "sunset": (0xE8568A, 0xFFC15A), "night": (0x0F1B52, 0x34509A)}
LIGHT = {"day": 0xFFFFFF, "sunset": 0xFFC49C, "night": 0x7084C2}
_GREY = {"day": 0x93A6B8, "sunset": 0xB08A92, "night": 0x242E50}
_SNOWY = {"day": 0xC3D3E4, "sunset": 0xE3B6BC, "night": 0x3A4878}
_STARS = ((10, 12), (30, 30), (48, 9), (64, 24), (22, 46), (84, 10), (118, 44), (78, 40), (120, 8), (44, 52))
_DROPS = tuple((i * 11 + row * 5.0, (i * 23) % 37 + row * 37 - 8.0) for row in range(4) for i in range(13))
_FLAKES = tuple(((i * 47) % 127 + 1, (i * 29) % 83 + 2, 1.3 + (i * 7 % 4) * 0.4) for i in range(34))


@dataclass(frozen=True)
class Light:
    """What time and weather do to colours."""

    time: str
    weather: str

    @property
    def tint(self) -> int:
        """The colour that multiplies everything in the open."""
        grey = {"clear": 0.0, "rain": 0.22, "snow": 0.05}[self.weather]
        return mix(LIGHT[self.time], 0x6A7890, grey)

    def ground(self, colour: int) -> int:
        """A ground colour, under snow where it snows."""
        return mix(colour, 0xF6FAFF, 0.6) if self.weather == "snow" else colour

    def leaf(self, colour: int) -> int:
        """A colour of leaves and roofs, snow-covered where it snows."""
        return mix(colour, 0xF4F9FF, 0.36) if self.weather == "snow" else colour


def draw_sky(pen: Pen, light: Light, sun_x: float = 106.0) -> None:
    """The whole sky with sun, moon, stars or clouds; `sun_x` is where the sun or the moon stands."""
    above, below = SKIES[light.time]
    if light.weather != "clear":
        cover = (_GREY if light.weather == "rain" else _SNOWY)[light.time]
        above, below = mix(above, cover, 0.8), mix(below, cover, 0.6)
    pen.shade(0, 128, above, below)
    if light.time == "night":
        _night(pen, light, sun_x)
    elif light.weather == "clear":
        _sun(pen, light.time, sun_x)
    _clouds(pen, light, sun_x)


def _night(pen: Pen, light: Light, x: float) -> None:
    if light.weather == "clear":
        for star_x, star_y in _STARS:
            pen.ellipse(star_x, star_y, 1.1, 1.1, 0xFFF3B8)
    pen.glow(x, 20, 22, 0xFFF2B0, 0.35)
    pen.crescent(x, 20, 9.5, 0xFFF2B0)


def _sun(pen: Pen, time: str, x: float) -> None:
    if time == "day":
        pen.glow(x, 20, 26, 0xFFF6C0, 0.8)
        pen.ellipse(x, 20, 9.5, 9.5, 0xFFD84A)
    else:
        pen.glow(x, 50, 40, 0xFFE9A0, 0.8)
        pen.ellipse(x, 50, 15, 15, 0xFFE26B)


def _clouds(pen: Pen, light: Light, sun_x: float) -> None:
    if light.weather == "clear":
        white = {"day": 0xFFFFFF, "sunset": 0xFFB0A0, "night": 0x4A62A8}[light.time]
        spots: tuple[tuple[float, float, float], ...] = ((26, 20, 1.0), ((sun_x + 62) % 128, 33, 0.7))
    else:
        white = {"rain": 0x64748A, "snow": 0xF2F6FB}[light.weather]
        white = mix(white, 0x1A2350, 0.5) if light.time == "night" else white
        spots = ((18, 12, 1.5), (64, 8, 1.7), (110, 13, 1.5))
    for x, y, size in spots:
        pen.ellipse(x, y, 13 * size, 5 * size, white, 0.95)
        pen.ellipse(x - 3 * size, y - 4 * size, 6.5 * size, 5.5 * size, white, 0.95)
        pen.ellipse(x + 5 * size, y - 2.5 * size, 5 * size, 4.5 * size, white, 0.95)


def draw_weather(pen: Pen, light: Light) -> None:
    """Falling rain or snow over the backdrop."""
    if light.weather == "rain":
        drop = 0xCFE6FF if light.time == "night" else 0xEAF5FF
        for x, y in _DROPS:
            pen.line([(x, y), (x - 3.5, y + 10)], drop, 1.3, 0.75)
    elif light.weather == "snow":
        for x, y, size in _FLAKES:
            pen.ellipse(x, y, size, size, 0xFFFFFF, 0.95)
