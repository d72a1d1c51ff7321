# ruff: noqa: RUF001
"""What a free teller says in Chinese beside who does what and where."""

from collections.abc import Callable, Iterable

from lianhuan.world.asides import Asides
from lianhuan.world.chinese import Chinese
from lianhuan.world.dice import Dice
from lianhuan.world.scene import Actor

_SEEN = {
    "near": ("离我们很近很近。", "近得好像伸手就能碰到。", "这一切就在眼前。"),
    "far": ("从远处看，身影小小的。", "离得很远，只能看见小小的身影。", "远远看去，身影小得像个点。"),
}


class ChineseAsides(Asides[str]):
    """Asides whose `mention` and `subject` name one actor, and those in some slots."""

    def __init__(
        self,
        dice: Dice,
        book: Chinese,
        mention: Callable[[Actor, bool], str],
        subject: Callable[[Iterable[int], bool], str],
    ) -> None:
        super().__init__(dice, book)
        self._mention, self._subject = mention, subject

    def within(self, run: tuple[int, ...], said: str) -> str:
        """What those in the slots `run` do, with how they feel before it if that is said here."""
        if not self._feels_here(run):
            return said
        self._felt = "地" not in said and said[0] != "被" and self._dice.chance(0.6)
        return self._dice.pick(self._book.with_[self._emotion]) + said if self._felt else said

    def _say(self, phrase: str) -> str:
        return phrase

    def _feel(self, run: tuple[int, ...]) -> str:
        both = "都" if len(run) > 1 else ""
        return f"{self._subject(run, True)}{both}{self._dice.pick(self._book.feels[self._emotion])}。"

    def _seen(self) -> str:
        return self._dice.pick(_SEEN[self._beat.graph.view])

    def _speech(self, text: str, actor: Actor) -> str:
        who = self._mention(actor, True)
        say = "问" if text[-1] == "？" else self._dice.pick(("说", "说", "说道", "小声说", "喊道"))
        return self._dice.pick((f"“{text}”{who}{say}。", f"{who}{say}：“{text}”"))
