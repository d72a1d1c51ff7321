"""Seconds a page, peak memory and what is kept, for each way to remember beside checkpoints of real families.

Run:  python benchmarks/checkpoints.py [--json out.json]                                (tiny random weights, one thread of a CPU)
      python benchmarks/checkpoints.py --device cuda --size real [--json out.json]      (random weights of real size, 16 bits)
The weights are random, so pictures are noise; times and sizes do not depend on that. In one process all ways draw the same story
side by side, page by page in turn, and seconds are given as ratios to the same page with `none`; for its peak memory each
way draws once more in a process of its own. With --size real all needs about 20 GB of disk and minutes of a large GPU.

`storydiffusion` is `token_bank.py`.
"""

import argparse
import collections.abc
import json
import multiprocessing
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from adapter_training import Step, reckoned
from real_sizes import SIDES, Family, attended, real_checkpoint, real_ip_adapter
from token_bank import PART, TokenBank
from torch import Tensor

from lianhuan.conductor import PageDone, illustrate
from lianhuan.errors import DeviceError
from lianhuan.generators import Compute, Generator, load_generator
from lianhuan.generators.checkpoint import quiet
from lianhuan.generators.ip_adapter import load_ip_adapter
from lianhuan.memory import Memory, NoMemory, SharedAttentionMemory
from lianhuan.memory.base import State
from lianhuan.memory.bridged import BridgedMemory
from lianhuan.memory.image_prompt import ImagePromptMemory
from lianhuan.memory.reference import ReferenceMemory
from lianhuan.models.context import Context
from lianhuan.script import parse_story
from lianhuan.testing.checkpoints import tiny_checkpoint, tiny_ip_adapter
from lianhuan.testing.pipelines import tiny_pipeline

METHODS = ("none", "shared-attention", "storydiffusion", "image-prompt", "lstm", "ar-ldm")
ROUND = ("Mia ran to the beach.", "Mia met Leo.", "Leo slept in the forest.", "They waved.")
TINY_SIDE = 32
"""Of the latents of tiny checkpoints."""


@dataclass(frozen=True)
class Setting:
    """What is measured, see `main`."""

    home: Path
    size: str
    device: str
    pages: int
    steps: int
    stories: int
    side: int | None
    families: tuple[str, ...]

    @property
    def width(self) -> int:
        """Of the tokens of lstm and ar-ldm."""
        return 256 if self.size == "real" else 64


def prepare(setting: Setting, family: str) -> None:
    """Write the checkpoint of a family, and its IP-Adapter."""
    folder = setting.home / family
    with quiet():
        if family == "kontext":
            tiny_pipeline(folder, "kontext")
        elif setting.size == "real":
            real_checkpoint(folder, family, setting.device, setting.side)  # type: ignore[arg-type]  # names of families
            real_ip_adapter(folder / "adapter", family, setting.device)  # type: ignore[arg-type]  # as above
        else:
            tiny_checkpoint(folder, family)  # type: ignore[arg-type]  # as above
            tiny_ip_adapter(folder / "adapter", folder)
            path = folder / "unet" / "config.json"
            config = json.loads(path.read_text()) | {"sample_size": setting.side or TINY_SIDE}
            path.write_text(json.dumps(config))


def load(setting: Setting, family: str, *, half: bool = True) -> Any:
    """The generator."""
    half = half and setting.device.startswith("cuda")
    generator = load_generator(
        setting.home / family, compute=Compute(setting.device, "fp16" if half else None)
    )
    return generator


def ready(setting: Setting, family: str, method: str, generator: Any) -> tuple[Any, Memory]:
    """What draws, and with which memory."""
    memory: Memory
    if method == "storydiffusion":
        memory = TokenBank()
        return memory.attached(generator), memory
    if method == "image-prompt":
        file = next((setting.home / family / "adapter").glob("*.safetensors"))
        memory = ImagePromptMemory(load_ip_adapter(file, setting.home / family, setting.device))
    elif method in ("lstm", "ar-ldm"):
        torch.manual_seed(0)
        memory = BridgedMemory.beside(generator, method, width=setting.width).eval().requires_grad_(False)
        memory.to(setting.device)
    else:
        memory = {
            "none": NoMemory,
            "shared-attention": SharedAttentionMemory,
            "reference": ReferenceMemory,
        }[method]()
    return generator, memory


