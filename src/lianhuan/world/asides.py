"""What a free teller says in any language beside who does what and where: feelings, nearness, dialogue, things unseen."""

from abc import ABC, abstractmethod
from typing import Generic

from lianhuan.world.beats import Beat
from lianhuan.world.dice import Dice
from lianhuan.world.phrasebook import Book, P
from lianhuan.world.scene import Actor


class Asides(ABC, Generic[P]):
    """Draws no dice for what the book has no words for; a language says how it says things."""

    def __init__(self, dice: Dice, book: Book[P]) -> None:
        self._dice, self._book = dice, book

    def start(self, beat: Beat) -> None:
        """Turn to the next picture."""
        self._beat = beat
        self._felt = not beat.feeling
        self._spoken = False
        self._viewed = beat.graph.view not in self._book.views or self._dice.chance(0.3)

    def weather(self) -> str:
        """A clause about new weather that opens the main sentence, or nothing."""
        beat = self._beat
        if self._book.when and beat.new_weather and not beat.new_time and self._dice.chance(0.4):
            return self._say(self._dice.pick(self._book.when[beat.graph.weather]))
        return ""

    def view(self) -> str:
        """Words that open a main sentence which nothing else opens."""
        if self._viewed or self._dice.chance(0.5):
            return ""
        self._viewed = True
        return self._dice.pick(self._book.views[self._beat.graph.view])

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
            sentences.append(self._say(self._dice.pick(self._book.asides)))
        return sentences

    def _feels_here(self, run: tuple[int, ...]) -> bool:
        """Whether how those in the slots `run` feel can be said with what they do."""
        return run == self._beat.feeling and self._beat.actors[run[0]].action != "sleep"

    @property
    def _emotion(self) -> str:
        return self._beat.actors[self._beat.feeling[0]].emotion

    def _feeling(self) -> str:
        run = self._beat.feeling
        actor = self._beat.actors[run[0]]
        if len(run) == 1 and actor.action != "sleep" and self._dice.chance(0.4):
            self._spoken = True
            return self._speech(self._dice.pick(self._book.cries[self._emotion]), actor)
        return self._feel(run)

    @abstractmethod
    def _say(self, phrase: P) -> str: ...

    @abstractmethod
    def _feel(self, run: tuple[int, ...]) -> str:
        """A sentence about how those in the slots `run` feel."""

    @abstractmethod
    def _seen(self) -> str:
        """A sentence about how near or far the picture is."""

    @abstractmethod
    def _speech(self, text: str, actor: Actor) -> str:
        """What `actor` says."""
