"""Sketch guidance with the Latent Guidance Predictor (seed document 004)."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import torch
from PIL import Image
from torch import Tensor

from lianhuan.errors import CheckpointError
from lianhuan.generators import LatentGenerator
from lianhuan.generators.base import Control, Moment
from lianhuan.generators.load import model_folder
from lianhuan.models.denoiser import watched
from lianhuan.models.edges import SKETCH, EdgePredictor, load_edge_predictor, read_sketch
from lianhuan.tensors import digest, rowwise, weights_digest

STROKES = 8
"""Pixels of a sketch for a cell of the latents, one way."""


class Sketch(Control):
    """Moves the latents towards a picture whose edges are the sketch.

    After each step z_{t-1} goes on by -beta ||z_t - z_{t-1}|| / ||g|| g, g the gradient of the squared distance between the
    predicted latents of the edges and those of the sketch.

    Args:
        predictor: trained for the generator's denoiser, in evaluation mode.
        target: (1, C, h, w) latents of the sketch as white strokes on black, or (B, C, h, w), one for each page.
        beta: strength; the document uses 1.6.
        stop: share of the steps after which the model is left alone, so that details become its own; the document's is 0.5.
    """

    rule = "normalised"

    def __init__(self, predictor: EdgePredictor, target: Tensor, *, beta: float = 1.6, stop: float = 0.5):
        self.predictor = predictor
        self.target = target
        self.scale = beta
        self.window = (0.0, stop)
        self.layers = predictor.config.layers

    @classmethod
    def by_hand(
        cls, generator: LatentGenerator, sketch: Image.Image, *, beta: float = 1.6, stop: float = 0.5
    ) -> Self:
        """Guidance of `generator` by a sketch of any size and stroke, see `lianhuan.models.edges.read_sketch`.

        Raises:
            CheckpointError: the generator's model folder has no predictor, or one of another denoiser.
            PictureError: there is no stroke in the sketch.
        """
        target = sketch_latents(generator, [sketch])
        return cls(edge_predictor(generator), target, beta=beta, stop=stop)

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        """Squared distance to the sketch, (B,)."""
        times = x0.new_full((len(x0),), moment.t).long()
        predicted = self.predictor(features, times, x0.shape[-1])
        return (predicted - self.target).square().flatten(1).sum(1)

    def recipe(self) -> dict[str, Any]:
        """The sketch, what finds edges, and how they are followed."""
        return {
            **super().recipe(),
            "predictor": weights_digest(self.predictor),
            "sketch": digest(self.target),
            "beta": self.scale,
            "stop": self.window[1],
        }


def edge_predictor(generator: LatentGenerator) -> EdgePredictor:
    """The predictor in the model folder of `generator`, where `generator` computes.

    Raises:
        CheckpointError: there is none, it is damaged, or it was trained for another denoiser.
    """
    folder = model_folder(generator.name) / SKETCH
    predictor = load_edge_predictor(folder).to(generator.device)
    side = generator.side
    nothing = torch.zeros(
        1, generator.autoencoder.config.latent_channels, side, side, device=generator.device
    )
    try:
        with torch.no_grad(), watched(generator.denoiser.unet, predictor.config.layers) as seen:
            generator.denoiser(nothing, 0, generator.null(1))
            predictor(seen, torch.zeros(1, device=generator.device), side)
    except (ValueError, RuntimeError) as error:
        raise CheckpointError(f"{folder} belongs to another denoiser ({error}); train it again") from error
    return predictor


@torch.no_grad()
def sketch_latents(generator: LatentGenerator, sketches: Sequence[Image.Image]) -> Tensor:
    """Latents (B, C, h, w) of sketches as white strokes on black.

    Raises:
        PictureError: there is no stroke in one of them.
    """
    strokes = torch.cat([read_sketch(sketch, STROKES * generator.side) for sketch in sketches]).to(
        generator.device
    )
    return rowwise(generator.autoencoder.encode, (2 * strokes - 1).repeat(1, 3, 1, 1))
