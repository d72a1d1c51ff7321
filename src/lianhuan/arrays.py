"""What torch tensors and NumPy arrays do under different names; no torch is imported."""

from typing import Any

import numpy as np
import numpy.typing as npt

Array = Any
"""A torch tensor or a NumPy array."""


def as_numpy(x: Array) -> npt.NDArray[Any]:
    """The numbers of an array of either kind."""
    return x if isinstance(x, np.ndarray) else x.detach().cpu().numpy()


def floats(x: Array) -> npt.NDArray[np.float32]:
    """The same as 32-bit floats; `x` may be of a type that NumPy has not, as bfloat16."""
    return x.astype(np.float32) if isinstance(x, np.ndarray) else x.detach().float().cpu().numpy()


def alike(values: npt.NDArray[Any], like: Array) -> Array:
    """`values` as an array of the kind, the type and the place of `like`."""
    return values.astype(like.dtype) if isinstance(like, np.ndarray) else like.new_tensor(values)


def differentiable(x: Array) -> bool:
    """Whether gradients can go through it: it is a tensor."""
    return not isinstance(x, np.ndarray)


def settled(x: Array) -> Array:
    """A copy that no gradient and no inference mode is bound to."""
    return x.copy() if isinstance(x, np.ndarray) else x.detach().clone()


def quantiles(x: Array, share: float) -> Array:
    """(B,) quantiles of the rows of `x` (B, ...), interpolated linearly; `share` is in 0..1."""
    rows = x.reshape(len(x), -1)
    if isinstance(x, np.ndarray):
        return np.quantile(rows, share, axis=1).astype(x.dtype)
    return rows.quantile(share, dim=1)
