"""Guidance by a CLIP: Semantic Diffusion Guidance (Liu et al. 2023) and CLIP guidance (GLIDE: Nichol et al. 2022)."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from PIL import Image
from torch import Tensor, nn

from lianhuan.generators import LatentGenerator
from lianhuan.generators.base import Control, Moment
from lianhuan.generators.load import model_folder
from lianhuan.images import fit_square
from lianhuan.models.clip import StoryClip
from lianhuan.models.noisy_clip import NOISY_CLIP, NoisyClip, load_noisy_clip
from lianhuan.tensors import digest, rowwise, to_tensor, weights_digest


class Semantic(Control):
    """Moves the drawing towards what a text says or a picture shows.

    The prediction of the noise gets sqrt(1 - abar) times the gradient of `scale` (1 - cosine), between the CLIP features of
    what is being drawn and those of the target. With an `eye` that was trained for noisy latents, as both documents have
    it, it looks at the latents themselves, and nothing goes back through the denoiser. Without one it looks at the decoded
    estimate of the clean picture, so any CLIP will do. GLIDE's factor counts cosines times the CLIP's own scale: its CLIP
    guidance of strength s is a `scale` of s * `clip.scale`. The first step is left out: the rule divides by the share of the
    picture, and there all but nothing of it is left.

    Args:
        autoencoder: of the generator; its `decode` makes pictures of latents.
        clip: where the generator computes.
        eye: of this CLIP, for this generator's noisy latents.
        target: (1, width) features of length 1.
        scale: strength; Semantic Diffusion Guidance has 160 for texts and 100 for pictures.
        others: (N, width) features of length 1 of what it shall not be like. With them the loss is the cross-entropy of
            finding the target among all, in cosines times the CLIP's own scale.
    """

    rule = "score"
    window = (0.01, 1.0)

    def __init__(
        self,
        autoencoder: Any,
        clip: StoryClip,
        target: Tensor,
        *,
        eye: NoisyClip | None = None,
        scale: float = 100.0,
        others: Tensor | None = None,
    ):
        self.autoencoder = autoencoder
        self.clip = clip
        self.eye = eye
        self.target = target
        self.scale = scale
        self.others = others

    @classmethod
    def by_text(
        cls,
        generator: LatentGenerator,
        clip: StoryClip,
        text: str,
        *,
        eye: NoisyClip | None = None,
        scale: float = 160.0,
        others: Sequence[str] = (),
    ) -> Self:
        """Towards a text, and away from `others`, such as the other sentences of the story, if there are any."""
        clip = clip.to(generator.device)
        with torch.no_grad():
            target = clip.caption_features([text])
            rest = clip.caption_features(others) if others else None
        return cls(generator.autoencoder, clip, target, eye=eye, scale=scale, others=rest)

    @classmethod
    def by_picture(
        cls,
        generator: LatentGenerator,
        clip: StoryClip,
        picture: Image.Image,
        *,
        eye: NoisyClip | None = None,
        scale: float = 100.0,
    ) -> Self:
        """Towards what a reference picture shows; its middle square is used."""
        clip = clip.to(generator.device)
        with torch.no_grad():
            target = clip.features(to_tensor([fit_square(picture, clip.size)]).to(generator.device))
        return cls(generator.autoencoder, clip, target, eye=eye, scale=scale)

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:  # noqa: ARG002 - the hook's form
        """1 - cosine, or the cross-entropy; (B,)."""
        seen = rowwise(self._decoded, x0) if self.eye is None else self._noisy(self.eye, moment)
        if self.others is None:
            return 1 - (seen * self.target).sum(1)
        logits = self.clip.scale * seen @ torch.cat([self.target, self.others]).T
        return nn.functional.cross_entropy(logits, logits.new_zeros(len(logits)).long(), reduction="none")

    def _noisy(self, eye: NoisyClip, moment: Moment) -> Tensor:
        """(B, width) of the latents as they are."""
        return rowwise(lambda x: eye(x, x.new_full((len(x),), moment.t)), moment.x)

    def _decoded(self, latents: Tensor) -> Tensor:
        """(B, width) of the decoded latents, at the size that the CLIP reads."""
        pictures = self.autoencoder.decode(latents)
        if pictures.shape[-1] != self.clip.size:
            pictures = nn.functional.interpolate(
                pictures, size=(self.clip.size, self.clip.size), mode="bilinear", antialias=True
            )
        return self.clip.features(pictures)

    def recipe(self) -> dict[str, Any]:
        """The target, what it is told from, and the strength."""
        others = None if self.others is None else digest(self.others)
        return {
            **super().recipe(),
            "target": digest(self.target),
            "others": others,
            "eye": None if self.eye is None else weights_digest(self.eye),
            "scale": self.scale,
        }


def noisy_eye(generator: LatentGenerator) -> NoisyClip | None:
    """The eye for noisy latents in the model folder of `generator`, where `generator` computes; None if it has none.

    Raises:
        CheckpointError: it is damaged.
    """
    folder = model_folder(generator.name) / NOISY_CLIP
    return load_noisy_clip(folder).to(generator.device) if folder.is_dir() else None
