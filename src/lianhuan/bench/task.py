"""The two tasks of story pictures, as Pan et al. ("Synthesizing Coherent Story with Auto-Regressive Latent Diffusion Models") name them."""

from enum import StrEnum


class Task(StrEnum):
    """What is drawn of a story: every page, or all pages after a given first one."""

    VISUALIZATION = "visualization"
    CONTINUATION = "continuation"

    @property
    def given(self) -> int:
        """How many pages are given and not drawn."""
        return 1 if self is Task.CONTINUATION else 0
