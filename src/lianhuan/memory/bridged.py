"""The trained memories beside a frozen Stable Diffusion model.

The memory itself, LSTM (seed document 000) or AR-LDM's history (001), is that of the embedded model. What is between is
learnt with it, and the model stays as it is:

    inside = [slots ; words] = Slots(c_t)                       summary tokens that looked at the model's own tokens
    tokens_t = c_t + W (memory(inside) - inside)                its residual on every word, and on the last four tokens that of
                                                                the four slots: padding, unless the prompt is very long
    tokens_t = [tokens_t ; W (history)]                         AR-LDM: the blocks of earlier frames

A new LSTM memory changes nothing, for its residual is zero. With `rank` the attention of the model gets low-rank changes
(Hu et al., "LoRA", 2021), which are part of the memory, so that it can learn to look at new tokens.
"""

import copy
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import Tensor, nn

from lianhuan.errors import CheckpointError
from lianhuan.generators.base import Generator, Input
from lianhuan.generators.latent import LatentGenerator
from lianhuan.memory.ar_ldm import ARLDMMemory, ARLDMMemoryConfig
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks
from lianhuan.memory.lstm import LSTMMemory, LSTMMemoryConfig
from lianhuan.models.adapter import attention_layers
from lianhuan.models.context import Context
from lianhuan.models.files import fingerprint, load_weights, read_config, save_part
from lianhuan.models.sizes import SIDE
from lianhuan.models.slots import SUMMARY_TOKENS, Slots, grid

FORMAT = "lianhuan-memory-1"
KINDS = (LSTMMemory.name, ARLDMMemory.name)


@dataclass(frozen=True)
class Base:
    """What a memory has to know of the model that it is beside; any model of which this is true will do.

    Attributes:
        family: "sd1", "sd2" or "sdxl".
        context_width: numbers of a token.
        latent_channels: of a picture's latents.
    """

    family: str
    context_width: int
    latent_channels: int

    @classmethod
    def of(cls, generator: Generator) -> "Base":
        """The base that `generator` is.

        Raises:
            CheckpointError: it is no Stable Diffusion model.
        """
        words = getattr(generator, "words", None)
        if words is None or not isinstance(generator, LatentGenerator):
            raise CheckpointError(
                f"{generator.name} is not of Stable Diffusion; memories in a folder of their own are for that family"
            )
        unet: Any = generator.denoiser.unet
        family = "sdxl" if len(words) == 2 else "sd2" if unet.config.use_linear_projection else "sd1"
        return cls(family, unet.config.cross_attention_dim, unet.config.in_channels)

    def __str__(self) -> str:
        return f"{self.family} with tokens of {self.context_width} numbers and {self.latent_channels} latent channels"


@dataclass(frozen=True)
class BridgedMemoryConfig:
    """Sizes of `BridgedMemory`.

    Attributes:
        memory: one of `KINDS`.
        base: what it is beside.
        fold: squares of so many latents a side are one cell of the 16 x 16 that it sees: 4 for 512 px, 8 for 1024 px.
        width: of its own tokens.
        heads: of its attention.
        window: earlier frames that AR-LDM keeps.
        rank: of the changes of the base's attention; 0 for none.
        layers: name of an attention projection of the base -> its (inputs, outputs), where there are changes.
    """

    memory: str
    base: Base
    fold: int
    width: int = 256
    heads: int = 4
    window: int = 4
    rank: int = 0
    layers: Mapping[str, tuple[int, int]] = field(default_factory=dict)


