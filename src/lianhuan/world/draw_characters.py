"""All kinds of characters in all poses. Feet are at the origin's height; figures face right unless mirrored."""

from collections.abc import Callable
from functools import partial

from lianhuan.world.draw_actions import BEHIND, MARKS, TOOLS, Hold, kicked_at
from lianhuan.world.draw_animals import FUR, TAILS, draw_animal_head
from lianhuan.world.draw_faces import face_of
from lianhuan.world.draw_heads import SKIN, draw_hair_behind, draw_person_head
from lianhuan.world.draw_poses import BUILDS, HOLDING, POSES, Joints, Pose, joints
from lianhuan.world.draw_worn import Trunk, coat_colour, draw_body_wear, draw_head_wear, draw_scarf
from lianhuan.world.pen import Pen, Point, darker, lighter
from lianhuan.world.scene import Actor
from lianhuan.world.vocabulary import PEOPLE

CLOTH = {
    "red": 0xE3262E, "orange": 0xFF8A1E, "yellow": 0xFFDB2E, "green": 0x1FA045,
    "blue": 0x1F62E0, "purple": 0x8430B8, "pink": 0xFF8FC4, "white": 0xFBFBFF,
}  # fmt: skip
_INK = 0x33264A
_SHOE = 0x4A3450
_OUTLINE = 0.75
_LYING_TURN = -84.0


def draw_shadow(pen: Pen, x: float, y: float, action: str, size: float = 1.0) -> None:
    """The soft shadow on the ground under a figure, `size` times as large as life."""
    wide = {
        "sleep": 26,
        "jump": 11,
        "run": 17,
        "sit": 18,
        "crouch": 17,
        "dance": 15,
        "fall": 24,
        "bow": 17,
        "dig": 19,
        "kick": 15,
        "throw": 17,
    }.get(action, 14)
    pen.ellipse(x, y + 0.5 * size, wide * size, 3.2 * size, 0x1A1440, 0.28)


def draw_character(
    pen: Pen, actor: Actor, x: float, y: float, hold: Hold | None = None, scale: float = 1.0
) -> None:
    """Draw `actor` with the feet at (x, y), `scale` times as large as life.

    `hold(x, y)` draws the prop in the hand, or at the foot that kicks it, at that place, in the figure's own mirrored coordinates.
    """
    pose, build = POSES[actor.action], BUILDS[actor.kind]
    body = joints(pose, build, HOLDING.get(actor.action) if hold else None)
    if hold is None and actor.action in TOOLS:
        hold = partial(TOOLS[actor.action], pen)
    with pen.moved(x, y, mirror=actor.facing == "left", scale=scale):
        if pose.lying:
            _lying(pen, actor, body, pose, hold)
            return
        if actor.action in BEHIND:
            BEHIND[actor.action](pen, body, build.head)
        with pen.outlined(_INK, _OUTLINE):
            _figure(pen, actor, body, pose, None)
        _figure(pen, actor, body, pose, hold)
        if actor.action in MARKS:
            MARKS[actor.action](pen, body, build.head)


def _lying(pen: Pen, actor: Actor, body: Joints, pose: Pose, hold: Hold | None) -> None:
    """A sleeper with a pillow, the head towards the back."""
    half = -body.head[1] / 2 + 1
    pen.ellipse(-half - 1, -5, 13, 6, _INK)
    pen.ellipse(-half - 1, -5, 12.2, 5.2, 0xF4F6FF)
    with pen.moved(half, -9, turn=_LYING_TURN):
        with pen.outlined(_INK, _OUTLINE):
            _figure(pen, actor, body, pose, None)
        _figure(pen, actor, body, pose, None)
    if hold:
        hold(7, -10)
    for x, y, size in ((-half + 5, -27, 2.4), (-half + 12, -36, 3.4)):
        for colour, width in ((_INK, 3.6), (0xFFFFFF, 1.9)):
            with pen.moved(x, y, mirror=actor.facing == "left"):
                pen.line([(-size, -size), (size, -size), (-size, size), (size, size)], colour, width)


