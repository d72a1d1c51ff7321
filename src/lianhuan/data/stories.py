"""Stories of pictures with their words: the one form in which every data set of pictures is trained on."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image

from lianhuan.errors import PictureError

Split = Literal["train", "validation", "test"]
NO_WORDS = "pictures without words"
BROKEN = "pictures that cannot be read"


@dataclass(frozen=True)
class Frame:
    """A picture of a story with its words.

    Attributes:
        captions: the words; where there are several, each says all of it in another way. Never empty.
        picture: reads the picture as RGB, of any size; raises `PictureError` where it is broken.
    """

    captions: tuple[str, ...]
    picture: Callable[[], Image.Image]


@dataclass(frozen=True)
class PictureStory:
    """Frames in the order in which they are told; a single captioned picture is a story of one frame.

    `id` names the story within its data set, always the same way.
    """

    id: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class StorySet:
    """The stories of one split.

    `left_out` counts what could not be used, by reason, so that it is said once and not for every picture.
    """

    stories: tuple[PictureStory, ...]
    left_out: Mapping[str, int] = field(default_factory=dict)

    @property
    def frames(self) -> int:
        """Number of pictures."""
        return sum(len(story.frames) for story in self.stories)


def split_of(name: str) -> Split:
    """The split of a story by its name alone: 8 of 10 names train, one validates, one tests; the same on every machine."""
    number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) % 10
    return "validation" if number == 8 else "test" if number == 9 else "train"


def story_set(told: Iterable[tuple[str, Sequence[Frame]]], split: Split | None = None) -> StorySet:
    """Stories from (name, frames), without the frames that have no words and the stories that have no frames.

    Args:
        told: the stories with all their frames.
        split: only stories that `split_of` puts there; None for all that are told.
    """
    stories = []
    left_out: Counter[str] = Counter()
    for name, frames in told:
        if split is not None and split_of(name) != split:
            continue
        kept = tuple(frame for frame in frames if frame.captions)
        left_out[NO_WORDS] += len(frames) - len(kept)
        if kept:
            stories.append(PictureStory(name, kept))
    return StorySet(tuple(stories), {reason: count for reason, count in left_out.items() if count})


def must_have(found: StorySet, where: object) -> StorySet:
    """`found`, if there is a story in it.

    Raises:
        PictureError: there is none; the message says what was left out.
    """
    if not found.stories:
        reasons = ", ".join(f"{count} {reason}" for reason, count in found.left_out.items())
        raise PictureError(f"{where} holds no story to learn from" + (f" ({reasons})" if reasons else ""))
    return found
