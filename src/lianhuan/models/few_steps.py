"""What a denoiser that draws in few steps was made for."""

import json
from dataclasses import dataclass
from pathlib import Path

from lianhuan.errors import CheckpointError

FEW_STEPS = "few_steps"
"""Name of its part of a model folder."""
HOW = "how.json"
"""The file beside its weights that holds `FewSteps`."""


@dataclass(frozen=True, kw_only=True)
class FewSteps:
    """How it draws: so many steps of DDIM at evenly spaced times, with the strength of guidance that its teacher had."""

    steps: int = 3
    guidance: float = 4.5

    def draws(self, steps: int, guidance: float, sampler: object) -> bool:
        """Whether pages with these settings are drawn so; `sampler` is "" where none is named."""
        return (steps, guidance, sampler) == (self.steps, self.guidance, "")


def read_few_steps(part: Path) -> FewSteps:
    """What the denoiser in the folder `part` was made for.

    Raises:
        CheckpointError: it does not say so.
    """
    try:
        return FewSteps(**json.loads((part / HOW).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise CheckpointError(f"{part / HOW} is missing or damaged ({error})") from error
