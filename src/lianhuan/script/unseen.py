"""The words of a story that a model has never seen."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from lianhuan.script.content import Content, bases_of, content_words
from lianhuan.script.lexicon_en import ANIMALS, KIN, TITLES
from lianhuan.script.lexicon_plain import IRREGULAR
from lianhuan.script.lexicon_zh import ANIMALS as ANIMALS_ZH, KIN as KIN_ZH
from lianhuan.story import Scene, Story

NOUNS_ZH = (*ANIMALS_ZH, *KIN_ZH)
"""Ends of what Chinese characters are called by a noun, as 小狐狸: no names."""


class Vocabulary(Protocol):
    """What a model knows of words."""

    @property
    def words(self) -> Mapping[str, Collection[str]]:
        """Language -> the words of the captions that the model was trained with."""
        ...

    def is_word(self, word: str) -> bool:
        """Whether the model's tokenizer has the word in one piece."""
        ...


@dataclass(frozen=True, slots=True)
class Unseen:
    """A word that the model has never seen.

    Attributes:
        word: its base form.
        scenes: ids of the scenes whose words, or whose cast, say it.
    """

    word: str
    scenes: tuple[str, ...]


def unseen_words(story: Story, vocabulary: Vocabulary) -> tuple[Unseen, ...]:
    """The words of `story` that a picture could show and the model has never seen, in the order of the story.

    Words for what cannot be seen (function words, thoughts, talk, time) and names do not count. An English form counts
    as its base ("foxes" as "fox"). What a character is counts on each of its pages, whether the page says it or not.

    Args:
        story: in English or Chinese; of other languages nothing is known.
        vocabulary: what the model knows.
    """
    known = _Known(vocabulary, story.language)
    called = [name for one in story.cast for name in (one.name, *one.aliases)]
    names = name_words(called, story.language, {one.kind for one in story.cast})
    found: dict[str, list[str]] = {}
    said: dict[str, Content] = {}
    for scene in story.scenes:
        words = list(content_words(scene.prompt or scene.text, story.language, names))
        for word in words:
            said.setdefault(ANIMALS.get(word.text, ""), word)
        words += [said.get(kind, Content(kind, (kind,))) for kind in _kinds(story, scene)]
        for base in dict.fromkeys(known.base(word) for word in words if not known.has(word)):
            found.setdefault(base, []).append(scene.id)
    return tuple(Unseen(word, tuple(ids)) for word, ids in found.items())


class _Known:
    """The known words of one language, by their base forms."""

    def __init__(self, vocabulary: Vocabulary, language: str) -> None:
        self._vocabulary = vocabulary
        words = vocabulary.words.get(language, ())
        self._bases = {base for word in words for base in bases_of(word)}
        self._whole = language == "zh"

    def has(self, word: Content) -> bool:
        """Whether the word, a form of it or, in Chinese, each of its parts is known."""
        return any(base in self._bases or (self._whole and self._made(base)) for base in word.bases)

    def _made(self, word: str) -> bool:
        return any(word[:i] in self._bases and word[i:] in self._bases for i in range(1, len(word)))

    def base(self, word: Content) -> str:
        """The form to show: the first base that is a word; in Chinese what is left without complements."""
        if self._whole or word.text in IRREGULAR:
            return IRREGULAR.get(word.text, word.text)
        first = word.bases[0] if word.text.endswith("ed") else word.text
        likely = [base for base in word.bases if base != word.text]
        return next((base for base in likely if self._vocabulary.is_word(base)), first)


def name_words(called: Iterable[str], language: str, kinds: Collection[str] = ()) -> frozenset[str]:
    """The words of names that show nothing by themselves, as they are written.

    Args:
        called: names and other words for characters: "Mrs. Hill", "Mia", "the fox", "Dragon".
        language: of these.
        kinds: what the characters are, in English: these words do show something, as titles and kin words do.
    """
    if language == "zh":
        return frozenset(name for name in called if not name.endswith(NOUNS_ZH))
    shown = {*kinds, *TITLES, *KIN}
    words = {word.strip(".") for name in called for word in name.split()}
    return frozenset(word for word in words if word[:1].isupper() and word.lower() not in shown)


def _kinds(story: Story, scene: Scene) -> list[str]:
    """What those on stage are, as the model is told in English; where the story tells it in Chinese, its words do."""
    kinds = (story.character(name).kind for name in scene.on_stage)
    return [kind for kind in kinds if kind != "person"] if story.language == "en" else []
