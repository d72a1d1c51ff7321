"""Text-image alignment: does a picture match its own words? Features come from `lianhuan.models.clip`."""

import numpy as np
import numpy.typing as npt

from lianhuan.metrics.statistics import Tally, TooLittleData

Features = npt.NDArray[np.float64]


def alignment(pictures: Features, captions: Features) -> Tally:
    """Mean cosine of a picture and its caption, per story.

    CLIPScore of Hessel et al. (2021) without its factor 2.5 and its clipping at zero; the scale is that of the network
    that made the features, so compare figures of one network only.

    Args:
        pictures: (stories, frames, width) features.
        captions: (stories, frames, width) features of their captions.
    """
    cosines = (_unit(pictures) * _unit(captions)).sum(2)
    return Tally(cosines.sum(1), np.full(len(cosines), float(cosines.shape[1])))


def retrieval(pictures: Features, captions: Features) -> Tally:
    """How often a picture is nearer to its own caption than to any other caption of its story; chance is 1 / frames.

    R-precision of Xu et al., "AttnGAN" (2018), with the captions of the same story, the hardest there are, as the wrong
    ones. A caption that is told twice is right for both pages, at half the hit. Arguments as of `alignment`.

    Raises:
        TooLittleData: the stories have a single frame.
    """
    frames = pictures.shape[1]
    if frames < 2:
        raise TooLittleData("a caption can only be found among others: the stories have a single frame")
    cosines = np.einsum("spd,scd->spc", _unit(pictures), _unit(captions))
    own = np.diagonal(cosines, axis1=1, axis2=2)[..., None]
    rivals = np.isclose(cosines, own, rtol=0, atol=1e-6).sum(2)
    best = (cosines <= own + 1e-6).all(2)
    return Tally((best / rivals).sum(1), np.full(len(cosines), float(frames)))


def _unit(features: Features) -> Features:
    return features / np.linalg.norm(features, axis=2, keepdims=True)
