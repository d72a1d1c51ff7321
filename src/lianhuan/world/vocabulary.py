"""The closed vocabulary of the world. Order matters: labels are indices into these tuples, weights depend on them."""

PLACES = (
    "forest", "stream", "beach", "meadow", "street", "room",
    "kitchen", "garden", "farm", "mountain", "playground", "castle",
)  # fmt: skip
INDOORS = frozenset({"room", "kitchen"})
TIMES = ("day", "sunset", "night")
WEATHERS = ("clear", "rain", "snow")

PEOPLE = ("girl", "boy", "woman", "man")
ANIMALS = ("fox", "rabbit", "bear", "cat")
KINDS = PEOPLE + ANIMALS

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
)

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "white")
HAIR_COLOURS = ("black", "brown", "blond", "red", "grey")
HAIR_STYLES = ("short", "long", "curly")
TONES = ("light", "tan", "brown", "dark")

PROPS = (
    "apple", "ball", "balloon", "basket", "bell", "bird", "boat", "book", "bread", "bucket",
    "butterfly", "cake", "candle", "carrot", "chair", "clock", "cup", "drum", "duck", "fish",
    "flag", "flower", "frog", "gift", "guitar", "hat", "key", "kite", "lantern", "leaf",
    "letter", "mushroom", "pumpkin", "shell", "snail", "star", "stone", "tent", "turtle", "umbrella",
)  # fmt: skip

MAX_ACTORS = 3
