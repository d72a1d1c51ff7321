"""Claims about what is where in a picture, as the denoiser has to know it."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from lianhuan.data.world import focus_maps, world_story
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser, build_unet, watched
from lianhuan.sampling import NoisePath
from lianhuan.train.cells import CellHeads, Cells, columns
from lianhuan.world.draw import draw
from lianhuan.world.scene import SceneGraph, labels
from lianhuan.world.vocabulary import LARGE, MIDDLE, SMALL

STORIES = 30


@pytest.fixture(scope="module")
def graphs() -> list[SceneGraph]:
    return [frame.graph for index in range(STORIES) for frame in world_story("train", index, MIDDLE).frames]


@pytest.fixture(scope="module")
def cells(graphs: list[SceneGraph], tmp_path_factory: pytest.TempPathFactory) -> Cells:
    maps = focus_maps(tmp_path_factory.mktemp("maps"), "train", STORIES, 16, workers=1, world=MIDDLE)
    focus = torch.from_numpy(maps.reshape(-1, 16, 16, 2).copy()).movedim(-1, 1).float() / 255
    rows = [labels(graph, MIDDLE) for graph in graphs]
    kind, action = (
        torch.tensor([[row[f"{name}{i}"] for i in range(3)] for row in rows]) for name in ("kind", "action")
    )
    thing = torch.tensor([len(MIDDLE.kinds) + row["prop"] for row in rows])
    return Cells.of(focus, torch.tensor([columns(graph, 3) for graph in graphs]), kind, action, thing)


def changed(graph: SceneGraph, other: SceneGraph) -> np.ndarray:
    """(16, 16) shares of the pixels of each cell in which two pictures differ."""
    differ = (np.asarray(draw(graph, 64)) != np.asarray(draw(other, 64))).any(axis=2)
    return differ.reshape(16, 4, 16, 4).mean(axis=(1, 3))


def test_cells_of_a_character_are_those_that_change_when_it_is_of_another_kind(graphs, cells: Cells) -> None:
    """Two kinds that are not there already, so that its own cells are known by their class."""
    right = total = 0
    for number, graph in enumerate(graphs):
        names = [actor.kind for actor in graph.actors]
        for i, actor in enumerate(graph.actors):
            if names.count(actor.kind) > 1:
                continue
            other = next(kind for kind in ("pig", "wolf", "panda") if kind not in names)
            actors = (*graph.actors[:i], replace(actor, kind=other), *graph.actors[i + 1 :])
            moved = changed(graph, replace(graph, actors=actors)) > 0.5
            here = cells.what[number].numpy() == 1 + MIDDLE.kinds.index(actor.kind)
            right, total = right + (moved & here).sum(), total + moved.sum()
    assert total > 1000
    assert right / total > 0.85, "lying neighbours take some of one another's"


def test_cells_of_the_prop_are_those_that_change_when_it_is_another(graphs, cells: Cells) -> None:
    right = total = 0
    for number, graph in enumerate(graphs):
        if graph.prop is None or graph.prop.where not in ("left", "right") or graph.prop.kind in LARGE:
            continue  # actors make room for what is large
        other = "ball" if graph.prop.kind != "ball" else "flower"
        moved = changed(graph, replace(graph, prop=replace(graph.prop, kind=other))) > 0.5
        here = cells.what[number].numpy() == len(MIDDLE.kinds) + 1 + MIDDLE.props.index(graph.prop.kind)
        right, total = right + (moved & here).sum(), total + moved.sum()
    assert total > 100
    assert right / total > 0.8


def test_what_nobody_does_is_not_asked(cells: Cells) -> None:
    people = (cells.what > 0) & (cells.what <= len(MIDDLE.kinds))
    assert torch.equal(cells.doing >= 0, people)
    assert 0.05 < people.float().mean() < 0.4


@pytest.mark.parametrize("widths", [(16, 32), (16, 32, 48)])
def test_the_features_that_are_read_have_seen_the_words(widths: tuple[int, ...]) -> None:
    denoiser = Denoiser(build_unet(4, 32, widths), NoisePath.cosine(), "v_prediction").eval()
    heads = CellHeads(widths, SMALL)
    x, t = torch.randn(2, 4, 16, 16), torch.full((2,), 900)
    blank = Cells(torch.zeros(2, 16, 16, dtype=torch.long), torch.full((2, 16, 16), -1))
    losses = []
    words = torch.randn(2, 5, 32)
    for last in torch.randn(2, 32):  # not one of the summary, which every block sees with the time
        words[:, 4] = last
        with watched(denoiser.unet, [heads.layer]) as seen, torch.no_grad():
            denoiser.predict(x, t, Context(words, torch.ones(2, 5, dtype=torch.bool)))
        assert seen[heads.layer].shape == (2, widths[1], 16, 16)
        losses.append(float(heads.loss(seen[heads.layer], blank, torch.ones(2, 1, 16, 16))[0].detach()))
    assert losses[0] != losses[1]
