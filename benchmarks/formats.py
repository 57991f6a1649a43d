"""How fast each output format is written and read back, and how large it is: `python -m benchmarks.formats`.

121 frames of 512x512 that pan over a texture with a little noise, and five seconds of sound.
"""

import resource
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np

from adapters.encoder.config import EncoderConfig
from adapters.encoder.pyav import PyAvEncoder
from application.job_control import JobControl
from benchmarks.footage import panning
from domain.clip import Audio, Clip, ClipStatistics
from domain.geometry import ClipGeometry, FrameRate, Resolution
from domain.media import OUTPUT_FORMATS

SIDE = 512
SHAPE = ClipGeometry(Resolution(SIDE, SIDE), 121, FrameRate(Fraction(24)))
SAMPLING_RATE = 24_000


def main() -> None:
    """Print a line for each format."""
    frames = [frame.tobytes() for frame in panning(SHAPE.resolution, SHAPE.frames)]
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
