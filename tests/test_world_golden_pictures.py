"""Claim: pictures of the first words of the world never change; the shipped weights were trained on them."""

import hashlib

from lianhuan.world.dice import Dice
from lianhuan.world.draw import draw
from lianhuan.world.scene import Actor, Look, Prop, SceneGraph
from lianhuan.world.vocabulary import (
    ACTIONS,
    COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    KINDS,
    PLACES,
    PROPS,
    TIMES,
    TONES,
    WEATHERS,
)

PICTURES = 200
GOLDEN = "1a2a04dac22587028b4a531d4178e63f1aad1c940e33e7d154ec6f0b938df949"


def first_words(number: int) -> SceneGraph:
    """A picture with words of the first world only: 12 places, 8 kinds, 12 actions, 40 props, up to 3 actors."""
    dice = Dice(2026, number)
    actors = tuple(
        Actor(
            name=str(slot), kind=dice.pick(KINDS[:8]), action=dice.pick(ACTIONS[:12]),
            facing=dice.pick(("left", "right")),
            look=Look(tone=dice.pick(TONES), hair=dice.pick(HAIR_COLOURS), hair_style=dice.pick(HAIR_STYLES),
                      top=dice.pick(COLOURS), bottom=dice.pick(COLOURS)),
        )
        for slot in range(int(dice.random() * 4))
    )  # fmt: skip
    spots = ("left", "right", "held", "under") if actors else ("left", "right")
    prop = Prop(
        kind=PROPS[number % 40], where=dice.pick(spots), holder=int(dice.random() * max(1, len(actors)))
    )
    return SceneGraph(
        place=PLACES[number % 12], actors=actors, prop=prop if dice.chance(0.8) else None,
        time=dice.pick(TIMES), weather=dice.pick(WEATHERS), variant=number // 12 % 3,
    )  # fmt: skip


def test_pictures_of_the_first_words_stay_byte_identical() -> None:
    found = hashlib.sha256()
    for number in range(PICTURES):
        found.update(draw(first_words(number)).tobytes())
    assert found.hexdigest() == GOLDEN
