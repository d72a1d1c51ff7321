"""Seconds a picture of the embedded model against diffusers' StableDiffusionPipeline with the same networks, steps and guidance.

Run:  python benchmarks/speed.py [--books 3] [--steps 20] [--cold 1] [--json out.json]
"torch" and "light" are the two engines with that many steps, "exact" is the light engine without 8-bit numbers, "few" is the light engine with the model's own few steps.
All sides draw in turn in one process, a book each (its pictures are the pages and the portraits before them), so that a busy machine
slows all; the ratios are what counts. With --cold N
the whole command, from a text to a PDF of six pages, is timed N times with each engine as well, in turn, with its peak memory.
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import SimpleNamespace

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionPipeline
from torch import Tensor, nn

from lianhuan import illustrate, load_generator, load_memory, parse_story
from lianhuan.conductor import PageDone, PortraitDone
from lianhuan.generators import Generator, LatentDiffusion
from lianhuan.memory import Memory
from lianhuan.models.context import Context
from lianhuan.models.files import RANGES
from lianhuan.sampling import page_noise
from lianhuan.story import DEFAULT_GUIDANCE, PageRequest

PAGE = PageRequest(scene_id="s001", caption="Mia ran to the beach.")
STORY = "Mia ran to the beach. She sat down. A fox named Lily laughed. They waved. Mia jumped. Lily slept."


class PipelineUNet(nn.Module):
    """The embedded denoiser's UNet under the interface that the stock pipeline expects."""

    def __init__(self, generator: LatentDiffusion, mask: Tensor):
        super().__init__()
        self.denoiser, self.mask = generator.denoiser, mask
        self.config = SimpleNamespace(
            in_channels=8,
            sample_size=16,
            time_cond_proj_dim=None,
            addition_embed_type=None,
            _diffusers_version="0.42",
        )
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def forward(self, x: Tensor, t: Tensor, encoder_hidden_states: Tensor, **_: object) -> tuple[Tensor]:
        """v-prediction of the UNet with the summary tokens where the embedded model has them."""
        mask = self.mask.expand(len(x), -1) if len(self.mask) != len(x) else self.mask
        return (self.denoiser.predict(x, t.expand(len(x)), Context(encoder_hidden_states, mask)),)


class PipelineVAE(nn.Module):
    """The embedded autoencoder under the interface that the stock pipeline expects."""

    def __init__(self, generator: LatentDiffusion):
        super().__init__()
        self.autoencoder = generator.autoencoder
        self.config = SimpleNamespace(scaling_factor=1.0, block_out_channels=(1, 1, 1, 1))
        self.dtype, self.device = torch.float32, torch.device("cpu")

    def decode(self, latents: Tensor, **_: object) -> tuple[Tensor]:
        """Pictures in [-1, 1]."""
        return (self.autoencoder.decode(latents),)


