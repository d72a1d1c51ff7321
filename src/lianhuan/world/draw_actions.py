"""What shows an action beside the pose: things used, and marks around the figure. Hands are points of the posed body."""

from collections.abc import Callable

from lianhuan.world.draw_faces import draw_drop, draw_star
from lianhuan.world.draw_poses import Joints
from lianhuan.world.pen import Pen, Point

Hold = Callable[[float, float], None]
Mark = Callable[[Pen, Joints, float], None]
_INK = 0x33264A


def sack(pen: Pen, x: float, y: float) -> None:
    """What carriers carry when there is no prop: a big brown box."""
    pen.rect(x - 9, y - 12, 20, 18, _INK, 2)
    pen.rect(x - 8.2, y - 11.2, 18.4, 16.4, 0xC98B4E, 1.4)
    pen.rect(x - 8.2, y - 11.2, 18.4, 4.5, 0xDDA868, 1.4)
    pen.rect(x - 1, y - 11.2, 4, 16.4, 0xF2D9A0)


def _sandwich(pen: Pen, x: float, y: float) -> None:
    with pen.moved(x + 2.5, y - 2.5, turn=-20):
        pen.rect(-6.4, -5.6, 12.8, 10.4, _INK, 2.6)
        pen.rect(-5.6, -4.8, 11.2, 3.4, 0xE8A850, 1.6)
        pen.rect(-5.8, -1.6, 11.6, 1.6, 0x4FB848)
        pen.rect(-5.6, -0.2, 11.2, 1.4, 0xF04A3A)
        pen.rect(-5.6, 1.0, 11.2, 3.0, 0xE8A850, 1.4)


def _glass(pen: Pen, x: float, y: float) -> None:
    with pen.moved(x + 1.5, y - 3.5, turn=-62):
        pen.poly([(-4.6, -7), (4.6, -7), (3.6, 7), (-3.6, 7)], _INK, 1.1)
        pen.poly([(-4.4, -6.8), (4.4, -6.8), (3.4, 6.8), (-3.4, 6.8)], 0xE8F6FF, 0.2)
        pen.poly([(-4.0, -3.6), (4.0, -3.6), (3.2, 6.4), (-3.2, 6.4)], 0xFF8A1E, 0.2)


def _open_book(pen: Pen, x: float, y: float) -> None:
    """An open book seen from behind its cover, pages above."""
    with pen.moved(x + 1, y - 3, turn=6):
        pen.poly([(-9.6, -7.4), (0, -4.8), (9.6, -7.4), (9.6, 5.2), (0, 8.2), (-9.6, 5.2)], _INK, 1.2)
        pen.poly([(-8.8, -7.6), (0, -5), (8.8, -7.6), (8.8, 3.4), (0, 6), (-8.8, 3.4)], 0xFFFDF2, 0.6)
        pen.poly([(-9.4, -5.6), (0, -2.8), (0, 7.6), (-9.4, 4.8)], 0xD8323A, 0.4)
        pen.poly([(9.4, -5.6), (0, -2.8), (0, 7.6), (9.4, 4.8)], 0xB81F30, 0.4)
        pen.ellipse(-4.8, 1.2, 2.0, 2.0, 0xFFD84A)


def _little_ball(pen: Pen, x: float, y: float) -> None:
    pen.ellipse(x - 1, y - 4.5, 5.6, 5.6, _INK)
    pen.ellipse(x - 1, y - 4.5, 4.8, 4.8, 0xFFFFFF)
    pen.ellipse(x - 1, y - 4.5, 4.8, 1.6, 0xF8312F)


TOOLS: dict[str, Callable[[Pen, float, float], None]] = {
    "carry": sack, "eat": _sandwich, "drink": _glass, "read": _open_book, "throw": _little_ball, "kick": _little_ball,
}  # fmt: skip
"""What the hand holds, or the foot kicks, in an action when there is no prop: drawn there."""


