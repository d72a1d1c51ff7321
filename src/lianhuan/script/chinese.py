# ruff: noqa: RUF001 the marks are Chinese ones
"""Chinese: names (名叫, 小X, 狐狸莉莉, 张小明), kin, animals, and the pronouns; without a word segmenter.

A name must be written where a character acts: at the start of a clause or after 和, 对 ... and before a verb or a mark.
"""

import re
from bisect import bisect_right

from lianhuan.script import lexicon_zh as lex
from lianhuan.script.people import GROWN_UP, YOUNG, Person, Sign
from lianhuan.story import Span

_H = r"[㐀-鿿]"
_NAMED = re.compile(
    rf"(?:名叫|名字叫做|名字叫|名字是|叫做|取名叫|取名|(?<![大喊尖吼惊哭嚷])叫)({_H}{{2,4}}?)(?=的|[，。、！？；：“”「」\s]|和|$)"
)
_BEFORE = r"(?<![㐀-鿿])|(?<=[和跟与对向把给帮是让被看见着了在问抱到鼠猫狗熊兔狸狼猪猴鹿羊象子孩娘哥姐弟妹])"
_SMALL = re.compile(rf"(?:{_BEFORE})(?:小{_H}|阿{_H}|老[{''.join(lex.SURNAMES)}])(?={lex.STRONG})")
_DOUBLE = re.compile(rf"(?:{_BEFORE})([{''.join(lex.GIVEN)}])\1(?={lex.STRONG})")
_FULL = re.compile(
    rf"(?:{_BEFORE})[{''.join(lex.SURNAMES)}][{''.join(lex.GIVEN)}小大]?[{''.join(lex.GIVEN)}](?=说|問|问|喊|答|笑着|想|跑|走|和|对|是|有|住|也|从|在)"
)
_TITLED = re.compile(rf"[{''.join(lex.SURNAMES)}](?:{lex.TITLES})")
_KNOWN = re.compile("|".join(sorted(lex.GIRLS | lex.BOYS, key=len, reverse=True)))
_ADJ = "小|大|老|白|灰|黑|花|胖|红|棕|黄|可爱的"
_NOUNS = re.compile(
    rf"((?:{_ADJ})*)({'|'.join(sorted(set(lex.ANIMALS) | set(lex.KIN), key=len, reverse=True))})"
    r"(爸爸|妈妈|爷爷|奶奶|哥哥|姐姐|弟弟|妹妹|先生|太太|大叔|大婶)?"
)
_PRONOUN = re.compile(
    rf"({lex.TOGETHER})|({lex.EVERYONE})|(他们|她们|它们|他們|她們|牠們)|(?<![其吉])(他)(?!人)|(她)|([它牠])"
)
_SUBJECT = re.compile(rf"(?:的时候)?(?:{lex.ACTS})")
_OPENS = re.compile(
    r"(?:^|[，。！？；：“”「」…\s]|于是|这时|突然|但是|可是|然后|接着|后来|原来|看见|只见|忽然)$"
)
_SPEAKS = re.compile(rf"(?:{lex.SPEECH})")
_MUTE = re.compile(r"(?:像|好像|仿佛|如同)(?:一?[只个条头匹])?$")


