"""How bodies stand: proportions of the kinds and their poses, as joint angles and joint positions."""

from dataclasses import dataclass
from math import cos, radians, sin

from lianhuan.world.pen import Point

Angles = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Build:
    """Proportions in drawing units: lengths of leg, torso and arm, radius of the head, half width of the shoulders.

    `stoop` is how far age bends the back, in degrees.
    """

    leg: float
    torso: float
    head: float
    arm: float
    half: float
    stoop: float = 0.0


CHILD = Build(leg=13.5, torso=17, head=11.5, arm=15, half=7.2)
ADULT = Build(leg=20, torso=21.5, head=11.5, arm=19, half=8.2)
ANIMAL = Build(leg=12, torso=17, head=11.5, arm=14, half=7.6)
BROAD = Build(leg=11, torso=18.5, head=12, arm=14.5, half=10)
BUILDS = {
    "girl": CHILD, "boy": CHILD, "woman": ADULT, "man": ADULT, "fox": ANIMAL, "rabbit": ANIMAL, "bear": BROAD, "cat": ANIMAL,
    "grandmother": Build(leg=15.5, torso=19.5, head=11.5, arm=17, half=8.4, stoop=11),
    "grandfather": Build(leg=17.5, torso=20.5, head=11.5, arm=18, half=8.4, stoop=11),
    "dog": ANIMAL, "wolf": Build(leg=14.5, torso=18, head=11.5, arm=15.5, half=7.8),
    "mouse": Build(leg=9, torso=14.5, head=10.6, arm=12.5, half=6.6),
    "pig": Build(leg=9.5, torso=18, head=11.8, arm=13.5, half=10.4), "sheep": Build(leg=10.5, torso=17.5, head=11, arm=13.5, half=9.2),
    "elephant": Build(leg=12, torso=21, head=12.4, arm=16, half=11.4), "tiger": BROAD,
    "monkey": Build(leg=11.5, torso=16, head=11, arm=17.5, half=7.2), "panda": BROAD, "lion": BROAD,
}  # fmt: skip
"""Proportions of each kind."""


@dataclass(frozen=True, kw_only=True)
class Pose:
    """A pose of a figure that faces right.

    Angles are in degrees from straight down, positive to the front; each limb has an upper and a lower part. `hip` is
    the height of the hip over the ground as a share of the leg, `lift` the distance of the whole figure from the ground.
    Where `front_at` or `back_at` is given, that hand is at this place instead, in radii of the head from its middle.
    """

    arm_front: Angles = (10, 14)
    arm_back: Angles = (-10, -14)
    leg_front: Angles = (2, 2)
    leg_back: Angles = (-2, -2)
    lean: float = 0.0
    hip: float = 1.0
    lift: float = 0.0
    shift: float = 0.0
    head: Point = (0.0, 0.0)
    eyes: str = "open"
    mouth: str = "smile"
    open_hand: bool = False
    finger: bool = False
    seated: bool = False
    lying: bool = False
    front_at: Point | None = None
    back_at: Point | None = None


