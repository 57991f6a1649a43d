"""A clip to encode, and the worker's encoder with it."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from adapters.encoder.config import EncoderConfig
from adapters.encoder.pyav import PyAvEncoder
from application.job_control import JobControl
from benchmarks.footage import Frames
from domain.clip import Audio, Clip, ClipStatistics
from domain.geometry import ClipGeometry, FrameRate, Resolution

RATE: Final = 24
SAMPLING_RATE: Final = 24_000
Sound = npt.NDArray[np.float32]

CHORD: Final = (220.0, 277.2, 329.6)
"""Hertz."""
CHUNK: Final = 8
"""Frames that a decoder hands out at once."""
_STATISTICS: Final = ClipStatistics(prepare_seconds=0, inference_seconds=0, decode_seconds=0)


def shape_of(frames: Frames) -> ClipGeometry:
    """`frames` are frames x height x width x 3."""
    count, height, width, _ = frames.shape
    return ClipGeometry(Resolution(width, height), count, FrameRate(Fraction(RATE)))


def stereo_sound(shape: ClipGeometry) -> Sound:
    """A chord with overtones that swells and fades, and a little noise; as long as the picture, 2 x samples, -1 … 1."""
    seconds = np.arange(shape.samples(SAMPLING_RATE)) / SAMPLING_RATE
    swelling = 0.6 + 0.4 * np.sin(2 * np.pi * 2 * seconds)
    partials = ((hertz * number, 0.08 / number) for hertz in CHORD for number in range(1, 9))
    chord = np.sum([loudness * np.sin(2 * np.pi * hertz * seconds) for hertz, loudness in partials], axis=0)
    noise = np.random.default_rng(0).normal(scale=0.01, size=(2, len(seconds)))
    return np.asarray(np.clip(chord * swelling + noise, -1, 1), np.float32)


def encode(config: EncoderConfig, frames: Frames, sound: Sound | None, target: Path) -> None:
    """Write `frames`, uint8 RGB, and `sound`, 2 x samples, to `target` as the worker does, without verification."""
    samples = None if sound is None else np.ascontiguousarray(sound).reshape(-1).data.cast("B").cast("f")
    clip = Clip(
        geometry=shape_of(frames),
        pixel_format="rgb24",
        audio=None if samples is None else Audio(SAMPLING_RATE, 2, samples),
        chunks=(frames[start : start + CHUNK].reshape(-1).data for start in range(0, len(frames), CHUNK)),
        statistics=lambda: _STATISTICS,
    )
    PyAvEncoder(config).encode(clip, target, JobControl())