def story_of(
    setting: Setting, drawing: Generator, memory: Memory
) -> collections.abc.Generator[int, None, None]:
    """Draw one story; after each page the bytes that are kept of all pages so far."""
    kept = [0]
    write = memory.write

    def weighed(state: State, context: Context, latents: Tensor) -> State:
        after = write(state, context, latents)
        kept.append(bytes_of(after, set()))
        return after

    memory.write = weighed  # type: ignore[method-assign]  # to look at it
    story = parse_story(" ".join(ROUND[i % len(ROUND)] for i in range(setting.pages)))
    try:
        for event in illustrate(story, drawing, memory=memory, steps=setting.steps):
            if isinstance(event, PageDone):
                yield kept[-1]
    finally:
        memory.write = write  # type: ignore[method-assign]


def timed(setting: Setting, family: str, methods: tuple[str, ...]) -> dict[str, Any]:
    """All methods in turn, page by page: seconds of each page of each story, and the bytes kept after each page."""
    generator = load(setting, family)
    told = {name: ready(setting, family, name, generator) for name in methods}
    seconds: dict[str, list[list[float]]] = {name: [] for name in methods}
    kept: dict[str, list[int]] = {}
    for number in range(setting.stories + 1):
        running = {name: story_of(setting, *told[name]) for name in methods}
        row: dict[str, list[float]] = {name: [] for name in methods}
        kept = {name: [] for name in methods}
        for _ in range(setting.pages if number else 2):  # two pages of the first story warm up
            for name, story in running.items():
                began = time.perf_counter()
                kept[name].append(next(story))
                row[name].append(time.perf_counter() - began)
        for story in running.values():
            story.close()
        for name, times in row.items():
            seconds[name].append(times)
    return {"seconds": {name: rows[1:] for name, rows in seconds.items()}, "kept_bytes": kept}


def peak(setting: Setting, family: str, method: str) -> dict[str, Any]:
    """Megabytes of one method in this process: once loaded, and the highest while each page is drawn."""
    generator = load(setting, family)
    drawing, memory = ready(setting, family, method, generator)
    loaded, highest = megabytes(setting, peak=False), []
    forget_peak(setting)
    try:
        for _ in story_of(setting, drawing, memory):
            highest.append(megabytes(setting, peak=True))
            forget_peak(setting)
    except DeviceError as error:
        return {"loaded_mb": loaded, "peak_mb": highest, "failed": str(error)}
    return {"loaded_mb": loaded, "peak_mb": highest}


def training_times(setting: Setting, steps: int) -> dict[str, list[float]]:
    """Seconds of training steps without and with gradient checkpointing, in turn."""
    pair = {
        name: Step(load(setting, "sd1", half=False), setting.width, checkpointing=name == "checkpointing")
        for name in ("plain", "checkpointing")
    }
    rows = [{name: step() for name, step in pair.items()} for _ in range(steps + 1)][1:]
    return {name: [row[name] for row in rows] for name in pair}


def training_peak(setting: Setting, checkpointing: bool) -> dict[str, float]:
    """Megabytes of a training step in this process: before it, and at most."""
    step = Step(load(setting, "sd1", half=False), setting.width, checkpointing=checkpointing)
    step.objective.batch(0)
    loaded = megabytes(setting, peak=False)
    forget_peak(setting)
    step()
    return {"loaded_mb": loaded, "peak_mb": megabytes(setting, peak=True)}


def bytes_of(value: Any, seen: set[int]) -> int:
    """Bytes of all tensors in a state, each storage once."""
    if isinstance(value, Tensor):
        storage = value.untyped_storage()
        new = storage.data_ptr() not in seen
        seen.add(storage.data_ptr())
        return storage.nbytes() if new else 0
    if isinstance(value, Mapping):
        return sum(bytes_of(one, seen) for one in value.values())
    if isinstance(value, list | tuple):
        return sum(bytes_of(one, seen) for one in value)
    if is_dataclass(value):
        return sum(bytes_of(getattr(value, field.name), seen) for field in fields(value))
    return 0


def megabytes(setting: Setting, *, peak: bool) -> float:
    """Of the GPU's memory in use by torch, or of this process; now, or at most since `forget_peak`."""
    if setting.device.startswith("cuda"):
        return (torch.cuda.max_memory_allocated() if peak else torch.cuda.memory_allocated()) / 2**20
    wanted = "VmHWM" if peak else "VmRSS"
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(wanted))


def forget_peak(setting: Setting) -> None:
    """Start looking for the highest use anew."""
    if setting.device.startswith("cuda"):
        torch.cuda.reset_peak_memory_stats()
    else:
        Path("/proc/self/clear_refs").write_text("5")


