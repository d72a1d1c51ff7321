"""A Stable Diffusion model that learns a character: a new word, and low-rank changes of its attention.

The word is textual inversion (Gal et al. 2022), the changes are LoRA (Hu et al. 2021) by peft. Both are saved as other tools
read them: `learned_embeds.safetensors`, and `pytorch_lora_weights.safetensors` with diffusers' names of the layers or kohya's.
"""

import copy
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils.state_dict_utils import convert_state_dict_to_diffusers, convert_state_dict_to_kohya
from safetensors.torch import save_file
from torch import Tensor, nn

from lianhuan.errors import CheckpointError
from lianhuan.generators.clip_words import ClipWords
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.late import needing_extras

EMBEDS = "learned_embeds.safetensors"
LORA = "pytorch_lora_weights.safetensors"
Keys = Literal["diffusers", "kohya"]
"""What the layers are called in the file of the changes."""
ENCODERS = ("clip_l", "clip_g")
"""What the text encoders of SDXL are called in a file of words."""
TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]


class LearningWords(ClipWords):
    """A text encoder that knows one word more; `vector` (D,) is what it learns of it. All else is shared with `words`."""

    def __init__(self, words: ClipWords, name: str, kind: str):
        tokenizer, encoder = copy.deepcopy(words.tokenizer), _sharing_copy(words.encoder)
        super().__init__(tokenizer, encoder, penultimate=words.penultimate)
        start = tokenizer(kind, add_special_tokens=False).input_ids
        if not start or tokenizer.unk_token_id in start:
            raise CheckpointError(f"the model does not know the word {kind!r}; start from another one")
        if tokenizer.add_tokens(name) != 1:
            raise CheckpointError(f"the model has a word {name!r} already; give the character another name")
        old = encoder.get_input_embeddings().weight.detach()
        self.number: int = tokenizer.get_vocab()[name]
        self.vector = nn.Parameter(old[start].mean(0))
        rows = torch.cat([old, old.new_zeros(self.number + 1 - len(old), old.shape[1])])
        table = nn.Embedding.from_pretrained(rows, freeze=True)
        encoder.set_input_embeddings(table)
        table.register_forward_hook(self._put_vector)

    def _put_vector(self, _layer: nn.Module, args: tuple[Tensor, ...], out: Tensor) -> Tensor:
        return torch.where((args[0] == self.number)[..., None], self.vector.to(out), out)

    def __call__(self, text: str) -> tuple[Tensor, Tensor | None]:
        """As ever, with gradients for the new word."""
        return self.read(text)


class Learner:
    """A copy of a Stable Diffusion model that shares its weights, and learns a character beside them.

    Args:
        base: the model; it stays as it is.
        name: the character's name, the new word.
        kind: a word that the model knows, from which the new one starts.
        rank: of the changes of the attention; 0 for the word alone.

    Raises:
        CheckpointError: the model has the word already, or does not know the kind.
        MissingDependency: low-rank changes are wanted and peft is not installed.
    """

    def __init__(self, base: StableDiffusion, name: str, kind: str, rank: int):
        self.name, self.rank = name, rank
        self.words = [LearningWords(words, name, kind) for words in base.words]
        self.generator = copy.copy(base)
        self.generator.words = tuple(self.words)
        self.generator.text_encoder = nn.ModuleList([one.encoder for one in self.words])
        self.generator.tokenizer = [one.tokenizer for one in self.words]
        self.generator.denoiser = _sharing_copy(base.denoiser)
        unet: Any = self.generator.denoiser.unet
        self.unet = unet
        if rank:
            unet.add_adapter(_low_rank(rank))

    def parameters(self) -> list[nn.Parameter]:
        """What learns."""
        changes = [p for p in self.unet.parameters() if p.requires_grad]
        return [*(one.vector for one in self.words), *changes]

    def save(self, folder: Path, keys: Keys = "diffusers") -> None:
        """Write what was learnt into `folder`: the word, and the changes if there are any, under the names of `keys`."""
        folder.mkdir(parents=True, exist_ok=True)
        vectors = [one.vector.detach().float().cpu().clone() for one in self.words]
        embeds = (
            {self.name: vectors[0]}
            if len(vectors) == 1
            else {key: vector[None] for key, vector in zip(ENCODERS, vectors, strict=True)}
        )
        save_file(embeds, folder / EMBEDS, {"format": "pt", "word": self.name})
        if self.rank:
            from peft import get_peft_model_state_dict

            changes = get_peft_model_state_dict(self.unet)
            if keys == "kohya":
                named = {f"unet.{name}": change for name, change in changes.items()}
                save_file(convert_state_dict_to_kohya(named), folder / LORA, {"format": "pt"})
            else:
                layers = convert_state_dict_to_diffusers(changes)
                StableDiffusionPipeline.save_lora_weights(folder, unet_lora_layers=layers)


def _low_rank(rank: int) -> Any:
    with needing_extras():
        from peft import LoraConfig
    return LoraConfig(r=rank, lora_alpha=rank, init_lora_weights=True, target_modules=TARGETS)


def _sharing_copy(module: Any) -> Any:
    """A copy of a network whose weights are those of the original."""
    shared = {id(tensor): tensor for tensor in (*module.parameters(), *module.buffers())}
    return copy.deepcopy(module, shared)