POSES = {
    "stand": Pose(),
    "walk": Pose(leg_front=(36, 26), leg_back=(-34, -44), arm_front=(42, 62), arm_back=(-46, -30), hip=0.86),
    "run": Pose(leg_front=(84, 10), leg_back=(-52, -112), arm_front=(70, 140), arm_back=(-82, -30), lean=28, hip=1.0,
                lift=2.0, shift=-5, head=(2, 1), mouth="open"),
    "sit": Pose(leg_front=(88, 84), leg_back=(76, 80), arm_front=(34, 62), arm_back=(-34, -20), lean=-6, hip=0.3, shift=-8,
                seated=True),
    "crouch": Pose(leg_front=(104, -24), leg_back=(70, -50), arm_front=(24, 10), arm_back=(36, 20), lean=58, hip=0.55,
                   shift=-11, head=(3, 2)),
    "reach": Pose(leg_front=(12, 8), leg_back=(-16, -30), arm_front=(122, 124), arm_back=(-50, -64), lean=14, hip=0.97,
                  shift=-5, head=(0, -1), open_hand=True),
    "wave": Pose(arm_back=(-128, -172), mouth="open", head=(1, 0), open_hand=True),
    "laugh": Pose(arm_front=(58, -62), arm_back=(-58, 62), leg_front=(14, 10), leg_back=(-14, -10), lean=-13, hip=0.95,
                  shift=3, head=(-1, -1), eyes="closed", mouth="laugh"),
    "sleep": Pose(lying=True, eyes="asleep", mouth="small", leg_front=(20, -12), leg_back=(8, -22), arm_front=(24, 20),
                  arm_back=(-6, 6)),
    "jump": Pose(arm_front=(142, 160), arm_back=(-142, -160), leg_front=(58, -46), leg_back=(-58, 34), hip=0.62, lift=21,
                 mouth="open"),
    "carry": Pose(arm_front=(62, 96), arm_back=(58, 92), leg_front=(10, 4), leg_back=(-10, -18), lean=-7, hip=0.97, shift=-5),
    "point": Pose(arm_front=(91, 91), arm_back=(-62, 46), shift=-5, finger=True),
    "dance": Pose(arm_front=(112, 152), arm_back=(-96, -30), leg_front=(78, -52), leg_back=(-8, 4), lean=-14, hip=0.98, shift=-1,
                  head=(1, 0), eyes="open", mouth="open"),
    "cry": Pose(front_at=(0.82, 0.42), back_at=(-0.62, 0.5), leg_front=(6, 2), leg_back=(-6, -2), lean=9, shift=-3, head=(0, 1),
                eyes="shut", mouth="wail"),
    "sing": Pose(front_at=(0.75, 1.75), arm_back=(-84, -118), leg_front=(16, 6), leg_back=(-16, -6), hip=0.97, lean=-5, shift=1,
                 head=(0, -1), eyes="closed", mouth="laugh"),
    "eat": Pose(front_at=(0.85, 0.85), arm_back=(-20, 60), leg_front=(10, 8), leg_back=(-10, -8), mouth="chew", hip=0.98,
                lean=4, shift=-2),
    "drink": Pose(front_at=(1.0, 0.35), arm_back=(-58, 40), leg_front=(10, 4), leg_back=(-18, -8), lean=-17, shift=4, hip=0.97,
                  eyes="asleep", mouth="small"),
    "read": Pose(front_at=(1.0, 1.72), back_at=(0.45, 1.95), leg_front=(2, 2), leg_back=(-8, -2), lean=6, shift=-5, eyes="down",
                 head=(1, 1)),
    "throw": Pose(arm_front=(126, 160), arm_back=(-64, -84), leg_front=(46, 6), leg_back=(-36, -32), lean=-16, hip=0.9, shift=-1,
                  mouth="open"),
    "kick": Pose(arm_front=(-64, -30), arm_back=(-112, -96), leg_front=(96, 88), leg_back=(-4, -12), lean=-20, hip=0.97, shift=-1,
                 mouth="open"),
    "climb": Pose(arm_front=(112, 168), arm_back=(84, 142), leg_front=(98, -2), leg_back=(36, 0), lean=10, hip=1.0, lift=14,
                  shift=-8, head=(-1, 1)),
    "fall": Pose(arm_front=(104, 128), arm_back=(142, 168), leg_front=(-88, -128), leg_back=(-70, -74), lean=80, hip=1.1,
                 lift=3, shift=-13, eyes="wide", mouth="round"),
    "bow": Pose(arm_front=(-50, 40), arm_back=(-112, -124), lean=54, hip=1.0, shift=-10, eyes="asleep", head=(2, 2)),
    "clap": Pose(front_at=(1.3, 1.15), back_at=(1.08, 1.28), leg_front=(12, 4), leg_back=(-14, -6), hip=0.98, lean=-3, shift=-2,
                 eyes="closed", mouth="open"),
    "dig": Pose(arm_front=(52, 40), arm_back=(70, 50), leg_front=(48, -14), leg_back=(-20, -34), lean=34, hip=0.84, shift=-12,
                head=(1, 1)),
    "look": Pose(front_at=(0.98, -0.46), arm_back=(-64, 46), leg_front=(24, 8), leg_back=(-16, -20), lean=12, hip=0.97, shift=-5,
                 mouth="small"),
}  # fmt: skip