def _figure(pen: Pen, actor: Actor, body: Joints, pose: Pose, hold: Hold | None) -> None:
    """All of a figure, from back to front."""
    build, look = BUILDS[actor.kind], actor.look
    person = actor.kind in PEOPLE
    skin = (SKIN if person else FUR)[look.tone]
    top = CLOTH[look.top]
    if not person:
        with pen.moved(*body.hip, mirror=pose.lying):
            TAILS[actor.kind](pen, skin)
    else:
        _at_head(pen, body, pose, lambda: draw_hair_behind(pen, actor.kind, look, build.head))
    palm = pose.open_hand and actor.action == "wave"
    _arm(pen, body.arm_back, darker(top, 0.14), darker(skin, 0.06), open_hand=palm)
    _clothes(pen, actor, body, pose, _SHOE if person else skin)
    trunk, cloth = Trunk(body, build.half), CLOTH[look.bottom]
    draw_body_wear(pen, look.worn, trunk, cloth, seated=pose.seated)
    paint_head = draw_person_head if person else draw_animal_head
    face = face_of(pose.eyes, pose.mouth, actor.emotion)
    _at_head(pen, body, pose, lambda: paint_head(pen, actor.kind, look, build.head, face))
    _at_head(pen, body, pose, lambda: draw_head_wear(pen, look.worn, actor.kind, cloth, build.head))
    if look.worn == "scarf":
        draw_scarf(pen, trunk, cloth)
    if hold:
        hold(*(kicked_at(body) if actor.action == "kick" else body.arm_front[2]))
    _arm(pen, body.arm_front, top, skin, edge=True, open_hand=pose.open_hand and actor.action == "reach")
    if look.worn == "coat":
        pen.line(body.arm_front[:2], coat_colour(cloth), 6.8)
    if pose.finger:
        tip = body.arm_front[2]
        pen.line([tip, (tip[0] + 5.5, tip[1] + 0.2)], skin, 2.2)


def _clothes(pen: Pen, actor: Actor, body: Joints, pose: Pose, shoe: int) -> None:
    """Legs, shirt and trousers, dress or skirt."""
    half = BUILDS[actor.kind].half
    top, bottom = CLOTH[actor.look.top], CLOTH[actor.look.bottom]
    _leg(pen, body.leg_back, darker(bottom, 0.18), darker(shoe, 0.12))
    if pose.seated:
        _torso(pen, body, half, top)
        _leg(pen, body.leg_front, bottom, shoe)
    else:
        _leg(pen, body.leg_front, bottom, shoe)
        _torso(pen, body, half, top)
    x, y = body.hip
    if actor.kind == "girl":
        _skirt(pen, body, bottom, 0.98, 4.8)
        _skirt(pen, body, top, 0.5, 4.2)
    elif actor.kind == "woman":
        _skirt(pen, body, bottom, 1.55, 2.2)
    elif actor.kind == "grandmother":
        _skirt(pen, body, bottom, 1.75, 2.8)
        _shawl(pen, Trunk(body, half), lighter(top, 0.45))
    elif not pose.seated:
        pen.line([(x - half * 0.5, y), (x + half * 0.5, y)], bottom, 6)
    if actor.kind == "grandfather":
        _braces(pen, Trunk(body, half), darker(bottom, 0.3))


def _shawl(pen: Pen, trunk: Trunk, colour: int) -> None:
    """A knitted cloth over the shoulders that meets in front."""
    at = trunk.at
    pen.poly([at(0.98, -0.9), at(0.98, 0.9), at(0.66, 1.12), at(0.36, 0.24), at(0.6, -1.12)], colour, 1.2)
    pen.line([at(0.72, -0.9), at(0.48, 0.2), at(0.76, 0.9)], darker(colour, 0.3), 1.1)
    pen.ellipse(*at(0.6, 0.22), 1.9, 1.9, 0xFFDB6E)


