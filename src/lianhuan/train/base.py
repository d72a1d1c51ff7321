"""Training of a Stable Diffusion model from nothing on pictures with their words: something to put a memory beside.

The steps are those of latent diffusion (Rombach et al., "High-resolution image synthesis with latent diffusion models",
2022): an autoencoder first, then words and denoiser together on single pictures, whatever story they are from.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.find import read_stories
from lianhuan.data.stories import StorySet
from lianhuan.errors import PictureError, RecipeError
from lianhuan.generators import load_generator
from lianhuan.generators.checkpoint import quiet
from lianhuan.generators.fresh import FreshSizes, write_fresh
from lianhuan.generators.load import INDEX
from lianhuan.generators.stable_diffusion import StableDiffusion
from lianhuan.images import fit_square
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser
from lianhuan.story import PageRequest
from lianhuan.tensors import to_tensor
from lianhuan.train.diffusion import diffusion_loss, step_rng
from lianhuan.train.encoded import EncodedStories, encode_stories
from lianhuan.train.frozen import move
from lianhuan.train.loop import DataRead, TrainConfig, TrainStep, train
from lianhuan.train.processes import Processes

MODEL = "model"
"""Name of the model in the run folder."""
MEASURED = 500
"""Pictures whose latents say how wide they spread."""
EMPTY = 0.1
"""Share of the pictures that are learnt without words, for guidance."""
_KL, _COARSE = 1e-3, 8
"""Weight of the latents' divergence from a normal distribution; side of the squares whose mean colour counts once more."""


@dataclass(frozen=True, kw_only=True)
class BasePlan:
    """What is trained on what.

    Attributes:
        data: a data set, see `lianhuan.data.find.read_stories`.
        sizes: of the networks.
        batch: pictures of a step.
        seed: of weights, order, times and noise.
    """

    data: Path
    sizes: FreshSizes = field(default_factory=FreshSizes)
    batch: int = 16
    seed: int = 0


