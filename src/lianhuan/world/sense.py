"""What goes with what: props with actions and places, feelings with actions. Words of the small world behave as they always did."""

from lianhuan.world.vocabulary import ACTIONS, EMOTIONS, PROPS


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


LIVE = _set(
    "bird butterfly duck fish frog snail turtle horse cow goat chicken rooster chick swan owl eagle parrot penguin bee ladybug "
    "spider ant worm crab octopus whale dolphin shark snake lizard crocodile dragon unicorn deer chipmunk beaver hedgehog camel "
    "giraffe zebra kangaroo bat peacock seal flamingo otter"
)
"""Props that live."""

FOOD = _set(
    "apple bread cake carrot mushroom pumpkin banana orange lemon pear peach strawberry cherry grapes watermelon pineapple tomato "
    "corn potato onion egg cheese pizza cookie candy lollipop icecream honey soup rice pie coconut chestnut"
)
"""Props that are eaten."""

MADE = (
    frozenset(PROPS)
    - LIVE
    - FOOD
    - _set(
        "flower leaf shell star stone milk gem tree pine cactus rose sunflower tulip feather nest wood fire rainbow moon volcano "
        "bone"
    )
)
"""Props that can be called old or new."""

MOUNTS = _set(
    "horse camel unicorn dragon whale dolphin zebra deer bicycle scooter sled car bus truck tractor train rocket airplane "
    "helicopter"
)
"""Seats on which one sits and does nothing else."""

RIDDEN = MOUNTS - _set("car bus truck train rocket airplane helicopter")
"""Mounts that one rides."""

SEATS = MOUNTS | _set("stone chair boat drum gift pumpkin bucket mushroom bed sofa box wood wheel")
"""Props that carry a character who sits, stands or sleeps on them."""

RESTING = frozenset({"sit", "stand", "sleep"})
"""Actions that are possible on top of a prop."""

HELD_FOR = {
    "carry": frozenset(PROPS),
    "eat": FOOD - {"pumpkin", "onion", "soup", "honey", "rice"},
    "drink": frozenset({"cup", "milk", "soup", "coconut", "teapot"}),
    "read": frozenset({"book", "letter", "map", "scroll"}),
    "throw": _set(
        "apple ball balloon leaf shell stone star bread carrot banana orange lemon pear peach tomato potato egg coconut chestnut "
        "sock shoe boot gloves feather coin bone wood pencil yarn box hat key teddy wheel"
    ),
}
"""Actions that need a prop in the hand, with the props that serve."""

KICKED = _set("ball stone box pumpkin coconut basket boot shoe balloon")
"""Props that may lie before somebody who kicks."""

HOLDING = frozenset(ACTIONS) - HELD_FOR.keys() - {"sleep", "clap", "climb", "fall", "dig", "kick", "cry"}
"""Actions beside those of `HELD_FOR` that are possible with a prop in the hand."""

OPEN_AIR = frozenset({"dig", "climb"})
"""Actions that need the ground, or a tree."""

IMPLIED = {"laugh": "happy", "cry": "sad"}
"""The feeling that an action says already."""

_FEELINGS = {
    "laugh": "happy",
    "cry": "sad",
    "sleep": "tired",
    "wave": "happy sad proud shy",
    "jump": "happy angry surprised proud",
    "dance": "happy proud shy tired",
    "sing": "happy sad proud shy tired",
    "clap": "happy surprised proud shy",
    "bow": "proud shy sad tired",
    "kick": "happy angry proud tired",
    "fall": "angry afraid surprised tired sad",
}
FEELINGS = {action: tuple(_FEELINGS.get(action, " ".join(EMOTIONS[1:])).split()) for action in ACTIONS}
"""The feelings, beside calm, that an action goes with."""

_SEA = "boat fish shell crab octopus whale dolphin shark seal turtle anchor duck penguin bucket"
_WATER = "boat fish frog duck swan turtle otter beaver flamingo bucket crocodile"
_WOODS = "mushroom leaf owl deer chipmunk hedgehog pine tree nest wood snail fire axe chestnut feather tent"
_GREEN = "flower butterfly bee ladybug rose tulip sunflower bird snail tree worm ant nest ball kite"
_HOME = "bed sofa lamp mirror window door clock book chair television radio telephone teddy puzzle piano sock candle"
_FOODS = (
    "bread cake cookie pie egg cheese milk honey teapot cup spoon soup rice pizza tomato potato onion apple"
)
_FRUIT = "apple banana orange lemon pear peach strawberry cherry grapes watermelon pineapple corn potato carrot pumpkin basket"
_LIKELY = {
    "forest": _WOODS,
    "stream": _WATER,
    "beach": f"{_SEA} umbrella ball coconut icecream",
    "meadow": _GREEN,
    "street": "car bus bicycle scooter truck house lamp umbrella balloon box letter dress",
    "room": _HOME,
    "kitchen": _FOODS,
    "garden": f"{_GREEN} bucket broom gloves ladder",
    "farm": "horse cow goat chicken rooster chick egg tractor corn duck bucket pumpkin potato milk wheel",
    "mountain": "goat eagle tent stone pine compass map volcano snowman fire telescope wood rainbow",
    "playground": "ball kite balloon scooter bicycle icecream teddy lollipop drum",
    "castle": "crown shield dragon unicorn flag key door trumpet ring trophy scroll gem wand horse",
    "school": "book pencil scissors paintbrush backpack clock bell puzzle map chair magnifier",
    "library": "book scroll map lamp chair clock magnifier letter ladder owl",
    "shop": "box dress hat shoe boot gloves sock teddy robot ring coin candy mirror umbrella gift camera",
    "market": f"{_FRUIT} fish cheese egg bread coin bell chicken",
    "bakery": "bread cake cookie pie egg pizza milk honey candy basket broom",
    "bathroom": "mirror bucket duck cup sock lamp window boat",
    "attic": "box spider bat clock mirror hat violin trumpet teddy letter key radio sofa camera lamp",
    "cave": "bat gem lantern fire bone candle spider dragon stone star lizard snake",
    "desert": "camel cactus snake lizard stone bone compass tent map kangaroo zebra giraffe",
    "lake": f"{_WATER} dolphin fish house",
    "island": "coconut parrot shell crab turtle map anchor volcano boat pineapple telescope helicopter octopus",
    "bridge": "boat bicycle fish duck lamp flag car umbrella train",
    "park": f"{_GREEN} fountain bicycle scooter icecream balloon swan",
    "harbour": f"{_SEA} telescope flag bell box lantern",
    "station": "train clock backpack bell box telephone letter lamp bus flag",
    "village": "house bell chicken goat cow bicycle lantern fountain bread wheel hammer rainbow",
    "orchard": f"{_FRUIT} tree ladder nest bee chestnut",
    "jungle": "parrot snake spider lizard butterfly banana crocodile peacock frog tent",
    "snowfield": "snowman sled penguin seal gloves boot pine star owl wood",
    "wheatfield": "tractor corn bird sunflower hedgehog horse bread basket kite bee",
}
LIKELY = {place: tuple(dict.fromkeys(things.split())) for place, things in _LIKELY.items()}
"""Props that fit a place."""

GROWN = frozenset({"woman", "man", "grandmother", "grandfather"})
"""Kinds that nobody calls little."""
