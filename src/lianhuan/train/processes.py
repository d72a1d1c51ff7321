"""One training run in several processes, as `torchrun` starts them: one for each GPU."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from lianhuan.errors import RecipeError
from lianhuan.late import needing_extras


def pick_device() -> torch.device:
    """CUDA where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def is_main() -> bool:
    """Whether this process is the one that writes files: the only one, or the first of several."""
    return os.environ.get("RANK", "0") == "0"


@dataclass(frozen=True)
class Processes:
    """This process among `count` that train together; `state` is accelerate's, None for one process alone."""

    device: torch.device
    rank: int = 0
    count: int = 1
    state: Any = None

    @classmethod
    def join(cls) -> "Processes":
        """Join the processes that torchrun started, if it started any.

        Raises:
            MissingDependency: there are several, and accelerate is not installed.
        """
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls(pick_device())
        with needing_extras():
            from accelerate import PartialState
        state = PartialState(cpu=not torch.cuda.is_available())
        return cls(state.device, state.process_index, state.num_processes, state)

    @property
    def main(self) -> bool:
        """Whether this one writes checkpoints and tells of its steps."""
        return self.rank == 0

    def share(self, step: int, accumulate: int) -> range:
        """Numbers of this process's batches of an optimiser step; all processes together have `accumulate`.

        Raises:
            RecipeError: they cannot be shared out evenly.
        """
        if accumulate % self.count:
            raise RecipeError(
                f"{accumulate} batches a step cannot be shared by {self.count} processes; accumulate a multiple of them"
            )
        return range(step * accumulate, (step + 1) * accumulate)[self.rank :: self.count]

    def sum_gradients(self, parameters: Sequence[nn.Parameter]) -> None:
        """Give all processes the sum of their gradients, in place; a weight that no process used keeps none."""
        if self.count == 1:
            return
        used = self.total(torch.tensor([float(p.grad is not None) for p in parameters], device=self.device))
        shared = [p for p, there in zip(parameters, used.tolist(), strict=True) if there]
        flat = torch.cat(
            [(torch.zeros_like(p) if p.grad is None else p.grad).flatten().float() for p in shared]
        )
        sums = self.total(flat).split([p.numel() for p in shared])
        for p, found in zip(shared, sums, strict=True):
            p.grad = found.view_as(p).to(p)

    def total(self, value: Tensor) -> Tensor:
        """The sum of a tensor over all processes; all have to ask."""
        if self.count == 1:
            return value
        from accelerate.utils import reduce

        return reduce(value, "sum")

    @contextmanager
    def main_first(self) -> Iterator[None]:
        """The first process does what is inside before the others do, so that they find its files."""
        if self.count == 1:
            yield
        else:
            with self.state.main_process_first():
                yield
