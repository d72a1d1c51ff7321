"""Redrawing a part of a picture (GLIDE: Nichol et al. 2022, section 3; for any model, by replacing what is known)."""

from typing import Any

import numpy as np
from PIL import Image

from lianhuan.arrays import Array, alike
from lianhuan.errors import PictureError
from lianhuan.generators.base import Control, Moment
from lianhuan.images import fit_square
from lianhuan.tensors import digest


class Inpaint(Control):
    """Keeps a picture outside a mask and draws inside it; pixels outside come out exactly as they were.

    At every step the estimate of the clean latents is the picture's own where no pixel of a cell is masked; at the end the
    picture itself is laid over the drawn one outside the mask.

    Args:
        picture: what to change; any size, its middle square is used.
        latents: (1, C, h, w) of it.
        mask: of the size of `picture`; white is drawn anew, black is kept.

    Raises:
        PictureError: the mask has another size than the picture, or marks nothing.
    """

    def __init__(self, picture: Image.Image, latents: Array, mask: Image.Image):
        if mask.size != picture.size:
            raise PictureError(
                f"the mask is {mask.size[0]} x {mask.size[1]} pixels, the picture {picture.size[0]} x {picture.size[1]}; "
                "they must be of one size"
            )
        self.given = picture
        self.mask = mask.convert("L").point(lambda v: 255 if v >= 128 else 0)
        self.latents = latents
        if not np.asarray(self.mask).any():
            raise PictureError("the mask marks nothing; paint white what shall be drawn anew")

    def x0(self, moment: Moment, x0: Array) -> Array:  # noqa: ARG002 - the hook's form
        """The known latents outside the masked cells."""
        side = x0.shape[-1]
        marked = np.asarray(fit_square(self.mask, 8 * side, Image.Resampling.NEAREST)) > 0
        cells = alike(marked.reshape(side, 8, side, 8).max((1, 3)), x0)
        return cells * x0 + (1 - cells) * self.latents

    def picture(self, images: list[Image.Image]) -> list[Image.Image]:
        """The picture with only the masked pixels changed; of the size of the drawn one."""
        size = images[0].size[0]
        known = fit_square(self.given, size)
        mask = fit_square(self.mask, size, Image.Resampling.NEAREST)
        return [Image.composite(image, known, mask) for image in images]

    def recipe(self) -> dict[str, Any]:
        """The picture and the mask."""
        return {**super().recipe(), "picture": digest(self.latents), "mask": digest(np.array(self.mask))}
