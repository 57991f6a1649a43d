"""Moving pictures to encode: a texture with the spectrum of a photograph, a panning camera, a little noise."""

from typing import Final

import numpy as np
import numpy.typing as npt

from domain.geometry import Resolution

Floats = npt.NDArray[np.float64]
Frames = npt.NDArray[np.uint8]

_ACROSS: Final = 2
_DOWN: Final = 3
"""Pixels a frame that the camera moves."""


def texture(seed: int, side: int, fall: float) -> Floats:
    """Noise, side x side x 3, in 0 … 255, whose spectrum falls with the frequency to the power of `fall`."""
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(3, side, side)))
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    picture = np.fft.irfft2(noise / (np.hypot(down, across) + 0.002) ** fall)
    low, high = picture.min(), picture.max()
    return np.asarray((picture - low) / (high - low) * 255).transpose(1, 2, 0)


def panning(size: Resolution, frames: int) -> Frames:
    """`frames` frames, frames x height x width x 3; the same ones each time."""
    side = max(size.height + _DOWN * frames, size.width + _ACROSS * frames)
    ground, grain = texture(0, side, 1.2), np.random.default_rng(1)
    shown = np.empty((frames, size.height, size.width, 3), np.uint8)
    for index in range(frames):
        top, left = _DOWN * index, _ACROSS * index
        seen = ground[top : top + size.height, left : left + size.width]
        noisy = seen + grain.normal(size=(size.height, size.width, 1))
        shown[index] = np.clip(noisy, 0, 255)
    return shown
