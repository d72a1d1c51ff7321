"""Who and what is where in a picture: exact labels of latent cells, which a denoiser has to know from the words before it can see them."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from lianhuan.models.sizes import SIDE
from lianhuan.world.draw_stage import actor_spots, prop_spot
from lianhuan.world.pen import UNITS
from lianhuan.world.scene import SceneGraph, classes
from lianhuan.world.vocabulary import Vocabulary

COVERED = 0.3
"""Share of a cell from which on it belongs to a character or the prop."""


def columns(graph: SceneGraph, places: int) -> list[float]:
    """Columns of cells where the actors stand, and last the prop beside them; infinite for those that are not there."""
    found = [spot.x / UNITS * SIDE for spot in actor_spots(graph)][:places]
    found += [torch.inf] * (places - len(found))
    if graph.prop is None or graph.prop.where not in ("left", "right"):
        return [*found, torch.inf]
    return [*found, prop_spot(graph, graph.prop).x / UNITS * SIDE]


@dataclass(frozen=True)
class Cells:
    """Labels of the cells of N pictures, (N, 16, 16) int64 each.

    Attributes:
        what: 0 nothing, then the kinds of characters, then the props.
        doing: the action of the character that is there; -1 where there is none.
    """

    what: Tensor
    doing: Tensor

    @classmethod
    def of(cls, focus: Tensor, columns: Tensor, kind: Tensor, action: Tensor, thing: Tensor) -> "Cells":
        """The cells that are covered, each that of the actor who stands nearest, or of the prop.

        Args:
            focus: (N, 2, 16, 16) as in `StoryBatch`. What moves aside for a prop is in both of its maps.
            columns: (N, P + 1) of `columns`.
            kind: (N, P) labels of the actors.
            action: likewise.
            thing: (N,) class in `what` of the prop.
        """
        away = (columns[:, :, None] - torch.arange(SIDE, device=columns.device) - 0.5).abs()  # (N, P + 1, 16)
        near, nearest = away[:, :-1].min(1)
        who, doing = (label.gather(1, nearest)[:, None].expand(-1, SIDE, -1) for label in (kind, action))
        people, held = (focus >= COVERED).unbind(1)
        held = held & (columns[:, -1:].isinf() | (away[:, -1] < near))[:, None]
        people = people & ~held
        what = torch.where(held, thing[:, None, None], torch.where(people, who, 0))
        return cls(what, torch.where(people, doing, -1))

    def some(self, rows: Tensor) -> "Cells":
        """Those of the pictures with these numbers."""
        return Cells(self.what[rows], self.doing[rows])

    @classmethod
    def join(cls, several: Sequence["Cells"]) -> "Cells":
        """All of them in a row."""
        return cls(torch.cat([one.what for one in several]), torch.cat([one.doing for one in several]))


class CellHeads(nn.Module):
    """Linear readers of a UNet's features, used in training only (deep supervision, Lee et al. 2015).

    Attributes:
        layer: of the UNet, the last block that looks at the words; its features are (N, C, 16, 16).
    """

    def __init__(self, widths: Sequence[int], world: Vocabulary):
        super().__init__()
        counts, channels = classes(world), widths[1]
        self.layer = f"up_blocks.{len(widths) - 2}"
        self.norm = nn.GroupNorm(1, channels)
        self.what = nn.Conv2d(channels, counts["kind0"] + len(world.props), 1)
        self.doing = nn.Conv2d(channels, counts["action0"], 1)

    def loss(self, features: Tensor, cells: Cells, weight: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropies, cells counting as `weight` (N, 1, 16, 16) says; the shares of the covered cells that are right."""
        features, losses, figures = self.norm(features), [], {}
        for name, head, wanted in (("what", self.what, cells.what), ("doing", self.doing, cells.doing)):
            logits = head(features).float()
            counts = weight[:, 0] * (wanted >= 0)
            wrong = nn.functional.cross_entropy(logits, wanted, ignore_index=-1, reduction="none")
            losses.append((counts * wrong).sum() / counts.sum().clamp(min=1))
            asked = wanted > 0 if name == "what" else wanted >= 0
            figures[f"cell_{name}"] = ((logits.argmax(1) == wanted) & asked).sum() / asked.sum()
        return torch.stack(losses).sum(), figures
