"""How the embedded model could be trained from nothing, at equal cost: objectives, networks, words.

Run:  python benchmarks/equal_cost.py --run runs/storybook --steps 600 --json equal-cost.json -o runs/equal-cost
Six small trainings, one after another, each from the same seed on the same stories with the same times and noise; pages are drawn
from their words alone. What differs:

- objective: `v` (what ships), `eps`, `flow` (rectified flow), with the shipped UNet. All see the same noise LEVELS: times are
  drawn on the cosine path as `lianhuan.train.diffusion` draws them, and flow takes the point of its straight path with the same
  signal-to-noise ratio, so that the objectives differ in their target and the weighting that follows from it (and flow in the scale
  of what the network sees) alone.
- network: the UNet of `v` against a U-ViT (`uvit`), v-prediction, too, sized for about the same milliseconds a step (measured here).
- words: `minilm` and `scratch`, a text encoder from nothing that learns with the denoiser from its loss alone; its word vectors start
  from MiniLM, or random. A step of theirs costs more than of the others, which draw from the shipped words, frozen; compare them with
  each other only.

Judged on stories of the training split that no training saw, with the averaged weights and one sampler for all, DPM-Solver++(2M) on
the estimates of x0, bounded as the shipped model's are. It starts where a little of the picture is left (`FAINTEST`), as Stable Diffusion
does: at the noisiest time of the cosine path eps would be divided by nearly nothing.
One run folder (`scripts/weights take runs/storybook`) gives latents, words, decoder and bound; only what is not cached there is written.
A killed run goes on from its checkpoints, and what is done already is not done again.
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from equal_cost_variants import UVIT, VARIANTS, PagesObjective, build
from PIL import Image

from lianhuan.bench.world import Sight, look_at, wanted
from lianhuan.control import ClassifierFree
from lianhuan.data.world import FRAMES, frame_request
from lianhuan.generators import Drawn, load_generator
from lianhuan.generators.latent_diffusion import LatentDiffusion
from lianhuan.images import contact_sheet, fit_square
from lianhuan.metrics.distances import kernel_distance
from lianhuan.metrics.reader import Reader, load_reader
from lianhuan.metrics.statistics import Tally, estimate
from lianhuan.metrics.world import score
from lianhuan.sampling import NoisePath, Walker, dpmpp_2m, page_noise
from lianhuan.tensors import to_tensor
from lianhuan.train.loop import TrainConfig, autocast, train
from lianhuan.train.processes import pick_device
from lianhuan.world.draw import draw
from lianhuan.world.stories import SPLITS, story

FIRST = 50_000
"""The first story of the training split that is judged; none that far on is trained on."""
FAINTEST = 0.03
"""Least share of the picture where the sampler starts."""
SIGMAS = (0.5, 0.8, 0.95)
"""Shares of noise at which the error of x0 is measured."""
READ = ("character_f1", "place", "action", "prop")
SHOWN = 3
"""Stories on a contact sheet."""


# ---- training


def train_config(name: str, options: argparse.Namespace) -> TrainConfig:
    """The same for all but the learning rate of the U-ViT."""
    rate = options.uvit_learning_rate if VARIANTS[name].network == "uvit" else options.learning_rate
    warmup = min(100, 1 + options.steps // 6)
    return TrainConfig(
        steps=options.steps, learning_rate=rate, warmup=warmup, ema=0.998, checkpoint_every=100, log_every=10
    )


def train_variant(name: str, objective: PagesObjective, options: argparse.Namespace) -> float:
    """Train it, from its checkpoint if there is one; the seconds of all runs that this took."""
    log, began = options.out / f"{name}.jsonl", datetime.now(UTC).isoformat(timespec="seconds")
    for event in train(name, objective, train_config(name, options), options.out, resume=True):
        line = {"began": began, "step": event.step, "loss": event.loss, "seconds": event.seconds}
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        say(f"{name} {event.step}/{event.steps}: loss {event.loss:.4f}, {event.seconds:.0f} s")
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    return sum({line["began"]: float(line["seconds"]) for line in lines}.values())


Seconds = dict[str, list[tuple[float, float]]]
"""By variant, of each step: on the clock, and of the processor."""


def step_seconds(objectives: dict[str, PagesObjective], rounds: int) -> Seconds:
    """Training steps, words and batch included; in turn, so that a busy machine slows all. The first round is not counted."""
    device = pick_device()
    for objective in objectives.values():
        objective.module.to(device)
    optimizers = {
        name: torch.optim.AdamW(objective.module.parameters(), fused=True)
        for name, objective in objectives.items()
    }
    seconds: Seconds = {name: [] for name in objectives}
    for number in range(rounds + 1):
        for name, objective in objectives.items():
            clock, processor = time.perf_counter(), time.process_time()
            with autocast(device, "auto"):
                loss, _ = objective.loss(objective.batch(number), number, device)
            loss.backward()
            optimizers[name].step()
            optimizers[name].zero_grad(set_to_none=True)
            float(loss.detach())  # a GPU has to finish
            seconds[name].append((time.perf_counter() - clock, time.process_time() - processor))
    return {name: row[1:] for name, row in seconds.items()}


def step_costs(seconds: Seconds) -> dict[str, dict[str, float]]:
    """Medians of milliseconds and of the ratios to `v`; those of the processor hardly feel what runs beside."""
    found: dict[str, dict[str, float]] = {}
    for name, row in seconds.items():
        found[name] = {}
        for i, kind in enumerate(("clock", "processor")):
            own, v = [one[i] for one in row], [one[i] for one in seconds["v"]]
            found[name][f"{kind}_ms"] = 1000 * statistics.median(own)
            found[name][f"{kind}_ratio"] = statistics.median(a / b for a, b in zip(own, v, strict=True))
    return found


def timing(options: argparse.Namespace) -> dict[str, Any]:
    """What a step of each variant costs; measured once for an output folder."""
    path: Path = options.out / "timing.json"
    if not path.exists():
        before = os.getloadavg()
        objectives = {name: build(name, options.run, options.stories, options.batch) for name in VARIANTS}
        report = {
            "rounds": options.rounds,
            "steps": step_costs(step_seconds(objectives, options.rounds)),
            "load_average": [before, os.getloadavg()],
        }
        path.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


# ---- judging


def shared_sampler(path: NoisePath, steps: int) -> tuple[list[float], Walker]:
    """Evenly spaced times from the noisiest with `FAINTEST` of the picture, then -1, for DPM-Solver++(2M)."""
    first = int(np.nonzero(path.alphas_cumprod >= FAINTEST**2)[0][-1])
    return [*(round(first * (1 - i / steps)) for i in range(steps)), -1], dpmpp_2m


class Judge:
    """Draws and reads unseen stories, and measures how well x0 is guessed behind noise of known levels."""

    def __init__(self, options: argparse.Namespace):
        self.tales = [story(SPLITS["train"], FIRST + i, FRAMES) for i in range(options.judged)]
        self.steps = options.draw_steps
        generator = load_generator(str(options.run / "model"))
        assert isinstance(generator, LatentDiffusion)
        generator.quick = None
        self.generator = generator
        self.reader = load_reader()
        true = [[draw(frame.graph, Reader.size) for frame in tale.frames] for tale in self.tales]
        self.truth: Sight = look_at(true, self.reader)
        with torch.inference_mode():
            self.latents = [self.generator.autoencoder.encode(to_tensor(pictures)) for pictures in true]

    def take(self, objective: PagesObjective) -> None:
        """Draw with these weights from now on."""
        self.generator.denoiser = objective.denoiser.cpu().eval()
        self.generator.text_encoder = objective.text.cpu().eval()

    def books(self, guidance: float) -> list[list[Image.Image]]:
        """The pages of all stories."""
        null, found = self.generator.null(1), []
        for number, tale in enumerate(self.tales):
            asked = [
                frame_request(tale, k, seed=number, steps=self.steps, guidance=guidance)
                for k in range(FRAMES)
            ]
            contexts = [{"cond": self.generator.encode([page]), "uncond": null} for page in asked]
            *_, last = self.generator.frames(asked, contexts, [ClassifierFree(guidance)], shared_sampler)
            assert isinstance(last, Drawn)
            found.append(list(last.images))
        return found

    def scores(self, books: Sequence[Sequence[Image.Image]]) -> dict[str, Any]:
        """What the reader sees, and the kernel distance x 1000 to the true pictures."""
        sight = look_at(books, self.reader)
        tallies = score(wanted(self.tales), sight.labels)
        found = {name: asdict(estimate(tallies[name])) for name in READ if tallies[name].total.any()}
        distance = asdict(kernel_distance(self.truth.features, sight.features))
        n = distance.pop("n")
        return found | {"kernel_x1000": {key: 1000 * value for key, value in distance.items()} | {"n": n}}

    @torch.inference_mode()
    def x0_errors(self) -> dict[str, Any]:
        """Mean squared error of the guess of x0, without guidance, by share of noise."""
        path = self.generator.denoiser.path
        times = {sigma: int(np.argmax(path.alphas_cumprod <= 1 - sigma**2)) for sigma in SIGMAS}
        return {
            str(sigma): asdict(estimate(self._errors(t, path.alpha(t), path.sigma(t))))
            for sigma, t in times.items()
        }

    def _errors(self, t: int, alpha: float, sigma: float) -> Tally:
        sums = []
        for number, (tale, x0) in enumerate(zip(self.tales, self.latents, strict=True)):
            asked = [frame_request(tale, k) for k in range(FRAMES)]
            rows = [page_noise(number, page.scene_id, 0, tuple(x0.shape[1:])) for page in asked]
            noise = torch.from_numpy(np.stack(rows))
            guess = self.generator.denoiser(alpha * x0 + sigma * noise, t, self.generator.encode(asked))
            sums.append(float((guess - x0).square().mean((1, 2, 3)).sum()))
        return Tally(np.array(sums), np.full(len(sums), float(FRAMES)))


def judged(name: str, judge: Judge, options: argparse.Namespace) -> dict[str, Any]:
    """All figures of the weights that the judge has; a contact sheet is written beside."""
    drawn: dict[str, Any] = {}
    for guidance in options.guidance:
        began = time.perf_counter()
        books = judge.books(guidance)
        drawn[str(guidance)] = {"seconds": time.perf_counter() - began, **judge.scores(books)}
        sheet = [fit_square(page, Reader.size) for book in books[:SHOWN] for page in book]
        contact_sheet(sheet, FRAMES).save(options.out / f"{name}-{guidance}.png")
    return {"guidance": drawn, "x0_error": judge.x0_errors()}


# ---- the whole


def measure(name: str, judge: Callable[[], Judge], options: argparse.Namespace) -> dict[str, Any]:
    """Train and judge a variant, or read what an earlier run found."""
    path: Path = options.out / f"{name}-result.json"
    if not path.exists():
        objective = build(name, options.run, options.stories, options.batch)
        parameters = {part: sum(p.numel() for p in m.parameters()) for part, m in objective.module.items()}  # type: ignore[operator]  # an nn.ModuleDict
        seconds = train_variant(name, objective, options)
        judging = judge()
        judging.take(objective)
        result = {
            **asdict(VARIANTS[name]),
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "parameters": parameters,
            "learning_rate": train_config(name, options).learning_rate,
            "pages_seen": options.steps * options.batch * FRAMES,
            "training_seconds": seconds,
            **judged(name, judging, options),
        }
        path.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def table(report: dict[str, Any]) -> str:
    """The figures as Markdown, one row per variant and guidance."""
    lines = [
        "| variant | guidance | place | action | prop | character F1 | kernel x 1000 | x0 error at noise "
        + " / ".join(map(str, SIGMAS))
        + " | pages seen | s | million parameters | ms a step | ratio to v: clock, processor |",
        "|" + "---|" * 13,
    ]
    for name, one in report["variants"].items():
        cost = report["timing"]["steps"][name]
        errors = " / ".join(f"{one['x0_error'][str(sigma)]['mean']:.3f}" for sigma in SIGMAS)
        for guidance, drawn in one["guidance"].items():
            read = " | ".join(_cell(drawn.get(key)) for key in ("place", "action", "prop", "character_f1"))
            kernel = _cell(drawn["kernel_x1000"], digits=0)
            lines.append(
                f"| {name} | {guidance} | {read} | {kernel} | {errors} | {one['pages_seen']} | {one['training_seconds']:.0f} "
                f"| {sum(one['parameters'].values()) / 1e6:.1f} | {cost['clock_ms']:.0f} | {cost['clock_ratio']:.2f}, {cost['processor_ratio']:.2f} |"
            )
    return "\n".join(lines)


def _cell(figure: dict[str, float] | None, digits: int = 2) -> str:
    if figure is None:
        return ""
    return f"{figure['mean']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


def say(text: str) -> None:
    """Print progress or a result at once."""
    print(text, flush=True)  # noqa: T201 - a script's output


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="folder with model/ and data/")
    parser.add_argument("-o", "--out", type=Path, required=True, help="folder for checkpoints and results")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--batch", type=int, default=10, help="stories of a step")
    parser.add_argument("--stories", type=int, default=6000, help="that are trained on")
    parser.add_argument("--judged", type=int, default=48, help="unseen stories that are drawn")
    parser.add_argument("--draw-steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, nargs="+", default=[4.5, 2.5])
    parser.add_argument("--learning-rate", type=float, default=8e-4)
    parser.add_argument("--uvit-learning-rate", type=float, default=8e-4)
    parser.add_argument("--rounds", type=int, default=5, help="of timed steps of all variants in turn")
    parser.add_argument("--only", default=",".join(VARIANTS), help="variants, with commas between them")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    options.only = options.only.split(",")
    unknown = [name for name in options.only if name not in VARIANTS]
    if unknown:
        parser.error(f"no variant is called {unknown[0]!r}; there are: {', '.join(VARIANTS)}")
    if options.stories > FIRST:
        parser.error(f"stories from {FIRST} on are judged, not trained on")
    return options


def settings_of(options: argparse.Namespace) -> dict[str, Any]:
    """What must be the same for results to be comparable.

    Raises:
        SystemExit: the output folder holds results of other settings.
    """
    apart = ("run", "out", "json", "only", "threads", "rounds")
    found = {key: value for key, value in vars(options).items() if key not in apart} | {"uvit": UVIT}
    path: Path = options.out / "settings.json"
    options.out.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if json.loads(path.read_text(encoding="utf-8")) != found:
        raise SystemExit(f"{options.out} holds results of other settings ({path}); choose another folder")
    return found


def main() -> None:
    """Train and judge one variant after another."""
    options = parsed()
    torch.set_num_threads(options.threads)
    settings = settings_of(options)
    report: dict[str, Any] = {
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": " ".join(sys.argv),
        "machine": {
            "processor": platform.machine(),
            "cores": os.cpu_count(),
            "threads": options.threads,
            "training": str(pick_device()),
            "torch": torch.__version__,
        },
        "n": {"stories": options.judged, "pages": options.judged * FRAMES, "training_seeds": 1},
        "settings": settings,
        "timing": timing(options),
        "variants": {},
    }
    judges: list[Judge] = []

    def judge() -> Judge:
        if not judges:
            judges.append(Judge(options))
        return judges[0]

    for name in options.only:
        report["variants"][name] = measure(name, judge, options)
        if options.json:
            options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    say(table(report))


if __name__ == "__main__":
    main()
