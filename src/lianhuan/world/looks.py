"""What the hidden look of a character is called where somebody tells it, as in the cast of a book."""

from lianhuan.world.phrases_zh import COLOURS as COLOURS_ZH
from lianhuan.world.scene import Actor
from lianhuan.world.vocabulary import COLOURS, HAIR_COLOURS, PEOPLE, TONES, Vocabulary

_HAIR_ZH = {"black": "黑色", "brown": "棕色", "blond": "金色", "red": "红色", "grey": "灰色"}
_FUR_ZH = {"light": "浅色", "tan": "黄褐色", "brown": "棕色", "dark": "深色"}


def every_look(world: Vocabulary) -> dict[str, list[list[str]]]:
    """For each kind of a world, what hair or fur, and what top, its characters may have, in English."""
    tops = [f"{colour} top" for colour in COLOURS]
    hair, fur = [f"{colour} hair" for colour in HAIR_COLOURS], [f"{tone} fur" for tone in TONES]
    return {kind: [hair if kind in PEOPLE else fur, tops] for kind in world.kinds}


def look_words(actor: Actor, language: str) -> tuple[str, str]:
    """Hair or fur, and the top, of a character, as "red hair" and "blue top"; `language` is "en" or "zh"."""
    look, person = actor.look, actor.kind in PEOPLE
    if language == "zh":
        head = f"{_HAIR_ZH[look.hair]}头发" if person else f"{_FUR_ZH[look.tone]}皮毛"
        return head, f"{COLOURS_ZH[look.top]}上衣"
    return f"{look.hair} hair" if person else f"{look.tone} fur", f"{look.top} top"
