"""The denoiser: a diffusers UNet seen through one convention, `denoise(x, t, context) -> x0`."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from lianhuan.models.attention import SharedAttention, look_back
from lianhuan.models.context import Context, References
from lianhuan.models.files import save_part
from lianhuan.models.prompts import last_of_group
from lianhuan.sampling import NoisePath, clean

Prediction = Literal["epsilon", "v_prediction"]
SIZES = 6
"""Numbers at the end of a context's `extra`."""


def build_unet(
    latent_channels: int, context_width: int, widths: tuple[int, ...], summary_tokens: int = 4
) -> UNet2DConditionModel:
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
        projection_class_embeddings_input_dim=summary_tokens * context_width,
    )


def save_unet(unet: Any, part: Path) -> None:
    """Write a UNet as a part of a model."""
    settings = {key: value for key, value in unet.config.items() if not key.startswith("_")}
    save_part(unet.cpu(), settings, part)


@contextmanager
def watched(unet: nn.Module, layers: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Collects the outputs of the layers with these names while it is open; the network is as before afterwards.

    Raises:
        ValueError: the network has no such layer.
    """
    known = dict(unet.named_modules()) if layers else {}
    missing = [name for name in layers if name not in known]
    if missing:
        raise ValueError(f"the denoiser has no layer {missing[0]!r}")
    seen: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def hook(_module: nn.Module, _args: object, output: Any) -> None:
            first = output[0] if isinstance(output, tuple) else getattr(output, "sample", output)
            seen[name] = first

        return hook

    handles = [known[name].register_forward_hook(keep(name)) for name in layers]
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()


class Denoiser(nn.Module):
    """Translates a diffusers UNet (eps- or v-prediction) into x0-prediction, once and for all.

    A UNet with a projection of class labels gets the context's summary tokens there, one with a projection of words and
    sizes the context's `extra`.
    """

    def __init__(self, unet: UNet2DConditionModel, path: NoisePath, prediction: Prediction):
        super().__init__()
        layers: Any = unet.attn_processors  # type: ignore[attr-defined]  # diffusers adds it
        unet.set_attn_processor({name: SharedAttention(name) for name in layers})  # type: ignore[attr-defined]  # diffusers adds it
        self.unet: nn.Module = unet  # type: ignore[assignment]  # diffusers hides that it is one
        config: Any = unet.config  # type: ignore[attr-defined]  # diffusers adds it
        self.summary = 0
        if config.class_embed_type is not None:
            self.summary = config.projection_class_embeddings_input_dim // config.cross_attention_dim
        self.path = path
        self.prediction = prediction

    def predict(self, x: Tensor, t: Tensor, context: Context) -> Tensor:
        """The network's own output: eps or v, of the shape (B, C, H, W) of `x`; `t` is (B,) times."""
        if context.references is not None:
            return self._look_back(x, t, context, context.references)
        return self._run(x, t, context)

    def levels(self, t: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """Shares of the picture and of the noise at the times `t`, (B,), in a form that multiplies `like` (B, ...)."""
        if t.is_floating_point():
            share = like.new_tensor([self.path.alpha(time) ** 2 for time in t.tolist()])
        else:
            share = torch.from_numpy(self.path.alphas_cumprod).to(like)[t.to(like.device)]
        share = share.view(-1, *[1] * (like.dim() - 1))
        return share.sqrt(), (1 - share).sqrt()

    def _run(self, x: Tensor, t: Tensor, context: Context, pages: Tensor | None = None) -> Tensor:
        tokens, extra = context.tokens, context.extra
        labels = tokens[:, : self.summary].flatten(1) if self.summary else None
        mask = None if bool(context.mask.all()) else context.mask
        given = {"pages": pages, "prompts": context.prompts}
        looking = {name: value for name, value in given.items() if value is not None}
        dtype = next(self.unet.parameters()).dtype
        told, sizes = (None, None) if extra is None else (extra[:, :-SIZES].to(dtype), extra[:, -SIZES:])
        added = None if extra is None else {"text_embeds": told, "time_ids": sizes}
        return self.unet(
            x.to(dtype),
            t,
            tokens.to(dtype),
            class_labels=labels,
            encoder_attention_mask=mask,
            cross_attention_kwargs=looking or None,
            added_cond_kwargs=added,
        ).sample.to(x.dtype)

    def _look_back(self, x: Tensor, t: Tensor, context: Context, back: References) -> Tensor:
        """Each page in one group with its references, noised to the same time."""
        alpha, sigma = self.levels(t, back.latents)
        seen = alpha * back.latents + sigma * back.noise
        length = max(context.tokens.shape[1], back.tokens.shape[2])
        back = back.padded(back.mask.shape[1], length)
        room = (0, length - context.tokens.shape[1])
        tokens = torch.cat([back.tokens, nn.functional.pad(context.tokens, (0, 0, *room))[:, None]], dim=1)
        there = back.mask.any(2)
        absent = ~there[..., None] & torch.eye(length, device=x.device)[0].bool()
        masks = torch.cat([back.mask | absent, nn.functional.pad(context.mask, room)[:, None]], dim=1)
        group = torch.cat([seen, x[:, None]], dim=1)
        extra = None
        if back.extra is not None and context.extra is not None:
            extra = torch.cat([back.extra, context.extra[:, None]], dim=1).flatten(0, 1)
        prompts = context.prompts and last_of_group(context.prompts, group.shape[1])
        out = self._run(
            group.flatten(0, 1),
            t.repeat_interleave(group.shape[1]),
            Context(tokens.flatten(0, 1), masks.flatten(0, 1), extra=extra, prompts=prompts),
            look_back(there, back.strength),
        )
        return out.unflatten(0, group.shape[:2])[:, -1]

    def forward(self, x: Tensor, t: float, context: Context) -> Tensor:
        """The estimate of x0, (B, C, H, W), from `x` at time `t`."""
        out = self.predict(x, torch.full((len(x),), t, device=x.device), context)
        return clean(self.prediction, x, out, self.path.alpha(t), self.path.sigma(t))
