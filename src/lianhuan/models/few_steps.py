"""What a denoiser that draws in few steps was made for."""

from dataclasses import dataclass

FEW_STEPS = "few_steps"
"""Name of its part of a model folder."""
HOW = "how.json"
"""The file beside its weights that holds `FewSteps`."""


@dataclass(frozen=True, kw_only=True)
class FewSteps:
    """How it draws: so many steps of DDIM at evenly spaced times, with the strength of guidance that its teacher had."""

    steps: int = 4
    guidance: float = 4.5
