"""A memory beside a frozen model, learnt from real picture books: tiny sizes, the whole way.

Run:  python benchmarks/frozen_memory.py --data ../shared/picturebooks [--json out.json]
One thread. A Stable Diffusion 2.x model (v-prediction) of a few hundred thousand weights is trained for a while on single pages of
the training books (in its own latents, 64 px pictures), then frozen; then each memory is trained beside it, with low-rank changes.
Measured on the validation books: the loss of the base alone, with memory, and with the memory of another book's pictures. What
low-rank changes learn of the books as such helps both; only the difference between the last two came from the pictures.
"""

import argparse
import json
import shutil
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from lianhuan.conductor import PageDone, illustrate
from lianhuan.data.find import read_stories
from lianhuan.errors import CheckpointError
from lianhuan.generators import load_generator
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.images import fit_square
from lianhuan.memory.bridged import BridgedMemory, load_bridged
from lianhuan.metrics.statistics import Tally, estimate
from lianhuan.models.context import Context
from lianhuan.models.files import fingerprint
from lianhuan.script import parse_story
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.testing.checkpoints import Family, tiny_checkpoint
from lianhuan.train.diffusion import diffusion_loss, step_rng
from lianhuan.train.encoded import EncodedStories, encode_stories
from lianhuan.train.frozen import FrozenPlan, story_losses, train_frozen
from lianhuan.train.loop import TrainConfig, TrainStep, train

FRAMES = 5
BATCH = 12
RANK = 4
FAMILY: Family = "sd2"


class WordsObjective:
    """The base alone: single pages from their words."""

    def __init__(self, generator: StableDiffusion, data: EncodedStories):
        self.generator, self.data = generator, data
        self.module = generator.denoiser.unet.requires_grad_(True)
        self.words = [options[0] for frames in data.captions for options in frames]

    def batch(self, step: int) -> Tensor:
        """Which pages."""
        return torch.from_numpy(np.random.default_rng((7, step)).integers(len(self.words), size=BATCH))

    def loss(self, batch: Tensor, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some pages, a tenth of them without words."""
        rng = np.random.default_rng((8, step))
        told = ["" if rng.random() < 0.1 else self.words[i][:70] for i in batch.tolist()]
        context = self.generator.encode([PageRequest(scene_id="", caption=words) for words in told])
        x0 = self.data.latents[batch].float().to(device)
        return diffusion_loss(
            self.generator.denoiser, x0, Context(context.tokens, context.mask), step_rng(7, step)
        ), {}


def trained_base(folder: Path, source: Path, steps: int) -> float:
    """Write the base to `folder`; returns the last loss of its training."""
    tiny_checkpoint(folder, FAMILY)
    generator = load_generator(folder)
    some = [story.frames[0].picture() for story in read_stories(source, "train").stories]
    with torch.no_grad():
        latents = generator.autoencoder.vae.encode(
            to_tensor([fit_square(one, generator.size) for one in some])
        ).latent_dist.mode()
    settings = json.loads((folder / "vae" / "config.json").read_text())
    settings |= {
        "latents_mean": latents.mean((0, 2, 3)).tolist(),
        "latents_std": latents.std((0, 2, 3)).tolist(),
        "scaling_factor": 1.0,
    }
    (folder / "vae" / "config.json").write_text(json.dumps(settings))
    generator = load_generator(folder)
    with torch.no_grad():  # random weights hardly hear their tokens, and would learn to ignore them
        for name, weight in generator.denoiser.unet.named_parameters():
            if name.endswith(("attn2.to_out.0.weight", "proj_out.weight")):
                weight.mul_(4)
    data = encode_stories(generator, read_stories(source, "train"), folder / "encoded", "train")
    config = TrainConfig(steps=steps, learning_rate=2e-3, checkpoint_every=steps, ema=0.99, precision="fp32")
    *_, last = train("base", WordsObjective(generator, data), config, folder / "run")
    generator.denoiser.unet.save_pretrained(folder / "unet")
    return last.loss


def learn(folder: Path, base: Path, source: Path, kind: str, steps: int) -> dict[str, object]:
    """Train a memory, stop and resume it on the way, and measure it."""
    plan = FrozenPlan(base=str(base), data=source, memory=kind, width=32, rank=RANK, frames=FRAMES)
    config = TrainConfig(
        steps=steps,
        learning_rate=5e-3,
        warmup=20,
        ema=0.98,
        checkpoint_every=steps // 2,
        log_every=10,
        precision="fp32",
    )
    began = time.perf_counter()
    events = [event for event in train_frozen(folder / "whole", config, plan) if isinstance(event, TrainStep)]
    seconds = time.perf_counter() - began
    shutil.copytree(folder / "whole" / "data", folder / "halves" / "data")
    run = train_frozen(folder / "halves", config, plan)
    for event in run:
        if isinstance(event, TrainStep) and event.step > steps // 2:
            break
    run.close()
    list(train_frozen(folder / "halves", config, plan, resume=True))
    same = fingerprint(folder / "whole" / "memory") == fingerprint(folder / "halves" / "memory")
    generator = load_generator(base)
    held_out = encode_stories(
        generator, read_stories(source, "validation"), folder / "whole" / "data", "validation"
    )
    memory = load_bridged(str(folder / "whole" / "memory"))
    alone = np.array(story_losses(generator, None, held_out, frames=FRAMES))
    own = np.array(story_losses(generator, memory, held_out, frames=FRAMES))
    other = np.array(story_losses(generator, memory, held_out, frames=FRAMES, feed="other"))
    gains = {
        "own pictures": alone - own,
        "another book's pictures": alone - other,
        "own over another's": other - own,
    }
    return {
        "books": len(alone),
        "loss": {name: float(x.mean()) for name, x in (("base", alone), ("memory", own), ("other", other))},
        "gain": {name: vars(estimate(Tally(gain, np.ones(len(gain))))) for name, gain in gains.items()},
        "training": [round(event.loss, 4) for event in events[:-1]],
        "resumed bit for bit": same,
        "parameters": sum(p.numel() for p in memory.parameters()),
        "megabytes": round((folder / "whole" / "memory" / "model.safetensors").stat().st_size / 2**20, 2),
        "draws beside another base": draws(folder, memory),
        "seconds": round(seconds, 1),
    }


def draws(folder: Path, memory: BridgedMemory) -> dict[str, bool]:
    """Whether a story is drawn beside other models: one of the same widths, and one of another family."""
    story, found = parse_story("Mia ran to the beach. She met Leo."), {}
    for family in ("sd2", "sd1"):
        other = load_generator(tiny_checkpoint(folder / family, family, seed=1))
        try:
            events = list(illustrate(story, other, memory=memory, steps=2))
        except CheckpointError:
            found[family] = False
        else:
            found[family] = sum(isinstance(event, PageDone) for event in events) == len(story.scenes)
    return found


def main() -> None:
    """Train, measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base-steps", type=int, default=300)
    parser.add_argument("--steps", type=int, default=250)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        loss = trained_base(home / "base", options.data, options.base_steps)
        found = {"base": {"steps": options.base_steps, "last loss": loss}} | {
            kind: learn(home / kind, home / "base", options.data, kind, options.steps)
            for kind in ("lstm", "ar-ldm")
        }
    text = json.dumps({"torch": torch.__version__, "steps": options.steps, **found}, indent=2)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)  # noqa: T201 - this is its output


if __name__ == "__main__":
    main()
