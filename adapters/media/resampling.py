"""Sound at another rate, by libswresample."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler

Samples = npt.NDArray[np.float32]
_BLOCK: Final = 65_536
_LAYOUTS: Final = {1: "mono", 2: "stereo"}


def resampled(samples: Samples, rate: int, to_rate: int, *, skip: int) -> Samples:
    """`samples` (1 or 2 channels x samples at `rate`) at `to_rate`, without the first `skip` of the result.

    Sample i of the whole result is at the time i / `to_rate` of `samples`.
    """
    layout = _LAYOUTS[samples.shape[0]]
    resampler = AudioResampler("fltp", layout, to_rate)
    parts = [part.to_ndarray().astype(np.float32) for part in _passed(resampler, samples, rate, layout)]
    return np.concatenate(parts, axis=1)[:, skip:]


def _passed(resampler: AudioResampler, samples: Samples, rate: int, layout: str) -> Iterator[AudioFrame]:
    for start in range(0, samples.shape[1], _BLOCK):
        frame = AudioFrame.from_ndarray(np.ascontiguousarray(samples[:, start : start + _BLOCK]), "fltp", layout)
        frame.sample_rate, frame.time_base, frame.pts = rate, Fraction(1, rate), start
        yield from resampler.resample(frame)
    yield from resampler.resample(None)
