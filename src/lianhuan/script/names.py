"""English proper names, and the nouns that say who bears them ("a fox named Lily", "his brother Max")."""

import re
from collections import defaultdict

from lianhuan.script import lexicon_en as lex
from lianhuan.script.people import AGED, ELDERS, GROWN_UP, YOUNG, Person, Sign
from lianhuan.script.tokens import Token, is_quoted, role_of, verb_after

_NAMES = lex.GIRLS | lex.BOYS
_UNSURE = lex.word_set("Alex Charlie Sam Robin Jamie Coco Kit Pip Teddy Kai Jan Lee Chris")
_TITLES = frozenset(lex.TITLES) | frozenset(lex.KIN)
_FORMAL = frozenset({"mr", "mrs", "ms", "miss", "dr", "sir"})
_ABBREVIATED = _FORMAL - {"miss", "sir"}
_SPACES = frozenset({"in", "at", "from", "near", "the", "through"})
_TIMES = lex.word_set("in last next this every each early late of since until by on during one")
_GIVING = lex.word_set("gave give gives showed handed told brought sent offered bought asked called")
_PLACES = frozenset(
    [
        "village",
        "town",
        "city",
        "country",
        "island",
        "place",
        "river",
        "street",
        "kingdom",
        "land",
        "hill",
        "mountain",
        "lake",
        "ship",
        "boat",
        "farm",
        "school",
    ]
)
_NOT_ADJECTIVES = (
    lex.PREPOSITIONS | lex.DETERMINERS | {"and", "or", "but", "who", "i", "he", "she", "they", "you", "it"}
)
_HOSTS = frozenset(lex.ANIMALS) | frozenset(lex.KIN) | frozenset(lex.PEOPLE_NOUNS)

Run = tuple[int, int]


