"""Sketch guidance with the Latent Guidance Predictor (seed document 004)."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from lianhuan.generators.base import Control, Moment
from lianhuan.models.edges import EdgePredictor
from lianhuan.tensors import digest


class Sketch(Control):
    """Moves the latents towards a picture whose edges are the sketch.

    After each step z_{t-1} goes on by -beta ||z_t - z_{t-1}|| / ||g|| g, g the gradient of the squared distance between the
    predicted latents of the edges and those of the sketch.

    Args:
        predictor: trained for the generator's denoiser, in evaluation mode.
        target: (1, C, h, w) latents of the sketch as white strokes on black.
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

    def loss(self, moment: Moment, x0: Tensor, features: Mapping[str, Tensor]) -> Tensor:
        """Squared distance to the sketch, (B,)."""
        times = x0.new_full((len(x0),), moment.t).long()
        predicted = self.predictor(features, times, x0.shape[-1])
        return (predicted - self.target).square().flatten(1).sum(1)

    def recipe(self) -> dict[str, Any]:
        """The sketch and how it is followed."""
        return {
            **super().recipe(),
            "sketch": digest(self.target),
            "beta": self.scale,
            "stop": self.window[1],
        }
