"""A character learnt from a few pictures: a new word, and where asked for what the model learnt beside it."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer
from torch import Tensor, nn
from torch.nn.utils import parametrize

from lianhuan.errors import CheckpointError
from lianhuan.models.text_encoder import StoryTextEncoder

MODES = ("token", "lora", "full")
"""What is learnt: the word's vector alone; with low-rank changes of the denoiser's attention; with everything that draws
but the autoencoder, as adaptive AR-LDM does (seed document 001)."""
FORMAT = "lianhuan-character-1"


@dataclass(frozen=True)
class AdapterInfo:
    """What an adapter is for.

    Attributes:
        name: the character's name when it was learnt.
        kind: the word that the new one started from, which also says what the character is.
        mode: one of `MODES`.
        base: fingerprint of the model that it belongs to.
        rank: rank of the changes in "lora" mode, else 0.
    """

    name: str
    kind: str
    mode: str
    base: str
    rank: int = 0


@dataclass(frozen=True)
class Adapter:
    """A learnt character.

    Attributes:
        info: what it is for.
        token: (word_width,) vector of the new word.
        changes: name of a weight ("unet.…" or "text.…") -> what is added to it.
    """

    info: AdapterInfo
    token: Tensor
    changes: Mapping[str, Tensor]

    def save(self, path: Path) -> None:
        """Write one safetensors file; low-rank changes are stored as their two factors, others as 16-bit floats."""
        path.parent.mkdir(parents=True, exist_ok=True)
        tensors = {"token": self.token.float().contiguous()}
        for name, change in self.changes.items():
            if self.info.rank:
                u, s, v = torch.linalg.svd(change.flatten(1).float(), full_matrices=False)
                rank = self.info.rank
                tensors[f"{name}.up"] = (u[:, :rank] * s[:rank]).half().contiguous()
                tensors[f"{name}.down"] = v[:rank].half().contiguous()
            else:
                tensors[name] = change.half().contiguous()
        half = path.with_name(path.name + ".tmp")
        save_file(tensors, half, {"format": FORMAT, "info": json.dumps(asdict(self.info))})
        half.replace(path)

    @classmethod
    def load(cls, path: Path) -> "Adapter":
        """Read an adapter.

        Raises:
            CheckpointError: the file is missing, damaged, or something else.
        """
        try:
            with safe_open(path, "pt") as file:
                meta = file.metadata() or {}
                if meta.get("format") != FORMAT:
                    raise CheckpointError(f"{path} is no learnt character; make one with `lianhuan adapt`")
                info = AdapterInfo(**json.loads(meta["info"]))
                tensors = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - no mapping
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"{path} is missing or damaged ({error})") from error
        token = tensors.pop("token")
        if info.rank:
            names = [name.removesuffix(".up") for name in tensors if name.endswith(".up")]
            tensors = {name: tensors[f"{name}.up"] @ tensors[f"{name}.down"] for name in names}
        return cls(info, token, tensors)


class LowRank(nn.Module):
    """W + B A with W fixed: Hu et al., "LoRA" (2021); B starts at zero."""

    def __init__(self, weight: Tensor, rank: int):
        super().__init__()
        self.down = nn.Parameter(torch.randn(rank, weight.shape[1]) / weight.shape[1] ** 0.5)
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))

    def forward(self, weight: Tensor) -> Tensor:
        """The changed weight."""
        return weight + self.up @ self.down


def attention_layers(module: nn.Module) -> dict[str, nn.Linear]:
    """The projections of every attention layer of a diffusers UNet, by name."""
    wanted = ("to_q", "to_k", "to_v", "to_out.0")
    return {
        name: layer
        for name, layer in module.named_modules()
        if isinstance(layer, nn.Linear) and name.endswith(wanted)
    }


def add_low_rank(module: nn.Module, rank: int) -> None:
    """Give every attention projection of `module` a trainable low-rank change."""
    for layer in attention_layers(module).values():
        parametrize.register_parametrization(layer, "weight", LowRank(layer.weight, rank))


def add_word(tokenizer: Tokenizer, text: StoryTextEncoder, name: str, vector: Tensor) -> Tokenizer:
    """A tokenizer that knows `name` as one word of its own; `text` gets its vector (word_width,), in place.

    The tokenizer is a copy. Names in letters without case, as Chinese has them, are found inside a line of text as well.
    """
    words = Tokenizer.from_str(tokenizer.to_str())
    words.add_tokens([AddedToken(name, single_word=name.lower() != name.upper(), normalized=False)])
    rows = torch.cat([text.words.weight.detach(), vector.to(text.words.weight)[None]])
    number = words.token_to_id(name)
    if number != len(rows) - 1:
        raise CheckpointError(f"the model has a word {name!r} already; give the character another name")
    text.words = nn.Embedding.from_pretrained(rows, freeze=True)
    return words


def word_vector(tokenizer: Tokenizer, text: StoryTextEncoder, word: str) -> Tensor:
    """The vector (word_width,) of a word of any length: the mean over its pieces.

    Raises:
        CheckpointError: the model cannot read the word.
    """
    ids = tokenizer.encode(word, add_special_tokens=False).ids
    if not ids or tokenizer.token_to_id("[UNK]") in ids:
        raise CheckpointError(f"the model does not know the word {word!r}; start from another one")
    return text.words.weight.detach()[ids].mean(0)
