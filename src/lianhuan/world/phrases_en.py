"""English phrase tables. `<verb>` is conjugated; `{prop}`, `{his}`, `{hand}` ... are filled in by the teller."""

import re
from dataclasses import dataclass

_IRREGULAR = {
    "be": "was is be being", "begin": "began begins begin beginning", "bend": "bent bends bend bending",
    "bring": "brought brings bring bringing", "burst": "burst bursts burst bursting",
    "cannot": "couldn't can't can't -", "come": "came comes come coming", "doze": "dozed dozes doze dozing",
    "fall": "fell falls fall falling", "find": "found finds find finding", "get": "got gets get getting",
    "give": "gave gives give giving", "go": "went goes go going", "have": "had has have having",
    "hold": "held holds hold holding", "hop": "hopped hops hop hopping", "jog": "jogged jogs jog jogging",
    "kneel": "knelt kneels kneel kneeling", "leap": "leapt leaps leap leaping", "lie": "lay lies lie lying",
    "lug": "lugged lugs lug lugging", "nap": "napped naps nap napping", "put": "put puts put putting",
    "run": "ran runs run running", "see": "saw sees see seeing", "set": "set sets set setting",
    "shake": "shook shakes shake shaking", "sit": "sat sits sit sitting", "sleep": "slept sleeps sleep sleeping",
    "slip": "slipped slips slip slipping", "spot": "spotted spots spot spotting",
    "spring": "sprang springs spring springing", "squat": "squatted squats squat squatting",
    "stand": "stood stands stand standing", "stop": "stopped stops stop stopping",
    "take": "took takes take taking", "skip": "skipped skips skip skipping",
    "shine": "shone shines shine shining", "bite": "bit bites bite biting", "can": "could can can -",
    "clap": "clapped claps clap clapping", "dig": "dug digs dig digging", "do": "did does do doing",
    "drink": "drank drinks drink drinking", "drum": "drummed drums drum drumming", "eat": "ate eats eat eating",
    "feel": "felt feels feel feeling", "fling": "flung flings fling flinging", "hang": "hung hangs hang hanging",
    "hum": "hummed hums hum humming", "keep": "kept keeps keep keeping", "know": "knew knows know knowing",
    "lose": "lost loses lose losing", "make": "made makes make making", "pin": "pinned pins pin pinning",
    "read": "read reads read reading", "ride": "rode rides ride riding", "rise": "rose rises rise rising",
    "say": "said says say saying", "shed": "shed sheds shed shedding", "sing": "sang sings sing singing",
    "sink": "sank sinks sink sinking", "sip": "sipped sips sip sipping", "sling": "slung slings sling slinging",
    "sob": "sobbed sobs sob sobbing", "spin": "spun spins spin spinning", "strike": "struck strikes strike striking",
    "swing": "swung swings swing swinging", "throw": "threw throws throw throwing", "tie": "tied ties tie tying",
    "trip": "tripped trips trip tripping", "weep": "wept weeps weep weeping", "wrap": "wrapped wraps wrap wrapping",
}  # fmt: skip


