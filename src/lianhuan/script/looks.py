"""Hair and fur that a text tells of, and of whom."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from lianhuan.script.people import Link, Person
from lianhuan.story import Span

_COLOURS = "black|brown|blonde?|golden|red|ginger|gr[ea]y|white|silver|dark|light|tan"
_LOOK = re.compile(
    rf"\b(?:(?:long|short|curly|straight|thick|soft),? (?:and )?){{0,2}}(?:{_COLOURS})(?:,? (?:curly|wavy|straight|long|short))? (?:hair|curls|fur)\b(?! (?:coat|hat|cap|collar|boots|gloves|cloak))",
    re.IGNORECASE,
)
_LOOK_ZH = re.compile(r"(?:[黑棕金红灰白银]|浅|深|黄褐|浅褐)色?的?(?:[长短卷]?头?发|皮?毛)(?!衣)")


def find_looks(text: str, language: str, links: Sequence[Link], sentences: Sequence[Span]) -> None:
    """Let the persons of a text know the first hair or fur that it tells of, in its own words, as "long red hair".

    They are those of the last words before it, in the same sentence, that point to one person alone; looks in speech that
    nobody seen speaks of, and of several people at once, are left out.
    """
    starts, openings = [link.sign.start for link in links], [start for start, _ in sentences]
    for match in (_LOOK_ZH if language == "zh" else _LOOK).finditer(text):
        begin = openings[max(bisect_right(openings, match.start()) - 1, 0)]
        before = links[bisect_left(starts, begin) : bisect_left(starts, match.start())]
        people: tuple[Person, ...] = before[-1].seen if before else ()
        if len(people) == 1 and not people[0].look:
            people[0].look = match.group()
