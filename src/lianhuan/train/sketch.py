"""Training of the Latent Guidance Predictor."""

import torch
from torch import Tensor, nn

from lianhuan.models.autoencoder import Autoencoder
from lianhuan.models.context import Context
from lianhuan.models.denoiser import Denoiser, watched
from lianhuan.models.edges import EdgePredictor, edge_map
from lianhuan.models.text_encoder import StoryTextEncoder
from lianhuan.train.diffusion import step_rng
from lianhuan.train.story_data import StoryBatch, StoryData


class SketchObjective:
    """Squared error between the predicted and the true latents of the edges, at all times, with the words of the page.

    The edges are found in the pictures as the autoencoder gives them back, which are what the denoiser draws.
    """

    def __init__(
        self,
        predictor: EdgePredictor,
        denoiser: Denoiser,
        text: StoryTextEncoder,
        autoencoder: Autoencoder,
        data: StoryData,
    ):
        self.module: nn.Module = predictor
        self.predictor = predictor
        self.denoiser, self.text, self.autoencoder = denoiser, text, autoencoder
        self.data = data

    def batch(self, step: int) -> StoryBatch:
        """The stories of `step`."""
        return self.data.batch(step)

    def loss(self, batch: StoryBatch, step: int, device: torch.device) -> tuple[Tensor, dict[str, Tensor]]:
        """The loss of all pages of some stories; `step` seeds times and noise."""
        batch = batch.to(device)
        rng = step_rng(self.data.seed, step)
        x0 = batch.latents.flatten(0, 1)
        t = torch.randint(len(self.denoiser.path.alphas_cumprod), (len(x0),), generator=rng)
        noise = torch.randn(x0.shape, generator=rng).to(device)
        alpha, sigma = self.denoiser.levels(t, x0)
        with torch.no_grad():
            pictures = nn.functional.adaptive_avg_pool2d(
                self.autoencoder.decode(x0).float(), self.autoencoder.config.seen
            )
            edges = edge_map(pictures)
            target = self.autoencoder.encode((2 * edges - 1).expand(-1, 3, -1, -1)).float()
            context = Context(*self.text(batch.ids, batch.segments, batch.mask))
            with watched(self.denoiser.unet, self.predictor.config.layers) as features:
                self.denoiser.predict(alpha * x0 + sigma * noise, t.to(device), context)
        predicted = self.predictor(features, t.to(device), x0.shape[-1])
        error = (predicted.float() - target).square()
        return error.mean(), {"explained": 1 - error.detach().mean() / target.var()}