class Chinese:
    """Finds the persons and all signs of a Chinese text."""

    def __init__(self, text: str, quotations: list[Span]) -> None:
        self.text = text
        self.people: dict[str, Person] = {}
        self.signs: list[Sign] = []
        self._kinds: dict[str, list[Person]] = {}
        self._quotations = quotations
        self._starts = [start for start, _ in quotations]
        self._covered = bytearray(len(text) + 1)
        given: dict[str, Person] = {}
        for name in self._names():
            person = self.people[name] = given.get(name) or _person(name)
            person.called(name)
            if len(name) > 2:
                given.setdefault(name[1:], person)
        self._minds = {_same(m[2]) for m in _NOUNS.finditer(text) if self._acts_like_us(m)}
        self._sign_names()
        self._sign_nouns()
        self._sign_pronouns()

    def _names(self) -> list[str]:
        """All names of the text."""
        found = {m[1]: m.start(1) for m in _NAMED.finditer(self.text) if _may_be_named(m[1])}
        for pattern in (_SMALL, _DOUBLE, _FULL, _TITLED, _KNOWN):
            for match in pattern.finditer(self.text):
                if pattern in (_KNOWN, _TITLED) or self._plausible(match[0]):
                    found.setdefault(match[0], match.start())
        return sorted(found, key=lambda name: found[name])

    def _plausible(self, name: str) -> bool:
        """Whether a built name is no common word, and no old state such as 宋国."""
        if name[1:] == "国":
            return False
        return name[:2] not in lex.NOT_SMALL and name not in lex.KIN and not _NOUNS.fullmatch(name)

    def _acts_like_us(self, match: re.Match[str]) -> bool:
        return bool(_SPEAKS.match(self.text, match.end()))

    def _quoted(self, start: int, end: int) -> bool:
        """In a quotation, and not a call: “小红，快来！”."""
        k = bisect_right(self._starts, start) - 1
        if k < 0 or self._quotations[k][1] <= start:
            return False
        called = self.text[start - 1] in "“「『，！" and self.text[end : end + 1] in ("，", "！", "？", "。")
        return not called

    def _role(self, start: int, end: int) -> str:
        after = self.text[end : end + 1]
        if after == "的" and self.text[end : end + 3] != "的时候":
            return "owner"
        opens = _OPENS.search(self.text[max(start - 3, 0) : start])
        return (
            "subject"
            if opens or (self.text[start - 1 : start] in "和跟与、" and _SUBJECT.match(self.text, end))
            else "object"
        )

    def _add(self, start: int, end: int, who: Person | None, want: str = "") -> None:
        self._covered[start:end] = b"\x01" * (end - start)
        quoted = self._quoted(start, end)
        role = "called" if self._in_quotation(start) and not quoted else self._role(start, end)
        self.signs.append(Sign(start, end, who, want, role, quoted))

    def _sign_names(self) -> None:
        if not self.people:
            return
        pattern = re.compile("|".join(sorted(map(re.escape, self.people), key=len, reverse=True)))
        for match in pattern.finditer(self.text):
            self._add(match.start(), match.end(), self.people[match[0]])
            self._describe(match)

    def _describe(self, match: re.Match[str]) -> None:
        """Learn the kind: 狐狸莉莉, 叫小红的小女孩, 有个女孩名叫小红, 小红是一只兔子."""
        person = self.people[match[0]]
        before = self.text[max(match.start() - 14, 0) : match.start()]
        after = self.text[match.end() : match.end() + 14]
        hosts = [
            m
            for m in _NOUNS.finditer(before)
            if re.fullmatch(
                r"(?:，?(?:它|他|她)?的?(?:名叫|名字叫做|名字叫|名字是|叫做|取名叫|取名|叫))?",
                before[m.end() :],
            )
        ]
        named = re.search(r"(?:名叫|叫做|名字叫|叫)$", before)
        tail = re.match(r"的" if named else r"是(?:一?[个只位头条名])?(?:[㐀-鿿]{1,4}的)?", after)
        noun = _NOUNS.match(after, tail.end()) if tail else None
        if noun:
            self._know(person, noun)
            self._covered[match.end() + noun.start() : match.end() + noun.end()] = b"\x01" * len(noun[0])
        elif hosts:
            self._know(person, hosts[-1])
            start = max(match.start() - 14, 0) + hosts[-1].start()
            self._covered[start : start + len(hosts[-1][0])] = b"\x01" * len(hosts[-1][0])

    def _know(self, person: Person, noun: re.Match[str]) -> None:
        kind, gender = _meaning(noun)
        if kind != "person":
            person.kind = kind
        person.gender = gender or person.gender
        self._kinds.setdefault(_same(noun[2]), []).append(person)
        person.called(noun[0])

    def _sign_nouns(self) -> None:
        for match in _NOUNS.finditer(self.text):
            start, end = match.span()
            if self._covered[start] or self._covered[end - 1] or not self._is_character(match):
                continue
            concept = _same(match[2]) + (match[3] or "")
            people = self._kinds.setdefault(concept, [])
            if not people:
                people.append(Person(match[0], *_meaning(match), kin=concept in lex.FAMILY))
                self.people.setdefault(match[0], people[0])
            unique = list(dict.fromkeys(people))
            unique[0].called(match[0])
            self._add(
                start,
                end,
                unique[0] if len(unique) == 1 else None,
                "" if len(unique) == 1 else unique[0].kind,
            )

    def _is_character(self, match: re.Match[str]) -> bool:
        noun, prefix = match[2], match[1]
        if len(noun) == 1 and not prefix and not match[3]:
            return False
        if _same(noun) in lex.SCENERY and _same(noun) not in self._minds and not match[3]:
            return False
        before = self.text[max(match.start() - 5, 0) : match.start()]
        plural = self.text[match.end() : match.end() + 1] in ("们", "群") or re.search(
            r"(?:群|许多|很多|些)$", before
        )
        return not (
            plural
            or _MUTE.search(before)
            or (noun in ("先生", "太太", "小姐", "老师") and self.text[match.end() : match.end() + 1] == "们")
        )

    def _sign_pronouns(self) -> None:
        wants = ("two", "all", "they", "he", "she", "it")
        for match in _PRONOUN.finditer(self.text):
            start, end = match.span()
            if not self._covered[start] and not self._in_quotation(start):
                self._add(start, end, None, wants[(match.lastindex or 1) - 1])

    def _in_quotation(self, start: int) -> bool:
        k = bisect_right(self._starts, start) - 1
        return k >= 0 and self._quotations[k][1] > start


def _may_be_named(name: str) -> bool:
    return (
        not re.match(r"[他她它我你这那什一不了醒来住上到出]", name)
        and name not in lex.KIN
        and "声" not in name
    )


def _same(noun: str) -> str:
    return lex.SAME.get(noun, noun)


def _meaning(noun: re.Match[str]) -> tuple[str, str]:
    """Kind and gender of a noun with its kin word, as in 兔妈妈."""
    kind, gender = lex.KIN[noun[2]] if noun[2] in lex.KIN else (lex.ANIMALS[noun[2]], "")
    if noun[3]:
        gender = "f" if re.match("妈|奶|姐|妹|太|大婶", noun[3]) else "m"
    return kind, gender


def _person(name: str) -> Person:
    gender = ""
    if title := re.search(f"(?:{lex.TITLES})$", name):
        return Person(name, *lex.KIN[title[0]])
    if name not in lex.UNSURE:
        known = "f" if name in lex.GIRLS else "m" if name in lex.BOYS else ""
        gender = known or ("f" if name[-1] in lex.SHE else "m" if name[-1] in lex.HE else "")
    grown = name[0] == "老"
    return Person(name, (GROWN_UP if grown else YOUNG).get(gender, "person"), gender)
