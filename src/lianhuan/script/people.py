"""What the rules of both languages share: persons of the cast and the words that point to them."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from lianhuan.story import Span

GROWN_UP = {"m": "man", "f": "woman"}
ELDERS = {"m": "grandfather", "f": "grandmother"}
AGED = {GROWN_UP[sex]: ELDERS[sex] for sex in ELDERS}
"""What an old man and an old woman are."""
YOUNG = {"m": "boy", "f": "girl"}
PEOPLE = frozenset({*GROWN_UP.values(), *ELDERS.values(), *YOUNG.values(), "person"})


@dataclass(eq=False, slots=True)
class Person:
    """A cast member while the story is being read.

    `gender` is "m", "f", or "" while unknown; `kind` is a word the generator can draw, another animal, or "person"; `look` is
    what the text says of hair or fur; `kin` is whether the text calls them somebody's mother, brother and so on.
    """

    name: str
    kind: str = "person"
    gender: str = ""
    look: str = ""
    kin: bool = False
    aliases: list[str] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)

    @property
    def animal(self) -> bool:
        """Whether this is no human being."""
        return self.kind not in PEOPLE

    def learn(self, gender: str) -> None:
        """A pronoun tells the gender; a person without a kind becomes a boy or a girl, an old one a man or a woman."""
        self.gender = self.gender or gender
        if self.kind == "person":
            self.kind = YOUNG[gender]
        elif self.kind in ELDERS.values():
            self.kind = ELDERS[self.gender]

    def called(self, words: str) -> None:
        """Remember `words` as another name."""
        if words != self.name and words not in self.aliases:
            self.aliases.append(words)


def give_kin_kinds(people: Sequence[Person]) -> None:
    """The mother or brother of an animal is one, too, where only animals came before; `people` in the order of the text."""
    for number, person in enumerate(people):
        before = people[:number]
        if person.kin and before and not person.animal and all(other.animal for other in before):
            person.kind = before[-1].kind


@dataclass(frozen=True, slots=True)
class Sign:
    """Words that point to characters.

    Attributes:
        start: where the words begin.
        end: where they end.
        who: the person they name; None for a pronoun or a noun phrase that the context must resolve.
        want: what such words ask for: "he", "she", "it", "they", "all", "two", "other", a kind, or "many " and a kind.
        role: "subject", "object", "owner" (his hat), "apart" (into his hat) or "called" (addressed in speech).
        quoted: whether they stand in somebody's speech (and do not address a character).
    """

    start: int
    end: int
    who: Person | None = None
    want: str = ""
    role: str = "object"
    quoted: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """A resolved sign: the persons meant, the best guess first when it is ambiguous."""

    sign: Sign
    people: tuple[Person, ...]
    ambiguous: bool = False

    @property
    def seen(self) -> tuple[Person, ...]:
        """The persons whom these words put on stage."""
        if self.sign.quoted:
            return ()
        single = self.sign.want in ("he", "she", "it", "other") or self.sign.want in PEOPLE
        return self.people[:1] if self.ambiguous and single else self.people
