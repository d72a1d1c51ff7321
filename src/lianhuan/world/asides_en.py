"""What a free teller says beside who does what and where: feelings, nearness, dialogue, and things that nobody sees."""

from lianhuan.world.beats import Beat
from lianhuan.world.dice import Dice
from lianhuan.world.english import English
from lianhuan.world.nouns_en import Nouns
from lianhuan.world.phrases_en import phrase
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


class Asides:
    """Draws no dice for what the book has no words for."""

    def __init__(self, dice: Dice, book: English, nouns: Nouns, tense: str) -> None:
        self._dice, self._book, self._nouns, self._tense = dice, book, nouns, tense

    def start(self, beat: Beat) -> None:
        """Turn to the next picture."""
        self._beat = beat
        self._felt = not beat.feeling
        self._spoken = False
        self._viewed = beat.graph.view not in self._book.views or self._dice.chance(0.3)

    def weather(self) -> list[str]:
        """A clause about new weather that opens the main sentence, or nothing."""
        beat = self._beat
        if self._book.when and beat.new_weather and not beat.new_time and self._dice.chance(0.4):
            return [self._dice.pick(self._book.when[beat.graph.weather]).say(self._tense, False)]
        return []

    def view(self) -> list[str]:
        """Words that open a main sentence which nothing else opens."""
        if self._viewed or self._dice.chance(0.5):
            return []
        self._viewed = True
        return [self._dice.pick(self._book.views[self._beat.graph.view])]

    def within(self, run: tuple[int, ...]) -> str:
        """How those in the slots `run` feel, as the end of what they do; "" if that is said elsewhere."""
        if run != self._beat.feeling or self._beat.actors[run[0]].action == "sleep":
            return ""
        self._felt = self._dice.chance(0.45)
        return " " + self._dice.pick(self._book.with_[self._emotion]) if self._felt else ""

    def after(self) -> list[str]:
        """Sentences behind all others."""
        sentences = []
        if not self._felt:
            sentences.append(self._feeling())
        if not self._viewed:
            sentences.append(self._seen())
        if self._book.sayings and not self._spoken and self._dice.chance(0.12):
            awake = [actor for actor in self._beat.actors if actor.action not in ("sleep", "cry")]
            if awake:
                speaker = self._dice.pick(awake)
                sentences.append(self._speech(self._dice.pick(self._book.sayings), speaker))
        if self._book.asides and self._dice.chance(0.1):
            sentences.append(self._dice.pick(self._book.asides).say(self._tense, False))
        return sentences

    @property
    def _emotion(self) -> str:
        return self._beat.actors[self._beat.feeling[0]].emotion

    def _feeling(self) -> str:
        dice, run = self._dice, self._beat.feeling
        actor = self._beat.actors[run[0]]
        if len(run) == 1 and actor.action != "sleep" and dice.chance(0.4):
            self._spoken = True
            return self._speech(dice.pick(self._book.cries[self._emotion]), actor)
        word, who = dice.pick(self._book.feels[self._emotion]), self._nouns.subject(run, True)
        plural = len(run) > 1
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
        say = self._dice.pick(_ASK if text.endswith("?") else _SAY).say(self._tense, False)
        stopped = text.endswith(("?", "!"))
        inside = text if stopped else f"{text},"
        return self._dice.pick((
            f'"{inside}" {who} {say}.', f'"{inside}" {say} {actor.name}.', f'{who} {say}, "{text if stopped else text + "."}"',
        ))  # fmt: skip
