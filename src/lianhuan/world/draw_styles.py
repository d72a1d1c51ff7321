"""Four ways to draw everything: flat colours, line and watercolour, cut paper, wax crayon.

Watercolour and crayon are made from the flat picture; cut paper has a pen of its own. Noise is the same in all pictures of a size.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from math import sin

import numpy as np
import numpy.typing as npt
import skia
from PIL import Image

from lianhuan.world.pen import UNITS, Pen, lighter, mix

Pixels = npt.NDArray[np.float32]

_SHADE = 0x120C28
_MARGIN = 0xFBF8F0
_SMALLEST = 3.2
_INK = np.array((0.23, 0.16, 0.2), np.float32)
_WHITE = np.array((0.995, 0.985, 0.955), np.float32)
_CREAM = np.array((0.98, 0.955, 0.895), np.float32)


class CutPaperPen(Pen):
    """Draws every shape as a piece of paper that lies on the others: with a shadow, without an outline."""

    def __init__(self, canvas: skia.Canvas) -> None:
        super().__init__(canvas)
        self._unit = canvas.getTotalMatrix().getScaleX()

    @contextmanager
    def outlined(self, ink: int, grow: float) -> Iterator[None]:
        """A margin of white paper around a whole figure, with its shadow, instead of its outline."""
        with self._layer(), super().outlined(lighter(ink, 0.97), grow):
            yield

    @contextmanager
    def _layer(self) -> Iterator[None]:
        """What is drawn inside casts one soft shadow on all that is below."""
        aside = self._back(1.6)
        shadow = skia.ImageFilters.DropShadow(aside.x(), aside.y(), 0.7, 0.7, 0x90120C28)
        self.canvas.saveLayer(None, skia.Paint(ImageFilter=shadow))
        yield
        self.canvas.restore()

    def path(self, path: skia.Path, colour: int, alpha: float = 1.0) -> None:
        """Fill a path over its shadow."""
        bounds = path.getBounds()
        if not self._grow and alpha > 0.9 and min(bounds.width(), bounds.height()) > _SMALLEST:
            for far, dark in ((2.1, 0.13), (1.2, 0.2)):
                with self._aside(far):
                    super().path(path, _SHADE, dark)
            with self._aside(-0.5):
                super().path(path, lighter(colour, 0.45))
        super().path(path, colour, alpha)

    def shade(self, top: float, bottom: float, above: int, below: int) -> None:
        """Strips of paper with waved edges instead of a soft gradient."""
        count = max(2, round((bottom - top) / 20))
        for i in range(count):
            edge = top + (bottom - top) * i / count
            wave = (
                [(x, edge + 2.2 * sin(x * 0.09 + 2.1 * i)) for x in range(-4, 137, 4)]
                if i
                else [(-4, top), (132, top)]
            )
            self.poly([*wave, (132, bottom), (-4, bottom)], mix(above, below, i / (count - 1)))

    def glow(self, x: float, y: float, radius: float, colour: int, alpha: float) -> None:
        """Two discs of thin paper instead of a soft light."""
        for share, part in ((0.8, 0.3), (0.56, 0.45)):
            self.ellipse(x, y, radius * share, radius * share, colour, alpha * part)

    def edge(self) -> skia.ImageFilter:
        """The shadow of an icon."""
        return _paper_edge()

    @contextmanager
    def _aside(self, far: float) -> Iterator[None]:
        """Draw `far` units to the lower right of the picture, however the canvas is turned."""
        moved = self._back(far)
        self.canvas.save()
        self.canvas.translate(moved.x(), moved.y())
        yield
        self.canvas.restore()

    def _back(self, far: float) -> skia.Point:
        """The way to the lower right of the picture, as the canvas is turned now."""
        back = skia.Matrix()
        if not self.canvas.getTotalMatrix().invert(back):
            return skia.Point(0, 0)
        return back.mapVector(far * 0.75 * self._unit, far * self._unit)


@cache
def _paper_edge() -> skia.ImageFilter:
    soft = skia.ImageFilters.DropShadow(0, 0, 0.018, 0.018, 0xFF000000 | _MARGIN)
    white = skia.ImageFilters.DropShadow(0, 0, 0.014, 0.014, 0xFF000000 | _MARGIN, soft)
    return skia.ImageFilters.DropShadow(0.03, 0.04, 0.016, 0.016, 0x90120C28, white)


def pen_of(style: str, canvas: skia.Canvas) -> Pen:
    """The pen that draws in `style` on a scaled canvas."""
    return CutPaperPen(canvas) if style == "paper" else Pen(canvas)


def finish(style: str, picture: Image.Image) -> Image.Image:
    """The drawn picture as `style` leaves it on the paper; the same size."""
    if style not in _FINISHES:
        return picture
    pixels = np.asarray(picture).astype(np.float32) / np.float32(255)
    done = _FINISHES[style](pixels, len(pixels))
    return Image.fromarray((np.clip(done, 0, 1) * 255 + 0.5).astype(np.uint8))


@cache
def _noise(size: int, across: int, down: int, seed: int) -> Pixels:
    """Smooth noise in 0..1 of `across` x `down` grains, (size, size)."""
    grid = np.random.default_rng(seed).random((down, across)).astype(np.float32)
    grown = Image.fromarray(grid).resize((size, size), Image.Resampling.BICUBIC)
    return np.clip(np.asarray(grown), 0, 1)


@cache
def _wobble(
    size: int, grains: int, far: float, seed: int
) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Rows and columns to read from, up to `far` units away from each pixel."""
    reach = 2 * far * size / UNITS
    rows, columns = np.mgrid[:size, :size]
    moved = [
        np.clip(np.rint(axis + reach * (_noise(size, grains, grains, seed + i) - 0.5)), 0, size - 1).astype(
            np.intp
        )
        for i, axis in enumerate((rows, columns))
    ]
    return moved[0], moved[1]


