"""Small stories, annotated by hand: cast with kinds, and every word that points to a character by another word.

TUNED were looked at while the rules were written. FRESH came later, in four lots; the first look at each gave
cast precision / recall 1.00 / 1.00, 0.76 / 0.87, 0.70 / 0.78 (hard on purpose), 0.94 / 1.00 and
link precision / recall 0.83 / 0.78, 0.75 / 0.70, 0.70 / 0.62, 0.67 / 0.67: expect this on new text. General faults seen there were then mended.
A link is (words, names it refers to); an ambiguous word counts as right if its first guess is right.
"""
# ruff: noqa: RUF001 the marks are Chinese ones

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
        {"Bruno": "bear", "mother": "bear", "Pip": "rabbit"},
        _links("a little bear=Bruno; His=Bruno; his=Bruno; she=mother; his=Bruno; he=Bruno; They=Bruno,Pip"),
    ),
    Oracle(
        "Tom, a clever fox, and his brother Max found a boat by the lake. Max jumped in first. Tom laughed at him. "
        "Then Grandma Rose called the two brothers. She wore a red hat. They ran home.",
        {"Tom": "fox", "Max": "fox", "Grandma Rose": "grandmother"},
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
        _links("他=小明; 小猫=花花; 他们=小明,花花; 他=小明; 他=小明; 她=妈妈"),
    ),
    Oracle(
        "狐狸莉莉住在森林里。她有一个好朋友，是大熊。大熊喜欢睡觉，他总是打呼噜。莉莉叫醒大熊，他们一起去河边捉鱼。"
        "“水真凉！”大熊说。两个好朋友都笑了。",
        {"莉莉": "fox", "大熊": "bear"},
        _links("她=莉莉; 他=大熊; 他们=莉莉,大熊; 两个好朋友=莉莉,大熊"),
    ),
)

