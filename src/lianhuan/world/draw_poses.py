"""How bodies stand: proportions of the kinds and the twelve poses, as joint angles and joint positions."""

from dataclasses import dataclass
from math import cos, radians, sin

from lianhuan.world.pen import Point

Angles = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Build:
    """Proportions in drawing units: lengths of leg, torso and arm, radius of the head, half width of the shoulders."""

    leg: float
    torso: float
    head: float
    arm: float
    half: float


CHILD = Build(leg=13.5, torso=17, head=11.5, arm=15, half=7.2)
ADULT = Build(leg=20, torso=21.5, head=11.5, arm=19, half=8.2)
ANIMAL = Build(leg=12, torso=17, head=11.5, arm=14, half=7.6)
BROAD = Build(leg=11, torso=18.5, head=12, arm=14.5, half=10)


@dataclass(frozen=True, kw_only=True)
class Pose:
    """A pose of a figure that faces right.

    Angles are in degrees from straight down, positive to the front; each limb has an upper and a lower part. `hip` is
    the height of the hip over the ground as a share of the leg, `lift` the distance of the whole figure from the ground.
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
}  # fmt: skip

HOLDING = {"stand": (30, 88), "walk": (30, 88), "sit": (40, 84), "wave": (30, 88), "laugh": (34, 84),
           "crouch": (60, 84)}  # fmt: skip
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


def joints(pose: Pose, build: Build, arm_front: Angles) -> Joints:
    """Where the joints of a body are; `arm_front` replaces the angles of the front arm."""
    leg = build.leg * (1.4 if pose.seated else 1.0)
    hip = (pose.shift, -build.leg * pose.hip - pose.lift)
    lean = radians(pose.lean)
    up = (sin(lean), -cos(lean))
    across = (cos(lean), sin(lean))
    neck = (hip[0] + up[0] * build.torso, hip[1] + up[1] * build.torso)
    reach = build.head * 0.82
    tilt = radians(pose.lean * 0.7)
    head = (neck[0] + sin(tilt) * reach + pose.head[0], neck[1] - cos(tilt) * reach + pose.head[1])
    shoulder, side = build.half * 0.86, build.half * 0.5
    low = (neck[0] - up[0] * 4.2, neck[1] - up[1] * 4.2)
    return Joints(
        hip=hip, neck=neck, head=head,
        arm_front=_limb((low[0] + across[0] * shoulder, low[1] + across[1] * shoulder), arm_front, build.arm),
        arm_back=_limb((low[0] - across[0] * shoulder, low[1] - across[1] * shoulder), pose.arm_back, build.arm),
        leg_front=_limb((hip[0] + side, hip[1]), pose.leg_front, leg),
        leg_back=_limb((hip[0] - side, hip[1]), pose.leg_back, leg),
    )  # fmt: skip


def _limb(start: Point, angles: Angles, length: float) -> tuple[Point, Point, Point]:
    middle = _along(start, angles[0], length / 2)
    return start, middle, _along(middle, angles[1], length / 2)


def _along(start: Point, angle: float, length: float) -> Point:
    return start[0] + sin(radians(angle)) * length, start[1] + cos(radians(angle)) * length
