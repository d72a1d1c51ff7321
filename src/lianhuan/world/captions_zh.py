# ruff: noqa: RUF001
"""Chinese captions of a story of the world: the facts of each picture in the words of a picture-story book."""

from collections.abc import Iterable, Sequence

from lianhuan.world import phrases_zh as words
from lianhuan.world.asides_zh import ChineseAsides
from lianhuan.world.beats import Beat
from lianhuan.world.chinese import chinese
from lianhuan.world.dice import Dice
from lianhuan.world.names import is_female
from lianhuan.world.scene import Actor
from lianhuan.world.sense import GROWN, MADE
from lianhuan.world.vocabulary import COLOURS, INDOORS, PEOPLE

_COUNT = {2: "两个", 3: "三个", 4: "四个"}
_SIDE = {"left": "左边", "right": "右边"}


def captions_zh(beats: Iterable[Beat], names: dict[str, str], dice: Dice, wording: str) -> list[str]:
    """One caption per beat, in order; `names` gives the Chinese name of every English one.

    `wording` names the book of phrases, see `lianhuan.world.chinese`.
    """
    teller = _Teller(names, dice, wording)
    return [teller.tell(beat) for beat in beats]


class _Teller:
    """Tells one story; keeps the names."""

    def __init__(self, names: dict[str, str], dice: Dice, wording: str) -> None:
        self._names = names
        self._dice = dice
        self._book = chinese(wording)
        self._asides = ChineseAsides(dice, self._book, self._mention, self._subject)

    def tell(self, beat: Beat) -> str:
        self._beat = beat
        self._fresh = set(beat.fresh)
        self._group = beat.same_stage
        self._asides.start(beat)
        lead = self._asides.weather()
        before = "" if lead else self._weather()
        lead = lead or self._time() or self._asides.view()
        self._linked = bool(lead)
        before += self._introduction()
        place, where = self._place()
        if where:
            lead += where
        clause = self._clauses(place)
        happy = len(beat.runs) == 1 and beat.actors[0].action != "sleep"
        tail = "，" + self._dice.pick(self._book.tails) if happy and self._dice.chance(0.2) else ""
        return "".join((before, lead, clause, tail, "。", *self._after()))

    # ---- what comes before the actors

    def _weather(self) -> str:
        graph = self._beat.graph
        if not self._beat.new_weather:
            return ""
        return self._dice.pick((words.INSIDE if graph.place in INDOORS else words.OUTSIDE)[graph.weather])

    def _time(self) -> str:
        beat, dice = self._beat, self._dice
        if beat.new_time:
            return dice.pick(self._book.time[beat.graph.time])
        if beat.first:
            return dice.pick(self._book.openings) if dice.chance(0.3) else ""
        return dice.pick(self._book.links) if dice.chance(0.3) else ""

    def _introduction(self) -> str:
        """Now and then the characters of the first picture get a sentence of their own."""
        beat = self._beat
        if not beat.first or not self._dice.chance(0.15):
            return ""
        names = self._list([self._first_mention(actor) for actor in beat.actors])
        self._fresh.clear()
        if len(beat.actors) == 1:
            return f"这是{names}的故事。"
        self._group = True
        return self._dice.pick((f"{names}是好朋友。", f"这是{names}的故事。"))

    def _place(self) -> tuple[str, str]:
        """How the place enters: ("visit" or "arrive" in the verb or "", words before the clause)."""
        beat, dice = self._beat, self._dice
        if not beat.new_place and not dice.chance(0.2):
            return "", ""
        if len(beat.runs) == 1:
            if (
                beat.graph.prop is None
                and beat.actors[0].action in ("walk", "run")
                and not beat.changes
                and dice.chance(0.6)
            ):
                return "visit", ""
            if beat.new_place and dice.chance(0.35):
                return "arrive", ""
        where = dice.pick(self._book.where[beat.graph.place])
        return "", dice.pick((f"{where}，", f"在{where}，"))

    # ---- who does what

    def _clauses(self, place: str) -> str:
        beat, dice = self._beat, self._dice
        runs = beat.runs
        self._at_prop = beat.run_at_prop(dice, 0.75)
        self._prop_after = beat.graph.prop is not None and not self._at_prop
        self._dressed = False
        left = beat.graph.prop is not None and beat.graph.prop.where == "left"
        if len(runs) == 2 == len(beat.actors) and not left and dice.chance(0.14):
            order = (1, 0) if dice.chance(0.5) else (0, 1)
            said = [
                f"{'左右'[slot]}边的{self._mention(beat.actors[slot], False)}{self._predicate((slot,), '')}"
                for slot in order
            ]
            return "，".join(said)
        said = [f"{self._subject(run, i == 0)}{self._predicate(run, place)}" for i, run in enumerate(runs)]
        if len(said) == 2:
            return dice.pick(("，", "，", "，而", "，同时", "；")).join(said)
        return "，".join(said)

    def _predicate(self, run: tuple[int, ...], place: str) -> str:
        beat, dice = self._beat, self._dice
        said = dice.pick(self._phrases(run, place))
        if len(run) > 1 and said[0] != "一" and dice.chance(0.25):
            said = "一起" + said
        said = self._asides.within(run, said)
        change = next((c for c in beat.changes if len(run) == 1 and c[0] == beat.actors[run[0]].name), None)
        if change and dice.chance(0.6):
            self._dressed = True
            said = f"{self._dress(change[1])}，{said}"
        if place == "arrive":
            said = f"{dice.pick(words.ARRIVE)}，{said}"
        return self._fill(said, run)

    def _phrases(self, run: tuple[int, ...], place: str) -> Sequence[str]:
        action = self._beat.actors[run[0]].action
        prop = self._beat.graph.prop
        if place == "visit":
            return words.VISIT if action == "walk" else words.RUSH
        if prop is None or run != self._at_prop:
            return self._book.plain[action]
        return self._book.using(action, prop)

    def _fill(self, text: str, run: tuple[int, ...]) -> str:
        """Replace the {slots} of a predicate."""
        if "{" not in text:
            return text
        person = any(self._beat.actors[slot].kind in PEOPLE for slot in run)
        text = text.replace("{手}", "手" if person else "爪子")
        if "{处}" in text:
            text = text.replace("{处}", self._dice.pick(self._book.to[self._beat.graph.place]))
        return text.replace("{物}", self._prop()) if "{物}" in text else text

    # ---- noun phrases

    def _subject(self, run: Iterable[int], first: bool) -> str:
        actors = [self._beat.actors[slot] for slot in run]
        dice = self._dice
        if len(actors) == len(self._beat.actors) > 1 and self._group and dice.chance(0.5):
            they = self._they(actors)
            count = _COUNT[len(actors)]
            return dice.pick((they, they, f"{count}朋友", f"{they}{count}", "朋友们", f"{count}好朋友"))
        return self._list(
            [self._mention(actor, len(actors) == 1 or (first and i == 0)) for i, actor in enumerate(actors)]
        )

    def _they(self, actors: Sequence[Actor]) -> str:
        pronouns = {_pronoun(actor) for actor in actors}
        return f"{pronouns.pop() if len(pronouns) == 1 else '他'}们"

    def _mention(self, actor: Actor, pronoun: bool) -> str:
        if actor.name in self._fresh:
            self._fresh.discard(actor.name)
            return self._first_mention(actor)
        draw = self._dice.random()
        others = [known for known in self._beat.known if known.name != actor.name]
        if draw < 0.36 and pronoun and all(_pronoun(other) != _pronoun(actor) for other in others):
            return _pronoun(actor)
        if 0.36 <= draw < 0.6 and all(other.kind != actor.kind for other in others):
            return self._dice.pick(_called(actor.kind))
        return self._names[actor.name]

    def _first_mention(self, actor: Actor) -> str:
        name, kind = self._names[actor.name], words.KINDS[actor.kind]
        if actor.kind in PEOPLE:
            if actor.kind in GROWN or self._dice.chance(0.65):
                return name
            return self._dice.pick((f"小{kind}{name}", f"一个名叫{name}的{kind}", f"一个叫{name}的小{kind}"))
        measure = _measure(actor.kind)
        return self._dice.pick(
            (
                f"{words.SMALL[actor.kind]}{name}",
                f"{kind}{name}",
                f"一{measure}名叫{name}的{kind}",
                f"一{measure}叫{name}的{words.SMALL[actor.kind]}",
                f"{name}这{measure}{words.SMALL[actor.kind]}",
            )
        )

    def _list(self, names: list[str]) -> str:
        if len(names) == 1:
            return names[0]
        return f"{'、'.join(names[:-1])}{self._dice.pick(('和', '和', '跟', '与'))}{names[-1]}"

    def _prop(self) -> str:
        """The prop with measure word, adjective and, on the ground, its side where the text has to say it."""
        prop, dice = self._beat.graph.prop, self._dice
        assert prop is not None
        measure, noun = (entry := dice.pick(self._book.nouns[prop.kind]))[0], entry[1:]
        if dice.chance(0.35) and noun[0] not in "小亮鲜" and measure not in "杯碗罐":
            noun = dice.pick(words.MADE_ADJECTIVES if prop.kind in MADE else words.ADJECTIVES) + noun
        noun = (
            f"{'那' if dice.chance(0.7 if prop.kind in self._beat.seen else 0.06) else '一'}{measure}{noun}"
        )
        if prop.where == "left" or (prop.where == "right" and dice.chance(0.2)):
            noun = f"{_SIDE[prop.where]}的{noun}"
        return noun

    # ---- what comes after

    def _after(self) -> list[str]:
        sentences = []
        if self._prop_after:
            sentences.append(self._prop_sentence())
        if self._beat.changes and not self._dressed:
            ((name, what),) = self._beat.changes
            link = "" if self._linked else self._dice.pick(("", "", "然后"))
            sentences.append(f"{link}{self._names[name]}{self._dress(what)}。")
        return [*sentences, *self._asides.after()]

    def _dress(self, what: str) -> str:
        if what not in COLOURS:
            return self._dice.pick(self._book.wear[what])
        clothes = (
            f"{self._dice.pick(('', '一件'))}{words.COLOURS[what]}的{self._dice.pick(self._book.garments)}"
        )
        return self._dice.pick(words.DRESS).replace("{衣}", clothes)

    def _prop_sentence(self) -> str:
        prop, dice = self._beat.graph.prop, self._dice
        assert prop is not None
        noun = self._prop()
        if prop.where in ("held", "under"):
            name = self._names[self._beat.actors[prop.holder].name]
            return f"{name}手里拿着{noun}。" if prop.where == "held" else f"{name}在{noun}上。"
        if noun[0] == "那":
            return f"{noun}就在旁边。"
        side, _, thing = noun.rpartition("边的")
        if side:
            return dice.pick((f"{side}边有{thing}。", f"{side}边还有{thing}。", f"{thing}在{side}边。"))
        return dice.pick((f"旁边有{thing}。", f"那里还有{thing}。", f"不远处有{thing}。", f"那儿有{thing}。"))


def _pronoun(actor: Actor) -> str:
    if actor.kind not in PEOPLE:
        return "它"
    return "她" if is_female(actor.name, actor.kind) else "他"


def _called(kind: str) -> tuple[str, ...]:
    word = words.KINDS[kind]
    if kind in ("girl", "boy"):
        return (f"小{word}", f"{word}", f"这个{word}")
    if kind in PEOPLE:
        return (f"这个{word}", f"那个{word}")
    return (words.SMALL[kind], words.SMALL[kind], word, f"这{_measure(kind)}{word}")


def _measure(kind: str) -> str:
    return "头" if kind == "elephant" else "只"