FRESH = (
    Oracle(
        "Every morning, Hazel fed her grandfather's goats. One day, the smallest goat was gone. Hazel looked behind the barn, but it was not there. "
        '"Have you seen my goat?" she asked Mr. Pike. He shook his head. Then she heard a noise near the brook. A wolf was asleep in the grass. '
        "Hazel tiptoed past him and found the little goat. She carried it home.",
        {"Hazel": "girl", "grandfather": "grandfather", "goat": "goat", "Mr. Pike": "man", "wolf": "wolf"},
        _links("her=Hazel; it=goat; she=Hazel; He=Mr. Pike; his=Mr. Pike; she=Hazel; him=wolf; She=Hazel"),
    ),
    Oracle(
        "Oliver and his sister June built a snowman. June gave the snowman a carrot. Oliver put on his green scarf. "
        'At midnight the snowman opened his eyes. "Good evening, Oliver," he said. The two children laughed. They danced with him until the sun came up.',
        {"Oliver": "boy", "June": "girl", "snowman": "snowman"},
        _links(
            "his=Oliver; his=Oliver; his=snowman; he=snowman; The two children=Oliver,June; They=Oliver,June; him=snowman"
        ),
    ),
    Oracle(
        "Captain Nell was a brave pirate. She had a parrot named Biscuit. Biscuit loved to sing, but nobody liked his songs. One windy night, a whale swam under the ship. "
        '"Sing!" cried Nell. Biscuit sang, and the whale swam away. Nell hugged him. From that day on everyone loved Biscuit\'s songs.',
        {"Captain Nell": "woman", "Biscuit": "parrot", "whale": "whale"},
        _links("She=Captain Nell; his=Biscuit; him=Biscuit; everyone=Captain Nell,Biscuit,whale"),
    ),
    Oracle(
        "The old king had no children. He lived in a castle on a hill with a grey cat. One summer day a girl knocked at the gate. Her name was Zara. "
        '"May I come in?" asked Zara. The king smiled at her. The cat jumped into her arms. They became good friends.',
        {"king": "man", "cat": "cat", "Zara": "girl"},
        _links("He=king; a girl=Zara; Her=Zara; her=Zara; her=Zara; They=cat,Zara"),
    ),
    Oracle(
        "山里住着一只白兔和一只刺猬。白兔每天去菜园种萝卜，刺猬帮它浇水。一天，一只灰狼来了。“快跑！”刺猬喊道。它们躲进了山洞。灰狼找不到它们，只好走了。",
        {"白兔": "rabbit", "刺猬": "hedgehog", "灰狼": "wolf"},
        _links("它=白兔; 它们=白兔,刺猬; 它们=白兔,刺猬"),
    ),
    Oracle(
        "小雪和哥哥小刚坐火车去看奶奶。奶奶在车站等他们。“奶奶！”小雪跑过去抱住她。小刚拿着一个大盒子，他说：“这是我们送给您的礼物。”大家高兴地回家了。",
        {"小雪": "girl", "小刚": "boy", "奶奶": "grandmother"},
        _links("他们=小雪,小刚; 她=奶奶; 他=小刚; 大家=小雪,小刚,奶奶"),
    ),
    Oracle(
        'Summer and her cousin Dash found a map in the attic. "It shows a treasure!" whispered Dash. He ran down the stairs, and Summer followed him. '
        "In the garden they met Uncle Otto. He gave them a spade. The boy dug and dug. At last Summer saw a golden key.",
        {"Summer": "girl", "Dash": "boy", "Uncle Otto": "man"},
        _links(
            "her=Summer; He=Dash; him=Dash; they=Summer,Dash; He=Uncle Otto; them=Summer,Dash; The boy=Dash"
        ),
    ),
    Oracle(
        'A hungry wolf came to the farm. He saw a fat hen and licked his lips. "Please do not eat me," said the hen. "I know where the cheese is." '
        "The wolf believed her. She led him to the well. The wolf looked down and fell into the water. The hen laughed at him and went home.",
        {"wolf": "wolf", "hen": "hen"},
        _links("He=wolf; his=wolf; her=hen; She=hen; him=wolf; him=wolf"),
    ),
    Oracle(
        'Dr. Ava Stone and her robot Bolt flew to the moon. Bolt carried the bags. "Look at the stars," said Ava. The robot pointed at a blue stone. It was shining. '
        "Ava put it into her pocket. They waved goodbye.",
        {"Dr. Ava Stone": "woman", "Bolt": "robot"},
        _links("her=Dr. Ava Stone; The robot=Bolt; her=Dr. Ava Stone; They=Dr. Ava Stone,Bolt"),
    ),
    Oracle(
        "Ben was sad because his friend Ling had moved away. His mum baked him a cake. She put a candle on it. Then the doorbell rang. Ben opened the door, and there stood Ling! "
        "She had come back for a visit. The two friends ate the whole cake.",
        {"Ben": "boy", "Ling": "girl", "mum": "woman"},
        _links("his=Ben; His=Ben; him=Ben; She=mum; She=Ling; The two friends=Ben,Ling"),
    ),
    Oracle(
        "小猴奇奇和小象多多是好朋友。奇奇喜欢爬树，多多喜欢洗澡。有一天，奇奇的皮球掉进了河里。他急得哭了起来。多多伸出长鼻子，把球捞了上来。“谢谢你！”奇奇说。他们开心地笑了。",
        {"奇奇": "monkey", "多多": "elephant"},
        _links("他=奇奇; 他们=奇奇,多多"),
    ),
    Oracle(
        "王小华是个勇敢的男孩。他和爷爷住在海边。爷爷每天出海打鱼，小华在沙滩上捡贝壳。有一天，一只海龟对他说：“你好！”他吓了一跳，跑回家告诉爷爷。爷爷笑着摸摸他的头。",
        {"王小华": "boy", "爷爷": "grandfather", "海龟": "turtle"},
        _links("他=王小华; 小华=王小华; 他=王小华; 他=王小华; 他=王小华"),
    ),
    Oracle(
        'Nora found a tiny dragon in the garden. It was green and had soft wings. "I will call you Pepper," she told the dragon. Pepper sneezed, and a small flame burned her sleeve. '
        'Nora laughed. Her father came out and stared at them. "Can we keep him, Dad?" asked Nora.',
        {"Nora": "girl", "Pepper": "dragon", "father": "man"},
        _links("It=Pepper; she=Nora; the dragon=Pepper; her=Nora; Her=Nora; them=Nora,Pepper; Dad=father"),
    ),
    Oracle(
        "Two mice named Pip and Squeak lived under the kitchen floor. Pip was brave, but Squeak was afraid of the cat. One night Pip climbed onto the table. "
        'The cat opened one eye. "Run, Pip!" shouted Squeak. He threw a bell at the cat. Both mice ran home, and they never went back.',
        {"Pip": "mouse", "Squeak": "mouse", "cat": "cat"},
        _links("He=Squeak; Both mice=Pip,Squeak; they=Pip,Squeak"),
    ),
    Oracle(
        "Grandpa Joe and Ellie went fishing. He carried the bucket and she carried the net. They sat by the lake all day. Ellie fell asleep. Grandpa covered her with his coat. "
        "When she woke up, a big bear was sitting beside them! The bear gave Ellie a fish. Then it walked away.",
        {"Grandpa Joe": "grandfather", "Ellie": "girl", "bear": "bear"},
        _links(
            "He=Grandpa Joe; she=Ellie; They=Grandpa Joe,Ellie; her=Ellie; his=Grandpa Joe; she=Ellie; them=Grandpa Joe,Ellie; it=bear"
        ),
    ),
    Oracle(
        "The farmer's daughter, Clara, had a white pony. Its name was Snow. Every evening Clara rode Snow to the beach. One evening she met a boy with a drum. "
        '"My name is Amir," he said. Clara let Amir ride her pony. The girl and the boy became friends.',
        {"farmer": "man", "Clara": "girl", "Snow": "pony", "Amir": "boy"},
        _links(
            "a white pony=Snow; Its=Snow; she=Clara; a boy=Amir; he=Amir; her=Clara; pony=Snow; The girl=Clara; the boy=Amir"
        ),
    ),
    Oracle(
        "小老鼠米米和大猫咪住在一起。大猫咪很懒，它总是睡觉。一天，米米掉进了水桶里。“救命！”她大声喊。大猫咪跳起来，把她救了上来。从此，他们成了最好的朋友。",
        {"米米": "mouse", "大猫咪": "cat"},
        _links("它=大猫咪; 她=米米; 她=米米; 他们=大猫咪,米米"),
    ),
    Oracle(
        "星期天，李老师带着同学们去公园。小东看见一只受伤的小鸟。他小心地把它捧起来。丽丽跑过来问：“它怎么了？”小东说：“它的翅膀受伤了。”他们一起给小鸟包扎。李老师笑着夸奖他们。",
        {"李老师": "person", "小东": "boy", "丽丽": "girl"},
        _links("他=小东; 他们=小东,丽丽; 他们=小东,丽丽"),
    ),
    Oracle(
        'Daisy and her grandma baked a cake in the kitchen. Grandma stirred the flour. "May I lick the spoon?" asked Daisy. She laughed when Grandma nodded. '
        "A mouse crept out and stole a crumb. It ran under the table. They did not see it.",
        {"Daisy": "girl", "grandma": "grandmother", "mouse": "mouse"},
        _links("her=Daisy; She=Daisy; It=mouse; They=Daisy,grandma; it=mouse"),
    ),
    Oracle(
        'Leo the lion was bored. He walked to the river, where a crocodile called Clive was sleeping. "Wake up!" roared Leo. Clive opened his mouth and yawned. '
        '"Let us play hide and seek," he said. Leo hid behind a tree. His tail stuck out, so Clive found him at once.',
        {"Leo": "lion", "Clive": "crocodile"},
        _links("He=Leo; his=Clive; he=Clive; His=Leo; him=Leo"),
    ),
    Oracle(
        "Yara lived by the sea with her brother Sami and an old dog. Every day they collected shells. One day the dog barked at a bottle. Sami picked it up. "
        "He found a letter inside and gave it to his sister. She read it aloud. The children ran home to tell their mother.",
        {"Yara": "girl", "Sami": "boy", "dog": "dog", "mother": "woman"},
        _links(
            "her=Yara; they=Yara,Sami,dog; He=Sami; his=Sami; his sister=Yara; She=Yara; The children=Yara,Sami; their=Yara,Sami"
        ),
    ),
    Oracle(
        "小鹿和小松鼠在草地上玩球。小鹿把球踢到了河里，他很着急。小松鼠说：“别怕！”她找来一根长树枝，帮小鹿捞起了球。小鹿高兴地抱住她。他们又玩了起来。",
        {"小鹿": "deer", "小松鼠": "squirrel"},
        _links("他=小鹿; 她=小松鼠; 她=小松鼠; 他们=小鹿,小松鼠"),
    ),
    Oracle(
        "安娜有一只猫，名字叫雪球。雪球喜欢在花园里晒太阳。一天，邻居家的大黄狗跑了进来，它吓得爬上了树。安娜拿来梯子，爸爸爬上去把它抱了下来。安娜对爸爸说：“谢谢！”",
        {"安娜": "girl", "雪球": "cat", "大黄狗": "dog", "爸爸": "man"},
        _links("它=雪球; 它=雪球"),
    ),
)