class VaeObjective:
    """L1 and L2 on pixels, L2 once more on coarse squares, and a little of the divergence from a normal distribution."""

    def __init__(self, vae: Any, pictures: Tensor, plan: BasePlan):
        self.module: nn.Module = vae.requires_grad_(True)
        self.vae, self.pictures, self.plan = vae, pictures, plan

    def batch(self, step: int) -> Tensor:
        """Random pictures (B, 3, H, W) in [-1, 1], some of them mirrored."""
        rng = np.random.default_rng((self.plan.seed, step))
        chosen = torch.from_numpy(rng.integers(len(self.pictures), size=self.plan.batch))
        mirrored = torch.from_numpy(rng.random(len(chosen)) < 0.5)[:, None, None, None]
        x = self.pictures[chosen].float()
        return torch.where(mirrored, x.flip(3), x)

    def loss(self, batch: Tensor, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """Reconstruction loss; PSNR in dB among the figures."""
        x = batch.to(device)
        found = self.vae.encode(x).latent_dist
        noise = torch.randn(found.mean.shape, generator=step_rng(self.plan.seed, step)).to(device)
        error = self.vae.decode(found.mean + found.std * noise).sample - x
        mse = error.square().mean()
        coarse = nn.functional.avg_pool2d(error, _COARSE).square().mean()
        loss = error.abs().mean() + mse + coarse + _KL * found.kl().mean() / found.mean[0].numel()
        return loss, {"psnr": 10 * (4 / mse.detach()).log10()}


class PagesObjective:
    """The denoiser's loss on single pictures and their words; longer words are cut to what the text encoder reads at once."""

    def __init__(self, generator: StableDiffusion, data: EncodedStories, plan: BasePlan):
        self.denoiser: Denoiser = generator.denoiser
        self.words = generator.words[0]
        self.module: nn.Module = nn.ModuleDict({"words": self.words.encoder, "unet": self.denoiser.unet})
        self.module.requires_grad_(True)
        self.latents, self.plan = data.latents, plan
        self.captions = [options for frames in data.captions for options in frames]

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Latents (B, C, h, w) of random pictures, and the ids (B, 77) of one of the captions of each."""
        rng = np.random.default_rng((self.plan.seed, step))
        chosen = rng.integers(len(self.captions), size=self.plan.batch)
        told = [str(rng.choice(self.captions[i])) if rng.random() >= EMPTY else "" for i in chosen]
        ids = torch.cat([self.words.chunks(words)[0][:1] for words in told])
        return self.latents[torch.from_numpy(chosen)].float(), ids

    def loss(
        self, batch: tuple[Tensor, Tensor], step: int, device: torch.device
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of some pictures; `step` seeds times and noise."""
        x0, ids = (part.to(device) for part in batch)
        tokens = self.words.encoder(ids).last_hidden_state
        context = Context(tokens, torch.ones_like(ids, dtype=torch.bool))
        return diffusion_loss(self.denoiser, x0, context, step_rng(self.plan.seed, step)), {}


def train_base(
    folder: Path, autoencoder: TrainConfig, pages: TrainConfig, plan: BasePlan, *, resume: bool = False
) -> Iterator[TrainStep | DataRead]:
    """Train a new model and write it to `folder`/model, in the layout of diffusers.

    Yields:
        what was read, the steps of the autoencoder and those of words and denoiser, and as "validation" the loss of held-out
        pictures with their own words, and with those of other pictures.

    Raises:
        RecipeError: no picture can be read, or the checkpoint belongs to another run.
        PictureError: there is no such data set.
        BookError: its picture books are damaged.
    """
    torch.manual_seed(plan.seed)
    model, here, found = folder / MODEL, Processes.join(), read_stories(plan.data, "train")
    with here.main_first():
        if here.main and not (resume and (model / INDEX).exists()):
            frames = (frame for story in found.stories for frame in story.frames)
            write_fresh(model, (caption for frame in frames for caption in frame.captions), plan.sizes)
    vae = _load(model).autoencoder.vae
    pictures = _pictures(found, plan.sizes.size)
    yield from train("autoencoder", VaeObjective(vae, pictures, plan), autoencoder, folder, resume=resume)
    with here.main_first():
        if here.main:
            whiten(vae.cpu(), pictures[:MEASURED].float())
            vae.save_pretrained(model / "vae")
        generator = _load(model)
        move(generator, here.device)
        data = encode_stories(generator, found, folder / "data", "train")
    yield data.told()
    yield from train("pages", PagesObjective(generator, data, plan), pages, folder, resume=resume)
    if not here.main:
        return
    held_out = encode_stories(generator, read_stories(plan.data, "validation"), folder / "data", "validation")
    yield held_out.told()
    figures = {"own": page_loss(generator, held_out), "other": page_loss(generator, held_out, other=True)}
    unet: Any = generator.denoiser.unet
    with quiet():
        unet.save_pretrained(model / "unet")
        generator.words[0].encoder.save_pretrained(model / "text_encoder")
    yield TrainStep("validation", 1, 1, figures["own"], figures, 0.0)


@torch.no_grad()
def whiten(vae: Any, pictures: Tensor) -> None:
    """Give each channel of the latents mean 0 and deviation 1 on `pictures` (B, 3, H, W); what is decoded stays the same.

    The 1 x 1 convolutions around the latents take the change up, so that no setting is needed that stock pipelines ignore.
    """
    found = vae.encode(pictures).latent_dist.mean.transpose(0, 1).flatten(1)
    mean, std = found.mean(1), found.std(1)
    into, out = vae.quant_conv, vae.post_quant_conv
    channels = len(mean)
    into.weight[:channels] /= std[:, None, None, None]
    into.bias[:channels] = (into.bias[:channels] - mean) / std
    into.bias[channels:] -= 2 * std.log()
    out.bias += out.weight[:, :, 0, 0] @ mean
    out.weight *= std[None, :, None, None]


@torch.no_grad()
def page_loss(generator: StableDiffusion, data: EncodedStories, *, other: bool = False) -> float:
    """The denoiser's loss on pictures and their words, or those of `other` pictures; always the same times and noise."""
    captions = [options[0] for frames in data.captions for options in frames]
    if other:
        captions = captions[len(captions) // 2 :] + captions[: len(captions) // 2]
    losses = []
    for number, caption in enumerate(captions):
        context = generator.encode([PageRequest(scene_id="", caption=caption)])
        x0 = data.latents[number : number + 1].float().to(generator.device)
        losses.append(diffusion_loss(generator.denoiser, x0, context, step_rng(0, number)))
    return float(torch.stack(losses).mean())


def _load(model: Path) -> StableDiffusion:
    generator = load_generator(model)
    assert isinstance(generator, StableDiffusion)
    return generator


def _pictures(found: StorySet, size: int) -> Tensor:
    """(N, 3, size, size) float16 of all pictures that can be read.

    Raises:
        RecipeError: there is none.
    """
    pictures = []
    for story in found.stories:
        for frame in story.frames:
            with suppress(PictureError):  # counted where the latents are made
                pictures.append(fit_square(frame.picture(), size))
    if not pictures:
        raise RecipeError("none of the pictures of the split 'train' can be read")
    return torch.cat([to_tensor([picture]).half() for picture in pictures])
