# ruff: noqa: RUF001
"""What a free teller says in Chinese beside who does what and where, as `lianhuan.world.asides_en` in English."""

from collections.abc import Callable, Iterable

from lianhuan.world.beats import Beat
from lianhuan.world.chinese import Chinese
from lianhuan.world.dice import Dice
from lianhuan.world.scene import Actor

_SEEN = {
    "near": ("离我们很近很近。", "近得好像伸手就能碰到。", "这一切就在眼前。"),
    "far": ("从远处看，身影小小的。", "离得很远，只能看见小小的身影。", "远远看去，身影小得像个点。"),
}


class Asides:
    """Draws no dice for what the book has no words for. `mention` and `subject` name one actor, and those in some slots."""

    def __init__(
        self,
        dice: Dice,
        book: Chinese,
        mention: Callable[[Actor, bool], str],
        subject: Callable[[Iterable[int], bool], str],
    ) -> None:
        self._dice, self._book, self._mention, self._subject = dice, book, mention, subject

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
            return self._dice.pick(self._book.when[beat.graph.weather])
        return ""

    def view(self) -> str:
        """Words that open a main sentence which nothing else opens."""
        if self._viewed or self._dice.chance(0.5):
            return ""
        self._viewed = True
        return self._dice.pick(self._book.views[self._beat.graph.view])

    def within(self, run: tuple[int, ...], said: str) -> str:
        """What those in the slots `run` do, with how they feel before it if that is said here."""
        if run != self._beat.feeling or self._beat.actors[run[0]].action == "sleep":
            return said
        self._felt = "地" not in said and said[0] != "被" and self._dice.chance(0.6)
        return self._dice.pick(self._book.with_[self._emotion]) + said if self._felt else said

    def after(self) -> list[str]:
        """Sentences behind all others."""
        sentences = []
        if not self._felt:
            sentences.append(self._feeling())
        if not self._viewed:
            sentences.append(self._dice.pick(_SEEN[self._beat.graph.view]))
        if self._book.sayings and not self._spoken and self._dice.chance(0.12):
            awake = [actor for actor in self._beat.actors if actor.action not in ("sleep", "cry")]
            if awake:
                speaker = self._dice.pick(awake)
                sentences.append(self._speech(self._dice.pick(self._book.sayings), speaker))
        if self._book.asides and self._dice.chance(0.1):
            sentences.append(self._dice.pick(self._book.asides))
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
        both = "都" if len(run) > 1 else ""
        return f"{self._subject(run, True)}{both}{dice.pick(self._book.feels[self._emotion])}。"

    def _speech(self, text: str, actor: Actor) -> str:
        who = self._mention(actor, True)
        say = "问" if text[-1] == "？" else self._dice.pick(("说", "说", "说道", "小声说", "喊道"))
        return self._dice.pick((f"“{text}”{who}{say}。", f"{who}{say}：“{text}”"))
