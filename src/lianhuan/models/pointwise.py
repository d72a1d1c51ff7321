"""1x1 convolutions whose results do not depend on the number of threads."""

import torch
from torch import Tensor, nn


class PointwiseConv(nn.Conv2d):
    """A 1x1 convolution as a matrix product per picture.

    oneDNN's own 1x1 convolutions split their sums by the number of threads, so that the last bits, and with them a
    page's bytes, would differ from one machine to the next.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C_out, H, W) from (B, C_in, H, W)."""
        y = torch.matmul(self.weight.flatten(1), x.flatten(2)).unflatten(2, x.shape[2:])
        return y if self.bias is None else y + self.bias[:, None, None]


def fix_pointwise(module: nn.Module) -> None:
    """Make every plain 1x1 convolution in `module` a `PointwiseConv`; weights and their names stay."""
    for part in module.modules():
        plain = (
            isinstance(part, nn.Conv2d)
            and part.kernel_size == (1, 1)
            and part.stride == (1, 1)
            and part.groups == 1
        )
        if plain:
            part.__class__ = PointwiseConv