@cache
def _border(size: int, width: float, ragged: float, seed: int) -> Pixels:
    """1 inside, 0 on the bare paper along the sides, (size, size, 1)."""
    at = (np.arange(size, dtype=np.float32) + 0.5) * UNITS / size
    near = np.minimum(at, UNITS - at)
    far = np.minimum(near[:, None], near[None, :]) + ragged * (_noise(size, 26, 26, seed) - 0.5)
    return np.clip((far - width) / 1.6, 0, 1)[..., None]


@cache
def _strokes(size: int) -> Pixels:
    """Streaks of wax that run gently down to the right, across rain, 0..1, (size, size)."""
    streaks = Image.fromarray(_noise(2 * size, 230, 22, 71)).rotate(64, Image.Resampling.BICUBIC)
    half = size // 2
    return np.asarray(streaks)[half : half + size, half : half + size]


def _lines(pixels: Pixels, size: int) -> Pixels:
    """Where light colours meet, 0..1, (size, size, 1); there is no line near what is dark already."""
    step = max(1, round(size / 150))
    change = np.zeros(pixels.shape[:2], np.float32)
    across = np.abs(pixels[:, step:] - pixels[:, :-step]).max(axis=2)
    down = np.abs(pixels[step:] - pixels[:-step]).max(axis=2)
    change[:, : size - step] = across
    change[: size - step] = np.maximum(change[: size - step], down)
    light = np.clip(_darkest(pixels.max(axis=2), 2 * step) * 6.4 - 2.8, 0, 1)
    return (np.clip((change - 0.13) / 0.22, 0, 1) * light)[..., None]


def _darkest(bright: Pixels, reach: int) -> Pixels:
    """The least of each square of `reach` pixels to all sides."""
    found = bright
    for _ in range(2):
        kept = found.copy()
        for far in range(1, reach + 1):
            np.minimum(kept[far:], found[:-far], out=kept[far:])
            np.minimum(kept[:-far], found[far:], out=kept[:-far])
        found = kept.T
    return found


def _soft(pixels: Pixels, size: int) -> Pixels:
    """The picture blurred by about a unit: a fraction of the size and back."""
    picture = Image.fromarray((pixels * 255).astype(np.uint8)).reduce(max(2, size // 64))
    return np.asarray(picture.resize((size, size), Image.Resampling.BICUBIC)).astype(np.float32) / np.float32(
        255
    )


def _wash(pixels: Pixels, size: int) -> Pixels:
    """Thin paint that runs and dries in clouds on white paper, under lines of brown ink."""
    run = pixels[_wobble(size, 20, 0.6, 11)]
    soft = _soft(run, size)
    paint = 0.8 * run + 0.2 * soft
    rim = np.clip((soft - run).mean(axis=2, keepdims=True), 0, 0.2)
    clouds = (
        _noise(size, 7, 7, 21) * 0.65
        + _noise(size, 20, 20, 22) * 0.35
        + 0.22 * (_noise(size, 110, 110, 23) - 0.5)
    )
    thick = (0.6 + 0.5 * clouds)[..., None] + 1.2 * rim + 0.35 * (1 - run.max(axis=2, keepdims=True))
    washed = _WHITE * (1 - (1 - paint) * np.minimum(thick, 1))
    line = 0.8 * _lines(run, size) * (0.55 + 0.45 * _noise(size, 40, 40, 33)[..., None])
    drawn = washed * (1 - line) + _INK * line
    inside = _border(size, 3.2, 4.6, 41)
    grain = 0.94 + 0.06 * _noise(size, 120, 120, 43)[..., None]
    return (drawn * inside + _WHITE * (1 - inside)) * grain


def _crayon(pixels: Pixels, size: int) -> Pixels:
    """Strokes of wax on rough cream paper that shows between them, most where nothing is drawn small."""
    rough = pixels[_wobble(size, 60, 0.7, 51)]
    wax = 0.6 * _strokes(size) + 0.4 * _noise(size, 110, 110, 61)
    small = np.clip(5 * np.abs(rough - _soft(rough, size)).max(axis=2, keepdims=True) - 0.2, 0, 1)
    light = rough.mean(axis=2, keepdims=True)
    bare = np.clip((0.5 - wax) / 0.2, 0, 1)[..., None] * (0.42 * light) * (1 - 0.85 * small)
    pressed = rough * (0.84 + 0.3 * wax[..., None] * (1 - 0.6 * small) + 0.09 * small)
    drawn = pressed * (1 - bare) + _CREAM * bare
    inside = np.clip(_border(size, 3.4, 3.0, 81) * (0.4 + 1.4 * wax[..., None]), 0, 1)
    return drawn * inside + _CREAM * (1 - inside)


def _paper(pixels: Pixels, size: int) -> Pixels:
    """The grain of paper in all colours."""
    grain = 0.5 * _noise(size, 128, 128, 91) + 0.3 * _noise(size, 60, 60, 92) + 0.2 * _noise(size, 12, 12, 93)
    return pixels * (0.9 + 0.13 * grain)[..., None] + 0.06 * grain[..., None]


_FINISHES: dict[str, Callable[[Pixels, int], Pixels]] = {"wash": _wash, "paper": _paper, "crayon": _crayon}
