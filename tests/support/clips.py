"""Clips made by code."""

from collections.abc import Iterable, Iterator
from fractions import Fraction

import numpy as np

from domain.clip import Audio, Clip, ClipStatistics, PixelFormat
from domain.geometry import ClipGeometry, FrameRate, Resolution

STATISTICS = ClipStatistics(prepare_seconds=0, inference_seconds=0, decode_seconds=0)


def geometry(width: int = 96, height: int = 64, frames: int = 9, rate: Fraction | int = 24) -> ClipGeometry:
    return ClipGeometry(Resolution(width, height), frames, FrameRate(Fraction(rate)))


def tone(sampling_rate: int, seconds: float, channels: int = 2, hertz: float = 1000) -> Audio:
    """A sine of -12 dB; every channel has the same."""
    times = np.arange(round(seconds * sampling_rate)) / sampling_rate
    wave = (0.25 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)
    return Audio(sampling_rate, channels, np.tile(wave, channels).data.cast("B").cast("f"))


def grey_frames(shape: ClipGeometry, pixel_format: PixelFormat = "rgb24", per_chunk: int = 8) -> Iterator[memoryview]:
    """Flat frames, each brighter than the one before; frame 0 is (nearly) black, the last one (nearly) white.

    One buffer for all chunks, wiped before the next: who keeps a chunk sees nothing of it.
    """
    pixels = shape.resolution.pixels
    size = pixels * 3 if pixel_format == "rgb24" else pixels * 3 // 2
    buffer = np.zeros((per_chunk, size), np.uint8)
    for start in range(0, shape.frames, per_chunk):
        count = min(per_chunk, shape.frames - start)
        for index in range(count):
            buffer[index] = 16 + 219 * (start + index) // max(1, shape.frames - 1)
            if pixel_format == "yuv420p":
                buffer[index, pixels:] = 128
        yield buffer[:count].data.cast("B")
        buffer[:] = 0


def clip_of(
    shape: ClipGeometry,
    chunks: Iterable[memoryview] | None = None,
    *,
    pixel_format: PixelFormat = "rgb24",
    audio: Audio | None = None,
) -> Clip:
    """A clip of grey frames, or of `chunks`."""
    return Clip(
        geometry=shape,
        pixel_format=pixel_format,
        audio=audio,
        chunks=iter(grey_frames(shape, pixel_format) if chunks is None else chunks),
        statistics=lambda: STATISTICS,
    )
