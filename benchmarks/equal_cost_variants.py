"""What `equal_cost.py` compares: the variants, with networks and objectives that do not ship."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from diffusers.models.embeddings import TimestepEmbedding, Timesteps
from torch import Tensor, nn

from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser, build_unet
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.sampling import NoisePath
from lianhuan.train import parts
from lianhuan.train.diffusion import prediction_error, random_noise, step_rng
from lianhuan.train.losses import cell_weights
from lianhuan.train.processes import pick_device
from lianhuan.train.story_data import StoryBatch, StoryData
from lianhuan.train.words import build_words

CHANNELS, WIDTHS, SUMMARY = 8, (64, 160, 256), 4
"""Of the shipped UNet."""
UVIT = {"width": 192, "depth": 13}
"""About the UNet's milliseconds a step."""
EMPTY = 0.1
"""Share of the pages that are learnt without words, for guidance."""


@dataclass(frozen=True)
class Variant:
    """One way to train: what is new about it, and whether its words are learnt, and from which start."""

    objective: str = "v"
    network: str = "unet"
    words: str = "shipped"


VARIANTS = {
    "v": Variant(),
    "eps": Variant(objective="eps"),
    "flow": Variant(objective="flow"),
    "uvit": Variant(network="uvit"),
    "minilm": Variant(words="minilm"),
    "scratch": Variant(words="scratch"),
}


def build_denoiser(variant: Variant, context_width: int) -> Denoiser:
    """A denoiser that has learnt nothing; the same first weights for all objectives."""
    torch.manual_seed(0)
    path = NoisePath.cosine()
    if variant.network == "uvit":
        return TokenDenoiser(UViT(CHANNELS, context_width, **UVIT), path)
    unet = build_unet(CHANNELS, context_width, WIDTHS, SUMMARY)
    if variant.objective == "flow":
        return FlowDenoiser(unet, path)
    return Denoiser(unet, path, "epsilon" if variant.objective == "eps" else "v_prediction")


def build_text(variant: Variant, run: Path) -> StoryTextEncoder:
    """The shipped words, or a text encoder that has learnt nothing, its word vectors from MiniLM or random of the same spread."""
    shipped = parts.trained_words(run)
    if variant.words == "shipped":
        return shipped
    torch.manual_seed(0)
    text = StoryTextEncoder(shipped.config)
    if variant.words == "minilm":
        _, start = build_words(shipped.config.word_width)
        with torch.no_grad():
            text.words.weight.copy_(start)
    return text


