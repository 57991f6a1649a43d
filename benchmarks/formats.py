"""How fast each output format is written and read back, and how large it is: `python -m benchmarks.formats`.

121 frames of 512x512 that pan over a texture with a little noise, and five seconds of sound.
"""

import resource
import tempfile
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from adapters.encoder.config import EncoderConfig
from adapters.encoder.pyav import PyAvEncoder
from application.job_control import JobControl
from domain.clip import Audio, Clip, ClipStatistics
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.media import OUTPUT_FORMATS

SIDE = 512
SHAPE = ClipGeometry(Resolution(SIDE, SIDE), 121, FrameRate(Fraction(24)))
SAMPLING_RATE = 24_000


def _texture() -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Noise with the spectrum of a photograph, three channels, in 0 … 255."""
    noise = np.fft.rfft2(np.random.default_rng(0).normal(size=(3, 2 * SIDE, 2 * SIDE)))
    down, across = np.fft.fftfreq(2 * SIDE)[:, None], np.fft.rfftfreq(2 * SIDE)[None]
    picture = np.fft.irfft2(noise / (np.hypot(down, across) + 0.002) ** 1.2)
    low, high = picture.min(), picture.max()
    return np.asarray((picture - low) / (high - low) * 255)


def _chunks(texture: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Iterator[memoryview]:
    random = np.random.default_rng(1)
    for index in range(SHAPE.frames):
        part = texture[:, 3 * index : 3 * index + SIDE, 2 * index : 2 * index + SIDE]
        noisy = part + random.normal(size=(1, SIDE, SIDE))
        yield np.ascontiguousarray(np.clip(noisy, 0, 255).astype(np.uint8).transpose(1, 2, 0)).data.cast("B")


def main() -> None:
    """Print a line for each format."""
    frames = [bytes(chunk) for chunk in _chunks(_texture())]
    wave = (0.25 * np.sin(np.arange(SHAPE.samples(SAMPLING_RATE)) / 4)).astype(np.float32)
    audio = Audio(SAMPLING_RATE, 1, wave.data.cast("B").cast("f"))
    statistics = ClipStatistics(prepare_seconds=0, inference_seconds=0, decode_seconds=0)
    encoder = PyAvEncoder(EncoderConfig())
    with tempfile.TemporaryDirectory() as folder:
        for name, output_format in OUTPUT_FORMATS.items():
            target = Path(folder) / f"clip{output_format.suffix}"
            chunks = (memoryview(frame) for frame in frames)
            clip = Clip(geometry=SHAPE, pixel_format="rgb24", audio=audio, chunks=chunks, statistics=lambda: statistics)
            begin = time.perf_counter()
            encoder.encode(clip, target, JobControl(), output_format=output_format)
            written = time.perf_counter()
            encoder.verify(target, SHAPE, audio=True, output_format=output_format)
            read = time.perf_counter()
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
            print(
                f"{name:13} {SHAPE.frames / (written - begin):7.0f} frames/s written, "
                f"{SHAPE.frames / (read - written):7.0f} read back, {target.stat().st_size / 1e6:6.2f} MB, "
                f"peak {peak} MiB so far"
            )


if __name__ == "__main__":
    main()
