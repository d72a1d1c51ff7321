"""Metrics of the story world: exact on exact labels, at chance on wrong ones, blind to intended changes."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from lianhuan.bench.books import world_tales
from lianhuan.bench.world import wanted
from lianhuan.errors import CheckpointError
from lianhuan.metrics import world as metrics
from lianhuan.metrics.reader import Reader, load_reader
from lianhuan.metrics.statistics import Tally, estimate
from lianhuan.metrics.world import Wanted
from lianhuan.world.scene import classes
from lianhuan.world.vocabulary import COLOURS, SMALL

WANTED = wanted(world_tales("test", 300, 5))
GIRL, BOY, FOX, CAT = (1 + SMALL.kinds.index(kind) for kind in ("girl", "boy", "fox", "cat"))


def _share(tally: Tally) -> float:
    return tally.hits.sum() / tally.total.sum()


def _kinds(*stories: list[list[int]]) -> dict[str, np.ndarray]:
    """Labels of stories, given as kinds per frame."""
    table = np.array([[frame + [0] * (3 - len(frame)) for frame in frames] for frames in stories])
    return {f"kind{slot}": table[:, :, slot] for slot in range(3)}


def _one_actor(tops: list[int], changed: list[bool], on_stage: list[bool]) -> Wanted:
    """One story of one girl, who is in the first slot whenever she is on stage."""
    there = np.array([on_stage])
    labels = {name: np.where(there, 0, -1) for name in classes()}
    labels |= {"kind0": np.where(there, GIRL, 0), "kind1": 0 * there, "kind2": 0 * there}
    labels["top0"] = np.where(there, tops, -1)
    who = np.full((1, len(tops), 3), -1)
    who[..., 0] = np.where(there, 0, -1)
    dressed = np.zeros(who.shape, dtype=bool)
    dressed[..., 0] = changed
    return Wanted(labels, who, dressed)


def test_true_labels_score_one_everywhere():
    scores = metrics.score(WANTED, WANTED.labels)
    assert set(scores) == {
        "character_f1", "frame_accuracy", "place", "time", "weather", "count", "presence", "action",
        "prop", "prop_presence", "top", "head", "consistency", "pairwise", "change", "drift",
    }  # fmt: skip
    perfect = dict.fromkeys(scores, 1.0) | {"drift": 0.0}
    assert {name: _share(tally) for name, tally in scores.items()} == perfect


def test_other_stories_pictures_score_at_chance():
    level = {name: _share(tally) for name, tally in metrics.chance(WANTED, WANTED.labels).items()}
    assert level["place"] == pytest.approx(1 / len(SMALL.places), abs=0.04)
    assert level["top"] == pytest.approx(1 / len(COLOURS), abs=0.04)
    assert 0.15 < level["head"] < 0.3  # one of five hair colours or of four tones
    assert level["change"] == pytest.approx(1 / len(COLOURS), abs=0.06)
    assert level["action"] < 0.15
    assert level["prop"] < 0.06
    assert level["consistency"] == pytest.approx((level["top"] + level["head"]) / 2)
    assert level["pairwise"] == pytest.approx(level["consistency"], abs=0.03)
    assert level["drift"] == pytest.approx(1 - level["consistency"], abs=0.03)


def test_character_f1_of_a_known_example():
    want = _kinds([[GIRL, BOY], [FOX]], [[CAT, CAT], [GIRL]])
    seen = _kinds([[GIRL], [FOX, CAT]], [[CAT], [BOY]])
    f1 = metrics.character_f1(want, seen)
    assert f1.hits.tolist() == [
        4,
        2,
    ]  # twice the true positives: girl, fox; cat (a set: two cats are one kind)
    assert f1.total.tolist() == [6, 4]  # plus one miss and one false alarm in each story
    assert metrics.frame_accuracy(want, seen).hits.tolist() == [0, 1]
    assert metrics.presence(want, seen).hits.tolist() == [0, 1]


def test_an_actor_in_the_wrong_slot_or_unseen_counts_as_wrong():
    want = {
        **_kinds([[GIRL, BOY]]),
        "action0": np.array([[3]]),
        "action1": np.array([[5]]),
        "action2": np.array([[-1]]),
    }
    swapped = {**want, "action0": want["action1"], "action1": want["action0"]}
    unseen = {**want, "kind0": np.array([[0]])}
    assert _share(metrics.slot_accuracy(want, want, "action")) == 1
    assert _share(metrics.slot_accuracy(want, swapped, "action")) == 0
    assert _share(metrics.slot_accuracy(want, unseen, "action")) == 0.5


def test_props_are_judged_where_there_is_one():
    want, seen = {"prop": np.array([[0, 4, 7]])}, {"prop": np.array([[2, 4, 0]])}
    assert (metrics.prop_accuracy(want, seen).hits, metrics.prop_accuracy(want, seen).total) == ([1], [2])
    assert metrics.prop_presence(want, seen).hits == [1]


def test_consistency_leaves_out_pages_after_an_intended_change():
    want = _one_actor([1, 1, 1, 4, 4], [False, False, False, True, False], [True, False, True, True, True])
    pairs = metrics.look_pairs(want, want.labels, "top")
    assert (pairs.first.tolist(), pairs.later.tolist()) == (
        [1],
        [1],
    )  # page 3 only: absent on 2, changed from 4 on
    changes = metrics.change_pairs(want, want.labels)
    assert (changes.first.tolist(), changes.later.tolist()) == ([4, 4], [4, 4])


def test_consistency_asks_for_the_drawn_first_page_not_for_the_secret_look():
    want = _one_actor([1] * 5, [False] * 5, [True] * 5)
    drawn = {**want.labels, "top0": np.array([[6, 6, 6, 6, 1]])}
    top = metrics.matched(metrics.look_pairs(want, drawn, "top"), 1)
    assert (top.hits, top.total) == ([3], [4])


def test_pairwise_consistency_compares_all_pages_with_the_same_clothes():
    want = _one_actor([1, 1, 1, 4, 4], [False, False, False, True, False], [True, False, True, True, True])
    seen = {**want.labels, "top0": np.array([[1, 9, 2, 4, 4]]), "head0": np.array([[3, 9, 3, 3, 5]])}
    tops, heads = (metrics.any_pairs(want, seen, name) for name in ("top", "head"))
    assert list(zip(tops.first, tops.later, strict=True)) == [(1, 2), (4, 4)]  # pages 1 and 3, 4 and 5
    assert list(zip(heads.first, heads.later, strict=True)) == [
        (3, 3),
        (3, 3),
        (3, 5),
        (3, 3),
        (3, 5),
        (3, 5),
    ]
    scores = metrics.score(want, seen)
    assert (scores["pairwise"].hits, scores["pairwise"].total) == ([1 + 3], [2 + 6])


def test_drift_is_what_changes_unasked_from_one_appearance_to_the_next():
    want = _one_actor([1, 1, 1, 4, 4], [False, False, False, True, False], [True, False, True, True, True])
    obeyed = metrics.score(want, {**want.labels, "head0": np.array([[3, 9, 3, 3, 3]])})
    assert (obeyed["change"].hits, obeyed["drift"].hits) == ([2], [0])
    ignored = metrics.score(want, {**want.labels, "top0": np.array([[1, 9, 1, 1, 1]])})
    assert (ignored["change"].hits, ignored["drift"].hits) == ([0], [0])  # no drift, but no change either
    dyed = metrics.score(want, {**want.labels, "head0": np.array([[3, 9, 3, 5, 5]])})
    assert (dyed["change"].hits, dyed["drift"].hits) == ([2], [1])  # the hair changed with the clothes
    assert dyed["drift"].total == [2 + 3]  # tops of pages 1-3 and 4-5, heads of 1-3, 3-4, 4-5
    blank = metrics.score(want, {**want.labels, "kind0": np.zeros((1, 5), dtype=int)})
    assert blank["drift"].hits == blank["drift"].total  # who is not drawn has drifted


def test_consistency_follows_an_actor_into_another_slot():
    rolled = replace(WANTED, who=WANTED.who[:, :, ::-1], changed=WANTED.changed[:, :, ::-1])
    labels = {
        **WANTED.labels,
        **{f"{n}{s}": WANTED.labels[f"{n}{2 - s}"] for n in ("kind", "top") for s in range(3)},
    }
    mirrored = metrics.look_pairs(replace(rolled, labels=labels), labels, "top")
    assert _share(metrics.matched(mirrored, 300)) == 1
    order = WANTED.who[:, :, 0]
    assert (order != order[:, :1]).any()  # some do change places


def test_an_unseen_actor_is_not_consistent():
    want = _one_actor([1] * 3, [False] * 3, [True] * 3)
    blind = {**want.labels, "kind0": np.zeros((1, 3), dtype=int)}
    assert metrics.matched(metrics.look_pairs(want, blind, "top"), 1).hits == [0]


def test_chance_compares_with_other_stories_and_the_same_group_only():
    story, group, first, later = np.array([[0, 0, 1, 1], [7, 8, 7, 8], [2, 5, 3, 4], [2, 4, 3, 5]])
    pairs = metrics.Pairs(story, group, first, later)
    assert metrics.matched(pairs, 2).hits.tolist() == [1, 1]
    level = metrics.across(pairs, 2)
    assert (level.hits.tolist(), level.total.tolist()) == ([1, 1], [2, 2])  # the 4 and the 5 of group 8
    alone = metrics.across(metrics.Pairs(story, np.arange(4), first, later), 2)
    assert (alone.hits.tolist(), alone.total.tolist()) == ([0, 0], [0, 0])


def test_chance_is_what_comparing_all_pairs_one_by_one_gives():
    rng = np.random.default_rng(2)
    pairs = metrics.Pairs(
        rng.integers(6, size=40), rng.integers(3, size=40), *rng.integers(-1, 4, size=(2, 40))
    )
    hits, total = np.zeros(6), np.zeros(6)
    for i in range(40):
        others = [
            pairs.later[i] == pairs.first[j] != -1
            for j in range(40)
            if pairs.group[j] == pairs.group[i] and pairs.story[j] != pairs.story[i]
        ]
        hits[pairs.story[i]] += np.mean(others)
        total[pairs.story[i]] += 1
    level = metrics.across(pairs, 6)
    np.testing.assert_allclose(level.hits, hits)
    np.testing.assert_allclose(level.total, total)


def test_the_interval_holds_the_mean_and_shrinks_with_more_stories():
    rng = np.random.default_rng(0)
    widths = []
    for stories in (20, 80, 320):
        tally = Tally((rng.random((stories, 5)) < 0.6).sum(1).astype(float), np.full(stories, 5.0))
        found = estimate(tally, seed=1)
        assert 0 <= found.low < found.mean < found.high <= 1
        assert found.mean == pytest.approx(_share(tally))
        assert found.n == 5 * stories
        widths.append(found.high - found.low)
    assert widths[0] > 1.5 * widths[1] > 2 * widths[2]


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(3)
    hits = (rng.random((60, 40, 5)) < 0.6).sum(2).astype(float)
    found = [estimate(Tally(row, np.full(40, 5.0))) for row in hits]
    assert 0.85 < np.mean([f.low <= 0.6 <= f.high for f in found]) <= 1


def test_stories_are_resampled_not_frames():
    whole = Tally(np.array([5.0, 0.0] * 10), np.full(20, 5.0))  # frames of a story agree
    mixed = Tally(np.array([3.0, 2.0] * 10), np.full(20, 5.0))
    assert estimate(whole).high - estimate(whole).low > 3 * (estimate(mixed).high - estimate(mixed).low)


def test_an_estimate_depends_on_its_seed_alone():
    tally = metrics.chance(WANTED, WANTED.labels)["place"]
    assert estimate(tally, seed=5) == estimate(tally, seed=5)
    assert estimate(tally, seed=5) != estimate(tally, seed=6)


@pytest.mark.parametrize(
    ("hits", "total", "reason"),
    [([1.0], [1.0], "at least 2"), ([0.0, 0.0], [0.0, 0.0], "nothing to measure")],
)
def test_too_little_data_is_refused(hits, total, reason):
    with pytest.raises(ValueError, match=reason):
        estimate(Tally(np.array(hits), np.array(total)))


def _save(reader: Reader, folder, names: dict[str, int]) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text(json.dumps({"classes": names}))
    save_file(reader.state_dict(), folder / "model.safetensors")


def test_a_saved_reader_reads_the_same(tmp_path):
    torch.manual_seed(0)
    reader = Reader(classes()).eval()
    _save(reader, tmp_path, classes())
    pictures = torch.rand(2, 3, 128, 128) * 2 - 1
    again = load_reader(tmp_path)
    assert all(
        torch.equal(a, b) for a, b in zip(reader(pictures).values(), again(pictures).values(), strict=True)
    )
    assert not again.training


@pytest.mark.parametrize("damage", ["gone", "truncated", "no config", "bad config", "other network"])
def test_a_missing_or_damaged_reader_is_a_clear_error(tmp_path, damage):
    reader = Reader(classes())
    _save(reader, tmp_path, {"place": 3} if damage == "other network" else classes())
    weights = tmp_path / "model.safetensors"
    if damage == "gone":
        weights.unlink()
    elif damage == "truncated":
        weights.write_bytes(weights.read_bytes()[:1000])
    elif damage == "no config":
        (tmp_path / "config.json").unlink()
    elif damage == "bad config":
        (tmp_path / "config.json").write_text("[]")
    with pytest.raises(CheckpointError, match=str(tmp_path)):
        load_reader(tmp_path)
