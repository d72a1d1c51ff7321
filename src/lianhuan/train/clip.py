"""Training of the small CLIP on the story world."""

import numpy as np
import torch
from torch import Tensor, nn

from lianhuan.data.world import FRAMES, WorldPictures, pictures_at, training_story
from lianhuan.models.clip import StoryClip, contrastive_loss

ClipBatch = tuple[Tensor, Tensor, Tensor]
"""Pictures (B, 3, H, W), word ids (B, L) and their mask (B, L)."""


class ClipObjective:
    """Contrastive loss over whole stories: the other frames of a story are the hardest wrong captions.

    Args:
        clip: what is trained.
        pictures: drawn pictures of the world.
        stories: stories per batch; a batch has five times as many pictures.
        seed: seed of the choice of stories, of their words and of the noise.
    """

    def __init__(self, clip: StoryClip, pictures: WorldPictures, stories: int, seed: int):
        self.module: nn.Module = clip
        self.clip = clip
        self.pictures = pictures
        self.size = stories
        self.seed = seed

    def batch(self, step: int) -> ClipBatch:
        """Random stories in fresh words, their pictures a little shifted and noisy, so that drawn ones are judged well too."""
        rng = np.random.default_rng((self.seed, step))
        rows = np.sort(rng.choice(len(self.pictures.pixels), self.size, replace=False))
        split, world = self.pictures.split, self.pictures.world
        captions = [
            page.caption for row in rows for page in training_story(split, int(row), rng, world=world).pages
        ]
        flat = self.pictures.pixels.reshape(-1, *self.pictures.pixels.shape[2:])
        x = pictures_at(flat, (rows[:, None] * FRAMES + np.arange(FRAMES)).ravel())
        x = torch.roll(x, tuple(int(v) for v in rng.integers(-2, 3, size=2)), dims=(2, 3))
        x = x + 0.1 * float(rng.random()) * torch.from_numpy(rng.standard_normal(x.shape, dtype=np.float32))
        return x, *self.clip.tokens(captions)

    def loss(
        self,
        batch: ClipBatch,
        step: int,  # noqa: ARG002 - the protocol's form
        device: torch.device,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The contrastive loss; how often a picture finds its caption in the batch, and the learnt scale."""
        x, ids, mask = (part.to(device) for part in batch)
        pictures, captions = self.clip.features(x), self.clip.text_features(ids, mask)
        with torch.autocast(device.type, enabled=False):  # 16 bits are too few for cosines times 100
            loss = contrastive_loss(pictures, captions, self.clip.scale)
            nearest = (pictures @ captions.T).argmax(1)
        found = (nearest == torch.arange(len(nearest), device=device)).float().mean()
        return loss, {"found": found, "scale": self.clip.scale.detach()}