class Change(nn.Module):
    """What is added to the output of one projection: B A x, B zero at the start."""

    def __init__(self, inputs: int, outputs: int, rank: int):
        super().__init__()
        self.down = nn.Linear(inputs, rank, bias=False)
        self.up = nn.Linear(rank, outputs, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(..., outputs) from (..., inputs)."""
        return self.up(self.down(x.to(self.down.weight)))


class BridgedMemory(nn.Module):
    """Implements `lianhuan.memory.Memory` with the state of the memory inside, for models of `config.base`.

    `name` is the kind until it is loaded; a loaded one is called by its folder.
    """

    gives: frozenset[Input] = frozenset({"tokens"})
    casts: Looks | None = None

    def __init__(self, config: BridgedMemoryConfig):
        super().__init__()
        self.config = config
        self.name, self.fingerprint = config.memory, ""
        channels, width = config.base.latent_channels * config.fold**2, config.width
        self.slots = Slots(config.base.context_width, width, config.heads)
        self.inner: LSTMMemory | ARLDMMemory
        if config.memory == LSTMMemory.name:
            sizes = LSTMMemoryConfig(channels, width, 2 * width, 3 * width // 2, config.heads)
            self.inner = LSTMMemory(sizes)
        else:
            self.inner = ARLDMMemory(ARLDMMemoryConfig(channels, width, config.heads, window=config.window))
        self.out = nn.Linear(width, config.base.context_width, bias=False)
        self.changes = nn.ModuleDict(
            {_key(name): Change(*sizes, config.rank) for name, sizes in config.layers.items()}
        )

    @classmethod
    def beside(
        cls, generator: LatentGenerator, memory: str, *, width: int = 256, rank: int = 0, heads: int = 4
    ) -> "BridgedMemory":
        """A new memory for `generator` and all models of its family.

        Args:
            generator: a Stable Diffusion model.
            memory: one of `KINDS`.
            width: of its own tokens.
            rank: of the changes of the model's attention; 0 leaves that alone.
            heads: of its attention.

        Raises:
            CheckpointError: the model is no Stable Diffusion, or there is no such memory.
        """
        if memory not in KINDS:
            raise CheckpointError(f"no memory to train is called {memory!r}; there are: {', '.join(KINDS)}")
        base = Base.of(generator)
        found = attention_layers(generator.denoiser.unet) if rank else {}
        layers = {name: (layer.in_features, layer.out_features) for name, layer in found.items()}
        fold = max(1, generator.side // SIDE)
        new = cls(BridgedMemoryConfig(memory, base, fold, width, heads, rank=rank, layers=layers))
        if isinstance(new.inner, ARLDMMemory):
            black = generator.encode_pictures([Image.new("RGB", (generator.size, generator.size))])
            new.inner.black.copy_(grid(black, fold))
        return new

    def start(self, stories: int) -> State:
        """The state before the first frame."""
        return self.inner.start(stories)

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """The context with what is remembered; on "uncond" the null of the memory inside."""
        before = self.slots(context)
        after = self.inner.read(state, before, branch)
        size = before.tokens.shape[1]
        moved = self.out(after.tokens[:, :size] - before.tokens)
        words = context.tokens.shape[1]
        residual = moved[:, SUMMARY_TOKENS:] + nn.functional.pad(
            moved[:, :SUMMARY_TOKENS], (0, 0, words - SUMMARY_TOKENS, 0)
        )
        history = self.out(after.tokens[:, size:])
        return replace(
            context,
            tokens=torch.cat([context.tokens + residual, history], dim=1).to(context.tokens),
            mask=torch.cat([context.mask, after.mask[:, size:]], dim=1),
        )

    def write(self, state: State, context: Context, latents: Tensor) -> State:
        """The state after a frame."""
        return self.inner.write(state, self.slots(context), grid(latents, self.config.fold))

    def fitted(self, generator: Generator) -> Generator:
        """`generator`, or where this memory changes its attention a copy that shares its weights, but for the changes.

        Raises:
            CheckpointError: the generator is not of the family that this memory was trained beside.
        """
        base = Base.of(generator)
        if base != self.config.base:
            raise CheckpointError(
                f"the memory {self.name} was trained beside {self.config.base}, and {generator.name} is {base}; "
                "train one beside it, or take a model of that family"
            )
        assert isinstance(generator, LatentGenerator)
        if not self.changes:
            return generator
        parts = generator.denoiser
        shared = {id(tensor): tensor for tensor in (*parts.parameters(), *parts.buffers())}
        fitted = copy.copy(generator)
        fitted.denoiser = copy.deepcopy(parts, shared)
        for name in self.config.layers:
            change = self.changes[_key(name)]
            layer = fitted.denoiser.unet.get_submodule(name)
            layer.register_forward_hook(lambda _layer, args, out, add=change: out + add(args[0]).to(out))
        return fitted

    def save(self, folder: Path) -> None:
        """Write the memory's folder: config.json and model.safetensors, as 16-bit floats."""
        save_part(self, {"format": FORMAT, **asdict(self.config)}, folder)


def load_bridged(name: str, device: str = "cpu") -> BridgedMemory:
    """The memory in a folder.

    Args:
        name: the folder.
        device: where it computes.

    Raises:
        CheckpointError: the folder is missing, damaged or of another kind.
    """
    folder = Path(name).resolve()
    config = read_config(folder)
    if config.pop("format", None) != FORMAT:
        raise CheckpointError(f"{folder} is no memory's folder; train one with recipes/picturebooks.py")
    try:
        base = Base(**config.pop("base"))
        memory = BridgedMemory(BridgedMemoryConfig(base=base, **config))
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise CheckpointError(f"{folder}: settings that this version cannot use ({error})") from error
    load_weights(memory, folder)
    memory.name, memory.fingerprint = str(folder), fingerprint(folder)
    return memory.to(device)


def _key(name: str) -> str:
    """Module names have no dots."""
    return name.replace(".", "|")
