"""The closed vocabularies of the world. Order matters: labels are indices into these tuples, weights depend on them."""

from dataclasses import dataclass, replace

PLACES = (
    "forest", "stream", "beach", "meadow", "street", "room",
    "kitchen", "garden", "farm", "mountain", "playground", "castle",
    "wheatfield", "lake", "village", "park", "school", "snowfield", "market", "cave", "jungle", "desert", "bridge", "island",
    "library", "shop", "bakery", "bathroom", "attic", "harbour", "station", "orchard",
)  # fmt: skip
INDOORS = frozenset({"room", "kitchen", "school", "library", "shop", "bakery", "bathroom", "attic", "cave"})
TIMES = ("day", "sunset", "night")
WEATHERS = ("clear", "rain", "snow")

KINDS = (
    "girl", "boy", "woman", "man", "fox", "rabbit", "bear", "cat",
    "grandmother", "grandfather",
    "dog", "wolf", "mouse", "pig", "sheep", "elephant", "tiger", "monkey", "panda", "lion",
)  # fmt: skip
PEOPLE = ("girl", "boy", "woman", "man", "grandmother", "grandfather")
ANIMALS = tuple(kind for kind in KINDS if kind not in PEOPLE)

ACTIONS = (
    "stand",
    "walk",
    "run",
    "sit",
    "crouch",
    "reach",
    "wave",
    "laugh",
    "sleep",
    "jump",
    "carry",
    "point",
    "eat",
    "cry",
    "sing",
    "fall",
    "climb",
    "drink",
    "dance",
    "read",
    "throw",
    "kick",
    "bow",
    "clap",
    "dig",
    "look",
)

EMOTIONS = ("calm", "happy", "sad", "angry", "afraid", "surprised", "tired", "proud", "shy", "worried")
WORN = ("", "hat", "cap", "crown", "scarf", "glasses", "coat", "bag", "apron", "bow")
STYLES = ("flat", "wash", "paper", "crayon")
VIEWS = ("middle", "near", "far")

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
HAIR_COLOURS = ("black", "brown", "blond", "red", "grey")
HAIR_STYLES = ("short", "long", "curly")
TONES = ("light", "tan", "brown", "dark")

PROPS = (
    "apple", "ball", "balloon", "basket", "bell", "bird", "boat", "book", "bread", "bucket",
    "butterfly", "cake", "candle", "carrot", "chair", "clock", "cup", "drum", "duck", "fish",
    "flag", "flower", "frog", "gift", "guitar", "hat", "key", "kite", "lantern", "leaf",
    "letter", "mushroom", "pumpkin", "shell", "snail", "star", "stone", "tent", "turtle", "umbrella",
    "tree", "house", "fire", "door", "cow", "bed", "goat", "egg",
    "horse", "chicken", "rooster", "chick", "swan", "owl", "eagle", "parrot", "penguin", "bee", "ladybug",
    "spider", "ant", "worm", "crab", "octopus", "whale", "dolphin", "shark", "snake", "lizard", "crocodile",
    "dragon", "unicorn", "deer", "chipmunk", "beaver", "hedgehog", "camel", "giraffe", "zebra", "kangaroo", "bat",
    "peacock", "seal", "flamingo", "otter", "banana", "orange", "lemon", "pear", "peach", "strawberry", "cherry",
    "grapes", "watermelon", "pineapple", "tomato", "corn", "potato", "onion", "cheese", "pizza", "cookie", "candy",
    "lollipop", "icecream", "honey", "milk", "soup", "rice", "pie", "coconut", "chestnut", "teapot", "car",
    "bus", "train", "bicycle", "airplane", "rocket", "truck", "tractor", "helicopter", "sled", "scooter", "anchor",
    "axe", "hammer", "ladder", "broom", "sofa", "window", "mirror", "lamp", "spoon", "box", "backpack",
    "coin", "ring", "crown", "gem", "map", "compass", "telescope", "magnifier", "camera", "telephone", "television",
    "radio", "trumpet", "violin", "piano", "teddy", "puzzle", "robot", "paintbrush", "pencil", "scissors", "yarn",
    "sock", "shoe", "boot", "gloves", "dress", "shield", "wand", "pine", "cactus", "rose", "sunflower",
    "tulip", "feather", "nest", "wood", "snowman", "rainbow", "moon", "volcano", "fountain", "bone", "wheel",
    "trophy", "scroll",
)  # fmt: skip

LARGE = frozenset({
    "boat", "tent", "horse", "cow", "goat", "swan", "eagle", "penguin", "bee", "octopus", "whale", "dolphin", "shark",
    "crocodile", "dragon", "unicorn", "deer", "beaver", "camel", "giraffe", "zebra", "kangaroo", "peacock", "seal",
    "flamingo", "car", "bus", "train", "bicycle", "airplane", "rocket", "truck", "tractor", "helicopter", "sled",
    "anchor", "ladder", "bed", "sofa", "door", "window", "television", "piano", "tree", "pine", "cactus", "fire",
    "snowman", "rainbow", "moon", "volcano", "house", "fountain",
})  # fmt: skip
"""Props that nobody holds in a hand."""

MAX_ACTORS = 4


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """What the stories of a world may show, and how they are told; words of the tuples above, in their order.

    Attributes:
        places, kinds, actions, props, emotions, worn, styles, views: the words.
        casts: shares of the stories with at most one, two ... characters, rising; the rest has one more.
        large: props that nobody holds in a hand.
        fitting: share of the props that are of those which fit the place.
        wording: "plain" or "free": with clauses, dialogue and asides, and more words for each thing.
        prefix: stands before the names of files that keep pictures of this world.
    """

    places: tuple[str, ...]
    kinds: tuple[str, ...]
    actions: tuple[str, ...]
    props: tuple[str, ...]
    emotions: tuple[str, ...]
    worn: tuple[str, ...]
    styles: tuple[str, ...]
    views: tuple[str, ...]
    casts: tuple[float, ...]
    large: frozenset[str]
    fitting: float
    wording: str
    prefix: str

    @property
    def max_actors(self) -> int:
        """The most characters of one picture."""
        return 1 + len(self.casts)


SMALL = Vocabulary(
    places=PLACES[:12],
    kinds=KINDS[:8],
    actions=ACTIONS[:12],
    props=PROPS[:40],
    emotions=EMOTIONS[:1],
    worn=WORN[:1],
    styles=STYLES[:1],
    views=VIEWS[:1],
    casts=(0.2, 0.75),
    large=frozenset(),
    fitting=0.0,
    wording="plain",
    prefix="",
)
"""The world of the shipped weights."""

MIDDLE = replace(
    SMALL,
    places=PLACES[:24],
    kinds=KINDS,
    actions=ACTIONS[:20],
    props=PROPS[:48],
    large=LARGE.intersection(PROPS[:48]),
    fitting=0.3,
    wording="free",
    prefix="middle-",
)
"""On the way from the small world to the full one: all its characters and words, more places, actions and things."""

FULL = Vocabulary(
    places=PLACES,
    kinds=KINDS,
    actions=ACTIONS,
    props=PROPS,
    emotions=EMOTIONS,
    worn=WORN,
    styles=STYLES,
    views=VIEWS,
    casts=(0.2, 0.6, 0.85),
    large=LARGE,
    fitting=0.5,
    wording="free",
    prefix="full-",
)
"""All that can be drawn and told."""
