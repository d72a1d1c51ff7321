"""What memories know after equal training, read from labels: the LSTM with parts taken away, and AR-LDM.

Run:  python benchmarks/memory_ablations.py --run runs/storybook [--steps 250] [--only lstm ar-ldm] [--json out.json]
Every memory starts from nothing but a trained eye (the picture encoder of the LSTM memory in the run folder, of which AR-LDM can use the first layers), with the
same words (frozen), the same heads to be learnt, the same stories and as many steps of 32 stories.
Then linear heads read the remembered tokens of held-out test stories, into which true pictures are fed back: which top, which hair or fur does a character
have that was seen before, which time of day, which weather. No picture is drawn: this is what a memory could tell the denoiser.
The run folder needs a trained model (`scripts/weights take runs/storybook`).
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from lianhuan.memory import ARLDMMemory, LSTMMemory
from lianhuan.memory.ar_ldm import ARLDMMemoryConfig
from lianhuan.memory.base import Branch, State
from lianhuan.memory.lstm import LSTMMemoryConfig
from lianhuan.models.context import Context
from lianhuan.train import parts
from lianhuan.train.loop import TrainConfig, train
from lianhuan.train.story import CARRIED_LABELS, LOOK_LABELS, StoryObjective, TrainedMemory

READ = (*LOOK_LABELS, *CARRIED_LABELS)


class WithoutPictures(LSTMMemory):
    """No picture is fed back: what is seen of a page are its own words."""

    def look(self, context: Context, latents: Tensor) -> Tensor:
        """Every picture is an empty one."""
        return super().look(context, torch.zeros_like(latents))


class WithoutResidual(LSTMMemory):
    """The LSTM's output takes the place of the words and is not added to them."""

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """The residual alone."""
        return context.with_tokens(super().read(state, context, branch).tokens - context.tokens)


class WithoutMatrix(LSTMMemory):
    """The LSTM's vector alone, as the document has it."""

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """As if nothing had been written into the matrix."""
        return super().read({**state, **self.matrix.start(state["h"])}, context, branch)


METHODS: dict[str, Callable[[], TrainedMemory]] = {
    "lstm": lambda: LSTMMemory(LSTMMemoryConfig()),
    "lstm, no picture fed back": lambda: WithoutPictures(LSTMMemoryConfig()),
    "lstm, no residual": lambda: WithoutResidual(LSTMMemoryConfig()),
    "lstm, no matrix": lambda: WithoutMatrix(LSTMMemoryConfig()),
    "ar-ldm": lambda: ARLDMMemory(ARLDMMemoryConfig()),
}


@torch.inference_mode()
def known(objective: StoryObjective) -> dict[str, float]:
    """Shares of labels that the heads read right."""
    objective.module.eval()
    _, figures = objective.loss(objective.batch(0), 0, torch.device("cpu"))
    return {name: float(figures[name]) for name in READ if name in figures}


def measure(name: str, options: argparse.Namespace, out: Path) -> dict[str, float]:
    """Train a memory from nothing and read what it knows of held-out stories."""
    torch.manual_seed(0)
    text, memory = parts.trained_words(options.run), METHODS[name]()
    parts.start_looking(memory, options.run)
    shown = parts.story_data(options.run, text.config, options.stories, 32, seed=31)
    held = options.held_out
    asked = parts.story_data(options.run, text.config, held, held, seed=32, split="test")
    learning = StoryObjective(text, [memory], shown)
    learning.met = 0.0  # what pages leave is compared, without portraits
    text.requires_grad_(False)
    config = TrainConfig(
        steps=options.steps, learning_rate=1e-3, warmup=50, decay=0.5, ema=0.99, checkpoint_every=10**6
    )
    began = time.perf_counter()
    for event in train(name, learning, config, out):
        print(f"{name} {event.step}: {event.figures}", flush=True)  # noqa: T201 - a script's progress
    seconds = time.perf_counter() - began
    judged = StoryObjective(text, [memory], asked)
    judged.heads = learning.heads
    judged.met = 0.0
    parameters = sum(p.numel() for p in memory.parameters())
    return {**known(judged), "seconds": seconds, "parameters": float(parameters)}


def main() -> None:
    """Train and read one memory after another."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--stories", type=int, default=6000)
    parser.add_argument("--held-out", type=int, default=128)
    parser.add_argument("--only", nargs="+", choices=METHODS, default=list(METHODS))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as out:
        found = {name: measure(name, options, Path(out)) for name in options.only}
    report = {
        "steps": options.steps,
        "stories": options.stories,
        "held_out": options.held_out,
        "methods": found,
    }
    print(json.dumps(report, indent=1))  # noqa: T201 - a script's result
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
