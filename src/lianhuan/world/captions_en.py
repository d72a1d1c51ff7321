"""English captions of a story of the world: the facts of each picture in the words of a storybook."""

from collections.abc import Iterable, Sequence

from lianhuan.world import phrases_en as words
from lianhuan.world.asides_en import EnglishAsides
from lianhuan.world.beats import Beat
from lianhuan.world.dice import Dice
from lianhuan.world.english import english
from lianhuan.world.nouns_en import Nouns, a_or_an
from lianhuan.world.phrases_en import Phrase
from lianhuan.world.vocabulary import COLOURS, INDOORS, PEOPLE

_BODY = {
    True: {"hand": "hand", "hands": "hands", "finger": "finger", "arm": "arm", "arms": "arms"},
    False: {"hand": "paw", "hands": "paws", "finger": "paw", "arm": "paw", "arms": "paws"},
}
_PLURAL = {
    "hand": {"hand": "hands", "finger": "fingers", "arm": "arms"},
    "paw": {"hand": "paws", "finger": "paws", "arm": "paws"},
}
_POSSESSIVE = {"he": "his", "she": "her", "it": "its", "they": "their"}
_OBJECT = {"he": "him", "she": "her", "it": "it", "they": "them"}


def captions_en(beats: Iterable[Beat], dice: Dice, wording: str) -> list[str]:
    """One caption per beat, in order; characters are introduced once and then also called "she", "the fox", "they".

    `wording` names the book of phrases, see `lianhuan.world.english`.
    """
    teller = _Teller(dice, wording)
    return [teller.tell(beat) for beat in beats]


