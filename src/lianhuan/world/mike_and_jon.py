"""The story of Mike and Jon as scene graphs, one per sentence."""

from lianhuan.world.scene import Actor, Look, Prop, SceneGraph

SENTENCES = (
    "Mike and Jon went to explore the forest together.",
    "They passed by a small stream and saw many small fish inside.",
    "Mike curiously crouched down and cautiously reached out to get into the water, trying to catch one of the small fish.",
    (
        "However, the little fish was agile and could always quickly dodge before his fingers touched them, "
        "transforming into a lightning like figure."
    ),
    "Jon couldn't help but laugh as he watched Mike's movements.",
    "Mike also laughed along, shaking his head and sitting on the big stone by the shore.",
)
"""The text, sentence by sentence."""

_MIKE = Look(tone="light", hair="brown", hair_style="short", top="red", bottom="blue")
_JON = Look(tone="tan", hair="black", hair_style="curly", top="yellow", bottom="green")


def mike_and_jon() -> tuple[SceneGraph, ...]:
    """The six pictures of `SENTENCES`; the boys keep their clothes, the stream follows the forest."""
    fish = Prop(kind="fish")
    return (
        SceneGraph(place="forest", actors=(_mike("walk"), _jon("walk"))),
        SceneGraph(place="stream", actors=(_mike("walk"), _jon("walk")), prop=fish),
        SceneGraph(place="stream", actors=(_mike("crouch"),), prop=fish),
        SceneGraph(place="stream", actors=(_mike("reach"),), prop=fish),
        SceneGraph(place="stream", actors=(_jon("laugh", "right"), _mike("stand", "left"))),
        SceneGraph(place="stream", actors=(_mike("sit"),), prop=Prop(kind="stone", where="under")),
    )


def _mike(action: str, facing: str = "right") -> Actor:
    return Actor(name="Mike", kind="boy", look=_MIKE, action=action, facing=facing)


def _jon(action: str, facing: str = "left") -> Actor:
    return Actor(name="Jon", kind="boy", look=_JON, action=action, facing=facing)
