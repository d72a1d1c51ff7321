"""Claims about what reads pictures, and about training by what can be read in the pictures that are drawn."""

import copy
from pathlib import Path

import pytest
import torch

from lianhuan.data.world import FRAMES, WorldPictures
from lianhuan.metrics.reader import Reader
from lianhuan.models.few_steps import FewSteps
from lianhuan.train.distill import DistillObjective
from lianhuan.train.loop import TrainConfig, train
from lianhuan.train.reader import mirrored
from lianhuan.train.reward import LOUDEST, LatentReaderObjective, RewardObjective, latent_reader, noised
from lianhuan.train.story import StoryObjective
from lianhuan.world.scene import classes
from test_training import story

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> WorldPictures:
    return WorldPictures.render(tmp_path_factory.mktemp("world"), "train", 4, 128, workers=1)


def reward(telling: StoryObjective, reader: Reader) -> RewardObjective:
    assert telling.denoiser is not None
    telling.module.requires_grad_(False)
    student = copy.deepcopy(telling.denoiser).requires_grad_(True)
    few = FewSteps(steps=2, guidance=2.0)
    return RewardObjective(DistillObjective(student, telling.denoiser, telling, few, None), reader, 0.5)


def test_latents_are_noised_to_the_level_that_is_told() -> None:
    latents = torch.randn(400, 4, 16, 16, generator=torch.Generator().manual_seed(1))
    seen = noised(latents, torch.Generator().manual_seed(0))
    level = seen[:, 4:, :1, :1]
    assert (seen[:, 4:] == level).all()
    assert 0 <= level.min() < 0.05 < LOUDEST - 0.05 < level.max() <= LOUDEST
    noise = (seen[:, :4] - (1 - level.square()).sqrt() * latents) / level
    assert abs(float(noise.std()) - 1) < 0.01


def taught(telling: StoryObjective, pictures: WorldPictures, folder: Path) -> tuple[Reader, list[float]]:
    """A reader that has learnt something, and the losses on its way."""
    reader = latent_reader(classes(), 4)
    objective = LatentReaderObjective(reader, pictures, telling.data.pages.latents, batch=20, seed=0)
    config = TrainConfig(steps=30, learning_rate=3e-3, warmup=2, log_every=1)
    return reader, [event.loss for event in train("part", objective, config, folder)]


def test_a_reader_of_latents_learns_to_name_them(pictures: WorldPictures, tmp_path: Path) -> None:
    _, losses = taught(story(pictures), pictures, tmp_path)
    assert losses[-1] < 0.5 * losses[0]


def test_what_a_page_is_told_is_asked_frame_after_frame(pictures: WorldPictures) -> None:
    telling = story(pictures)
    batch = telling.batch(0)
    context, asked = telling.remembered(batch, 0)
    stories = len(batch.latents)
    assert len(context.tokens) == stories * FRAMES
    assert torch.equal(asked["place"].view(FRAMES, stories), batch.labels["place"].T)
    seen = batch.seen.transpose(0, 1).flatten(0, 1)
    looks = torch.stack([asked[f"top{i}"] for i in range(3)], dim=1)
    there = torch.stack([batch.labels[f"top{i}"] for i in range(3)], dim=2).transpose(0, 1).flatten(0, 1)
    assert torch.equal(looks[seen], there[seen]), "the look of whoever was seen before is known"
    telling.met = 0
    looks = torch.stack([telling.remembered(batch, 0)[1][f"top{i}"] for i in range(3)], dim=1)
    told = batch.told[..., 1].transpose(0, 1).flatten(0, 1)
    assert (looks[~seen & ~told] == -1).all(), "nobody knows the look of whoever is new, without portraits"


def test_every_other_step_is_one_of_distillation(pictures: WorldPictures) -> None:
    objective = reward(story(pictures), latent_reader(classes(), 4))
    batch = objective.batch(1)
    assert torch.equal(objective.loss(batch, 1, CPU)[0], objective.distill.loss(batch, 1, CPU)[0])
    first, right = objective.loss(batch, 0, CPU)
    assert torch.equal(first, objective.loss(batch, 0, CPU)[0])
    assert {"place", "kind0", "action0", "prop"} <= right.keys()


def test_what_is_drawn_can_be_read_better(pictures: WorldPictures, tmp_path: Path) -> None:
    """The student alone learns, through all steps of its drawing, and the same pages read better afterwards."""
    telling = story(pictures)
    reader, _ = taught(telling, pictures, tmp_path)
    objective = reward(telling, reader)
    batch = objective.batch(0)
    optimizer = torch.optim.Adam(objective.module.parameters(), lr=1e-3)
    losses = []
    for _ in range(8):
        loss, _ = objective.loss(batch, 0, CPU)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < 0.98 * losses[0]
    others = [*telling.module.parameters(), *reader.parameters(), *objective.distill.teacher.parameters()]
    assert all(p.grad is None for p in others)


def test_who_stood_left_stands_right_in_the_mirror(pictures: WorldPictures) -> None:
    """Frames of one, two and three characters; those of another frame beside them are as they were."""
    flat = torch.from_numpy(pictures.pixels.reshape(-1, 128, 128, 3).copy()).movedim(-1, 1).float()
    labels = {name: torch.from_numpy(table.reshape(-1)) for name, table in pictures.labels.items()}
    which = torch.arange(len(flat)) % 2 == 0
    x, turned = mirrored(flat, labels, which)
    assert torch.equal(x[~which], flat[~which])
    assert torch.equal(x[which], flat[which].flip(3))
    counts = set()
    for row, count in enumerate(labels["count"].tolist()):
        for name in ("kind", "action", "top", "head"):
            before, after = ([table[f"{name}{i}"][row] for i in range(3)] for table in (labels, turned))
            assert after == (before[:count][::-1] + before[count:] if which[row] else before)
        assert all(turned[name][row] == labels[name][row] for name in ("place", "prop", "count", "time"))
        counts.add(count)
    assert len(counts) > 1
    again = mirrored(x, turned, which)
    assert torch.equal(again[0], flat)
    assert all(torch.equal(again[1][name], labels[name]) for name in labels)
