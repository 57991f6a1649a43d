"""Decoded sound as planar floats, in one channel or two."""

from typing import Final

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.layout import AudioLayout

Samples = npt.NDArray[np.float32]

_STEREO: Final = 2
_HALF_POWER: Final = 0.5**0.5
_BOTH: Final = (_HALF_POWER, _HALF_POWER)
_WEIGHTS: Final = {
    "FL": (1.0, 0.0), "FR": (0.0, 1.0), "FC": _BOTH, "LFE": (0.0, 0.0),
    "BL": (_HALF_POWER, 0.0), "SL": (_HALF_POWER, 0.0), "FLC": (1.0, 0.0),
    "BR": (0.0, _HALF_POWER), "SR": (0.0, _HALF_POWER), "FRC": (0.0, 1.0),
    "BC": (0.5, 0.5),
}  # fmt: skip
"""What left and right get of a channel: ITU-R BS.775. One that is not named goes to both."""


def planar(frame: AudioFrame) -> Samples:
    """The samples of `frame`: channels x samples, float32.

    Integers are divided by their range; up to 24 bits they are exact.
    """
    samples = frame.to_ndarray()
    if not frame.format.is_planar:
        samples = samples.reshape(-1, len(frame.layout.channels)).T
    match samples.dtype.kind, samples.dtype.itemsize:
        case "u", 1:
            return ((samples - 128.0) / 128).astype(np.float32)
        case "i", size:
            return (samples / float(1 << (8 * size - 1))).astype(np.float32)
        case _:
            return samples.astype(np.float32)


def mixed(samples: Samples, layout: AudioLayout, channels: int) -> Samples:
    """`samples` in 1 or 2 channels. More than two are scaled so that no mix exceeds full scale."""
    if samples.shape[0] > _STEREO:
        weights = np.array([_WEIGHTS.get(channel.name, _BOTH) for channel in layout.channels], np.float32).T
        samples = np.matmul(weights / weights.sum(axis=1).max(), samples)
    if samples.shape[0] == channels:
        return samples
    if channels == 1:
        mean: Samples = samples.sum(axis=0, keepdims=True) / samples.shape[0]
        return mean
    return np.repeat(samples, channels, axis=0)