class Names:
    """Finds the persons with proper names.

    `signs` are the places that name them; `nouns` maps a person to the nouns that describe it; `taken` holds the
    tokens that are part of a name or its description.
    """

    def __init__(self, text: str, tokens: list[Token]) -> None:
        self.text = text
        self.tokens = tokens
        self.people: dict[str, Person] = {}
        self.signs: list[Sign] = []
        self.nouns: defaultdict[Person, set[str]] = defaultdict(set)
        self.taken: set[int] = set()
        self._lowers = {token.text for token in tokens if token.text.islower()}
        runs = [run for run in map(self._trim, self._runs()) if run]
        self._register({self._name(run): run for run in reversed(runs) if self._proper(run)})
        self._marks = [run for run in runs if self._name(run) in self.people and not self._plain_word(run)]
        for run in self._marks:
            self._sign(run)
        for run in self._marks:
            self._describe(run)

    def _runs(self) -> list[Run]:
        """Capitalised words in a row."""
        runs: list[Run] = []
        for i, token in enumerate(self.tokens):
            if not token.capital or token.text in lex.NEVER:
                continue
            if runs and runs[-1][1] == i - 1 and self._joins(i):
                runs[-1] = (runs[-1][0], i)
            else:
                runs.append((i, i))
        return runs

    def _joins(self, i: int) -> bool:
        before, token = self.tokens[i - 1], self.tokens[i]
        titled = before.low in _ABBREVIATED and token.gap.strip() == "."
        return (token.near or titled) and not before.owns and not token.initial

    def _trim(self, run: Run) -> Run | None:
        """Without the sentence's own first words: "Then Mike" -> "Mike"."""
        first, last = run
        while first <= last and self._filler(first, last):
            first += 1
        single = first == last and self.tokens[first].low in _HOSTS | _TITLES | {"friend"}
        return None if first > last or single else (first, last)

    def _filler(self, first: int, last: int) -> bool:
        token, before = self.tokens[first], self.tokens[max(first - 1, 0)]
        if before.low in ("named", "called") or (
            before.low in ("is", "was") and self.tokens[first - 2].low == "name"
        ):
            return False
        if not token.initial:
            return token.low in lex.COMMON - lex.CONTRAST and token.text not in _NAMES
        if token.text in _NAMES or (token.low in _TITLES and first < last):
            return False
        if token.low in lex.CONTRAST and first < last:
            return self.tokens[first + 1].low not in _HOSTS
        return (
            token.low in lex.COMMON
            or token.low.endswith(("ly", "ing"))
            or (first < last and token.low in self._lowers)
        )

    def _name(self, run: Run) -> str:
        first, last = self.tokens[run[0]], self.tokens[run[1]]
        return re.sub(r"\s+", " ", self.text[first.start : last.end])

    def _proper(self, run: Run) -> bool:
        """Whether this very place shows that the words are somebody's name."""
        first, last = run
        token, before = self.tokens[first], self.tokens[max(first - 1, 0)]
        titled = token.low in _TITLES and first < last
        if titled:
            return True
        if (first < last and self.tokens[last].text in lex.PLACE_ENDS) or self._plain_word(run):
            return False
        if before.low in ("named", "called") and not token.initial:
            return not any(t.low in _PLACES for t in self.tokens[max(first - 4, 0) : first])
        if not token.initial:
            return not (before.low in _SPACES and token.near and token.text not in _NAMES)
        if token.text in _NAMES and token.text not in lex.WORD_NAMES:
            return True
        return self._acts(run)

    def _acts(self, run: Run) -> bool:
        """Whether the word that opens a sentence does what persons do."""
        first, last = run
        token, after = self.tokens[first], self.tokens[last + 1] if last + 1 < len(self.tokens) else None
        if after is None or (token.text not in _NAMES and token.low in self._lowers):
            return False
        named_like = (
            after.low == "and" and last + 2 < len(self.tokens) and self.tokens[last + 2].text in _NAMES
        )
        return (
            named_like
            or verb_after(self.tokens, last) in lex.HUMAN_VERBS
            or (self.tokens[last].owns and token.text in _NAMES)
        )

    def _plain_word(self, run: Run) -> bool:
        """Whether a name that is also a word is here only the word: "in May", "Will you", "Rose to her feet"."""
        first, last = run
        token = self.tokens[first]
        if first < last or token.text not in lex.WORD_NAMES:
            return False
        if not token.initial:
            return token.text in lex.SEASONAL and self.tokens[first - 1].low in _TIMES
        after = self.tokens[last + 1] if last + 1 < len(self.tokens) else None
        listed = after is not None and (after.low == "and" or after.gap.startswith(","))
        return not (
            token.owns
            or listed
            or verb_after(self.tokens, last)
            or (token.quoted and (after is None or after.initial))
        )

    def _register(self, found: dict[str, Run]) -> None:
        """One person for each name; "Peter" is "Peter Rabbit" when only one person's name begins so."""
        longer: defaultdict[str, set[Person]] = defaultdict(set)
        for name in sorted(found, key=lambda n: -len(n.split())):
            same = longer[name]
            if len(same) == 1:
                self.people[name] = next(iter(same))
                self.people[name].called(name)
            else:
                self.people[name] = self._person(name)
            for short in _short_forms(name.split()):
                longer[short].add(self.people[name])

    def _person(self, name: str) -> Person:
        parts = name.split()
        title = parts[0].lower().rstrip(".")
        own = (parts[1] if title in _TITLES and len(parts) > 1 else parts[0]).split("-")[0]
        animal = next((lex.ANIMALS[p.lower()] for p in parts if p.lower() in lex.ANIMALS), "")
        gender = (lex.TITLES.get(title) or lex.KIN.get(title, ("", "", ""))[2]) if len(parts) > 1 else ""
        if not gender and own not in _UNSURE and (own in lex.GIRLS) != (own in lex.BOYS):
            gender = "f" if own in lex.GIRLS else "m"
        age = YOUNG
        if title in _TITLES and len(parts) > 1 and title not in lex.YOUNG_TITLES:
            old = title == "old" or lex.KIN.get(title, ("", ""))[1] in ELDERS.values()
            age = ELDERS if old else GROWN_UP
        person = Person(name, animal or age.get(gender, "person"), gender)
        if title in lex.KIN and not animal:
            self.nouns[person].add(lex.KIN[title][0])
        return person

    def _sign(self, run: Run) -> None:
        first, last = run
        a, b = self.tokens[first], self.tokens[last]
        quoted = is_quoted(self.text, a, b)
        person = self.people[self._name(run)]
        role = "called" if a.quoted and not quoted else role_of(self.tokens, first, last)
        self.signs.append(Sign(a.start, b.end, person, role=role, quoted=quoted))
        self.taken.update(range(first, last + 1))

    def _describe(self, run: Run) -> None:
        """Take the noun that says who this is."""
        first, last = run
        person = self.people[self._name(run)]
        for host in (self._before(first), self._after(first, last), self._is_a(last), self._name_was(first)):
            if host is not None:
                self._take(person, host)
                return
        if first and self.tokens[first - 1].low in ("named", "called"):
            self._plural(first)

    def _before(self, first: int) -> int | None:
        """The noun in "a fox named Lily", "his brother Max", "the fox, Lily,"."""
        tokens = self.tokens
        if not first or tokens[first].initial:
            return None
        if tokens[first - 1].low in ("named", "called"):
            return next(
                (i for i in range(first - 2, max(first - 6, -1), -1) if tokens[i].low in _HOSTS), None
            )
        host = tokens[first - 1]
        if host.low not in _HOSTS or host.owns or host.capital:
            return None
        comma = (
            tokens[first].gap.strip() == ","
            and first + 1 < len(tokens)
            and tokens[first + 1].gap.startswith(",")
        )
        return first - 1 if tokens[first].near or comma else None

    def _after(self, first: int, last: int) -> int | None:
        """The noun in "Lily the fox", "Tom, a clever fox,"."""
        tokens = self.tokens
        if last + 2 >= len(tokens) or tokens[last].owns:
            return None
        det = tokens[last + 1]
        host = self._host(last + 2)
        if host is None or det.low not in ("the", "a", "an", "his", "her"):
            return None
        if det.near:
            given = first > 0 and any(t.low in _GIVING for t in tokens[max(first - 2, 0) : first])
            return host if det.low == "the" and host - last <= 3 and not given else None
        closed = (
            host + 1 == len(tokens)
            or bool(tokens[host + 1].gap.strip())
            or tokens[host + 1].low in ("who", "with", "from")
        )
        return host if det.gap.strip() == "," and closed else None

    def _host(self, start: int) -> int | None:
        """Index of the animate noun of the phrase that begins at `start`; adjectives before it are skipped."""
        for i in range(start, min(start + 4, len(self.tokens))):
            low = self.tokens[i].low
            if low in _HOSTS:
                return i
            if (
                low in _NOT_ADJECTIVES
                or self.tokens[i].capital
                or (self.tokens[i].gap.strip() not in ("", ","))
            ):
                return None
        return None

    def _is_a(self, last: int) -> int | None:
        """The noun in "Lily was a little fox"."""
        tokens = self.tokens
        if (
            last + 3 >= len(tokens)
            or tokens[last + 1].low not in ("is", "was")
            or tokens[last + 2].low not in ("a", "an", "the")
        ):
            return None
        return self._host(last + 3)

    def _name_was(self, first: int) -> int | None:
        """The noun in "There was a girl. Her name was Mia."."""
        tokens = self.tokens
        if first < 3 or tokens[first - 1].low not in ("was", "is") or tokens[first - 2].low != "name":
            return None
        back = range(first - 3, max(first - 40, -1), -1)
        host = next((i for i in back if tokens[i].low in _HOSTS and i not in self.taken), None)
        if host is not None:
            start = host
            while start > host - 4 and tokens[start].near and tokens[start].low not in lex.DETERMINERS:
                start -= 1
            person = self.people[self._name((first, first))]
            role = role_of(tokens, start, host)
            self.signs.append(Sign(tokens[start].start, tokens[host].end, person, role=role))
        return host

    def _plural(self, first: int) -> None:
        """Learn from "two rabbits named Flopsy, Mopsy and Peter"."""
        tokens = self.tokens
        host = next(
            (i for i in range(first - 2, max(first - 5, -1), -1) if tokens[i].low in lex.PLURALS), None
        )
        if host is None:
            return
        noun = lex.PLURALS[tokens[host].low]
        for run in self._marks:
            if first <= run[0] <= first + 8 and not any(t.initial for t in tokens[first + 1 : run[0] + 1]):
                self._know(self.people[self._name(run)], noun)

    def _take(self, person: Person, host: int) -> None:
        self.taken.add(host)
        before = self.tokens[max(host - 2, 0) : host]
        self._know(person, self.tokens[host].low)
        if before and before[-1].low == "old":
            person.kind = AGED.get(person.kind, person.kind)
        if self.tokens[host].low in lex.KIN:
            person.kin = any(token.owns or token.low in lex.OWNERS for token in before)
        person.called("the " + self.tokens[host].low)

    def _know(self, person: Person, noun: str) -> None:
        """`person` is a `noun`."""
        if noun in lex.ANIMALS:
            kind, gender = lex.ANIMALS[noun], ""
            self.nouns[person].add(kind)
        elif noun in lex.KIN:
            concept, kind, gender = lex.KIN[noun]
            self.nouns[person].add(concept)
        else:
            kind, gender = lex.PEOPLE_NOUNS.get(noun, ("", ""))
            self.nouns[person].add(noun)
        person.gender = gender or person.gender
        if kind not in ("", "friend", "child", "person"):
            age = next((ages for ages in (GROWN_UP, ELDERS) if kind in ages.values()), {})
            person.kind = age.get(person.gender, kind)


def _short_forms(full: list[str]) -> list[str]:
    """Shorter forms of a name: "Peter" for Peter Rabbit, "Rose" and "Grandma" for Grandma Rose, "Ava" for Dr. Ava Stone."""
    title = full[0].lower().rstrip(".")
    rest = full[1:] if title in _TITLES else full
    whole = len(rest) + (title in _TITLES and title not in _FORMAL)
    starts = [" ".join(full[:n]) for n in range(1, len(full))] if title not in _FORMAL else []
    return starts + [" ".join(rest[:n]) for n in range(1, whole)]
