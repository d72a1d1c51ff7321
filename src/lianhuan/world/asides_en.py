"""What a free teller says in English beside who does what and where."""

from lianhuan.world.asides import Asides
from lianhuan.world.dice import Dice
from lianhuan.world.english import English
from lianhuan.world.nouns_en import Nouns
from lianhuan.world.phrases_en import Phrase, phrase
from lianhuan.world.scene import Actor

_IS = tuple(map(phrase, ("<be>", "<feel>", "<look>", "<be>")))
_BE = phrase("<be>")
_SAY = tuple(map(phrase, ("<say>", "<say>", "<call>", "<whisper>")))
_ASK = (phrase("<ask>"),)
_SEEN = {
    view: tuple(map(phrase, texts))
    for view, texts in {
        "near": (
            "{he} <be> very close to us.",
            "{he} <be> near enough to touch.",
            "from close by one <can> see every hair on {his} head.",
        ),
        "far": (
            "{he} <be> far away.",
            "from afar one <can> hardly see {them}.",
            "{he} <be> tiny in the distance.",
        ),
    }.items()
}
_HIS = {"he": "his", "she": "her", "it": "its", "they": "their"}
_THEM = {"he": "him", "she": "her", "it": "it", "they": "them"}


class EnglishAsides(Asides[Phrase]):
    """Asides in one tense."""

    def __init__(self, dice: Dice, book: English, nouns: Nouns, tense: str) -> None:
        super().__init__(dice, book)
        self._nouns, self._tense = nouns, tense

    def within(self, run: tuple[int, ...]) -> str:
        """How those in the slots `run` feel, as the end of what they do; "" if that is said elsewhere."""
        if not self._feels_here(run):
            return ""
        self._felt = self._dice.chance(0.45)
        return " " + self._dice.pick(self._book.with_[self._emotion]) if self._felt else ""

    def _say(self, phrase: Phrase) -> str:
        return phrase.say(self._tense, False)

    def _feel(self, run: tuple[int, ...]) -> str:
        dice, plural = self._dice, len(run) > 1
        word, who = dice.pick(self._book.feels[self._emotion]), self._nouns.subject(run, True)
        if " " not in word and dice.chance(0.2):
            return f"how {word} {who} {_BE.say(self._tense, plural)}!"
        return f"{who} {dice.pick(_IS).say(self._tense, plural)} {word}."

    def _seen(self) -> str:
        actors = self._beat.actors
        he = self._nouns.pronoun(actors)
        said = self._dice.pick(_SEEN[self._beat.graph.view]).say(self._tense, len(actors) > 1)
        return said.format(he=he, them=_THEM[he], his=_HIS[he])

    def _speech(self, text: str, actor: Actor) -> str:
        who = self._nouns.mention(actor, True)
        say = self._say(self._dice.pick(_ASK if text.endswith("?") else _SAY))
        stopped = text.endswith(("?", "!"))
        inside = text if stopped else f"{text},"
        return self._dice.pick((
            f'"{inside}" {who} {say}.', f'"{inside}" {say} {actor.name}.', f'{who} {say}, "{text if stopped else text + "."}"',
        ))  # fmt: skip
