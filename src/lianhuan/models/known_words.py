"""The words of the captions that a model was trained with: a list in its folder, beside its parts."""

import json
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path

from tokenizers import Tokenizer

from lianhuan.errors import CheckpointError
from lianhuan.models.files import read_config

KNOWN_WORDS = "known_words.json"
"""Language -> sorted words. It decides no pixel, so no fingerprint of a model counts it."""


class KnownWords:
    """What a model knows of words; no torch is needed to ask.

    Args:
        folder: of the model.
        words: language -> the words of the captions that it was trained with, in lower case.
    """

    def __init__(self, folder: Path, words: Mapping[str, frozenset[str]]):
        self.folder = folder
        self.words = words

    def is_word(self, word: str) -> bool:
        """Whether the model's tokenizer has the word in one piece."""
        return self._tokenizer.token_to_id(word) is not None

    @cached_property
    def styles(self) -> bool:
        """Whether the model is told in which style a page is drawn."""
        return bool(read_config(self.folder / "text_encoder").get("styles"))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        path = self.folder / "text_encoder" / "tokenizer.json"
        try:
            return Tokenizer.from_file(str(path))
        except Exception as error:  # the tokenizers library raises bare Exception
            raise CheckpointError(f"{path} is missing or damaged ({error})") from error


def load_known_words(generator: str | Path) -> KnownWords | None:
    """The list of a model; None if it has none, as Stable Diffusion, which has seen nearly all words.

    Args:
        generator: "storybook" or a model folder, as `lianhuan.load_generator` takes them; the network is never used.

    Raises:
        CheckpointError: the list is damaged.
    """
    embedded = Path(str(files("lianhuan"))) / "weights" / "storybook"
    folder = embedded if generator == "storybook" else Path(generator)
    path = folder / KNOWN_WORDS
    if not path.is_file():
        return None
    try:
        lists: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
        return KnownWords(folder, {language: frozenset(words) for language, words in lists.items()})
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"{path} is damaged ({error}); take it again, or remove it: the model draws without it"
        ) from error


def save_known_words(words: Mapping[str, frozenset[str]], folder: Path) -> None:
    """Write the list into the folder of a model."""
    lists = {language: sorted(some) for language, some in words.items()}
    text = json.dumps(lists, ensure_ascii=False, indent=0)
    (folder / KNOWN_WORDS).write_text(text + "\n", encoding="utf-8")