def _braces(pen: Pen, trunk: Trunk, colour: int) -> None:
    """Braces over the shirt and a bow tie."""
    at = trunk.at
    for aside in (-0.46, 0.5):
        pen.line([at(0.92, aside), at(0.1, aside)], colour, 2.0)
    for side in (-1, 1):
        pen.poly([at(0.9, 0.16), at(0.97, 0.16 + side * 0.42), at(0.8, 0.16 + side * 0.42)], colour, 0.8)


def _at_head(pen: Pen, body: Joints, pose: Pose, draw: Callable[[], None]) -> None:
    with pen.moved(*body.head, turn=pose.lean * 0.55):
        draw()


def _torso(pen: Pen, body: Joints, half: float, top: int) -> None:
    hip, neck = body.hip, body.neck
    length = ((neck[0] - hip[0]) ** 2 + (neck[1] - hip[1]) ** 2) ** 0.5
    up = ((neck[0] - hip[0]) / length, (neck[1] - hip[1]) / length)
    across = (-up[1], up[0])

    def at(along: float, aside: float) -> Point:
        return hip[0] + up[0] * along + across[0] * aside, hip[1] + up[1] * along + across[1] * aside

    corner = 3.2
    pen.poly([at(0, -half + corner), at(length - 4, -half + corner), at(length - 2, -half * 0.3), at(length - 2, half * 0.3),
              at(length - 4, half - corner), at(0, half - corner)], top, corner)  # fmt: skip


def _skirt(pen: Pen, body: Joints, colour: int, share: float, flare: float) -> None:
    """Cloth from the waist down to `share` (1 = knee, 2 = ankle) of both legs."""

    def hem(leg: tuple[Point, Point, Point], aside: float) -> Point:
        start, end, t = (leg[0], leg[1], share) if share <= 1 else (leg[1], leg[2], share - 1)
        return start[0] + (end[0] - start[0]) * t + aside, start[1] + (end[1] - start[1]) * t

    x, y = body.hip
    knees = [body.leg_front[1], body.leg_back[1]] if share > 1 else []
    points = [(x - 4, y - 3), (x + 4, y - 3), (x + 4, y), *knees[:1], hem(body.leg_front, flare), hem(body.leg_back, -flare),
              *knees[1:], (x - 4, y)]  # fmt: skip
    pen.poly(points, colour, 3.4)


def _arm(
    pen: Pen, arm: tuple[Point, Point, Point], cloth: int, skin: int, *, edge: bool = False, open_hand: bool = False
) -> None:  # fmt: skip
    shoulder, elbow, hand = arm
    wrist = (elbow[0] + (hand[0] - elbow[0]) * 0.72, elbow[1] + (hand[1] - elbow[1]) * 0.72)
    if edge:
        pen.line([shoulder, elbow, wrist], darker(cloth, 0.34), 7.2)
    pen.line([shoulder, elbow, wrist], cloth, 5.8)
    pen.ellipse(*hand, 3.1, 3.1, skin)
    if open_hand:
        along = (hand[0] - elbow[0], hand[1] - elbow[1])
        length = (along[0] ** 2 + along[1] ** 2) ** 0.5
        ahead = (along[0] / length, along[1] / length)
        for spread in (-0.75, 0.0, 0.75):
            tip = (hand[0] + 5 * (ahead[0] - ahead[1] * spread), hand[1] + 5 * (ahead[1] + ahead[0] * spread))
            pen.line([hand, tip], skin, 1.9)


def _leg(pen: Pen, leg: tuple[Point, Point, Point], cloth: int, shoe: int) -> None:
    hip, knee, foot = leg
    ankle = (knee[0] + (foot[0] - knee[0]) * 0.7, knee[1] + (foot[1] - knee[1]) * 0.7)
    pen.line([hip, knee, ankle], cloth, 6.6)
    along = (foot[0] - knee[0], foot[1] - knee[1])
    length = (along[0] ** 2 + along[1] ** 2) ** 0.5
    toe = (along[1] / length * 2.6, -along[0] / length * 2.6)
    heel = (foot[0] - along[0] / length * 2.2, foot[1] - along[1] / length * 2.2)
    pen.line([heel, (heel[0] + toe[0], heel[1] + toe[1])], shoe, 5.2)
