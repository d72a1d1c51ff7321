"""Stories of the world as files: pictures and a table of captions and labels."""

import json
from pathlib import Path

from lianhuan.world.scene import WorldFrame, labels
from lianhuan.world.stories import story
from lianhuan.world.vocabulary import SMALL, Vocabulary


def write_stories(count: int, folder: Path, seed: int, size: int, world: Vocabulary = SMALL) -> None:
    """Write stories 0 to `count` - 1 of the split `seed` into `folder`.

    Pictures are `size` x `size` PNG files `story-00000/frame-1.png` ...; `stories.jsonl` has one line per story with
    captions in both languages, changes of clothes and the exact labels of every frame.
    """
    from lianhuan.world.draw import draw

    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "stories.jsonl").open("w", encoding="utf-8") as table:
        for index in range(count):
            told = story(seed, index, world=world)
            home = folder / f"story-{index:05d}"
            home.mkdir(exist_ok=True)
            rows = []
            for number, frame in enumerate(told.frames, 1):
                picture = home / f"frame-{number}.png"
                draw(frame.graph, size).save(picture)
                rows.append(_row(frame, picture.relative_to(folder), world))
            line = {"index": index, "seed": seed, "names_zh": told.names_zh, "frames": rows}
            table.write(json.dumps(line, ensure_ascii=False) + "\n")


def _row(frame: WorldFrame, picture: Path, world: Vocabulary) -> dict[str, object]:
    return {
        "picture": picture.as_posix(),
        "caption_en": frame.caption_en,
        "caption_zh": frame.caption_zh,
        "on_stage": list(frame.on_stage),
        "changes": [list(change) for change in frame.changes],
        "labels": labels(frame.graph, world),
    }
