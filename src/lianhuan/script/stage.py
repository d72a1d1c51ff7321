"""Where a scene plays, who is on stage, and who changes clothes."""

import re
from collections.abc import Iterable

from lianhuan.script.people import Link
from lianhuan.story import Change, Span

PLACES = {
    "forest": "forest forests wood? woods woodland",
    "stream": "stream streams brook creek river riverside riverbank waterfall",
    "beach": "beach beaches sea seaside seashore ocean coast sandcastle harbour harbor",
    "meadow": "meadow meadows field fields grassland hillside? pasture lawn",
    "street": "street streets road town city avenue square",
    "room": "room bedroom bathroom attic hall library living-room nursery cottage hut",
    "kitchen": "kitchen bakery",
    "garden": "garden gardens backyard orchard greenhouse",
    "farm": "farm farmyard barn stable henhouse",
    "mountain": "mountain mountains hill hilltop peak cliff",
    "playground": "playground playgrounds swings seesaw sandpit sandbox",
    "castle": "castle palace tower",
    "wheatfield": "wheatfield wheatfields cornfield cornfields",
    "lake": "lake lakes lakeside pond ponds",
    "village": "village villages",
    "park": "park parks",
    "school": "school schoolroom classroom",
    "snowfield": "snowfield snowfields",
    "market": "market markets marketplace",
    "cave": "cave caves cavern",
    "jungle": "jungle jungles rainforest",
    "desert": "desert deserts",
    "bridge": "bridge bridges",
    "island": "island islands",
}
"""Words that name a place of the world; its canonical name comes first."""
_WEAK = {
    "house": "room",
    "home": "room",
    "indoors": "room",
    "trees": "forest",
    "grass": "meadow",
    "path": "forest",
    "shore": "beach",
    "bank": "stream",
}
_ZH = {
    "forest": "森林 树林 林子 林间", "stream": "小溪 溪边 溪流 小河 河边 河里 河岸 溪水", "beach": "海边 沙滩 海滩 大海 海岸",
    "meadow": "草地 草原 田野 草坪 原野", "street": "街道 街上 大街 马路 城里 镇上 小镇 路边",
    "room": "房间 卧室 客厅 屋里 屋子 图书馆 小屋", "kitchen": "厨房 面包房", "garden": "花园 院子 果园 菜园", "farm": "农场 牧场 谷仓 农庄",
    "mountain": "高山 山上 山顶 山坡 大山 山里 小山 山脚", "playground": "操场 游乐场 滑梯 秋千", "castle": "城堡 宫殿 王宫",
    "wheatfield": "麦田 麦地", "lake": "池塘 湖边 湖", "village": "村里 村子 村庄", "park": "公园", "school": "学校 教室",
    "snowfield": "雪地 雪原", "market": "集市 市场", "cave": "山洞 洞穴", "jungle": "丛林", "desert": "沙漠", "bridge": "小桥 桥上 桥边", "island": "小岛 岛上",
}  # fmt: skip
_ZH_WEAK = {"家里": "room", "回家": "room", "回到家": "room", "树下": "forest", "岸边": "beach"}

_STRONG_EN = {word.rstrip("?"): place for place, listed in PLACES.items() for word in listed.split()}
_WORDS_EN = {**_STRONG_EN, **_WEAK}
_WORDS_ZH = {**{word: place for place, listed in _ZH.items() for word in listed.split()}, **_ZH_WEAK}
_PLACE = re.compile(
    r"\b(?:(?P<away>from|left|leaving|out of|about|of)\s+)?(?:the |a |an |their |his |her |its )?(?:[a-z]+ ){0,2}?"
    rf"(?P<word>{'|'.join(sorted(_WORDS_EN, key=len, reverse=True))})\b(?!-)",
    re.IGNORECASE,
)
_PLACE_ZH = re.compile(
    rf"(?P<away>离开了?|从)?(?P<word>{'|'.join(sorted(_WORDS_ZH, key=len, reverse=True))})"
)

