"""The small world, on which the shipped weights were trained, stays as it was before there was a larger one."""

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

import pytest

from lianhuan.world.scene import classes, labels
from lianhuan.world.stories import SPLITS, recaption, story

GOLDEN = json.loads((Path(__file__).parent / "golden" / "small_world.json").read_text())


@pytest.mark.parametrize("split", SPLITS)
def test_stories_of_the_shipped_weights_stay_as_they_are(split):
    """Graphs, captions, changes and labels are those of the version before there was a larger world."""
    found = sha256()
    for index in range(300):
        told = story(SPLITS[split], index)
        for tale in (told, recaption(told, 7)):
            rows = [_old_parts(asdict(tale)), [labels(frame.graph) for frame in tale.frames]]
            found.update(json.dumps(rows, ensure_ascii=False, sort_keys=True).encode())
    assert found.hexdigest() == GOLDEN[split]


def _old_parts(value):
    """The record without the fields that stories of the small world do not use."""
    if isinstance(value, dict):
        new = ("world", "worn", "emotion", "view", "style")
        return {key: _old_parts(part) for key, part in value.items() if key not in new}
    return [_old_parts(part) for part in value] if isinstance(value, (list, tuple)) else value


def test_the_small_world_never_uses_what_it_has_one_word_for():
    frames = [frame for index in range(100) for frame in story(0, index).frames]
    actors = [actor for frame in frames for actor in frame.graph.actors]
    assert {(actor.emotion, actor.look.worn) for actor in actors} == {("calm", "")}
    assert {(frame.graph.view, frame.graph.style) for frame in frames} == {("middle", "flat")}


def test_labels_of_the_shipped_reader_stay_as_they_are():
    assert list(classes().items()) == list(GOLDEN["classes"].items())
