"""Image prompts: each character on stage is drawn after its own pictures, which cross-attention reads beside the words.

Training-free for the user: an IP-Adapter (Ye et al. 2023) was trained once for a family of checkpoints. What is kept of a
character is what the adapter's CLIP saw of its pictures, and all that grows with the story is the cast.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

import torch
from torch import Tensor

from lianhuan.generators.base import Input
from lianhuan.memory.base import Branch, State
from lianhuan.memory.looks import Looks
from lianhuan.memory.window import cast_of
from lianhuan.models.context import Context
from lianhuan.models.files import short_hash
from lianhuan.models.image_prompt import ImagePrompter
from lianhuan.models.prompts import Prompts, Regions, join_prompts

Bank = Mapping[str, tuple[Tensor, ...]]
"""Name of a character -> features (1, ...) of the pictures that are kept of it, oldest first."""


@dataclass(frozen=True)
class ImagePromptConfig:
    """How much is read.

    Attributes:
        pictures: kept of each character, at least 1: the first one that shows it and, beyond that, the latest.
        strength: in 0..1, the weight of the pictures against the words; 0 switches the method off.
        regions: whether the pictures of a character are read only where the page looks at its words.
    """

    pictures: int = 1
    strength: float = 0.6
    regions: bool = False


class ImagePromptMemory:
    """Implements `lianhuan.memory.Memory` with the state {"banks": a bank of each story}.

    Args:
        prompter: the IP-Adapter.
        config: how much is read.
        name: how the user called it.

    Raises:
        ValueError: a number of `config` is out of its range.
    """

    name = "image-prompt"
    gives: frozenset[Input] = frozenset({"prompts"})
    casts: Looks | None = None

    def __init__(self, prompter: ImagePrompter, config: ImagePromptConfig | None = None, name: str = name):
        self.prompter = prompter
        self.config = config or ImagePromptConfig()
        self.name = name
        if not 0 <= self.config.strength <= 1:
            raise ValueError("strength must be in 0..1")
        if self.config.pictures < 1:
            raise ValueError("pictures must be at least 1")
        marks = f"{prompter.fingerprint} {asdict(self.config)}"
        self.fingerprint = short_hash(marks)

    def start(self, stories: int) -> State:
        """No pictures."""
        return {"banks": ({},) * stories}

    def read(self, state: State, context: Context, branch: Branch) -> Context:
        """The context with the pictures of who is on stage; the null branch has as many that show nothing.

        Raises:
            ValueError: regions are wanted, and the context does not tell which words speak of whom.
        """
        banks: tuple[Bank, ...] = state["banks"]
        on_stage = [sorted(names & bank.keys()) for names, bank in zip(cast_of(context), banks, strict=True)]
        if not any(on_stage) or not self.config.strength:
            return context
        parts: list[Prompts | None] = [
            self._prompts([bank[name] for name in names], branch) if names else None
            for names, bank in zip(on_stage, banks, strict=True)
        ]
        prompts = join_prompts(parts, [1] * len(parts))
        if self.config.regions and prompts is not None:
            prompts = replace(prompts, regions=_regions(context, on_stage))
        return replace(context, prompts=prompts)

    def write(self, state: State, context: Context, latents: Tensor) -> State:  # noqa: ARG002 - the protocol's form
        """Look at the finished picture, and keep what was seen for everybody on it, as far as there is room."""
        seen = self.prompter.look(context.images).split(1)
        rows = zip(state["banks"], cast_of(context), seen, strict=True)
        return {"banks": tuple(self._kept(bank, names, one) for bank, names, one in rows)}

    def _kept(self, bank: Bank, names: frozenset[str], seen: Tensor) -> Bank:
        more = self.config.pictures - 1
        known = {name: (*bank.get(name, ()), seen) for name in names}
        return {
            **bank,
            **{name: all_[:1] + all_[max(1, len(all_) - more) :] for name, all_ in known.items()},
        }

    def _prompts(self, looks: list[tuple[Tensor, ...]], branch: Branch) -> Prompts:
        """The prompts of one page, of the looks of each character on it."""
        each = [
            self._tokens(some if branch == "cond" else (self.prompter.null,) * len(some)) for some in looks
        ]
        longest = max(tokens.shape[1] for tokens in each)
        there = torch.tensor([[i < tokens.shape[1] for i in range(longest)] for tokens in each])
        padded = [torch.nn.functional.pad(tokens, (0, 0, 0, longest - tokens.shape[1])) for tokens in each]
        return Prompts(
            tokens=torch.cat(padded)[None],
            there=there.to(padded[0].device)[None],
            layers=self.prompter.layers,
            strength=self.config.strength,
        )

    def _tokens(self, features: tuple[Tensor, ...]) -> Tensor:
        """(1, P N, D) of P pictures."""
        return torch.cat([self.prompter.tokens(one) for one in features], dim=1)


def _regions(context: Context, on_stage: list[list[str]]) -> Regions:
    told = context.told
    if told is None:
        raise ValueError("regions want a context that tells which words speak of whom")
    most = max(len(names) for names in on_stage)
    spoken = torch.zeros(len(told.mask), most, told.mask.shape[1], dtype=torch.bool)
    for row, names in enumerate(on_stage):
        for i, name in enumerate(names):
            spoken[row, i, list(told.names[row].get(name, ()))] = True
    return Regions(told.tokens, told.mask, spoken.to(told.mask.device))