def summary(found: dict[str, Any]) -> dict[str, Any]:
    """Of each method: seconds as ratios to none, all pages and by page, kept megabytes by page, and peak megabytes over loaded ones."""
    none = found["seconds"]["none"]
    table = {}
    for name, rows in found["seconds"].items():
        ratios = [
            [a / b for a, b in zip(row, base, strict=True)] for row, base in zip(rows, none, strict=True)
        ]
        used = found["memory"][name]
        table[name] = {
            "seconds": round(statistics.median(t for row in rows for t in row), 3),
            "ratio": round(statistics.median(r for row in ratios for r in row), 2),
            "ratio_by_page": [round(statistics.median(page), 2) for page in zip(*ratios, strict=True)],
            "kept_mb_by_page": [round(kept / 2**20, 2) for kept in found["kept_bytes"][name]],
            "peak_over_none_mb": round(
                max(used["peak_mb"], default=0) - max(found["memory"]["none"]["peak_mb"])
            ),
            "peak_mb_by_page": [round(used_mb) for used_mb in used["peak_mb"]],
        }
    return table


def reckoned_kept(family: Family, steps: int = 20) -> dict[str, float]:
    """Megabytes kept of one page at real size with guidance, reckoned: tokens in 16 bits, latents and noise in 32."""
    words, extra = (768, 0) if family == "sd1" else (2048, 1280 + 6)
    picture = 2 * 4 * SIDES[family] ** 2 * 4
    return {
        "shared-attention": (picture + 2 * (77 * words + extra)) / 2**20,
        "storydiffusion": 2 * 2 * PART * steps * attended(family) / 2**20,
        "steps": steps,
    }


def machine(setting: Setting) -> dict[str, Any]:
    """Where this runs."""
    gpu = torch.cuda.get_device_name() if setting.device.startswith("cuda") else None
    return {"device": gpu or platform.machine(), "cores": os.cpu_count(), "torch": torch.__version__}


def measure(setting: Setting) -> dict[str, Any]:
    """Everything, each part in a process of its own; this one never touches a GPU."""
    with multiprocessing.get_context("fork").Pool(1, initializer=one_thread, maxtasksperchild=1) as pool:
        report: dict[str, Any] = {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "size": setting.size,
            "weights": "random",
            "machine": pool.apply(machine, (setting,)),
            "load_average_before": os.getloadavg(),
            "pages": setting.pages,
            "steps": setting.steps,
            "stories": setting.stories,
            "families": {},
        }
        for family in setting.families:
            methods = ("none", "reference") if family == "kontext" else METHODS
            pool.apply(prepare, (setting, family))
            found = pool.apply(timed, (setting, family, methods))
            found["memory"] = {name: pool.apply(peak, (setting, family, name)) for name in methods}
            report["families"][family] = {"table": summary(found), **found}
        report["training"] = {
            "seconds": pool.apply(training_times, (setting, 5)),
            "memory": {
                name: pool.apply(training_peak, (setting, name == "checkpointing"))
                for name in ("plain", "checkpointing")
            },
        }
        report["reckoned_sd15_512px_fp32_not_run"] = pool.apply(reckoned)
        report["reckoned_kept_of_a_page_mb_not_run"] = {
            family: pool.apply(reckoned_kept, (family,)) for family in SIDES
        }
    return report | {"load_average_after": os.getloadavg()}


def one_thread() -> None:
    """Let torch compute in one thread."""
    torch.set_num_threads(1)


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", choices=("tiny", "real"), default="tiny")
    parser.add_argument("--device", default="cpu", help="of torch: cpu or cuda")
    parser.add_argument("--pages", type=int, default=8, help="of a story")
    parser.add_argument(
        "--steps", type=int, default=0, help="of a page; 0 for 4 with tiny sizes, 20 with real ones"
    )
    parser.add_argument("--stories", type=int, default=3, help="that are timed, after one that is not")
    parser.add_argument(
        "--families", nargs="+", choices=("sd1", "sdxl", "kontext"), help="all that there are at this size"
    )
    parser.add_argument("--side", type=int, help="of the latents, to try real weights on small pictures")
    parser.add_argument("--home", type=Path, help="folder for the checkpoints; a temporary one else")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        setting = Setting(
            home=options.home or Path(folder),
            size=options.size,
            device=options.device,
            pages=options.pages,
            steps=options.steps or (20 if options.size == "real" else 4),
            stories=options.stories,
            side=options.side,
            families=tuple(
                options.families or ["sd1", "sdxl", *(["kontext"] if options.size == "tiny" else [])]
            ),
        )
        report = measure(setting)
    tables = {family: found["table"] for family, found in report["families"].items()}
    shown = {**tables, **{name: report[name] for name in report if name.startswith(("training", "reckoned"))}}
    print(json.dumps(shown, indent=1))  # noqa: T201 - a script's result
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
