"""Claims about choosing among takes: each judge judges what it says, and the book tells it what it needs."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import test_redraw
from lianhuan import Book
from lianhuan.book import list_takes
from lianhuan.conductor.select import BestOf, Candidates, ClipScore, Consistency, selector
from lianhuan.data.world import world_story
from lianhuan.images import load_picture
from lianhuan.models.clip import StoryClip
from lianhuan.world.draw import draw
from lianhuan.world.scene import SceneGraph
from test_metrics_clip import tiny_clip
from test_redraw import IDS, Drawing

drawing, finished, book = test_redraw.drawing, test_redraw.finished, test_redraw.book


@pytest.fixture(scope="module")
def clip() -> StoryClip:
    return tiny_clip().eval()


def pictures(count: int, seed: int = 0) -> list[Image.Image]:
    pixels = np.random.default_rng(seed).integers(0, 255, (count, 8, 8, 3), dtype=np.uint8)
    return [Image.fromarray(p).resize((128, 128), Image.Resampling.BICUBIC) for p in pixels]


def scored(*numbers: float):
    return lambda _: np.array(numbers, dtype=float)


# --- the judges --------------------------------------------------------------------------------------------------


def test_the_best_mean_rank_wins_and_of_equals_the_first() -> None:
    three = Candidates(pictures(3))
    assert BestOf([scored(0.1, 0.9, 0.3)])(three) == 1
    assert BestOf([scored(5, 5, 5)])(three) == 0
    assert BestOf([scored(1, 2, 2)])(three) == 1
    assert (
        BestOf([scored(3, 2, 1), scored(-900, -1, -2)])(three) == 1
    )  # ranks 0 1 2 and 2 0 1, whatever the scales
    assert BestOf([scored(3, 2, 1), scored(0, 0, 0)])(three) == 0


def test_the_clip_score_is_the_cosine_of_picture_and_words(clip: StoryClip) -> None:
    five = pictures(5)
    found = ClipScore(clip)(Candidates(five, "Mia runs."))
    tensor = torch.stack([torch.from_numpy(np.array(p)).permute(2, 0, 1) / 127.5 - 1 for p in five])
    with torch.no_grad():
        seen, words = clip.features(tensor), clip.caption_features(["Mia runs."])
    np.testing.assert_allclose(found, torch.nn.functional.cosine_similarity(seen, words), atol=1e-5)
    assert selector("clip", clip)(Candidates(five, "Mia runs.")) == int(found.argmax())
    assert not np.allclose(found, ClipScore(clip)(Candidates(five, "A cat sleeps.")), atol=1e-4)


def test_both_is_the_mean_of_the_ranks(clip: StoryClip) -> None:
    offered = Candidates(pictures(6), "Mia runs.", pictures(2, seed=1))
    scores = [ClipScore(clip)(offered), Consistency()(offered)]
    ranks = [np.argsort(np.argsort(-one)) for one in scores]
    assert selector("both", clip)(offered) == int(np.argmin(np.add(*ranks)))
    assert selector("consistency")(offered) == int(scores[1].argmax())


def later_pages(count: int) -> list[tuple[SceneGraph, list[SceneGraph]]]:
    """Page 4 of some stories, with the earlier pages that share somebody."""
    found = []
    for index in range(count):
        frames = world_story("validation", index).frames
        before = [f.graph for f in frames[:3] if set(f.on_stage) & set(frames[3].on_stage)]
        if before:
            found.append((frames[3].graph, before))
    return found


def chosen(page: SceneGraph, others: list[SceneGraph], before: list[SceneGraph]) -> int:
    drawn = [draw(graph, 128) for graph in (page, *others)]
    return selector("consistency")(Candidates(drawn, "", [draw(graph, 128) for graph in before]))


def test_consistency_finds_the_looks_of_the_earlier_pages() -> None:
    pages = later_pages(16)
    looks = [actor.look for page, _ in pages for actor in page.actors]
    right = 0
    for number, (page, before) in enumerate(pages):
        others = [
            replace(
                page, actors=tuple(replace(a, look=looks[(7 * number + k) % len(looks)]) for a in page.actors)
            )
            for k in (11, 12, 13)
        ]
        right += chosen(page, others, before) == 0
    assert len(pages) >= 12
    assert right >= 0.9 * len(pages)  # chance .25


def test_consistency_misses_who_is_not_there() -> None:
    pages = [(page, before) for page, before in later_pages(24) if len(page.actors) > 1]
    right = [
        chosen(page, [replace(page, actors=page.actors[:1], prop=None)], before) == 0
        for page, before in pages
    ]
    assert len(pages) >= 8
    assert np.mean(right) >= 0.7  # chance .5


def test_without_earlier_pages_nothing_is_more_consistent() -> None:
    assert Consistency()(Candidates(pictures(3))).tolist() == [0, 0, 0]


# --- in a book ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "prompt", "sharing"), [(2, None, [0]), (3, "A fox.", []), (4, None, [0, 1, 2])]
)
def test_the_book_tells_words_and_pages_that_share_somebody(
    book: Book,
    drawing: Drawing,
    page: int,
    prompt: str | None,
    sharing: list[int],
) -> None:
    offered: list[Candidates] = []

    def last(candidates: Candidates) -> int:
        offered.append(candidates)
        return len(candidates) - 1

    before = [load_picture(book.picture(IDS[i])).tobytes() for i in sharing]
    words = prompt or book.page(IDS[page - 1]).words
    drawing.anew(book, page, prompt=prompt, candidates=2, select=last)
    (candidates,) = offered
    assert (candidates.words, len(candidates)) == (words, 2)
    assert [picture.tobytes() for picture in candidates.earlier] == before
    assert load_picture(book.picture(IDS[page - 1])).tobytes() == candidates[-1].tobytes()


def test_the_chosen_take_is_shown_and_the_others_stay(book: Book, drawing: Drawing, clip: StoryClip) -> None:
    drawing.anew(book, 2, candidates=4, select=selector("both", clip))
    takes = list_takes(book, IDS[1])
    assert [take.recipe["take"] for take in takes] == [0, 1, 2, 3, 4]
    new = [load_picture(book.folder / take.path) for take in takes[1:]]
    best = selector("both", clip)(
        Candidates(new, book.page(IDS[1]).words, [load_picture(book.picture(IDS[0]))])
    )
    assert [take.picked for take in takes] == [False] + [i == best for i in range(4)]
