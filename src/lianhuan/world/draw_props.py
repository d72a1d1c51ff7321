"""All props: vector icons read from `props.json` (Fluent emoji by Microsoft, MIT; see PROPS-LICENSE.txt)."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import skia

from lianhuan.world.pen import Pen


@cache
def _bodies() -> dict[str, dict[str, Any]]:
    text = files("lianhuan.world").joinpath("props.json").read_text(encoding="utf-8")
    bodies: dict[str, dict[str, Any]] = json.loads(text)
    return bodies


@cache
def _icon(kind: str) -> skia.Picture:
    icon = _bodies()[kind]
    width, height = icon["width"], icon["height"]
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}">{icon["body"]}</svg>'
    dom = skia.SVGDOM.MakeFromStream(skia.MemoryStream(svg.encode(), True))
    dom.setContainerSize(skia.Size(1, 1))
    recorder = skia.PictureRecorder()
    dom.render(recorder.beginRecording(skia.Rect.MakeWH(1, 1)))
    return recorder.finishRecordingAsPicture()


def draw_prop(pen: Pen, kind: str, x: float, y: float, size: float) -> None:
    """Draw the prop `kind` centred on (x, y), `size` units wide and high."""
    with pen.moved(x - size / 2, y - size / 2, scale=size):
        pen.canvas.saveLayer(skia.Rect.MakeLTRB(-0.1, -0.1, 1.1, 1.1), skia.Paint(ImageFilter=pen.edge()))
        pen.canvas.drawPicture(_icon(kind))
        pen.canvas.restore()
