"""English characters named by a noun ("a little bear", "her mother"), and the pronouns."""
# ruff: noqa: RUF001 curly quotes are meant

import re
from collections import defaultdict

from lianhuan.script import lexicon_en as lex
from lianhuan.script.names import Names
from lianhuan.script.people import AGED, YOUNG, Person, Sign
from lianhuan.script.tokens import Token, is_quoted, is_verb, role_of, verb_after

_PRONOUNS = {
    "he": ("he", "subject"), "him": ("he", "object"), "his": ("he", "owner"), "himself": ("he", "owner"),
    "she": ("she", "subject"), "hers": ("she", "owner"), "herself": ("she", "owner"),
    "its": ("it", "owner"), "itself": ("it", "owner"),
    "they": ("they", "subject"), "them": ("they", "object"), "their": ("they", "owner"), "theirs": ("they", "owner"),
    "themselves": ("they", "owner"), "everyone": ("all", "subject"), "everybody": ("all", "subject"),
}  # fmt: skip
_MINDFUL = (lex.SPEECH - {"sang"}) | frozenset(
    [
        "smiled",
        "wanted",
        "wished",
        "decided",
        "thought",
        "helped",
        "hugged",
        "loved",
        "nodded",
        "waved",
        "told",
        "hoped",
        "wondered",
        "agreed",
        "promised",
        "knew",
    ]
)
_WEATHER = lex.word_set("a an the time cold hot warm sunny dark late early so very raining snowing too")
_NUMBERS = frozenset({"two", "three", "four", "both", "all"})
_SIBLINGS = {"sister": "brother", "brother": "sister"}
_KINDS = frozenset({"boy", "girl", "man", "woman", "child"})
_AGES = {"child": tuple(YOUNG.values())} | {kind: (kind, old) for kind, old in AGED.items()}
"""Kinds that a noun may mean beside its own: an old man is a man, too."""


