"""Small stories, annotated by hand: cast with kinds, and every word that points to a character by another word.

TUNED were looked at while the rules were written, FRESH were scored once, before any rule was changed for them.
A link is (words, names it refers to); an ambiguous word counts as right if its first guess is right.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Oracle:
    text: str
    cast: dict[str, str]
    links: tuple[tuple[str, str], ...]


def _links(table: str) -> tuple[tuple[str, str], ...]:
    pairs = (entry.split("=") for entry in table.split(";"))
    return tuple((words.strip(), names.strip()) for words, names in pairs)


TUNED = (
    Oracle(
        "Rose and Will lived near a wood. In May, Will found a kite in the grass. He gave it to Rose. "
        '"Will you fly it with me?" she asked. Will nodded, and they ran to the meadow. Rose\'s hat flew away.',
        {"Rose": "girl", "Will": "boy"},
        _links("He=Will; she=Rose; they=Rose,Will"),
    ),
    Oracle(
        "Once upon a time there was a little bear. His name was Bruno. Bruno lived in the forest with his mother. "
        'One day she said, "Bring me some honey." Bruno took his basket and walked to the river. '
        "There he met a rabbit called Pip. They shared the honey.",
        {"Bruno": "bear", "mother": "woman", "Pip": "rabbit"},
        _links("a little bear=Bruno; His=Bruno; his=Bruno; she=mother; his=Bruno; he=Bruno; They=Bruno,Pip"),
    ),
    Oracle(
        "Tom, a clever fox, and his brother Max found a boat by the lake. Max jumped in first. Tom laughed at him. "
        "Then Grandma Rose called the two brothers. She wore a red hat. They ran home.",
        {"Tom": "fox", "Max": "boy", "Grandma Rose": "woman"},
        _links("his=Tom; him=Max; the two brothers=Tom,Max; She=Grandma Rose; They=Tom,Max"),
    ),
    Oracle(
        "Flopsy, Mopsy and Peter were three rabbits. Mrs. Rabbit gave Peter a blue jacket. He put it on. "
        "Mr. McGregor was in the garden. Peter saw him and ran away. Mary-Ann laughed. She waved at Peter.",
        {
            "Flopsy": "girl",
            "Mopsy": "girl",
            "Peter": "boy",
            "Mrs. Rabbit": "rabbit",
            "Mr. McGregor": "man",
            "Mary-Ann": "girl",
        },
        _links("He=Peter; him=Mr. McGregor; She=Mary-Ann"),
    ),
    Oracle(
        "从前有一个叫小明的男孩，他有一只小猫。小猫名叫花花。有一天，他们去海边玩。小明看见妈妈在沙滩上，他笑着跑过去。"
        "妈妈抱住他，说：“我们回家吧。”她给小明戴上了红色的帽子。",
        {"小明": "boy", "花花": "cat", "妈妈": "woman"},
        _links("他=小明; 小猫=花花; 小猫=花花; 他们=小明,花花; 他=小明; 他=小明; 她=妈妈"),
    ),
    Oracle(
        "狐狸莉莉住在森林里。她有一个好朋友，是大熊。大熊喜欢睡觉，他总是打呼噜。莉莉叫醒大熊，他们一起去河边捉鱼。"
        "“水真凉！”大熊说。两个好朋友都笑了。",
        {"莉莉": "fox", "大熊": "bear"},
        _links("她=莉莉; 他=大熊; 他们=莉莉,大熊; 两个好朋友=莉莉,大熊"),
    ),
)