def _waves(pen: Pen, body: Joints, _head: float) -> None:
    """Two bows beside a waving hand."""
    hand = body.arm_back[2]
    for radius in (7.5, 11):
        pen.curve(
            (hand[0] - radius, hand[1] - 5),
            (hand[0] - radius - 3, hand[1]),
            (hand[0] - radius, hand[1] + 5),
            0xFFFFFF,
            1.5,
        )


def _note(pen: Pen, x: float, y: float, size: float, colour: int) -> None:
    for ink, grow in ((0xFFFFFF, 1.5), (colour, 0.0)):
        pen.ellipse(x, y, 2.4 * size + grow, 1.9 * size + grow, ink)
        pen.line(
            [(x + 2 * size, y), (x + 2 * size, y - 8 * size), (x + 5.4 * size, y - 6 * size)],
            ink,
            1.4 * size + grow * 1.6,
        )


def _song(pen: Pen, body: Joints, head: float) -> None:
    x, y = body.head
    for dx, dy, size, colour in (
        (1.8, -0.2, 1.0, 0x8430B8),
        (2.55, -1.0, 1.2, 0xE3262E),
        (1.6, -1.55, 0.9, 0x1F62E0),
    ):
        _note(pen, x + dx * head, y + dy * head, size, colour)


def _swirls(pen: Pen, body: Joints, head: float) -> None:
    """Bows of a turning body and two sparkles."""
    x, y = body.hip
    for side in (-1, 1):
        for far in (14, 18.5):
            pen.curve(
                (x + side * far, y - 9), (x + side * (far + 4), y - 3), (x + side * far, y + 3), 0xFFFFFF, 1.6
            )
    top_x, top_y = body.head
    _note(pen, top_x - 1.9 * head, top_y - 0.3 * head, 1.0, 0xE3262E)
    draw_star(pen, top_x + 1.7 * head, top_y + 0.4 * head, 3.6, 0xFFE14A)


def _weeping(pen: Pen, body: Joints, head: float) -> None:
    """Tears fly to both sides."""
    x, y = body.head
    for side in (-1, 1):
        for out, down, size, turn in ((1.1, -0.35, 4.2, 70), (1.45, 0.05, 4.8, 95), (1.35, 0.55, 4.2, 125)):
            draw_drop(pen, x + side * out * head, y + down * head, size, turn=-side * (180 - turn))


def _crumbs(pen: Pen, body: Joints, _head: float) -> None:
    x, y = body.arm_front[2]
    for dx, dy in ((-2, 7), (3, 9), (7, 5), (0, 12)):
        pen.ellipse(x + dx, y + dy, 1.1, 1.1, 0xE8A850)


def _bursts(pen: Pen, body: Joints, _head: float) -> None:
    """Short lines around hands that meet."""
    x, y = body.arm_front[2]
    for dx, dy in ((0.55, -0.85), (0.95, -0.3), (0.95, 0.35), (0.55, 0.85)):
        pen.line([(x + dx * 6.5, y + dy * 6.5), (x + dx * 11, y + dy * 11)], _INK, 3.2)
        pen.line([(x + dx * 6.5, y + dy * 6.5), (x + dx * 11, y + dy * 11)], 0xFFE14A, 1.8)


def _speed(pen: Pen, start: Point, bend: Point, end: Point) -> None:
    pen.curve(start, bend, end, 0xFFFFFF, 1.7)


def _swing(pen: Pen, body: Joints, _head: float) -> None:
    """The path of a hand that throws."""
    x, y = body.arm_front[2]
    for far in (0, 4):
        _speed(pen, (x - 15, y - 9 - far), (x - 6, y - 17 - far), (x + 3, y - 12 - far))


def kicked_at(body: Joints) -> Point:
    """Where what is kicked flies off the foot."""
    x, y = body.leg_front[2]
    return x + 19, y - 2


def _kicking(pen: Pen, body: Joints, _head: float) -> None:
    """Lines ahead of the foot."""
    x, y = body.leg_front[2]
    for dy in (-5, 0, 5):
        _speed(pen, (x + 5.5, y - 2 + dy * 0.6), (x + 8, y - 3 + dy * 0.8), (x + 11, y - 4 + dy))


