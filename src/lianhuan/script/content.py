# ruff: noqa: RUF001 the marks are Chinese ones
"""The words of a text that a picture could show: things, deeds and looks, each with its base forms.

English words are judged by word tables and their ends, Chinese ones are cut and judged by jieba (rjieba, its port).
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache

from lianhuan.script import lexicon_en as lex, lexicon_plain as plain
from lianhuan.script.tokens import Token, tokens_of

_SHORT = re.compile("(?:^|[^aeiou])[aeiou][^aeiouwxy]$")
"""How a stem ends that has often lost an e: bak(e), hid(e), rac(e)."""
_HAN = re.compile(r"[㐀-鿿]+")
_NOUN_NAMES = lex.ANIMALS.keys() | lex.KIN.keys() | lex.PEOPLE_NOUNS.keys() | lex.TITLES.keys()
_KINDS_ZH = ("n", "v", "a", "s", "l", "uz", "zg")
"""First letters of jieba's classes: nouns, verbs, adjectives, places, set phrases, and single characters of any of them."""
_NAMES_ZH = ("nr", "ns")
"""Its names of people and places: turtles and castles are among them, too."""
_AFTER_VERB = re.compile(
    r"(?<=.)(?:起来|下来|过来|过去|上去|下去|出来|出去|进来|进去|起|来|去|下|上|到|在|住|向|进|出|回|开|走|完|成|着|了|过)$"
)
_AFTER_NOUN = re.compile(r"(?<=.)(?:们|里|上|下|边|中|旁)$")
_BEFORE_NOUN = re.compile(r"^[小大老](?=.)")


@dataclass(frozen=True, slots=True)
class Content:
    """A word that a picture could show, in lower case or without complements, and its likely base forms, best first."""

    text: str
    bases: tuple[str, ...]


def content_words(text: str, language: str, names: Collection[str] = ()) -> Iterator[Content]:
    """The words of `text` that a picture could show, in order, repeated as often as they are said.

    Args:
        text: any text.
        language: "en" or "zh"; of others nothing is known.
        names: words of names, as they are written in the text: they show nothing by themselves.
    """
    if language == "en":
        return _english(text, frozenset(names))
    return _chinese(text, names) if language == "zh" else iter(())


def words_in(text: str, language: str, names: Collection[str] = ()) -> set[str]:
    """All words of `text`, in lower case, but for those of `names`; arguments as in `content_words`."""
    if language == "zh":
        return {word for word, _ in _cut(text, names)}
    return {low for token in _tokens(text, frozenset(names)) for low in _lows(token)}


@lru_cache(maxsize=20_000)
def bases_of(word: str) -> tuple[str, ...]:
    """What an English or Chinese word may be a form of, best first, itself included: "running" -> run, runne, runn, running."""
    if _HAN.match(word):
        return tuple(dict.fromkeys(_bases_zh(word)))
    if word in plain.IRREGULAR:
        return (plain.IRREGULAR[word], word)
    if word in plain.AS_THEY_ARE:
        return (word,)
    return (*dict.fromkeys(_stems(word)), word)


def _stems(word: str) -> Iterator[str]:
    """English: plurals, third persons, past tenses and -ing taken off."""
    for end in ("ing", "ed"):
        stem = word.removesuffix(end)
        if stem != word and len(stem) > 2 - (end == "ing") and re.search("[aeiouy]", stem):
            if stem[-1] == stem[-2:-1] and stem[-1] not in "lsz":
                yield stem[:-1]
            if stem.endswith("i"):
                yield stem[:-1] + "y"
            yield from (stem + "e", stem) if _SHORT.search(stem) else (stem, stem + "e")
    if word.endswith("ies"):
        yield word[:-3] + "y"
    elif re.search("(?:s|x|z|ch|sh)es$", word):
        yield from (word[:-2], word[:-1])
    elif re.search("[^su]s$", word):
        yield word[:-1]


def _tokens(text: str, names: frozenset[str]) -> Iterator[Token]:
    """The English words that are no names."""
    return (token for token in tokens_of(text.replace("’", "'"), []) if not _is_name(token, names))


def _lows(token: Token) -> list[str]:
    """The parts of a word with hyphens; those of one letter are none."""
    return [low for low in re.split("[-']", token.low) if len(low) > 1]


def _english(text: str, names: frozenset[str]) -> Iterator[Content]:
    for token in _tokens(text, names):
        for low in _lows(token):
            if not _says_nothing(low):
                yield Content(low, bases_of(low))


def _is_name(token: Token, names: frozenset[str]) -> bool:
    """Whether the word is written like a name and is no noun in capitals ("Dragon roared")."""
    if not token.capital:
        return False
    return token.text in names or (not token.initial and token.low not in _NOUN_NAMES)


@lru_cache(maxsize=20_000)
def _says_nothing(low: str) -> bool:
    """Whether a picture cannot show it: by the tables, or by its end."""
    bases = bases_of(low)
    told = {low, bases[0]} if low in plain.IRREGULAR else set(bases)
    shown = not plain.SHOWN_ENDS.isdisjoint(told)
    hidden = any(base.endswith(plain.ABSTRACT_ENDS) for base in told) and not shown
    return hidden or not plain.PLAIN_EN.isdisjoint(told)


def _chinese(text: str, names: Collection[str]) -> Iterator[Content]:
    for word, kind in _cut(text, names):
        if not kind.startswith(_KINDS_ZH):
            continue
        name = kind == "nrt" or (kind.startswith(_NAMES_ZH) and plain.SOUNDS_ZH.issuperset(word))
        bases = bases_of(word)
        if not name and plain.PLAIN_ZH.isdisjoint(bases):
            short = _AFTER_VERB if kind.startswith(("v", "u")) else _AFTER_NOUN
            yield Content(short.sub("", word), bases)


def _cut(text: str, names: Collection[str]) -> list[tuple[str, str]]:
    """The Chinese words with their classes; in the place of each name comes a comma, so that what is around it is cut well."""
    import rjieba  # slow: reads its dictionary

    if names:
        text = re.sub("|".join(sorted(map(re.escape, names), key=len, reverse=True)), "，", text)
    return [(word, kind) for word, kind in rjieba.tag(text, hmm=False) if _HAN.fullmatch(word)]


def _bases_zh(word: str) -> Iterator[str]:
    """Without complements of verbs (飞到), places of nouns (桌上) and 小, 大, 老."""
    yield from (word, _AFTER_VERB.sub("", word), _AFTER_NOUN.sub("", word), _BEFORE_NOUN.sub("", word))
