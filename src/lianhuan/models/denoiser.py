"""The denoiser: a diffusers UNet seen through one convention, `denoise(x, t, context) -> x0`."""

from typing import Literal

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from lianhuan.models.context import Context
from lianhuan.models.text_encoder import SUMMARY_TOKENS
from lianhuan.sampling import NoisePath

Prediction = Literal["epsilon", "v_prediction"]


def build_unet(latent_channels: int, context_width: int, widths: tuple[int, ...]) -> UNet2DConditionModel:
    """The UNet of the embedded model: attention at the lower levels, summary tokens added to the time embedding."""
    attention = [False] + [True] * (len(widths) - 1)
    return UNet2DConditionModel(
        sample_size=16,
        in_channels=latent_channels,
        out_channels=latent_channels,
        layers_per_block=1,
        block_out_channels=widths,
        down_block_types=tuple("CrossAttnDownBlock2D" if a else "DownBlock2D" for a in attention),
        up_block_types=tuple("CrossAttnUpBlock2D" if a else "UpBlock2D" for a in reversed(attention)),
        cross_attention_dim=context_width,
        attention_head_dim=tuple(max(1, width // 32) for width in widths),
        norm_num_groups=16,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=SUMMARY_TOKENS * context_width,
    )


class Denoiser(nn.Module):
    """Translates a diffusers UNet (eps- or v-prediction) into x0-prediction, once and for all.

    A UNet with a projection of class labels gets the context's summary tokens there.
    """

    def __init__(self, unet: UNet2DConditionModel, path: NoisePath, prediction: Prediction):
        super().__init__()
        self.unet: nn.Module = unet  # type: ignore[assignment]  # diffusers hides that it is one
        self.summary = unet.config.class_embed_type is not None  # type: ignore[attr-defined]  # diffusers adds it
        self.path = path
        self.prediction = prediction

    def predict(self, x: Tensor, t: Tensor, context: Context) -> Tensor:
        """The network's own output: eps or v, of the shape (B, C, H, W) of `x`; `t` is (B,) int64."""
        labels = None
        if self.summary:
            labels = context.tokens[:, :SUMMARY_TOKENS].flatten(1)
        mask = None if bool(context.mask.all()) else context.mask
        return self.unet(x, t, context.tokens, class_labels=labels, encoder_attention_mask=mask).sample

    def forward(self, x: Tensor, t: int, context: Context) -> Tensor:
        """The estimate of x0, (B, C, H, W), from `x` at time `t`."""
        out = self.predict(x, torch.full((len(x),), t, device=x.device), context)
        alpha, sigma = self.path.alpha(t), self.path.sigma(t)
        if self.prediction == "epsilon":
            return (x - sigma * out) / alpha
        return alpha * x - sigma * out