def stock_page(generator: LatentDiffusion, noise: Tensor, steps: int) -> None:
    """One page through the stock pipeline, its prompt encoded by the same text encoder."""
    words, null = generator.encode([PAGE]), generator.null(1)
    pipe = StableDiffusionPipeline(
        vae=PipelineVAE(generator),
        text_encoder=None,
        tokenizer=None,
        unet=PipelineUNet(generator, torch.cat([null.mask, words.mask])),
        scheduler=DPMSolverMultistepScheduler(
            1000,
            beta_schedule="squaredcos_cap_v2",
            prediction_type="v_prediction",
            timestep_spacing="trailing",
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipe.set_progress_bar_config(disable=True)
    pipe(
        prompt_embeds=words.tokens,
        negative_prompt_embeds=null.tokens,
        latents=noise,
        num_inference_steps=steps,
        guidance_scale=DEFAULT_GUIDANCE,
    )


class Stopwatch:
    """Counts the seconds spent in the generator's networks."""

    def __init__(self, generator: LatentDiffusion):
        self.seconds = 0.0
        self._begun = 0.0
        for module in (generator.denoiser, generator.text_encoder):
            module.register_forward_pre_hook(self._start)
            module.register_forward_hook(self._stop)
        for module in (generator.autoencoder.encoder, generator.autoencoder.decoder):
            module.register_forward_pre_hook(self._start)
            module.register_forward_hook(self._stop)

    def _start(self, *_: object) -> None:
        self._begun = time.perf_counter()

    def _stop(self, *_: object) -> None:
        self.seconds += time.perf_counter() - self._begun


def timed(job: Callable[[], None]) -> float:
    """Seconds that it takes."""
    begun = time.perf_counter()
    job()
    return time.perf_counter() - begun


@dataclass(frozen=True)
class Way:
    """How a side draws: its generator, and its steps; None takes the model's own few steps."""

    generator: Generator
    memory: Memory
    steps: int | None


def book(way: Way) -> list[float]:
    """Seconds of each picture of the story."""
    spent, begun = [], time.perf_counter()
    for event in illustrate(parse_story(STORY), way.generator, memory=way.memory, steps=way.steps):
        if isinstance(event, PageDone | PortraitDone):
            spent.append(time.perf_counter() - begun)
            begun = time.perf_counter()
    return spent


def cold(engine: str, steps: int | None) -> dict[str, float]:
    """Seconds and peak memory of the command from a text to a PDF, in a process of its own."""
    told = "import atexit; atexit.register(lambda: print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0]))"
    program = (
        f"{told}; from lianhuan.cli import main; main()"  # what getrusage tells begins with the parent's peak
    )
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "story.txt"
        text.write_text(STORY, encoding="utf-8")
        args = ["illustrate", str(text), "-o", f"{folder}/book", "--engine", engine]
        args += [] if steps is None else ["--steps", str(steps)]
        start = time.perf_counter()
        command = [sys.executable, "-c", program, *args]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak_memory_mb": int(done.stdout.split()[-1]) / 1024}


def exact_model(folder: Path) -> str:
    """The shipped model, but with 32-bit numbers throughout, in `folder`."""
    package = resources.files("lianhuan") / "weights" / "storybook"
    shutil.copytree(str(package), folder, ignore=shutil.ignore_patterns(RANGES))
    return str(folder)


def main() -> None:
    """Draw the same books on all sides in turn and print seconds, ratios, share outside the model, peak memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--books", type=int, default=3)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--cold", type=int, default=0)
    parser.add_argument("--json", default=None)
    options = parser.parse_args()
    torch.set_num_threads(2)
    noise = torch.from_numpy(page_noise(0, "s001", 0, (1, 8, 16, 16)))
    with tempfile.TemporaryDirectory() as folder:
        models = {
            "torch": load_generator(),
            "exact": load_generator(exact_model(Path(folder) / "model"), engine="light"),
            "light": load_generator(engine="light"),
        }
        memories = {e: load_memory("lstm", "storybook", engine=e) for e in ("torch", "light")}
        ways = {name: Way(one, memories[one.engine], options.steps) for name, one in models.items()}
        ways["few"] = Way(models["light"], memories["light"], None)
        pictures = [len(book(way)) for way in ways.values()].pop()
    generator = models["torch"]
    stock_page(generator, noise, 2)
    inside, within = Stopwatch(generator), 0.0
    times: dict[str, list[list[float]]] = {"stock": [], **{name: [] for name in ways}}
    for _ in range(options.books):
        times["stock"].append(
            [timed(lambda: stock_page(generator, noise, options.steps)) for _ in range(pictures)]
        )
        for name, way in ways.items():
            inside.seconds = 0.0
            times[name].append(book(way))
            within += inside.seconds if name == "torch" else 0
    medians = {name: [statistics.median(one) for one in books] for name, books in times.items()}
    report: dict[str, object] = {
        "books": options.books,
        "pictures_per_book": pictures,
        "steps": options.steps,
        "seconds_per_picture": {name: statistics.median(found) for name, found in medians.items()},
        "stock_over": {
            name: statistics.median(t / o for t, o in zip(medians["stock"], medians[name], strict=True))
            for name in ways
        },
        "torch_share_outside_the_networks": 1 - within / sum(map(sum, times["torch"])),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    runs = [
        {name: cold(way.generator.engine, way.steps) for name, way in ways.items() if name != "exact"}
        for _ in range(options.cold)
    ]
    if runs:
        report["cold"] = {
            name: {key: statistics.median(run[name][key] for run in runs) for key in runs[0][name]}
            for name in runs[0]
        }
    text = json.dumps(report, indent=2)
    print(text)  # noqa: T201 - a script's result
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:  # noqa: PTH123 - a script
            file.write(text + "\n")


if __name__ == "__main__":
    main()
