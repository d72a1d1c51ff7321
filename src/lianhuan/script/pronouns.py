"""Pronouns and noun phrases -> persons, by agreement in gender and number and subject-first recency.

A singular word takes the matching person of the nearest sentence, subjects before others; two that fit equally are
both listed and marked ambiguous. "They" takes the most recent group: names joined by "and", an earlier "they", or
persons of one sentence. Words in quotations are left out.
"""

import re
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

from lianhuan.script.people import PEOPLE, YOUNG, Link, Person, Sign
from lianhuan.story import Span

_AND = re.compile(
    r"\s+(?:and|&)\s+(?:(?:his|her|their|the) \w+ (?:named |called )?)?|[和与跟][㐀-鿿]{0,3}|、"
)
_COMMA = re.compile(r"\s*,\s*(?:and\s+)?|、")
_MEMORY = 12
_RANKS = {"subject": 0, "member": 2}
_GENDER = {"he": "m", "she": "f"}
_MATCHES = {"child": ("boy", "girl")}


@dataclass(frozen=True, slots=True)
class _Seen:
    person: Person
    sentence: int
    role: str


class Resolver:
    """Reads the signs of a story in order; `links` is the result."""

    def __init__(self, text: str, sentences: list[Span]) -> None:
        self.links: list[Link] = []
        self._text = text
        self._sentences = sentences
        self._now = 0
        self._members: set[int] = set()
        self._seen: deque[_Seen] = deque(maxlen=8 * _MEMORY)
        self._groups: deque[tuple[int, tuple[Person, ...]]] = deque(maxlen=2 * _MEMORY)

    def read(self, signs: list[Sign]) -> list[Link]:
        """Resolve `signs`, which are in the order of the text."""
        starts = [sign.start for sign in signs]
        for number, (start, end) in enumerate(self._sentences):
            self._now = number
            here = signs[bisect_left(starts, start) : bisect_left(starts, end)]
            joined = self._joined(here)
            for sign in here:
                self._one(sign, joined)
            self._together()
        return self.links

    def _one(self, sign: Sign, joined: dict[int, tuple[Person, ...]]) -> None:
        role = sign.role
        found: tuple[Person, ...]
        if sign.who:
            found, ambiguous = (sign.who,), False
        elif sign.want in ("they", "all", "two") or " " in sign.want:
            found, ambiguous = self._plural(sign)
        else:
            found, ambiguous = self._single(sign)
        if not found:
            return
        link = Link(sign, found, ambiguous)
        self.links.append(link)
        if sign.quoted or sign.role == "called":
            return
        if sign.start in self._members or len(link.seen) > 1:
            role = "member"
        self._seen.extend(_Seen(person, self._now, role) for person in link.seen)
        group = joined.get(sign.start) or (found if len(link.seen) > 1 else ())
        if group:
            self._groups.append((self._now, group))

    def _joined(self, signs: list[Sign]) -> dict[int, tuple[Person, ...]]:
        """Groups such as "Flopsy, Mopsy and Peter", by the start of their last name."""
        groups: dict[int, tuple[Person, ...]] = {}
        run: list[Sign] = []
        for sign in signs:
            if sign.role == "owner" and not sign.who:
                continue
            if sign.quoted or not sign.who:
                run = []
                continue
            gap = self._text[run[-1].end : sign.start] if run else ""
            if _AND.fullmatch(gap) or (len(run) > 1 and re.fullmatch(r"\s*,\s*and\s+", gap)):
                run.append(sign)
                people = _unique(s.who for s in run if s.who)
                if len(people) > 1:
                    groups[sign.start] = people
                    self._members.update(s.start for s in run)
            elif run and _COMMA.fullmatch(gap):
                run.append(sign)
            else:
                run = [sign]
        return groups

    def _together(self) -> None:
        """At the end of a sentence, the persons in it are a group, unless it named one."""
        if self._groups and self._groups[-1][0] == self._now:
            return
        here = self._people(0)
        if len(here) > 1:
            self._groups.append((self._now, here))

    def _people(self, back: int) -> tuple[Person, ...]:
        return _unique(seen.person for seen in self._seen if self._now - seen.sentence <= back)

    def _single(self, sign: Sign) -> tuple[tuple[Person, ...], bool]:
        if sign.want == "other":
            return self._other(), False
        ranks: dict[Person, tuple[int, int, int]] = {}
        busy = self._subject() if sign.role == "object" else None
        for seen in self._seen:
            rank = self._rank(seen, sign.want, sign.role)
            if rank and seen.person is not busy:
                ranks[seen.person] = min(rank, ranks.get(seen.person, rank))
        if not ranks:
            return (), False
        best = min(ranks.values())
        found = tuple(person for person, rank in ranks.items() if rank == best)
        if len(found) == 1 and sign.want in _GENDER:
            found[0].learn(_GENDER[sign.want])
        return found, len(found) > 1

    def _rank(self, seen: _Seen, want: str, role: str) -> tuple[int, int, int] | None:
        back = self._now - seen.sentence
        if not self._fits(seen.person, want) or back > (1 if want == "it" else _MEMORY):
            return None
        unsure = int(want in _GENDER and not seen.person.gender)
        weight = 1 if role == "owner" else 2
        return back + weight * unsure, back, _RANKS.get(seen.role, 1)

    def _fits(self, person: Person, want: str) -> bool:
        if want in _GENDER:
            return person.gender in ("", _GENDER[want])
        if want == "it":
            return person.animal and not person.gender and not person.name[0].isupper()
        return person.kind == want or person.kind in _MATCHES.get(want, ())

    def _subject(self) -> Person | None:
        """The last subject of this sentence: "him" in the same clause is somebody else."""
        return next(
            (s.person for s in reversed(self._seen) if s.sentence == self._now and s.role == "subject"), None
        )

    def _other(self) -> tuple[Person, ...]:
        """The one beside the last subject: "his friend"."""
        subject = next((s.person for s in reversed(self._seen) if s.role == "subject"), None)
        group = self._groups[-1][1] if self._groups else ()
        return tuple(p for p in group if p is not subject) if len(group) == 2 and subject in group else ()

    def _plural(self, sign: Sign) -> tuple[tuple[Person, ...], bool]:
        number, _, kind = sign.want.partition(" ")
        if kind:
            people = self._kindred(kind, 2 if number == "two" else 0)
            return (people, False) if people or number != "two" else self._plural(replace(sign, want="two"))
        if sign.want == "all":
            people = self._people(3)
            return (people if len(people) > 1 else ()), False
        group = next((g for g in reversed(self._groups) if sign.want != "two" or len(g[1]) == 2), None)
        if group is None:
            people = self._people(2)[-2:]
            return (people if len(people) == 2 else ()), False
        return self._group(sign, *group)

    def _group(
        self, sign: Sign, sentence: int, people: tuple[Person, ...]
    ) -> tuple[tuple[Person, ...], bool]:
        """The group of an earlier sentence; "them" is not the subject of its own sentence."""
        back = self._now - sentence
        if back > _MEMORY or (sign.role == "object" and back > 1):
            return (), False
        if sign.role == "object" and self._subject() in people:
            people = tuple(person for person in people if person is not self._subject())
            return (people if len(people) > 1 else ()), False
        outsiders = {s.person for s in self._seen if s.sentence == sentence != self._now} - set(people)
        return people, bool(outsiders) and sign.want == "they"

    def _kindred(self, kind: str, number: int) -> tuple[Person, ...]:
        """All recent persons of a kind ("animal", "child" and "person" are wide); the last `number` if it is given."""
        kinds = {"child": tuple(YOUNG.values()), "person": tuple(PEOPLE)}.get(kind, (kind,))
        people = tuple(p for p in self._people(_MEMORY) if p.kind in kinds or (kind == "animal" and p.animal))
        return people[-number:] if len(people) > 1 else ()


def _unique(people: Iterable[Person]) -> tuple[Person, ...]:
    return tuple(dict.fromkeys(people))
