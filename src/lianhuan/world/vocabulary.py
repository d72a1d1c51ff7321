"""The closed vocabulary of the world. Order matters: labels are indices into these tuples, weights depend on them."""

PLACES = (
    "forest", "stream", "beach", "meadow", "street", "room",
    "kitchen", "garden", "farm", "mountain", "playground", "castle",
    "school", "library", "shop", "market", "bakery", "bathroom", "attic", "cave", "desert", "lake",
    "island", "bridge", "park", "harbour", "station", "village", "orchard", "jungle", "snowfield", "wheatfield",
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
    "dance",
    "cry",
    "sing",
    "eat",
    "drink",
    "read",
    "throw",
    "kick",
    "climb",
    "fall",
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
    "horse", "cow", "goat", "chicken", "rooster", "chick", "swan", "owl", "eagle", "parrot", "penguin", "bee",
    "ladybug", "spider", "ant", "worm", "crab", "octopus", "whale", "dolphin", "shark", "snake", "lizard", "crocodile",
    "dragon", "unicorn", "deer", "chipmunk", "beaver", "hedgehog", "camel", "giraffe", "zebra", "kangaroo", "bat", "peacock",
    "seal", "flamingo", "otter", "banana", "orange", "lemon", "pear", "peach", "strawberry", "cherry", "grapes", "watermelon",
    "pineapple", "tomato", "corn", "potato", "onion", "egg", "cheese", "pizza", "cookie", "candy", "lollipop", "icecream",
    "honey", "milk", "soup", "rice", "pie", "coconut", "chestnut", "teapot", "car", "bus", "train", "bicycle",
    "airplane", "rocket", "truck", "tractor", "helicopter", "sled", "scooter", "anchor", "axe", "hammer", "ladder", "broom",
    "bed", "sofa", "door", "window", "mirror", "lamp", "spoon", "box", "backpack", "coin", "ring", "crown",
    "gem", "map", "compass", "telescope", "magnifier", "camera", "telephone", "television", "radio", "trumpet", "violin", "piano",
    "teddy", "puzzle", "robot", "paintbrush", "pencil", "scissors", "yarn", "sock", "shoe", "boot", "gloves", "dress",
    "shield", "wand", "tree", "pine", "cactus", "rose", "sunflower", "tulip", "feather", "nest", "wood", "fire",
    "snowman", "rainbow", "moon", "volcano", "house", "fountain", "bone", "wheel", "trophy", "scroll",
)  # fmt: skip

MAX_ACTORS = 4