class PagesObjective:
    """The denoiser's own loss on the pages of some stories, each from its words alone; at times from no words."""

    def __init__(self, data: StoryData, text: StoryTextEncoder, denoiser: Denoiser, *, learns_words: bool):
        self.data, self.text, self.denoiser = data, text, denoiser
        self.learns_words = learns_words
        learnt: dict[str, nn.Module] = {"unet": denoiser.unet}
        if learns_words:
            learnt["text"] = text
        text.requires_grad_(learns_words)
        self.module: nn.Module = nn.ModuleDict(learnt)

    def batch(self, step: int) -> StoryBatch:
        """The stories of `step`."""
        return self.data.batch(step)

    def loss(self, batch: StoryBatch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """Mean squared error where characters and the prop count more; `step` seeds times and noise."""
        batch = batch.to(device)
        rng = step_rng(self.data.seed, step)
        x0, focus = batch.by_frame()
        context = self._words(batch, rng)
        t, noise = random_noise(self.denoiser, x0, rng)
        weight = cell_weights(focus)
        error = own_error(self.denoiser, x0, context, t, noise)
        return (weight * error).mean() / weight.mean(), {}

    def _words(self, batch: StoryBatch, rng: torch.Generator) -> Context:
        """The words of all pages, frame after frame as the pictures are."""
        shape = batch.latents.shape[:2]
        told = (torch.rand(shape[0] * shape[1], 1, generator=rng) >= EMPTY).to(batch.ids.device)
        given = (
            table.unflatten(0, shape).transpose(0, 1).flatten(0, 1) * told
            for table in (batch.ids, batch.segments, batch.mask)
        )
        with torch.set_grad_enabled(self.learns_words):
            return Context(*self.text(*given))


def build(name: str, run: Path, stories: int, batch: int) -> PagesObjective:
    """All that a variant trains, on the first `stories` of the training split, `batch` of them a step."""
    variant = VARIANTS[name]
    text = build_text(variant, run).to(pick_device())
    denoiser = build_denoiser(variant, text.config.width)
    return PagesObjective(_data(run, stories, batch), text, denoiser, learns_words=variant.words != "shipped")


@lru_cache(maxsize=1)
def _data(run: Path, stories: int, batch: int) -> StoryData:
    """The same stories in the same order for all variants."""
    return parts.story_data(run, parts.trained_words(run).config, stories, batch, seed=41)


# ---- networks and objectives


class FlowDenoiser(Denoiser):
    """A UNet that learns the velocity eps - x0 of the straight path (Liu et al., "Flow straight and fast", 2023).

    The straight picture (1 - s) x0 + s eps with s = sigma / (alpha + sigma) is the path's alpha x0 + sigma eps over alpha + sigma,
    with the same signal-to-noise ratio. So `x` is everywhere that of the path, and is scaled where the network sees it.
    """

    def __init__(self, unet: UNet2DConditionModel, path: NoisePath):
        super().__init__(unet, path, "v_prediction")  # never asked: what is predicted is the velocity

    def predict(self, x: Tensor, t: Tensor, context: Context) -> Tensor:
        """The velocity (B, C, H, W) at `x`, a picture on `path`."""
        alpha, sigma = self.levels(t, x)
        return super().predict(x / (alpha + sigma), t, context)

    def forward(self, x: Tensor, t: float, context: Context) -> Tensor:
        """The estimate of x0, (B, C, H, W)."""
        velocity = self.predict(x, torch.full((len(x),), t, device=x.device), context)
        alpha, sigma = self.path.alpha(t), self.path.sigma(t)
        return (x - sigma * velocity) / (alpha + sigma)


def own_error(denoiser: Denoiser, x0: Tensor, context: Context, t: Tensor, noise: Tensor) -> Tensor:
    """Squared error (B, C, H, W) of what the network itself predicts: eps, v or the velocity."""
    if not isinstance(denoiser, FlowDenoiser):
        return prediction_error(denoiser, x0, context, t, noise)
    alpha, sigma = denoiser.levels(t, x0)
    velocity = denoiser.predict(alpha * x0 + sigma * noise, t, context)
    return (velocity.float() - (noise - x0)).square()


class TokenDenoiser(Denoiser):
    """The same convention for a `UViT`, which takes all of the context as tokens."""

    def __init__(self, network: "UViT", path: NoisePath):
        nn.Module.__init__(self)  # that of `Denoiser` puts attention processors into a UNet
        self.unet: nn.Module = network
        self.path, self.prediction, self.summary = path, "v_prediction", 0

    def _run(self, x: Tensor, t: Tensor, context: Context, pages: Tensor | None = None) -> Tensor:  # noqa: ARG002 - no references here
        return self.unet(x, t, context.tokens, context.mask).to(x.dtype)


class UViT(nn.Module):
    """U-ViT (Bao et al., "All are worth words", 2023): patches, time and words as tokens of one transformer with long skips.

    Args:
        channels: of the latents.
        words: width of the context's tokens.
        width: of the transformer's tokens, a multiple of 64.
        depth: blocks, an odd number; the first half hands its tokens over to the second.
        patch: side of a patch in cells.
        side: cells of a picture, one way.
        longest: most tokens of a context.
    """

    def __init__(
        self,
        channels: int,
        words: int,
        width: int,
        depth: int,
        *,
        patch: int = 2,
        side: int = 16,
        longest: int = 64,
    ):
        super().__init__()
        self.patch, self.across = patch, side // patch
        self.enter = nn.Linear(channels * patch**2, width)
        self.tell = nn.Linear(words, width)
        self.clock = nn.Sequential(
            Timesteps(width, flip_sin_to_cos=True, downscale_freq_shift=0), TimestepEmbedding(width, width)
        )
        self.places = nn.Parameter(torch.empty(1 + self.across**2, width))
        self.order = nn.Parameter(torch.empty(longest, width))
        self.down = nn.ModuleList([_Block(width) for _ in range(depth // 2)])
        self.middle = _Block(width)
        self.up = nn.ModuleList([_Block(width) for _ in range(depth // 2)])
        self.skips = nn.ModuleList([nn.Linear(2 * width, width) for _ in range(depth // 2)])
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, channels * patch**2)
        self.smooth = nn.Conv2d(channels, channels, 3, padding=1)
        self.apply(_start)
        for table in (self.places, self.order):
            nn.init.trunc_normal_(table, std=0.02)

    def forward(self, x: Tensor, t: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """What is predicted, (B, C, H, W), from noisy `x` at times `t` (B,) with words (B, L, D) and their mask, True = keep."""
        patches = nn.functional.pixel_unshuffle(x, self.patch).flatten(2).transpose(1, 2)
        own = torch.cat([self.clock(t)[:, None], self.enter(patches)], dim=1) + self.places
        told = self.tell(words) + self.order[: words.shape[1]]
        tokens = torch.cat([own, told], dim=1)
        keep = torch.cat([mask.new_ones(own.shape[:2]), mask], dim=1)[:, None, None]
        handed = []
        for block in self.down:
            tokens = block(tokens, keep)
            handed.append(tokens)
        tokens = self.middle(tokens, keep)
        for block, skip in zip(self.up, self.skips, strict=True):
            tokens = block(skip(torch.cat([tokens, handed.pop()], dim=2)), keep)
        out = self.leave(self.norm(tokens[:, 1 : own.shape[1]]))
        grid = out.transpose(1, 2).unflatten(2, (self.across, self.across))
        return self.smooth(nn.functional.pixel_shuffle(grid, self.patch))


class _Block(nn.Module):
    """Self-attention and a layer of 4 x width, each on normed tokens.

    The attention is written out: torch's own takes most of a step in its way back on a CPU.
    """

    def __init__(self, width: int):
        super().__init__()
        self.heads = width // 64
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.mixed = nn.Linear(width, 3 * width, bias=False)
        self.joined = nn.Linear(width, width)
        self.think = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor, keep: Tensor) -> Tensor:
        asked, keys, values = (
            self.mixed(self.first(x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        )
        scores = (asked * asked.shape[-1] ** -0.5) @ keys.transpose(2, 3)
        seen = scores.masked_fill(~keep, -torch.inf).softmax(3).to(values.dtype) @ values
        x = x + self.joined(seen.transpose(1, 2).flatten(2))
        return x + self.think(self.second(x))


def _start(module: nn.Module) -> None:
    """Weights of linear layers small, biases zero."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
