"""Memories beside tiny Stable Diffusion models, and stories of coloured pictures to train them on."""

import colorsys
import json
import multiprocessing
import os
import socket
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from lianhuan import load_generator
from lianhuan.data.captioned import read_captioned_stories
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.memory.bridged import BridgedMemory
from lianhuan.train.encoded import EncodedStories, encode_stories
from lianhuan.train.frozen import FrozenBaseObjective, FrozenPlan
from lianhuan.train.loop import TrainConfig, train
from lianhuan.train.processes import Processes

WIDTH = 16
CONFIG = TrainConfig(
    steps=6, learning_rate=3e-3, warmup=2, checkpoint_every=3, log_every=1, ema=0.5, precision="fp32"
)


def write_stories(folder: Path, stories: int = 12, frames: int = 3) -> Path:
    """Stories whose pictures are all of one colour, which no word says."""
    for number in range(stories):
        home = folder / f"story-{number}"
        home.mkdir(parents=True)
        colour = colorsys.hsv_to_rgb(number / stories, 0.9, 0.8)
        for k in range(frames):
            shade = tuple(int(255 * c * (1 - 0.1 * k)) for c in colour)
            Image.new("RGB", (64, 64), shade).save(home / f"{k}.png")
            (home / f"{k}.txt").write_text(f"Mia met Leo, page {k}.", encoding="utf-8")
    return folder


def memory_beside(generator: StableDiffusion, kind: str, rank: int = 0) -> BridgedMemory:
    torch.manual_seed(3)
    return BridgedMemory.beside(generator, kind, width=WIDTH, heads=2, rank=rank)


def objective(
    generator: StableDiffusion, data: EncodedStories, kind: str, *, rank: int = 0, **settings: Any
) -> FrozenBaseObjective:
    """A new memory to train; always the same weights."""
    plan = FrozenPlan(base="", data=Path(), memory=kind, rank=rank, frames=3, **settings)
    return FrozenBaseObjective(generator, memory_beside(generator, kind, rank), data, plan)


def encoded(generator: StableDiffusion, stories: Path, folder: Path) -> EncodedStories:
    """All stories of a folder."""
    return encode_stories(generator, read_captioned_stories(stories), folder, "train")


def listening(generator: StableDiffusion) -> StableDiffusion:
    """The generator with louder attention to its tokens: random weights hardly hear them."""
    with torch.no_grad():
        for name, p in generator.denoiser.unet.named_parameters():
            if name.endswith(("attn2.to_out.0.weight", "proj_out.weight", "conv_out.weight")):
                p.mul_(4)
    return generator


def coloured_latents() -> EncodedStories:
    """Eight stories of two frames, each of one colour, which no word says."""
    signs = torch.tensor([[a, b, c, -a] for a in (-1, 1) for b in (-1, 1) for c in (-1, 1)])
    latents = (1.5 * signs)[:, None, :, None, None].expand(-1, 2, -1, 8, 8).reshape(-1, 4, 8, 8)
    return EncodedStories("train", latents.half(), ((("Mia.",), ("Then.",)),) * 8, {})


def train_in_processes(base: Path, stories: Path, out: Path, count: int) -> list[dict[str, Any]]:
    """What `count` processes found that train together, told so by the variables that torchrun sets.

    They are copies of this one, so that nothing has to be imported again.
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    told = {"WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
    copies = multiprocessing.get_context("fork")
    running = [
        copies.Process(
            target=_train_as, args=({**told, "RANK": rank, "LOCAL_RANK": rank}, base, stories, out)
        )
        for rank in range(count)
    ]
    for process in running:
        process.start()
    for process in running:
        process.join(300)
    assert [process.exitcode for process in running] == [0] * count
    return [json.loads((out / f"{rank}.json").read_text()) for rank in range(count)]


def _train_as(told: dict[str, object], base: Path, stories: Path, out: Path) -> None:
    os.environ.update({name: str(value) for name, value in told.items()})
    train_in_a_process(base, stories, out)


def train_in_a_process(base: Path, stories: Path, out: Path) -> dict[str, Any]:
    """What each process of a run does; it writes its losses and weights to `out`."""
    generator = load_generator(base)
    here = Processes.join()
    with here.main_first():
        data = encoded(generator, stories, out / "data")
    config = TrainConfig(**{**vars(CONFIG), "accumulate": 2, "steps": 4})
    work = objective(generator, data, "lstm", rank=2)
    events = list(train("run", work, config, out))
    weights = sum(float(p.detach().double().abs().sum()) for p in work.module.parameters())
    found = {"losses": [event.loss for event in events], "weights": weights, "count": here.count}
    (out / f"{here.rank}.json").write_text(json.dumps(found))
    return found