class Nouns:
    """Adds to the named persons those whom only a noun names; `signs` holds their places and the pronouns."""

    def __init__(self, names: Names) -> None:
        self.people: list[Person] = []
        self.signs: list[Sign] = []
        self._names = names
        self._tokens = names.tokens
        self._text = names.text
        self._known: defaultdict[str, list[tuple[Person, str]]] = defaultdict(list)
        self._first: dict[Person, int] = {}
        for sign in names.signs:
            if sign.who:
                self._first[sign.who] = min(sign.start, self._first.get(sign.who, sign.start))
        self._minds = {
            lex.ANIMALS[t.low]
            for i, t in enumerate(self._tokens)
            if t.low in lex.SCENERY and self._mindful(i)
        }
        for i, token in enumerate(self._tokens):
            if i not in names.taken:
                self._read(i, token)

    def _read(self, i: int, token: Token) -> None:
        if token.low in lex.ANIMALS or token.low in lex.KIN or token.low in lex.PEOPLE_NOUNS:
            self._noun(i, token)
        elif token.quoted:
            return
        elif token.low in lex.PLURALS or token.low in lex.TOGETHER:
            self._many(i, token)
        elif token.low in _PRONOUNS or token.low in ("her", "it", "both"):
            self._pronoun(i, token)

    def _mindful(self, i: int) -> bool:
        """Whether the animal at `i` speaks or acts like a person."""
        before = self._tokens[max(i - 3, 0) : i]
        told = any(t.low in lex.SPEECH and re.search(r"[\"”’']", t.gap) for t in before)
        return verb_after(self._tokens, i) in _MINDFUL or told

    def _noun(self, i: int, token: Token) -> None:
        scenery = token.low in lex.SCENERY and lex.ANIMALS[token.low] not in self._minds
        after = self._tokens[i + 1] if i + 1 < len(self._tokens) else None
        compound = after is not None and after.near and not token.owns and after.low in lex.THING_AFTER
        phrase = self._phrase(i)
        if scenery or compound or phrase is None:
            return
        first, determiner, adjective = phrase
        quoted = is_quoted(self._text, self._tokens[first], token)
        if quoted and not token.capital:
            return
        found = self._who(i, determiner, adjective)
        if found is None:
            return
        who, want = found
        if who and token.low in lex.KIN and first:
            owner = self._tokens[first - 1]
            who.kin = who.kin or owner.owns or owner.low in lex.OWNERS
        role = "called" if token.quoted and not quoted else role_of(self._tokens, first, i)
        self.signs.append(Sign(self._tokens[first].start, token.end, who, want, role, quoted))

    def _phrase(self, i: int) -> tuple[int, str, str] | None:
        """First token, determiner and adjective of the noun phrase that ends at `i`; None if it names nobody."""
        adjective = ""
        for k in range(i - 1, max(i - 5, -1), -1):
            token = self._tokens[k]
            if not self._tokens[k + 1].near and self._tokens[k + 1].gap.strip() != ",":
                break
            if token.low in lex.DETERMINERS or token.owns:
                simile = k > 0 and self._tokens[k - 1].low in ("like", "as")
                if simile or token.low in ("every", "each", "no"):
                    return None
                owner = token.owns or token.low in lex.OWNERS
                return (k + 1 if owner else k), ("the" if owner else token.low), adjective
            if (
                token.low in lex.PREPOSITIONS
                or token.low in lex.TOY_BEFORE
                or is_verb(token.low)
                or token.low == "and"
            ):
                break
            adjective = token.low if token.low in lex.CONTRAST else adjective
        return (i, "the", "") if self._bare(i) else None

    def _bare(self, i: int) -> bool:
        """A noun used as a name: "Mum smiled", "asked Rabbit"."""
        token = self._tokens[i]
        return token.capital and (
            not token.initial or bool(verb_after(self._tokens, i)) or token.low in lex.KIN
        )

    def _who(self, i: int, determiner: str, adjective: str) -> tuple[Person | None, str] | None:
        """The person a noun names, or what the context must find; None for nobody."""
        token = self._tokens[i]
        noun, kind, gender = _meaning(token.low)
        if kind == "friend":
            return (None, "other") if determiner == "the" else None
        own = self._known[noun]
        if determiner not in lex.INDEFINITE:
            match = next((p for p, adj in reversed(own) if adjective and adj == adjective), None)
            if match or own:
                return match or own[-1][0], ""
            named = self._named(token.start, noun, kind) or self._unclear(token.start, noun)
            if len(named) == 1:
                named[0].called("the " + token.low)
                if named[0].kind == "person" and gender:
                    named[0].learn(gender)
                return named[0], ""
            if named:
                return None, kind
        elif own and not (adjective and all(adj not in ("", adjective) for _, adj in own)):
            return own[-1][0], ""
        return self._new(token, noun, kind, gender, adjective), ""

    def _named(self, at: int, noun: str, kind: str) -> list[Person]:
        """Named persons, met before, whom the noun may mean."""
        kinds = _AGES.get(kind, (kind,)) if noun in _KINDS or kind == noun else ()
        sibling = _SIBLINGS.get(noun)
        if sibling and any(sibling in described for described in self._names.nouns.values()):
            kinds = (kind,)
        return [
            person
            for person, first in self._first.items()
            if first < at and (noun in self._names.nouns.get(person, ()) or person.kind in kinds)
        ]

    def _unclear(self, at: int, noun: str) -> list[Person]:
        """The only named person met before of whom nothing is known: "the boy" after "Dash"."""
        people = (
            [p for p, first in self._first.items() if first < at and p.kind == "person"]
            if noun in _KINDS
            else []
        )
        return people if len(people) == 1 else []

    def _new(self, token: Token, noun: str, kind: str, gender: str, adjective: str) -> Person:
        own = self._known[noun]
        name = token.text if token.capital and not token.initial else token.low
        if token.low in lex.KIN and token.capital:
            name = token.text
        if own:
            name = f"{adjective} {name}"
            for person, first in own:
                if first and not person.name.startswith(first):
                    person.called(person.name)
                    person.name = f"{first} {person.name}"
        if adjective == "old":
            kind = AGED.get(kind, kind)
        person = Person(name, "person" if kind == "child" else kind, gender)
        own.append((person, adjective))
        self.people.append(person)
        return person

    def _many(self, i: int, token: Token) -> None:
        """Note "the two friends", "the boys", "both girls"."""
        first = i
        while (
            first
            and self._tokens[first].near
            and self._tokens[first - 1].low in {"the", "little", "good"} | _NUMBERS
        ):
            first -= 1
        said = {t.low for t in self._tokens[first:i]}
        after = self._tokens[i + 1] if i + 1 < len(self._tokens) else None
        if not said & {"the", "both", "all"} or (
            token.low == "two" and after and after.near and not verb_after(self._tokens, i)
        ):
            return
        if "three" in said or "all" in said or "four" in said:
            want = "all"
        elif token.low in lex.PLURALS:
            want = ("two " if {"two", "both"} & said else "many ") + lex.PLURALS[token.low]
        else:
            want = "two"
        self._add(first, i, want, role_of(self._tokens, first, i))

    def _pronoun(self, i: int, token: Token) -> None:
        after = self._tokens[i + 1] if i + 1 < len(self._tokens) else None
        if token.low == "her":
            free = (
                after is None
                or not after.near
                or after.low in lex.COMMON - lex.CONTRAST
                or after.low.endswith("ly")
            )
            apart = i > 0 and self._tokens[i - 1].low in lex.PREPOSITIONS
            owner = "apart" if apart else "owner"
            self._add(i, i, "she", "object" if free or (after and is_verb(after.low)) else owner)
        elif token.low == "it":
            verb = verb_after(self._tokens, i)
            rest = self._tokens[i + 2].low if i + 2 < len(self._tokens) else ""
            if verb and not (
                verb in ("is", "was", "began", "started", "rained", "snowed", "seemed")
                and rest in _WEATHER | {"to"}
            ):
                self._add(i, i, "it", "subject")
        elif token.low == "both":
            if (after and after.near and after.low == "of") or verb_after(self._tokens, i):
                self._add(i, i, "two", "subject")
        else:
            want, role = _PRONOUNS[token.low]
            if role == "owner" and i and self._tokens[i - 1].low in lex.PREPOSITIONS:
                role = "apart"
            together = token.low == "they" and after is not None and after.near and after.low == "all"
            self._add(i, i, "all" if together else want, role)

    def _add(self, first: int, last: int, want: str, role: str) -> None:
        self.signs.append(Sign(self._tokens[first].start, self._tokens[last].end, None, want, role))


def _meaning(low: str) -> tuple[str, str, str]:
    """Concept, kind and gender of an animate noun."""
    if low in lex.KIN:
        return lex.KIN[low]
    if low in lex.ANIMALS:
        return lex.ANIMALS[low], lex.ANIMALS[low], ""
    kind, gender = lex.PEOPLE_NOUNS[low]
    return ("child" if kind == "child" else low), kind, gender
