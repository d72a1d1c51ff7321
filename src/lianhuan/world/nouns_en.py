"""English noun phrases of a story: names, pronouns, "the fox", "the two friends", and the prop."""

from collections.abc import Iterable, Sequence

from lianhuan.world import phrases_en as words
from lianhuan.world.beats import Beat
from lianhuan.world.dice import Dice
from lianhuan.world.english import English
from lianhuan.world.names import is_female
from lianhuan.world.scene import Actor
from lianhuan.world.sense import GROWN, MADE
from lianhuan.world.vocabulary import PEOPLE

_COUNT = {2: "two", 3: "three", 4: "four"}
_TITLES = ("Mum", "Dad", "Grandma", "Grandpa", "Nana", "Gramps", "Grandad")


class Nouns:
    """What the characters and the prop of the current picture are called; each character keeps one pronoun."""

    def __init__(self, dice: Dice, book: English) -> None:
        self._dice = dice
        self._book = book
        self._pronouns: dict[str, str] = {}

    def start(self, beat: Beat) -> None:
        """Turn to the next picture."""
        self._beat = beat
        self._fresh = set(beat.fresh)
        self._group = beat.same_stage
        for actor in beat.actors:
            self._pronouns.setdefault(actor.name, self._choose_pronoun(actor))

    def _choose_pronoun(self, actor: Actor) -> str:
        if actor.kind not in PEOPLE and self._dice.chance(0.4):
            return "it"
        return "she" if is_female(actor.name, actor.kind) else "he"

    def pronoun(self, actors: Sequence[Actor]) -> str:
        """The pronoun that stands for `actors` as a subject."""
        return "they" if len(actors) > 1 else self._pronouns[actors[0].name]

    def introduce(self) -> str:
        """All characters of the picture by name and kind; from here on they can be called "they"."""
        names = self.join([self._first_mention(actor, i) for i, actor in enumerate(self._beat.actors)])
        self._fresh.clear()
        self._group = len(self._beat.actors) > 1
        return names

    def subject(self, run: Iterable[int], first: bool) -> str:
        """The characters in the slots `run`; `first` says whether the sentence begins with them."""
        actors = [self._beat.actors[slot] for slot in run]
        count = len(actors)
        if count == len(self._beat.actors) > 1 and self._group and self._dice.chance(0.5):
            of_them = "both of them" if count == 2 else "all of them"
            they_all = "they both" if count == 2 else "they all"
            they = ("they", "they", f"the {_COUNT[count]} friends", of_them, "the friends", they_all)
            return self._dice.pick(they)
        return self.join(
            [self.mention(actor, count == 1 or (first and i == 0), i) for i, actor in enumerate(actors)]
        )

    def mention(self, actor: Actor, pronoun: bool, place_in_list: int = 0) -> str:
        """One character; a pronoun only if `pronoun` and if nobody else can be meant."""
        if actor.name in self._fresh:
            self._fresh.discard(actor.name)
            return self._first_mention(actor, place_in_list)
        draw = self._dice.random()
        others = [known for known in self._beat.known if known.name != actor.name]
        if draw < 0.36 and pronoun and self._clear(actor, others):
            return self._pronouns[actor.name]
        if 0.36 <= draw < 0.6 and all(other.kind != actor.kind for other in others):
            small = "little " if actor.kind not in GROWN and self._dice.chance(0.3) else ""
            return f"the {small}{self._kind(actor)}"
        return actor.name

    def _clear(self, actor: Actor, others: Iterable[Actor]) -> bool:
        animal = actor.kind not in PEOPLE
        pronoun = self._pronouns[actor.name]
        return all(
            self._pronouns[other.name] != pronoun and not (animal and other.kind not in PEOPLE)
            for other in others
        )

    def _kind(self, actor: Actor) -> str:
        names = self._book.kind(actor.kind)
        return names[0] if len(names) == 1 else self._dice.pick(names)

    def _first_mention(self, actor: Actor, place_in_list: int) -> str:
        name, dice = actor.name, self._dice
        person = actor.kind in PEOPLE
        if person and (" " in name or name in _TITLES or dice.chance(0.65)):
            return name
        kind = self._kind(actor)
        forms = [f"{a_or_an(kind)} named {name}", f"{a_or_an(kind)} called {name}"]
        if not person:
            forms += [f"{name} the {kind}", f"a little {kind} called {name}", f"the {kind} {name}"]
        if place_in_list == 0:
            young = dice.pick(("young ", "" if actor.kind in GROWN else "little "))
            forms.append(f"{name}, {a_or_an(young + kind)},")
        return dice.pick(forms)

    def join(self, names: list[str]) -> str:
        """One to four names as a list: commas, then "and"."""
        if len(names) < 3:
            return " and ".join(names)
        return f"{', '.join(name.rstrip(',') for name in names[:-1])} and {names[-1]}"

    def prop(self) -> str:
        """The prop with article, adjective and, on the ground, its side where the text has to say it."""
        prop, dice = self._beat.graph.prop, self._dice
        assert prop is not None
        noun = dice.pick(self._book.nouns[prop.kind])
        if dice.chance(0.4) and " " not in noun and noun != "bread":
            noun = f"{dice.pick(words.MADE_ADJECTIVES if prop.kind in MADE else words.ADJECTIVES)} {noun}"
        if prop.kind == "fish" and dice.chance(0.3):
            noun = dice.pick(words.SHOALS)
        elif dice.chance(0.75 if prop.kind in self._beat.seen else 0.08):
            noun = f"the {noun}"
        elif noun.endswith("bread") and "loaf" not in noun:
            noun = f"some {noun}"
        else:
            noun = a_or_an(noun)
        if prop.where == "left" or (prop.where == "right" and dice.chance(0.2)):
            noun += f" {dice.pick(('on', 'on', 'on', 'to'))} the {prop.where}"
        return noun


def a_or_an(noun: str) -> str:
    """The noun with its article."""
    return f"{'an' if noun[0] in 'aeiou' and not noun.startswith('uni') else 'a'} {noun}"