def _forms(verb: str) -> list[str]:
    """Past, third person, base, -ing."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb].split()
    if verb.endswith("e"):
        return [verb + "d", verb + "s", verb, verb[:-1] + "ing"]
    if verb.endswith("y") and verb[-2] not in "aeo":
        return [verb[:-1] + "ied", verb[:-1] + "ies", verb, verb + "ing"]
    return [verb + "ed", verb + ("es" if verb.endswith(("sh", "ch", "ss")) else "s"), verb, verb + "ing"]


@dataclass(frozen=True)
class Phrase:
    """A phrase in all its forms; `progressive` is None where "was ...ing" would be bad English."""

    past: tuple[str, str]
    present: tuple[str, str]
    progressive: str | None

    def say(self, tense: str, plural: bool) -> str:
        """The simple form in `tense` ("past" or "present")."""
        return (self.past if tense == "past" else self.present)[plural]


def phrase(text: str) -> Phrase:
    """Conjugate the `<verbs>` of `text`."""

    def conjugate(form: int, plural: bool) -> str:
        def one(match: re.Match[str]) -> str:
            if match[1] == "be" and plural:
                return ("were", "are", "are")[form]
            return _forms(match[1])[form]

        return re.sub(r"<(\w+)>", one, text)

    stiff = re.search(r"<(be|cannot|see|find|notice|spot|discover|have|burst|keep)>| (when|as) [{]", text)
    return Phrase(
        past=(conjugate(0, False), conjugate(0, True)),
        present=(conjugate(1, False), conjugate(2, True)),
        progressive=None if stiff else conjugate(3, False),
    )


def _phrases(table: dict[str, str]) -> dict[str, tuple[Phrase, ...]]:
    return {key: tuple(phrase(part.strip()) for part in text.split(";")) for key, text in table.items()}


def _words(table: dict[str, str]) -> dict[str, tuple[str, ...]]:
    return {key: tuple(part.strip() for part in text.split(";")) for key, text in table.items()}


def _sentences(table: dict[str, tuple[str, ...]]) -> dict[str, tuple[Phrase, ...]]:
    return {key: tuple(phrase(text) for text in texts) for key, texts in table.items()}


PLAIN = _phrases({
    "stand": "<stand> still; <stand> there; <stand> quietly; <wait> quietly; <look> around; <stand> and <watch>; <stand> and <wait>;"
    "<stand> and <listen>; <stand> around; <stop> and <stand> still; <wait> for a moment; <stand> in silence; <stand>; <be> there",
    "walk": "<walk> along; <stroll> along; <go> for a walk; <wander> about; <take> a walk; <walk> slowly; <walk> ahead; <go> along;"
    "<stroll> around; <set> out on foot; <set> out to explore; <go> exploring; <walk>; <walk> step by step",
    "run": "<run>; <run> fast; <race> along; <dash> along; <run> at full speed; <sprint> ahead; <jog> along; <rush> forward;"
    "<run> around; <run> as fast as possible; <rush> off; <hurry> along",
    "sit": "<sit> down; <sit> quietly; <take> a seat; <sit> on the ground; <sit> still; <sit> and <rest>; <sit> comfortably;"
    "<sit> down to rest; <be> sitting there; <sit>; <settle> down for a rest",
    "crouch": "<crouch> down; <squat> down; <crouch> low; <crouch> curiously; <kneel> down; <stoop> low; <squat> on the ground;"
    "<bend> {his} knees and <crouch>; <crouch>; <crouch> close to the ground",
    "reach": "<reach> out; <stretch> out {his} {arms}; <reach> forward; <reach> out {his} {hand}; <try> to catch something;"
    "<try> to grab something; <reach> out cautiously; <stretch> out {his} {hand}; <hold> out {his} {hand}; <reach> out carefully",
    "wave": "<wave>; <wave> hello; <wave> goodbye; <wave> {his} {hand}; <wave> cheerfully; <greet> everybody with a wave;"
    "<raise> {his} {hand} and <wave>; <give> a big wave; <wave> and <smile>; <wave> merrily",
    "laugh": "<laugh>; <laugh> out loud; <burst> into laughter; <giggle>; <chuckle>; <cannot> help but laugh; <laugh> along;"
    "<shake> {his} {head} and <laugh>; <roar> with laughter; <laugh> happily; <start> to laugh; <begin> to giggle",
    "sleep": "<sleep>; <fall> asleep; <be> fast asleep; <take> a nap; <doze> off; <sleep> soundly; <nap>; <lie> asleep;"
    "<dream> sweetly; <snooze>; <sleep> peacefully; <lie> down to sleep",
    "jump": "<jump>; <jump> up; <hop> about; <leap> into the air; <jump> for joy; <bounce> up and down; <jump> high;"
    "<skip> and <jump>; <spring> into the air; <leap> high; <jump> up and down; <hop> up and down",
    "point": "<point> ahead; <point> with {his} {finger}; <point> into the distance; <point> at something; <point> the way;"
    "<point> excitedly; <point> out something interesting; <point> forward; <show> the way; <be> pointing ahead",
})  # fmt: skip

AT_PROP = _phrases({
    "stand": "<stand> beside {prop}; <look> at {prop}; <watch> {prop}; <stand> and <look> at {prop}; <wait> by {prop};"
    "<stop> to look at {prop}; <see> {prop}; <notice> {prop}; <find> {prop}; <discover> {prop}; <stand> near {prop}",
    "walk": "<walk> past {prop}; <walk> along and <see> {prop}; <pass> by {prop}; <walk> up to {prop}; <stroll> over to {prop};"
    "<walk> towards {prop}; <wander> past {prop}; <stroll> by {prop}; <go> for a walk and <find> {prop}; <pass> by and <see> {prop}",
    "run": "<run> to {prop}; <run> towards {prop}; <run> past {prop}; <race> to {prop}; <dash> over to {prop};"
    "<run> along and <spot> {prop}; <rush> over to {prop}; <hurry> towards {prop}; <run> up to {prop}",
    "sit": "<sit> down beside {prop}; <sit> next to {prop}; <sit> and <look> at {prop}; <take> a seat by {prop};"
    "<sit> by {prop}; <sit> near {prop}; <sit> and <watch> {prop}; <sit> down to look at {prop}",
    "crouch": "<crouch> down beside {prop}; <crouch> down to look at {prop}; <squat> down next to {prop}; <crouch> by {prop};"
    "<crouch> low to watch {prop}; <kneel> down by {prop}; <crouch> near {prop}; <crouch> down and <reach> for {prop}; <crouch> down, trying to catch {prop};"
    "<squat> to look at {prop}",
    "reach": "<reach> for {prop}; <reach> out for {prop}; <reach> out to touch {prop}; <try> to grab {prop}; <try> to catch {prop};"
    "<stretch> out {his} {hand} towards {prop}; <reach> out cautiously towards {prop}; <try> to pick up {prop};"
    "<reach> out and <try> to catch {prop}",
    "wave": "<wave> at {prop}; <wave> to {prop}; <see> {prop} and <wave>; <wave> {his} {hand} at {prop}; <wave> hello to {prop};"
    "<wave> beside {prop}; <wave> next to {prop}",
    "laugh": "<laugh> at {prop}; <look> at {prop} and <laugh>; <giggle> at {prop}; <cannot> help but laugh at {prop};"
    "<see> {prop} and <laugh>; <laugh> beside {prop}; <burst> into laughter near {prop}; <watch> {prop} and <laugh>;"
    "<laugh> as {he} <watch> {prop}; <cannot> help but laugh as {he} <watch> {prop}",
    "sleep": "<sleep> beside {prop}; <fall> asleep next to {prop}; <take> a nap by {prop}; <doze> off near {prop};"
    "<be> fast asleep beside {prop}; <sleep> soundly near {prop}; <lie> asleep next to {prop}",
    "jump": "<jump> beside {prop}; <hop> about near {prop}; <see> {prop} and <jump> for joy; <leap> into the air next to {prop};"
    "<jump> up and down by {prop}; <jump> over to {prop}; <jump> high when {he} <see> {prop}",
    "point": "<point> at {prop}; <point> to {prop}; <point> {his} {finger} at {prop}; <point> towards {prop}; <point> excitedly at {prop};"
    "<see> {prop} and <point> at it; <point> out {prop}",
})  # fmt: skip

CARRY = _phrases({
    "carry": "<carry> {prop}; <bring> {prop} along; <carry> {prop} carefully; <lug> {prop} along; <carry> {prop} in {his} {arms};"
    "<haul> {prop} along; <bring> {prop}; <hold> {prop} in both {arms}; <lift> {prop} and <carry> it; <carry> {prop} along"
})["carry"]  # fmt: skip

HOLD = _phrases({
    "stand": "<stand> there with {prop} in {his} {hand}; <stand> still holding {prop}; <stand> and <hold> {prop}",
    "walk": "<walk> along with {prop} in {his} {hand}; <go> for a walk with {prop} in {his} {hand}; <stroll> along holding {prop}",
    "run": "<run> with {prop} in {his} {hand}; <run> along holding {prop}; <race> along with {prop} in {his} {hand}",
    "sit": "<sit> with {prop} in {his} {hand}; <sit> down holding {prop}; <sit> and <hold> {prop}",
    "crouch": "<crouch> down with {prop} in {his} {hand}; <squat> down holding {prop}; <crouch> holding {prop}",
    "reach": "<hold> out {prop}; <reach> out with {prop} in {his} {hand}; <stretch> out {his} {arms} holding {prop}",
    "wave": "<wave> with {prop} in {his} {hand}; <wave> {prop} in the air; <wave> while holding {prop}",
    "laugh": "<laugh> with {prop} in {his} {hand}; <laugh> out loud holding {prop}; <giggle> with {prop} in {his} {hand}",
    "jump": "<jump> with {prop} in {his} {hand}; <jump> up holding {prop}; <leap> into the air with {prop} in {his} {hand}",
    "point": "<point> ahead with {prop} in {his} {hand}; <point> while holding {prop}; <hold> {prop} and <point> ahead",
})  # fmt: skip

UPON = _phrases({
    "stand": "<stand> on {prop}; <climb> onto {prop} and <stand> there; <stand> on top of {prop}; <stand> still on {prop}",
    "sit": "<sit> on {prop}; <sit> down on {prop}; <take> a seat on {prop}; <sit> and <rest> on {prop}; <shake> {his} {head}, sitting on {prop}; <be> sitting on {prop}",
    "sleep": "<sleep> on {prop}; <fall> asleep on {prop}; <take> a nap on {prop}; <be> fast asleep on {prop}; <doze> off on {prop}",
})  # fmt: skip

NOUNS = _words({
    "apple": "apple", "ball": "ball", "balloon": "balloon", "basket": "basket", "bell": "bell", "bird": "bird; songbird",
    "boat": "boat", "book": "book; picture book", "bread": "loaf of bread; bread", "bucket": "bucket; pail",
    "butterfly": "butterfly", "cake": "cake", "candle": "candle", "carrot": "carrot", "chair": "chair; wooden chair",
    "clock": "clock; alarm clock", "cup": "cup; mug", "drum": "drum", "duck": "duck", "fish": "fish", "flag": "flag",
    "flower": "flower; blossom", "frog": "frog", "gift": "gift; present", "guitar": "guitar", "hat": "hat", "key": "key",
    "kite": "kite", "lantern": "lantern", "leaf": "leaf", "letter": "letter", "mushroom": "mushroom; toadstool",
    "pumpkin": "pumpkin", "shell": "shell; seashell", "snail": "snail", "star": "star; shiny star", "stone": "stone; rock",
    "tent": "tent", "turtle": "turtle; tortoise", "umbrella": "umbrella",
})  # fmt: skip
SHOALS = ("some fish", "many fish", "many small fish", "two fish")
ADJECTIVES = ("little", "small", "big", "lovely", "nice", "pretty", "large", "little")
MADE_ADJECTIVES = (*ADJECTIVES, "old", "new")

WHERE = _words({
    "forest": "in the forest; under the tall trees; among the trees; in the woods; in the deep forest; between the tall trees",
    "stream": "by a small stream; by the brook; beside the stream; at the little river; on the bank of a stream; near a small stream",
    "beach": "on the beach; by the sea; at the seaside; on the sandy beach; on the sand by the sea; at the seashore",
    "meadow": "in the meadow; on the green meadow; in a field of flowers; in the grassy field; on a wide meadow",
    "street": "in the street; on the street; in town; between the houses; in the middle of the town; on the pavement",
    "room": "in the room; at home in the bedroom; in the bedroom; in the living room; in a cosy room; inside the house",
    "kitchen": "in the kitchen; in the big kitchen; by the stove in the kitchen; at home in the kitchen; in the warm kitchen",
    "garden": "in the garden; in the flower garden; behind the garden fence; among the flower beds; in the little garden",
    "farm": "on the farm; on the old farm; by the barn; near the barn; in the farmyard; beside the barn",
    "mountain": "in the mountains; on the mountain; up in the high hills; on a high mountain; among the peaks; on the mountainside",
    "playground": "on the playground; at the playground; by the swings; near the slide; beside the slide and the swings",
    "castle": "at the castle; in front of the castle; by the castle gate; near the old castle; under the castle walls",
})  # fmt: skip
TO = _words({
    "forest": "the forest; the woods; the deep forest", "stream": "a small stream; the stream; the brook; a little river",
    "beach": "the beach; the seaside; the sandy beach", "meadow": "the meadow; the wide meadow; a grassy field",
    "street": "the street; the town", "room": "the room; the bedroom; the living room", "kitchen": "the kitchen; the big kitchen",
    "garden": "the garden; the flower garden", "farm": "the farm; the old farm; the farmyard",
    "mountain": "the mountains; the mountain; a high mountain", "playground": "the playground", "castle": "the castle; the old castle",
})  # fmt: skip
THROUGH = _words({
    "forest": "into the forest; through the woods; deeper into the forest; into the woods; under the tall trees",
    "stream": "along the stream; down to the brook; along a small stream; to the stream", "beach": "along the beach; down to the sea; over the sand",
    "meadow": "across the meadow; through the grassy field; over the green meadow", "street": "down the street; along the street; through the town",
    "room": "into the room; through the living room; into the bedroom", "kitchen": "into the kitchen; through the kitchen",
    "garden": "through the garden; into the garden; between the flower beds", "farm": "across the farmyard; to the farm; past the barn",
    "mountain": "up the mountain; into the hills; into the mountains", "playground": "across the playground; to the playground",
    "castle": "to the castle; past the old castle; towards the castle gate",
})  # fmt: skip
MOVE = _phrases({
    "walk": "<walk>; <stroll>; <wander>; <go> for a walk; <walk> slowly; <set> out on foot; <go>; <go> exploring; <take> a walk",
    "run": "<run>; <race>; <dash>; <sprint>; <rush>; <run> fast; <jog>; <hurry>",
})  # fmt: skip
VISIT_PROP = tuple(phrase(text) for text in (
    "<pass> by {place} and <see> {prop}", "<walk> to {place} and <find> {prop}", "<go> to explore {place} and <see> {prop}",
    "<stroll> to {place} and <notice> {prop}", "<pass> by {place} and <notice> {prop}",
))  # fmt: skip
VISIT = tuple(phrase(text) for text in (
    "<go> to explore {place}", "<explore> {place}", "<walk> to {place}", "<pass> by {place}", "<set> off for {place} on foot",
    "<take> a walk to {place}", "<wander> to {place}", "<stroll> to {place}",
))  # fmt: skip
ARRIVE = tuple(phrase(text) for text in ("<come> to {place}", "<go> to {place}", "<arrive> at {place}"))


TIME = {
    "day": ("The next morning,", "In broad daylight,", "The next day, in bright daylight,"),
    "sunset": (
        "At sunset,",
        "In the evening,",
        "With the sun low in the sky,",
        "In the evening light,",
        "At dusk,",
    ),
    "night": ("At night,", "That night,", "Late at night,", "In the moonlight,", "Under the stars,"),
}
TIME_SENTENCES = _sentences(
    {
        "day": ("It <be> day again.", "A new day <begin>.", "It <be> bright day."),
        "sunset": (
            "It <be> evening.",
            "The sun <be> setting.",
            "The sun <be> going down.",
            "It <be> sunset.",
        ),
        "night": (
            "It <be> night.",
            "It <be> a dark night.",
            "The moon <shine>.",
            "It <be> already dark.",
            "Night <come>.",
        ),
    }
)
OUTSIDE = _sentences(
    {
        "clear": ("The sky <be> clear again.", "The weather <be> fine again.", "The bad weather <be> over."),
        "rain": (
            "It <be> raining.",
            "Rain <be> falling.",
            "It <start> to rain.",
            "It <be> a rainy day.",
            "Rain <come> down.",
        ),
        "snow": (
            "It <be> snowing.",
            "Snow <be> falling.",
            "It <start> to snow.",
            "Snow <come> down.",
            "It <be> a snowy day.",
        ),
    }
)
INSIDE = _sentences(
    {
        "clear": ("Outside the sky <be> clear again.", "Outside the bad weather <be> over."),
        "rain": ("It <be> raining outside.", "Outside it <be> raining.", "Rain <be> falling outside."),
        "snow": ("It <be> snowing outside.", "Outside it <be> snowing.", "Snow <be> falling outside."),
    }
)
WEATHER_TAILS = {"rain": ("in the rain", "on this rainy day"), "snow": ("in the snow", "in the falling snow")}

OPENINGS = ("One day,", "Once upon a time,", "Once,")
LINKS = (
    "Then",
    "Soon",
    "After a while,",
    "A little later,",
    "Now",
    "Later,",
    "Suddenly,",
    "Next,",
    "After that,",
    "This time,",
)
CALM_TAILS = ("for a little while", "once more", "for a long time")
TAILS = (
    "happily", "just for fun", "for a little while", "without a word", "with great pleasure", "once more",
    "for the fun of it", "full of joy",
)  # fmt: skip
GARMENTS = ("coat", "jacket", "shirt", "sweater", "top", "jumper")
DRESS = tuple(
    phrase(text)
    for text in (
        "<put> on {clothes}",
        "<change> into {clothes}",
        "<slip> into {clothes}",
        "<get> dressed in {clothes}",
    )
)
HOLDS = phrase("<hold>")
BE = phrase("<be>")
IS_ON = phrase("<be> on")