def _dirt(pen: Pen, body: Joints, _head: float) -> None:
    """A spade at work in a heap of earth."""
    hand, low = body.arm_front[2], body.arm_back[2]
    foot = (hand[0] + 7.5, -3.0)
    top = (low[0] - 3.5, low[1] - 7)
    pen.ellipse(foot[0] + 8, -1.5, 11, 6.5, _INK)
    pen.ellipse(foot[0] + 8, -1.5, 10.2, 5.7, 0x7A4A2C)
    pen.ellipse(foot[0] + 6, -3.5, 4, 2, 0x96623C)
    for colour, width in ((_INK, 4.2), (0xD8A860, 2.6)):
        pen.line([top, foot], colour, width)
    pen.poly(
        [
            (foot[0] - 3.6, -9),
            (foot[0] + 3.4, -9),
            (foot[0] + 4.4, -3),
            (foot[0] + 1.8, 1),
            (foot[0] - 1.8, -1),
        ],
        _INK,
        1,
    )
    pen.poly([(foot[0] - 3.2, -8.6), (foot[0] + 3, -8.6), (foot[0] + 4, -3), (foot[0] + 1.6, 0.6), (foot[0] - 1.6, -1.4)],
             0xB8C4D0, 0.3)  # fmt: skip
    for x, y in ((14, -13), (19, -9), (9, -15)):
        pen.ellipse(foot[0] + x, y, 1.6, 1.6, 0x7A4A2C)


def _tumble(pen: Pen, body: Joints, head: float) -> None:
    """Lines behind a fall, stars ahead."""
    x, y = body.hip
    for dx, dy in ((-6, -10), (-1, -14), (5, -17)):
        _speed(pen, (x + dx - 7, y + dy - 7), (x + dx - 2, y + dy - 6), (x + dx + 2, y + dy - 1))
    top_x, top_y = body.head
    for out, down in ((1.2, -1.4), (1.9, -0.6)):
        draw_star(pen, top_x + out * head, top_y + down * head, 4.4, 0xFFE14A)


def _gaze(pen: Pen, body: Joints, head: float) -> None:
    """Dashes in the direction of a look."""
    x, y = body.head
    for out in (1.45, 1.95, 2.45):
        pen.line(
            [(x + out * head, y + 0.05 * head), (x + (out + 0.22) * head, y + 0.05 * head)], 0xFFFFFF, 2.2
        )


MARKS: dict[str, Mark] = {
    "wave": _waves, "sing": _song, "dance": _swirls, "cry": _weeping, "eat": _crumbs, "clap": _bursts, "throw": _swing,
    "kick": _kicking, "dig": _dirt, "fall": _tumble, "look": _gaze,
}  # fmt: skip
"""Marks around a figure, drawn last: pen, body, radius of the head."""


def draw_trunk(pen: Pen, body: Joints, _head: float) -> None:
    """The bare tree that climbers climb, with stubs of branches."""
    x = body.arm_front[2][0] + 1.5
    top = body.arm_front[2][1] - 16
    for grow, wood in ((0.9, _INK), (0.0, 0x8A5A34)):
        pen.poly([(x - 4 - grow, top - grow), (x + 4 + grow, top - grow), (x + 5 + grow, 1), (x + 9 + grow, 4 + grow),
                  (x - 9 - grow, 4 + grow), (x - 5 - grow, 1)], wood)  # fmt: skip
        for side, share in ((1, 0.15), (-1, 0.5), (1, 0.62)):
            y = top * (1 - share)
            pen.line([(x, y + 5), (x + side * 11, y)], wood, 3.4 + 2 * grow)
    pen.line([(x + 2, top + 8), (x + 2.4, -8)], 0x6E4526, 1.4)
    pen.ellipse(x + 13, top * 0.85 - 2, 4.4, 3.2, 0x3FA048)
    pen.ellipse(x - 1, top - 1, 4.2, 1.8, 0xD8A860)


BEHIND: dict[str, Mark] = {"climb": draw_trunk}
"""Things behind a figure: pen, body, radius of the head."""