class _Teller:
    """Tells one story; keeps the tense."""

    def __init__(self, dice: Dice, wording: str) -> None:
        self._dice = dice
        self._tense = "past" if dice.chance(0.8) else "present"
        self._book = english(wording)
        self._nouns = Nouns(dice, self._book)
        self._asides = EnglishAsides(dice, self._book, self._nouns, self._tense)

    def tell(self, beat: Beat) -> str:
        self._beat = beat
        self._nouns.start(beat)
        self._asides.start(beat)
        self._tail = ""
        self._closed = False
        lead = self._asides.weather()
        before = [] if lead else self._weather()
        lead = lead or self._time(before) or self._asides.view()
        self._linked = bool(lead)
        before += self._introduction()
        leads = [lead] if lead else []
        place = self._place(leads)
        clause = self._clauses(place)
        if self._dice.chance(0.25) and not (self._tail or self._closed or "happ" in clause):
            asleep = any(actor.action == "sleep" for actor in beat.actors)
            self._tail = self._dice.pick(self._book.calm_tails if asleep else self._book.tails)
        clause = " ".join(filter(None, (*leads, clause, self._tail))) + "."
        sentences = [*before, clause, *self._after()]
        return " ".join(sentence[0].upper() + sentence[1:] for sentence in sentences)

    # ---- what comes before the actors

    def _weather(self) -> list[str]:
        graph = self._beat.graph
        if not self._beat.new_weather:
            return []
        inside = graph.place in INDOORS
        if not inside and graph.weather in words.WEATHER_TAILS and self._dice.chance(0.4):
            self._tail = self._dice.pick(words.WEATHER_TAILS[graph.weather])
            return []
        table = words.INSIDE if inside else words.OUTSIDE
        return [self._say(self._dice.pick(table[graph.weather]))]

    def _time(self, before: list[str]) -> str:
        """Words that open the main sentence; a sentence about the time of day goes to `before`."""
        beat, dice = self._beat, self._dice
        if beat.new_time:
            if dice.chance(0.6):
                return self._say(dice.pick(self._book.time[beat.graph.time]))
            before.insert(0, self._say(dice.pick(words.TIME_SENTENCES[beat.graph.time])))
            return ""
        if beat.first:
            return self._say(dice.pick(self._book.openings)) if not before and dice.chance(0.3) else ""
        return self._say(dice.pick(self._book.links)) if dice.chance(0.3) else ""

    def _introduction(self) -> list[str]:
        """Now and then the characters of the first picture get a sentence of their own."""
        if not self._beat.first or not self._dice.chance(0.15):
            return []
        names = self._nouns.introduce()
        sentences = [f"This is the story of {names.rstrip(',')}."]
        if len(self._beat.actors) > 1:
            sentences.append(f"{names} {'were' if self._tense == 'past' else 'are'} friends.")
        elif names.startswith("a "):
            sentences.append(f"There {'was' if self._tense == 'past' else 'is'} {names}.")
        return [self._dice.pick(sentences)]

    def _place(self, leads: list[str]) -> str:
        """Puts the place into `leads` or the tail, or returns how it enters the verb: "arrive", "through", "visit"."""
        beat, dice = self._beat, self._dice
        if not beat.new_place and not dice.chance(0.2):
            return ""
        single = len(beat.runs) == 1
        action = beat.actors[0].action
        if single and action == "walk" and beat.ground_prop and dice.chance(0.4):
            return "visit"
        if single and beat.graph.prop is None and not self._tail:
            if action == "walk" and dice.chance(0.7):
                return dice.pick(("visit", "through"))
            if action == "run" and dice.chance(0.6):
                return "through"
        if single and beat.new_place and dice.chance(0.25):
            return "arrive"
        where = dice.pick(self._book.where[beat.graph.place])
        if self._tail or (leads and dice.chance(0.6)):
            self._tail = " ".join(filter(None, (where, self._tail)))
        elif dice.chance(0.5 if single else 0.85):
            leads.append(where + ",")
        else:
            self._tail = where
        return ""

    # ---- who does what

    def _clauses(self, place: str) -> str:
        beat, dice = self._beat, self._dice
        runs = beat.runs
        visited = place == "visit" and beat.ground_prop
        self._at_prop = runs[0] if visited else beat.run_at_prop(dice, 0.8)
        self._prop_after = beat.graph.prop is not None and not self._at_prop
        self._dressed = False
        left = beat.graph.prop is not None and beat.graph.prop.where == "left"
        if len(beat.actors) == 2 and not left and not place and dice.chance(0.14):
            return self._with_sides(runs)
        if (
            len(runs) == 2 == len(beat.actors)
            and beat.actors[1].action == "stand"
            and runs[1] != beat.feeling
            and runs[1] != self._at_prop
            and not left
        ):
            return self._beside(runs[0])
        said = [
            f"{self._nouns.subject(run, i == 0)} {self._predicate(run, place)}" for i, run in enumerate(runs)
        ]
        if len(said) == 1:
            return said[0]
        if len(said) == 3:
            return f"{said[0]}, {said[1]}{dice.pick((', and ', ' and ', ', while '))}{said[2]}"
        first, second = said
        return dice.pick((
            f"{first} while {second}", f"{first}, while {second}", f"{first}, and {second}", f"{first} and {second}",
            f"{first} as {second}", f"while {first}, {second}", f"{first}; {second}", f"{first}, but {second}",
        ))  # fmt: skip

    def _beside(self, run: tuple[int, ...]) -> str:
        """The left one does something; what the right one does is not said: it stands."""
        actor, other = self._beat.actors
        said = f"{self._nouns.subject(run, True)} {self._predicate(run, '')}"
        he = self._nouns.pronoun([actor])
        watched = "watched" if self._tense == "past" else "watches"
        link = self._dice.pick(("beside", "next to", "in front of", f"as {he} {watched}", "near"))
        return f"{said} {link} {self._nouns.mention(other, False, 1)}"

    def _with_sides(self, runs: Sequence[tuple[int, ...]]) -> str:
        """Two characters whose sides are said; half of the time the one on the right comes first."""
        order = (1, 0) if self._dice.chance(0.5) else (0, 1)
        sides = ("left", "right")
        if len(runs) == 1:
            names = [self._nouns.mention(self._beat.actors[slot], False, i) for i, slot in enumerate(order)]
            plain = [self._beat.actors[slot].name for slot in order]
            tail = self._dice.pick((
                f", {plain[0]} on the {sides[order[0]]} and {plain[1]} on the {sides[order[1]]}",
                f", {plain[0]} to the {sides[order[0]]} of {plain[1]}",
            ))  # fmt: skip
            said = f"{self._nouns.join(names)} {self._predicate(runs[0], '')}{tail}"
            self._closed = True
            return said + ("," if self._tail else "")
        mentions = [self._nouns.mention(self._beat.actors[slot], False) for slot in order]
        one, two = (
            f"{who} {self._predicate((slot,), '')}" for who, slot in zip(mentions, order, strict=True)
        )
        link = self._dice.pick(("and", "while"))
        return f"on the {sides[order[0]]} {one}, {link} on the {sides[order[1]]} {two}"

    def _predicate(self, run: tuple[int, ...], place: str) -> str:
        beat, dice = self._beat, self._dice
        plural = len(run) > 1
        before = []
        if place == "arrive":
            before.append(dice.pick(words.ARRIVE).say(self._tense, plural))
        if (
            not plural
            and beat.changes
            and beat.changes[0][0] == beat.actors[run[0]].name
            and dice.chance(0.6)
        ):
            self._dressed = True
            before.append(self._dress(beat.changes[0][1]))
        said = self._verb(self._pick_phrase(run, place), plural, progressive=not place and not before)
        if place == "through":
            said += " " + dice.pick(self._book.through[beat.graph.place])
        elif plural and not before and not self._at_prop and dice.chance(0.15):
            said += " together"
        said += self._asides.within(run)
        return self._fill(" and ".join((*before, said)), run)

    def _pick_phrase(self, run: tuple[int, ...], place: str) -> Phrase:
        action, prop = self._beat.actors[run[0]].action, self._beat.graph.prop
        if place == "visit":
            return self._dice.pick(words.VISIT_PROP if prop else words.VISIT)
        if prop and run == self._at_prop:
            return self._dice.pick(self._book.using(action, prop))
        if place == "through":
            return self._dice.pick(words.MOVE[action])
        return self._dice.pick(self._book.plain[action])

    def _verb(self, phrase: Phrase, plural: bool, *, progressive: bool = True) -> str:
        if progressive and phrase.progressive and self._dice.chance(0.18):
            past, present = ("were", "are") if plural else ("was", "is")
            return f"{past if self._tense == 'past' else present} {phrase.progressive}"
        return phrase.say(self._tense, plural)

    def _say(self, phrase: Phrase) -> str:
        return phrase.say(self._tense, False)

    def _fill(self, text: str, run: tuple[int, ...]) -> str:
        """Replace the {slots} of a predicate."""
        if "{" not in text:
            return text
        actors = [self._beat.actors[slot] for slot in run]
        plural = len(actors) > 1
        he = self._nouns.pronoun(actors)
        body = _BODY[any(actor.kind in PEOPLE for actor in actors)]
        slots = {**body, **(_PLURAL[body["hand"]] if plural else {}), "his": _POSSESSIVE[he], "he": he}
        slots["head"] = "heads" if plural else "head"
        if "{place}" in text:
            slots["place"] = self._dice.pick(self._book.to[self._beat.graph.place])
        if "{prop}" in text:
            slots["prop"] = self._nouns.prop()
        return text.format_map(slots)

    # ---- what comes after

    def _after(self) -> list[str]:
        beat, dice = self._beat, self._dice
        sentences = []
        if self._prop_after:
            sentences.append(self._prop_sentence())
        if beat.changes and not self._dressed:
            ((name, what),) = beat.changes
            slot = [actor.name for actor in beat.actors].index(name)
            who = self._nouns.mention(beat.actors[slot], True)
            link = "" if self._linked else dice.pick(("", "", "then ", "after that, "))
            sentences.append(f"{link}{who} {self._fill(self._dress(what), (slot,))}.")
        return [*sentences, *self._asides.after()]

    def _dress(self, what: str) -> str:
        if what not in COLOURS:
            return self._say(self._dice.pick(self._book.wear[what]))
        clothes = a_or_an(f"{what} {self._dice.pick(self._book.garments)}")
        return self._say(self._dice.pick(words.DRESS)).replace("{clothes}", clothes)

    def _prop_sentence(self) -> str:
        beat, dice = self._beat, self._dice
        assert beat.graph.prop is not None
        where = beat.graph.prop.where
        noun = self._nouns.prop()
        if where in ("held", "under"):
            verb = self._say(words.HOLDS if where == "held" else words.IS_ON)
            return f"{beat.actors[beat.graph.prop.holder].name} {verb} {noun}."
        be = words.BE.say(self._tense, noun.startswith(words.SHOALS))
        them = _OBJECT[self._nouns.pronoun(beat.actors)]
        sentences = [f"{noun} {be} there, too.", f"near {them} {be} {noun}.", f"{noun} {be} nearby."]
        if not noun.startswith("the "):
            sentences += [f"there {be} {noun}.", f"there {be} also {noun}."]
        return dice.pick(sentences)
