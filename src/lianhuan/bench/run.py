"""What is compared: books of the same stories, drawn with several methods."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from lianhuan.bench.books import run_folder
from lianhuan.bench.task import Task
from lianhuan.world.scene import WorldStory


@dataclass(frozen=True)
class Run:
    """Books that are compared with each other: the same stories, drawn with several methods.

    Attributes:
        task: what was drawn.
        tales: the stories; all have the same number of frames.
        folders: method name -> folder of its books for each take of the noise; every method has equally many.
    """

    task: Task
    tales: Sequence[WorldStory]
    folders: Mapping[str, Sequence[Path]]

    @classmethod
    def at(
        cls, root: Path, task: Task, tales: Sequence[WorldStory], methods: Iterable[str], takes: int
    ) -> Self:
        """The run whose books lie, or shall lie, below `root`."""
        homes = [run_folder(root, task, len(tales[0].frames), take) for take in range(takes)]
        return cls(task, tales, {name: [home / name for home in homes] for name in methods})

    @property
    def frames(self) -> int:
        """Pages of a story, the given one included."""
        return len(self.tales[0].frames)

    @property
    def takes(self) -> int:
        """How often each story was drawn."""
        return max(map(len, self.folders.values()))

    @property
    def title(self) -> str:
        """Task and length in words."""
        return f"{self.task}, {self.frames} pages"
