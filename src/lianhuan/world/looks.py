"""What the hidden look of a character is called where somebody tells it, as in the cast of a book."""

from lianhuan.world.phrases_zh import COLOURS as COLOURS_ZH
from lianhuan.world.scene import Actor
from lianhuan.world.vocabulary import COLOURS, HAIR_COLOURS, PEOPLE, TONES, Vocabulary

_HAIR_ZH = {"black": "黑色", "brown": "棕色", "blond": "金色", "red": "红色", "grey": "灰色"}
_FUR_ZH = {"light": "浅色", "tan": "黄褐色", "brown": "棕色", "dark": "深色"}


def every_look(world: Vocabulary) -> dict[str, list[list[str]]]:
    """For each kind of a world, what hair or fur, and what top, its characters may have, in English."""
    tops = [_top(colour, "en") for colour in COLOURS]
    hair, fur = [_hair(colour, "en") for colour in HAIR_COLOURS], [_fur(tone, "en") for tone in TONES]
    return {kind: [hair if kind in PEOPLE else fur, tops] for kind in world.kinds}


def look_words(actor: Actor, language: str) -> tuple[str, str]:
    """Hair or fur, and the top, of a character, as "red hair" and "blue top"; `language` is "en" or "zh"."""
    look = actor.look
    head = _hair(look.hair, language) if actor.kind in PEOPLE else _fur(look.tone, language)
    return head, _top(look.top, language)


def _hair(colour: str, language: str) -> str:
    return f"{_HAIR_ZH[colour]}头发" if language == "zh" else f"{colour} hair"


def _fur(tone: str, language: str) -> str:
    return f"{_FUR_ZH[tone]}皮毛" if language == "zh" else f"{tone} fur"


def _top(colour: str, language: str) -> str:
    return f"{COLOURS_ZH[colour]}上衣" if language == "zh" else f"{colour} top"
