"""English word tables for the cast: first names, kin, people, animals, verbs, words that are no names."""


def word_set(words: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(words.split())


# fmt: off
GIRLS = word_set("""
Abby Abigail Ada Adele Agnes Alice Alicia Alma Amanda Amber Amelia Amy Ana Andrea Angela Anita Ann Anna Anne
Annie April Aria Ava Barbara Beatrice Bella Beth Betty Bonnie Brenda Carla Carol Caroline Catherine Celia
Charlotte Cherry Chloe Clara Claire Cleo Coco Cora Daisy Dana Daphne Diana Dolly Dora Doris Dorothy Edith
Elena Eleanor Eliza Elizabeth Ella Ellen Ellie Elsa Elsie Emily Emma Erin Esther Eva Eve Evelyn Faith Fatima
Fay Fiona Flora Florence Flopsy Freya Gemma Gina Grace Greta Gretel Hannah Harriet Hazel Heather Heidi Helen
Holly Hope Ida Ingrid Irene Iris Isabel Isabella Isla Ivy Jane Janet Jasmine Jemima Jenny Jessica Jill Joan
Joanna Josie Joy Joyce Judith Judy Julia Julie June Karen Kate Katie Kim Kitty Lan Laura Layla Lea Leila Lena
Leah Lila Lily Linda Lisa Lola Lottie Louisa Louise Lucy Luna Lydia Mabel Maddie Maggie Maisie Margaret Maria
Marie Marta Martha Mary Matilda Maya May Megan Mei Mia Millie Mila Mimi Minnie Miriam Misty Molly Monica
Mopsy Nadia Nancy Natalie Nell Nina Nora Olga Olive Olivia Pam Pamela Patricia Paula Pearl Peggy Penny Phoebe
Pippa Polly Poppy Priya Rachel Rebecca Rita Rosa Rosalie Rose Rosie Ruby Ruth Sadie Sally Sandra Sara Sarah
Scarlett Sofia Sophia Sophie Stella Sue Summer Susan Susie Sylvia Tara Teresa Tess Tessa Tilly Tina Tracy
Ursula Vera Victoria Violet Wanda Wendy Willow Winnie Yuki Yasmin Zara Zoe
""")
BOYS = word_set("""
Aaron Adam Ahmed Alan Albert Alex Alexander Alfie Alfred Ali Amir Andrew Andy Anton Archie Arthur Barney Ben
Benjamin Bill Billy Bob Bobby Boris Brian Bruno Carl Carlos Charles Charlie Chris Christopher Colin Dan
Daniel Danny Dave David Dennis Derek Diego Dominic Donald Duncan Dylan Eddie Edgar Edward Elias Elliot Emil
Eric Ernest Ethan Evan Felix Finn Francis Frank Fred Freddie Gabriel Gary Gavin Geoffrey George Gerald
Gilbert Graham Gregory Gus Hans Hansel Harold Harry Harvey Hassan Henry Herbert Howard Hugh Hugo Ian Isaac
Ivan Jack Jacob Jake James Jamie Jan Jason Jasper Jeff Jeremy Jerry Jim Jimmy Joe Joel Joey John Johnny Jon
Jonah Jonathan Joseph Josh Joshua Juan Julian Kai Karl Keith Ken Kenneth Kevin Kit Kofi Lars Larry Lee Leo
Leon Leonard Lewis Liam Logan Louis Lucas Luca Luis Luke Marco Marcus Mario Mark Martin Marvin Mason Matt
Matthew Max Michael Mike Milo Ming Mohammed Nathan Neil Ned Nick Nicholas Nico Noah Norman Oliver Ollie Omar
Oscar Oskar Otto Owen Patrick Paul Pedro Percy Peter Phil Philip Pierre Pip Ralph Raj Ravi Ray Rex Richard
Rob Robert Robbie Robin Roger Roland Ron Rory Roy Ruben Rupert Ryan Sam Samuel Scott Sean Sebastian Sid Simon
Stanley Stefan Steve Steven Stuart Teddy Ted Theo Theodore Thomas Tim Timmy Timothy Tobias Toby Todd Tom
Tommy Tony Tyler Victor Vincent Walter Wei Wilbur Will William Willie Wilson Yusuf Zack
""")
WORD_NAMES = word_set("""
Angel April Art August Autumn Bill Bud Chase Cherry Clay Cookie Dash Dawn Drew Eve Faith Flash Forest Frank
Ginger Grace Grant Happy Harmony Honey Hope Hunter Jay Joy June Mark May Mercy Misty Pat Patch Patience Peg
Pepper Rain Reed River Rob Rocky Rose Rusty Sage Sandy Sky Snowy Sparky Spot Star Sue Summer Sunny Tiger Will
Winter
""")
SEASONAL = word_set("April August Autumn Dawn Eve June May Summer Winter")
NEVER = word_set("""
Monday Tuesday Wednesday Thursday Friday Saturday Sunday January February March July September October
November December Spring Christmas Easter Halloween Hanukkah Diwali Ramadan Thanksgiving English French
German Italian Spanish Russian Chinese Japanese Indian African American European Asian British Irish Scottish
Welsh Dutch Greek Roman Swedish Danish Polish Turkish Arabic Persian Mexican Canadian Australian England
France Germany Italy Spain Russia China Japan India Africa America Europe Asia Britain Ireland Scotland Wales
Greece Mexico Canada Australia London Paris Berlin Rome Madrid Moscow Beijing Shanghai Tokyo Earth Mars Venus
Jupiter Saturn God Lord TV OK I
""")
PLACE_ENDS = word_set("""
Street Road Lane River Lake Forest Wood Woods Park School Island Mountain Hill City Town Castle House Village
Avenue Square Bay Ocean Sea Valley Farm Garden Bridge Hall Church Shop Station Day Night Eve Meadow Beach
Tower
""")
TITLES = {
    "mr": "m", "mrs": "f", "ms": "f", "miss": "f", "dr": "", "doctor": "", "professor": "", "sir": "m",
    "lady": "f", "lord": "m",
    "king": "m", "queen": "f", "prince": "m", "princess": "f", "captain": "", "farmer": "m", "aunt": "f",
    "auntie": "f", "uncle": "m",
    "grandma": "f", "grandpa": "m", "granny": "f", "gran": "f", "nana": "f", "grandfather": "m",
    "grandmother": "f", "grandad": "m",
    "granddad": "m", "mother": "f", "father": "m", "teacher": "", "madam": "f", "old": "", "baby": "",
}
YOUNG_TITLES = frozenset({"prince", "princess", "baby"})
KIN = {
    "mother": ("mother", "woman", "f"), "mom": ("mother", "woman", "f"), "mum": ("mother", "woman", "f"),
    "mommy": ("mother", "woman", "f"), "mummy": ("mother", "woman", "f"), "mama": ("mother", "woman", "f"),
    "father": ("father", "man", "m"), "dad": ("father", "man", "m"), "daddy": ("father", "man", "m"),
    "papa": ("father", "man", "m"),
    "grandmother": ("grandmother", "grandmother", "f"), "grandma": ("grandmother", "grandmother", "f"),
    "granny": ("grandmother", "grandmother", "f"),
    "gran": ("grandmother", "grandmother", "f"), "nana": ("grandmother", "grandmother", "f"),
    "grandfather": ("grandfather", "grandfather", "m"), "grandpa": ("grandfather", "grandfather", "m"),
    "grandad": ("grandfather", "grandfather", "m"),
    "granddad": ("grandfather", "grandfather", "m"), "aunt": ("aunt", "woman", "f"), "auntie": ("aunt", "woman", "f"),
    "uncle": ("uncle", "man", "m"), "brother": ("brother", "boy", "m"), "sister": ("sister", "girl", "f"),
    "son": ("son", "boy", "m"),
    "daughter": ("daughter", "girl", "f"), "wife": ("wife", "woman", "f"), "husband": ("husband", "man", "m"),
    "cousin": ("cousin", "person", ""),
}
PEOPLE_NOUNS = {
    "boy": ("boy", "m"), "girl": ("girl", "f"), "man": ("man", "m"), "woman": ("woman", "f"),
    "lady": ("woman", "f"), "child": ("child", ""),
    "baby": ("child", ""), "kid": ("child", ""), "king": ("man", "m"), "queen": ("woman", "f"),
    "prince": ("boy", "m"),
    "princess": ("girl", "f"), "farmer": ("man", ""), "teacher": ("person", ""), "fisherman": ("man", "m"),
    "witch": ("woman", "f"),
    "wizard": ("man", "m"), "fairy": ("girl", "f"), "giant": ("man", "m"), "doctor": ("person", ""),
    "baker": ("person", ""),
    "shepherd": ("person", ""), "hunter": ("man", ""), "soldier": ("man", ""), "sailor": ("man", ""),
    "pirate": ("man", ""),
    "knight": ("man", ""), "gardener": ("person", ""), "shopkeeper": ("person", ""),
    "neighbour": ("person", ""), "neighbor": ("person", ""),
    "stranger": ("person", ""), "policeman": ("man", "m"), "postman": ("man", "m"),
    "gentleman": ("man", "m"), "nurse": ("person", ""),
    "friend": ("friend", ""), "stepmother": ("woman", "f"), "painter": ("person", ""),
    "miller": ("man", ""), "woodcutter": ("man", ""),
}
ANIMALS = {
    "fox": "fox", "vixen": "fox", "rabbit": "rabbit", "bunny": "rabbit", "hare": "rabbit", "bear": "bear",
    "cat": "cat", "kitten": "cat",
    "kitty": "cat", "dog": "dog", "puppy": "dog", "pup": "dog", "wolf": "wolf", "lion": "lion",
    "lioness": "lion", "tiger": "tiger",
    "elephant": "elephant", "monkey": "monkey", "squirrel": "squirrel", "mouse": "mouse", "rat": "rat",
    "hedgehog": "hedgehog", "pig": "pig",
    "piglet": "pig", "sheep": "sheep", "lamb": "lamb", "goat": "goat", "horse": "horse", "pony": "pony",
    "donkey": "donkey", "cow": "cow",
    "bull": "bull", "ox": "ox", "deer": "deer", "fawn": "deer", "panda": "panda", "badger": "badger",
    "mole": "mole", "beaver": "beaver",
    "otter": "otter", "raccoon": "raccoon", "hen": "hen", "chicken": "hen", "rooster": "rooster",
    "chick": "chick", "goose": "goose",
    "swan": "swan", "owl": "owl", "crow": "crow", "raven": "raven", "eagle": "eagle", "penguin": "penguin",
    "parrot": "parrot",
    "giraffe": "giraffe", "zebra": "zebra", "hippo": "hippo", "crocodile": "crocodile", "whale": "whale",
    "dolphin": "dolphin", "seal": "seal",
    "camel": "camel", "kangaroo": "kangaroo", "koala": "koala", "dragon": "dragon", "unicorn": "unicorn",
    "monster": "monster",
    "dinosaur": "dinosaur", "robot": "robot", "snowman": "snowman", "troll": "troll", "hamster": "hamster",
    "snake": "snake",
    "bird": "bird", "fish": "fish", "frog": "frog", "toad": "toad", "duck": "duck", "duckling": "duck",
    "turtle": "turtle",
    "tortoise": "turtle", "snail": "snail", "butterfly": "butterfly", "bee": "bee", "ant": "ant",
    "spider": "spider", "crab": "crab",
    "sparrow": "sparrow", "robin": "robin", "ladybird": "ladybird", "cricket": "cricket",
    "grasshopper": "grasshopper", "worm": "worm",
    "caterpillar": "caterpillar", "firefly": "firefly", "dragonfly": "dragonfly", "seagull": "seagull",
}
SCENERY = word_set("""
bird fish frog toad duck duckling turtle tortoise snail butterfly bee ant spider crab sparrow robin ladybird
cricket grasshopper worm caterpillar firefly dragonfly seagull cow sheep hen chicken chick
""")
"""Animals that are characters only when they speak, act like people or have a name."""
PLURALS = {
    "boys": "boy", "girls": "girl", "men": "man", "women": "woman", "children": "child", "kids": "child",
    "foxes": "fox", "rabbits": "rabbit",
    "bunnies": "rabbit", "bears": "bear", "cats": "cat", "kittens": "cat", "dogs": "dog", "puppies": "dog",
    "wolves": "wolf", "mice": "mouse",
    "pigs": "pig", "animals": "animal", "brothers": "boy", "sisters": "girl",
}
TOGETHER = frozenset({"friends", "pals", "companions", "pair", "two", "siblings"})
DETERMINERS = word_set("the a an his her their its my our your this that another one every each some no")
OWNERS = word_set("his her their its my our your")
INDEFINITE = frozenset({"a", "an", "another", "one", "some"})
CONTRAST = word_set("big little small large tiny old young baby white black brown grey gray red yellow tall fat thin")
THING_AFTER = word_set("hole house food bed den fur skin tail suit book story toy costume mask puppet cage burrow shape picture")
TOY_BEFORE = word_set("teddy toy stuffed gummy like as into polar wooden paper")
COMMON = word_set("""
a an the this that these those there here it its he she they we you him her them us his their our your my me
i one two three four five six seven eight nine ten once twice all any both each every everyone everybody
everything few many most much no nobody none nothing other others several some somebody someone something
such and but or nor so yet for if because since although though unless until while when whenever where
wherever after before as than whether who whom whose what which why how in on at by to from of off over under
up down with without within into onto out outside inside near next behind beside between beyond above across
along around against among through during about toward towards upon is are was were be been am do did does
done has have had can could may might must shall should will would let go come look see then now soon later
again also just only even still ever never always often sometimes today tomorrow yesterday tonight morning
evening afternoon night noon midnight day days week year years time long ago first second third last finally
suddenly however meanwhile instead therefore perhaps maybe besides otherwise anyway indeed yes oh ah hey
hello hi goodbye bye please thank thanks sorry well wow hooray okay ok not don't poor dear good great big
little small old young new happy sad beautiful pretty lovely dark bright cold warm hot quiet tired full brave
kind gentle curious hungry clever careful proud excited rain snow wind sun moon stars clouds birds leaves
flowers trees people children animals boys girls men women friends kids fish butterflies bees everywhere
somewhere nowhere anyone anything another same back away home chapter part page end title story spring summer
autumn winter water fire light darkness silence laughter music life love luck nature tears help welcome stop
wait run listen quick hurry keep take give make get put try tell say ask think know want look like dear more
less enough too very
""")
HUMAN_VERBS = word_set("""
said asked cried replied answered shouted whispered called yelled laughed smiled giggled nodded sighed
grinned frowned waved ran walked went sat stood jumped hopped skipped danced sang looked saw watched wanted
loved liked lived thought felt took gave put picked found knew hugged helped decided wished hoped wondered
woke slept ate drank played climbed crouched reached pointed carried caught threw opened closed brought made
told heard began started tried stopped turned followed held wore built drew wrote read swam rode dreamed
remembered forgot packed says asks laughs smiles runs walks goes sits stands jumps looks sees watches wants
loves likes lives thinks feels takes gives puts picks finds knows hugs helps decides waves sleeps eats plays
climbs carries reaches points crouches catches holds wears loves meets met chose shook knelt bent blew gasped
chuckled yawned stretched shared promised agreed explained bowed leaned rushed hurried
""")
SPEECH = word_set("""
said asked cried replied answered shouted whispered called yelled laughed sighed begged added murmured
giggled explained says asks exclaimed roared growled squeaked squealed sang
""")
AUXILIARIES = word_set("""
is are was were has have had can could would should will did does must might may came fell lay left got kept
let lost grew became flew led hid hung stuck swung sprang crept leapt leaned spun spoke sent set hit cut hurt
shut burst built paid sold bought fed felt dug broke stole shone goes comes gets keeps lies falls couldn't
didn't wasn't can't
""")
ADVERBS = word_set("also just then never always still soon even only both all now too often once almost nearly again")
PREPOSITIONS = word_set("""
in on at by to from of off over under with without into onto near behind beside between above across along
around against through about toward towards for after before past for like than
""")
# fmt: on