_CLOTHES = (
    "coat|jacket|hat|cap|dress|shirt|t-shirt|sweater|jumper|pullover|scarf|gloves|mittens|boots|shoes|socks|trousers|pants|jeans|shorts|skirt|cloak|"
    "cape|robe|gown|pyjamas|pajamas|raincoat|apron|vest|hoodie|crown|costume|uniform|suit|blouse|overalls|swimsuit|slippers|sandals|bonnet|kimono|clothes|"
    "top|glasses|bow"
)
_COLOURS = "red|orange|yellow|green|blue|purple|pink|white|black|brown|gr[ea]y|golden|silver"
_DET = r"(?:a pair of|a|an|the|his|her|their|its|some)"
_ITEM = rf"(?:(?:[a-z-]+,? ){{0,4}}?(?:{_CLOTHES})\b(?! and [a-z]+ (?:{_CLOTHES})))"
_WEAR = re.compile(
    rf"\b(?:(?:puts?|putting|pull(?:s|ed)?|tried|tries|slip(?:s|ped)?|tie[sd]?) (?:on|into)|chang(?:e|es|ed|ing) into|wore|wears|(?:was |is )?wearing|"
    rf"(?:was |is |got )?dressed in)\s+(?:{_DET}\s+)?(?P<item>{_ITEM})"
    rf"|\b(?:puts?|putting|pulled)\s+{_DET}\s+(?P<late>{_ITEM})\s+on\b"
    rf"|\bin\s+an?\s+(?P<dressed>(?:[a-z-]+,? ){{0,2}}?(?:{_COLOURS}) (?:[a-z-]+ )?(?:{_CLOTHES}))\b",
    re.IGNORECASE,
)
_WEAR_ZH = re.compile(
    r"(?:穿上|换上|戴上|套上|围上|穿着|戴着|穿了|换成|披上|系上|穿起|换了)了?(?:一?[件条顶双身套副])?"
    r"(?P<item>[㐀-鿿]{0,8}?(?:外套|衣服|裙子|裙|帽子|帽|围巾|手套|靴子|鞋子|鞋|裤子|毛衣|衬衫|雨衣|斗篷|大衣|上衣|夹克|眼镜|披风|睡衣|围裙|泳衣|衣))"
)

PlaceFound = tuple[Span, str, bool]
"""Span of the words, place, and whether the story goes there (not "from the forest")."""


def places_in(text: str, language: str, quotations: list[Span]) -> list[PlaceFound]:
    """The words outside quotations that name a place, in order. "the shore" of a lake is the lake."""
    pattern, table, weak = (
        (_PLACE_ZH, _WORDS_ZH, _ZH_WEAK) if language == "zh" else (_PLACE, _WORDS_EN, _WEAK)
    )
    marks = bytearray(len(text) + 1)
    for start, end in quotations:
        marks[start:end] = b"\x01" * (end - start)
    found: list[PlaceFound] = []
    for match in pattern.finditer(text):
        span = match.span("word")
        word = match["word"].lower()
        place = table[word]
        if marks[span[0]] or (match["word"][0].isupper() and language != "zh"):
            continue
        if word in weak:
            here = found[-1][1] if found else ""
            if (
                here
                and (place != "room" or here in ("room", "kitchen", "garden", "farm", "castle"))
                and not _is_shore(word, here)
            ):
                continue
            place = here if _is_shore(word, here) else place
        found.append((span, place, not match["away"]))
    return found


def _is_shore(word: str, here: str) -> bool:
    return word in ("shore", "bank", "岸边") and here in ("stream", "beach", "lake")


def place_of(span: Span, found: Iterable[PlaceFound], before: str | None) -> str | None:
    """The place of the scene `span`: the last one the text goes to, else the one before."""
    here = [place for (start, _), place, to in found if span[0] <= start < span[1] and to]
    return here[-1] if here else before


def put_on(text: str, language: str) -> str | None:
    """What the first words of a text about putting something on call it, as "yellow coat"; None if it has none."""
    match = (_WEAR_ZH if language == "zh" else _WEAR).search(text)
    return None if match is None else _item(match)


def changes_in(
    text: str, span: Span, language: str, links: list[Link], quotations: list[Span]
) -> tuple[Change, ...]:
    """Clothes put on in the scene `span`, by the subject before the verb."""
    pattern = _WEAR_ZH if language == "zh" else _WEAR
    changes: list[Change] = []
    for match in pattern.finditer(text, *span):
        if any(a <= match.start() < b for a, b in quotations):
            continue
        wearers = [
            link
            for link in links
            if link.sign.end <= match.start() and link.sign.role == "subject" and link.seen
        ]
        people = _wearers(wearers, text) if wearers else []
        changes += [Change(character=person, item=_item(match), span=match.span()) for person in people]
    return tuple(changes)


def _item(match: re.Match[str]) -> str:
    return next(filter(None, match.groups()), "").strip()


def _wearers(links: list[Link], text: str) -> list[str]:
    """Names of the last subject, with those joined to it by "and"."""
    people = list(links[-1].seen)
    for before, link in zip(links[-2::-1], links[:0:-1], strict=False):
        if not re.fullmatch(r"\s+and\s+|和|、", text[before.sign.end : link.sign.start]):
            break
        people = [*before.seen, *people]
    return [person.name for person in dict.fromkeys(people)]


def on_stage(links: Iterable[Link], before: tuple[str, ...]) -> tuple[str, ...]:
    """Names in the order in which the scene mentions them; if it mentions nobody, the scene before goes on."""
    names = tuple(dict.fromkeys(person.name for link in links for person in link.seen))
    return names or before
