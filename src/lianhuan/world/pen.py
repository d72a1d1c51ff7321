"""A small pen on a skia canvas: flat shapes in a 128-unit picture; colours are 0xRRGGBB."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache

import skia

Point = tuple[float, float]

UNITS = 128.0
"""Side of the picture in drawing units."""


def mix(a: int, b: int, t: float) -> int:
    """The colour between `a` (t = 0) and `b` (t = 1)."""
    parts = (round((a >> s & 255) * (1 - t) + (b >> s & 255) * t) << s for s in (16, 8, 0))
    return sum(parts)


def darker(colour: int, t: float = 0.16) -> int:
    """`colour`, shaded towards ink."""
    return mix(colour, 0x1E1838, t)


def lighter(colour: int, t: float = 0.3) -> int:
    """`colour`, tinted towards white."""
    return mix(colour, 0xFFFFFF, t)


class Pen:
    """Draws filled shapes and round lines.

    Inside `outlined()` every shape is drawn as its thick dark silhouette instead: draw a figure once that way and once
    normally and it stands out from any background.
    """

    def __init__(self, canvas: skia.Canvas) -> None:
        self.canvas = canvas
        self._grow = 0.0
        self._ink = 0

    @contextmanager
    def outlined(self, ink: int, grow: float) -> Iterator[None]:
        """Draw silhouettes in `ink`, `grow` units larger on each side."""
        self._ink, self._grow = ink, grow
        yield
        self._grow = 0.0

    @contextmanager
    def moved(
        self, x: float, y: float, *, mirror: bool = False, turn: float = 0.0, scale: float = 1.0
    ) -> Iterator[None]:
        """Draw with the origin at (x, y), mirrored, turned by `turn` degrees clockwise, scaled."""
        self.canvas.save()
        self.canvas.translate(x, y)
        self.canvas.scale(-scale if mirror else scale, scale)
        self.canvas.rotate(turn)
        yield
        self.canvas.restore()

    @contextmanager
    def clipped(self, x: float, y: float, width: float, height: float, radius: float = 0.0) -> Iterator[None]:
        """Draw inside a rounded rectangle only."""
        self.canvas.save()
        rect = skia.RRect.MakeRectXY(skia.Rect.MakeXYWH(x, y, width, height), radius, radius)
        self.canvas.clipRRect(rect, skia.ClipOp.kIntersect, True)
        yield
        self.canvas.restore()

    @contextmanager
    def tinted(self, light: int) -> Iterator[None]:
        """Multiply every colour drawn inside by the colour `light`."""
        if light == 0xFFFFFF:
            yield
            return
        filtered = skia.ColorFilters.Blend(0xFF000000 | light, skia.BlendMode.kModulate)
        self.canvas.saveLayer(None, skia.Paint(ColorFilter=filtered))
        yield
        self.canvas.restore()

    def path(self, path: skia.Path, colour: int, alpha: float = 1.0) -> None:
        """Fill a path."""
        if self._grow:
            self._stroke(path, self._ink, 2 * self._grow, fill=True)
            return
        self.canvas.drawPath(path, skia.Paint(Color=_argb(colour, alpha), AntiAlias=True))

    def ellipse(self, x: float, y: float, rx: float, ry: float, colour: int, alpha: float = 1.0) -> None:
        """Fill the ellipse around (x, y)."""
        self.path(skia.Path().addOval(skia.Rect.MakeLTRB(x - rx, y - ry, x + rx, y + ry)), colour, alpha)

    def rect(
        self, x: float, y: float, width: float, height: float, colour: int, radius: float = 0.0, alpha: float = 1.0
    ) -> None:  # fmt: skip
        """Fill a rectangle with round corners."""
        self.path(
            skia.Path().addRoundRect(skia.Rect.MakeXYWH(x, y, width, height), radius, radius), colour, alpha
        )

    def poly(self, points: Sequence[Point], colour: int, round_by: float = 0.0, alpha: float = 1.0) -> None:
        """Fill a polygon; `round_by` grows it with round corners of that radius."""
        path = skia.Path().addPoly([skia.Point(x, y) for x, y in points], True)
        self.path(path, colour, alpha)
        if round_by:
            self._stroke(path, self._ink if self._grow else colour, 2 * (round_by + self._grow), alpha=alpha)

    def blob(self, points: Sequence[Point], colour: int, alpha: float = 1.0) -> None:
        """Fill a smooth closed curve that bends at `points`."""
        path = skia.Path()
        middle = [
            ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
            for a, b in zip(points, [*points[1:], points[0]], strict=True)
        ]
        path.moveTo(*middle[-1])
        for point, end in zip(points, middle, strict=True):
            path.quadTo(*point, *end)
        self.path(path.close(), colour, alpha)

    def line(self, points: Sequence[Point], colour: int, width: float, alpha: float = 1.0) -> None:
        """Stroke a polyline with round ends."""
        path = skia.Path().addPoly([skia.Point(x, y) for x, y in points], False)
        self._stroke(path, self._ink if self._grow else colour, width + 2 * self._grow, alpha=alpha)

    def curve(self, start: Point, bend: Point, end: Point, colour: int, width: float) -> None:
        """Stroke a bow from `start` to `end`, pulled towards `bend`."""
        path = skia.Path().moveTo(*start).quadTo(*bend, *end)
        self._stroke(path, self._ink if self._grow else colour, width + 2 * self._grow)

    def arch(self, left: float, right: float, top: float, bottom: float, colour: int) -> None:
        """Fill a window or door with a round top."""
        radius = (right - left) / 2
        self.ellipse(left + radius, top + radius, radius, radius, colour)
        self.rect(left, top + radius, right - left, bottom - top - radius, colour)

    def crescent(self, x: float, y: float, radius: float, colour: int) -> None:
        """Fill a moon that opens to the upper left."""
        disc, bite = (
            skia.Path().addCircle(x, y, radius),
            skia.Path().addCircle(x - radius * 0.5, y - radius * 0.28, radius * 0.84),
        )
        self.path(skia.Op(disc, bite, skia.PathOp.kDifference_PathOp), colour)

    def shade(self, top: float, bottom: float, above: int, below: int) -> None:
        """Fill the band between heights `top` and `bottom` with a soft gradient."""
        ends = [skia.Point(0, top), skia.Point(0, bottom)]
        shader = skia.GradientShader.MakeLinear(ends, [_argb(above, 1), _argb(below, 1)])
        self.canvas.drawRect(
            skia.Rect.MakeLTRB(0, top, UNITS, bottom), skia.Paint(Shader=shader, AntiAlias=True)
        )

    def glow(self, x: float, y: float, radius: float, colour: int, alpha: float) -> None:
        """A round light that fades out at `radius`."""
        shader = skia.GradientShader.MakeRadial(
            skia.Point(x, y), radius, [_argb(colour, alpha), _argb(colour, 0)]
        )
        self.canvas.drawCircle(x, y, radius, skia.Paint(Shader=shader, AntiAlias=True))

    def edge(self) -> skia.ImageFilter:
        """What surrounds an icon of side 1: a thin dark edge, like the outline of the characters."""
        return _dark_edge()

    def _stroke(
        self, path: skia.Path, colour: int, width: float, *, fill: bool = False, alpha: float = 1.0
    ) -> None:
        style = skia.Paint.kStrokeAndFill_Style if fill else skia.Paint.kStroke_Style
        paint = skia.Paint(Color=_argb(colour, alpha), AntiAlias=True, Style=style, StrokeWidth=width)
        paint.setStrokeCap(skia.Paint.kRound_Cap)
        paint.setStrokeJoin(skia.Paint.kRound_Join)
        self.canvas.drawPath(path, paint)


@cache
def _dark_edge() -> skia.ImageFilter:
    soft = skia.ImageFilters.DropShadow(0, 0, 0.018, 0.018, 0xFF33264A)
    return skia.ImageFilters.DropShadow(0, 0, 0.012, 0.012, 0xFF33264A, soft)


def _argb(colour: int, alpha: float) -> int:
    return round(255 * alpha) << 24 | colour