HOLDING = {"stand": (30, 88), "walk": (30, 88), "sit": (40, 84), "wave": (30, 88), "laugh": (34, 84),
           "crouch": (60, 84), "dance": (30, 88), "cry": (30, 88), "sing": (30, 88), "clap": (30, 88), "look": (30, 88),
           "bow": (60, 84), "dig": (40, 96)}  # fmt: skip
"""Angles of the front arm in these poses when the hand holds a prop."""


@dataclass(frozen=True, kw_only=True)
class Joints:
    """Positions of a posed body, origin on the ground; limbs as (start, middle, end)."""

    hip: Point
    neck: Point
    head: Point
    arm_front: tuple[Point, Point, Point]
    arm_back: tuple[Point, Point, Point]
    leg_front: tuple[Point, Point, Point]
    leg_back: tuple[Point, Point, Point]


def joints(pose: Pose, build: Build, arm_front: Angles | None) -> Joints:
    """Where the joints of a body are; `arm_front`, where given, replaces what the pose does with the front arm."""
    leg = build.leg * (1.4 if pose.seated else 1.0)
    hip = (pose.shift, -build.leg * pose.hip - pose.lift)
    lean = radians(
        pose.lean if pose.lying or pose.seated else pose.lean + build.stoop * cos(radians(pose.lean))
    )
    up = (sin(lean), -cos(lean))
    across = (cos(lean), sin(lean))
    neck = (hip[0] + up[0] * build.torso, hip[1] + up[1] * build.torso)
    reach = build.head * 0.82
    tilt = radians(pose.lean * 0.7)
    head = (neck[0] + sin(tilt) * reach + pose.head[0], neck[1] - cos(tilt) * reach + pose.head[1])
    shoulder, side = build.half * 0.86, build.half * 0.5
    low = (neck[0] - up[0] * 4.2, neck[1] - up[1] * 4.2)

    def arm(side: int, angles: Angles, at: Point | None) -> tuple[Point, Point, Point]:
        start = (low[0] + side * across[0] * shoulder, low[1] + side * across[1] * shoulder)
        if at is None:
            return _limb(start, angles, build.arm)
        return _bent(start, (head[0] + at[0] * build.head, head[1] + at[1] * build.head), build.arm)

    return Joints(
        hip=hip, neck=neck, head=head,
        arm_front=arm(1, arm_front or pose.arm_front, None if arm_front else pose.front_at),
        arm_back=arm(-1, pose.arm_back, pose.back_at),
        leg_front=_limb((hip[0] + side, hip[1]), pose.leg_front, leg),
        leg_back=_limb((hip[0] - side, hip[1]), pose.leg_back, leg),
    )  # fmt: skip


def _limb(start: Point, angles: Angles, length: float) -> tuple[Point, Point, Point]:
    middle = _along(start, angles[0], length / 2)
    return start, middle, _along(middle, angles[1], length / 2)


def _bent(start: Point, end: Point, length: float) -> tuple[Point, Point, Point]:
    """An arm from shoulder to hand, the elbow low; it stretches where the hand is too far."""
    across, down = end[0] - start[0], end[1] - start[1]
    far = max(1.0, (across**2 + down**2) ** 0.5)
    out = max(0.0, (length / 2) ** 2 - (far / 2) ** 2) ** 0.5 + 1.5
    side = 1.0 if across >= 0 else -1.0
    return (
        start,
        (start[0] + across / 2 - side * down / far * out, start[1] + down / 2 + side * across / far * out),
        end,
    )


def _along(start: Point, angle: float, length: float) -> Point:
    return start[0] + sin(radians(angle)) * length, start[1] + cos(radians(angle)) * length
