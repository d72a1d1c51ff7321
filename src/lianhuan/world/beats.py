"""What a teller has to know of each picture beside its graph: who and what is new, who does the same."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lianhuan.world.dice import Dice
from lianhuan.world.scene import Actor, Prop, SceneGraph
from lianhuan.world.sense import HELD_FOR, IMPLIED

Changes = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Beat:
    """One picture in its story.

    Attributes:
        graph: the picture.
        changes: (name, colour of a new top or thing worn) of what is put on in it.
        first: whether it opens the story.
        fresh: names of the characters who appear for the first time.
        known: all characters met so far, these included.
        same_stage: whether the same two or more characters stood in the same order in the picture before.
        new_place: whether the place has to be said.
        new_time: whether the time of day has to be said.
        new_weather: whether the weather has to be said.
        seen: prop words of earlier pictures.
    """

    graph: SceneGraph
    changes: Changes
    first: bool
    fresh: frozenset[str]
    known: tuple[Actor, ...]
    same_stage: bool
    new_place: bool
    new_time: bool
    new_weather: bool
    seen: frozenset[str]

    @property
    def actors(self) -> tuple[Actor, ...]:
        """The characters from left to right."""
        return self.graph.actors

    @property
    def runs(self) -> list[tuple[int, ...]]:
        """Neighbours who do the same, as slots from left to right."""
        runs: list[tuple[int, ...]] = []
        for slot, actor in enumerate(self.actors):
            if runs and self.actors[runs[-1][0]].action == actor.action:
                runs[-1] = (*runs[-1], slot)
            else:
                runs.append((slot,))
        return runs

    @property
    def feeling(self) -> tuple[int, ...]:
        """The neighbours whose feeling the text has to say, because what they do does not; () if there are none."""
        return next((run for run in self.runs if self._has_to_be_said(self.actors[run[0]])), ())

    @staticmethod
    def _has_to_be_said(actor: Actor) -> bool:
        return actor.emotion not in ("calm", IMPLIED.get(actor.action))

    @property
    def ground_prop(self) -> Prop | None:
        """The prop if it lies on the ground."""
        prop = self.graph.prop
        return prop if prop and prop.where in ("left", "right") else None

    def run_at_prop(self, dice: Dice, share: float) -> tuple[int, ...]:
        """The run whose predicate names the prop, in `share` of the pictures where it lies on the ground; () if none does."""
        prop = self.graph.prop
        if prop is None:
            return ()
        if self.ground_prop:
            return dice.pick(self.runs) if dice.chance(share) else ()
        run = next(run for run in self.runs if prop.holder in run)
        return run if len(run) == 1 or self.actors[prop.holder].action in HELD_FOR else ()


def beats(graphs: Sequence[SceneGraph], changes: Sequence[Changes]) -> Iterator[Beat]:
    """The beats of a story, one per graph, in order."""
    known: dict[str, Actor] = {}
    seen: set[str] = set()
    before: SceneGraph | None = None
    for graph, changed in zip(graphs, changes, strict=True):
        stage = [actor.name for actor in graph.actors]
        fresh = frozenset(name for name in stage if name not in known)
        known |= {actor.name: actor for actor in graph.actors}
        yield Beat(
            graph=graph,
            changes=changed,
            first=before is None,
            fresh=fresh,
            known=tuple(known.values()),
            same_stage=before is not None and len(stage) > 1 and stage == [a.name for a in before.actors],
            new_place=before is None or before.place != graph.place,
            new_time=graph.time != ("day" if before is None else before.time),
            new_weather=graph.weather != ("clear" if before is None else before.weather),
            seen=frozenset(seen),
        )
        if graph.prop:
            seen.add(graph.prop.kind)
        before = graph
