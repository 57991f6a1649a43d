"""The worker's MP4 encoder against the usual ones, on the same frames and sound: `python -m benchmarks.encode`.

121 frames of 768x512 that pan over a texture with a little grain, as uint8 RGB, and five seconds of stereo sound;
imageio's writer takes no sound. In turns, each round beginning with another one; ratios are of the least seconds.
"worker" is `MP4_ENCODING=balanced`. Verification, which the worker does and the others do not, is timed apart. SSIM is
of the luma, each file against the frames in its own colour matrix; the method is checked first, by comparing a file
with itself and with itself one frame later.
"""

import tempfile
import time
import wave
from collections.abc import Callable, Mapping
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np

from adapters.encoder.config import ENCODINGS, EncoderConfig, Encoding
from adapters.encoder.pyav import PyAvEncoder
from benchmarks import results
from benchmarks.encoding import SAMPLING_RATE, Sound, encode, shape_of, stereo_sound
from benchmarks.footage import Frames, panning
from benchmarks.quiet import quiet
from benchmarks.rivals import encode_video, ffmpeg, imageio_writer
from benchmarks.side_by_side import in_turns, ratio_of_least, table
from benchmarks.similarity import BT601, BT709, file_ssim, mean_ssim, pictures
from domain.geometry import Resolution

SIZE: Final = Resolution(768, 512)
FRAMES: Final = 121
RUNS: Final = 9
WARM: Final = 1

WORKER: Final = "worker"
FAST: Final = "worker, fast"
DIFFUSERS: Final = "diffusers encode_video"
IMAGEIO: Final = "imageio"
FFMPEG: Final = "ffmpeg, worker's settings"
MATRICES: Final = {WORKER: BT709, FAST: BT709, DIFFUSERS: BT601, IMAGEIO: BT601, FFMPEG: BT709}


def main() -> None:
    """Measure all of them, print the table, and leave the figures as JSON."""
    quiet()
    frames = panning(SIZE, FRAMES)
    with tempfile.TemporaryDirectory() as folder:
        files = {name: Path(folder) / f"{index}.mp4" for index, name in enumerate(MATRICES)}
        runs = in_turns(_ways(frames, stereo_sound(shape_of(frames)), files), runs=RUNS, warm=WARM)
        itself, shifted = _method_checked(files[WORKER])
        sizes = {name: file.stat().st_size for name, file in files.items()}
        ssim = {name: file_ssim(file, frames, MATRICES[name]) for name, file in files.items()}
        verification = min(_verified(files[WORKER], frames) for _ in range(RUNS))
    print(table(runs, head=f"{FRAMES} frames of {SIZE}"), "\n")
    for name, size in sizes.items():
        print(f"{name:26} {FRAMES / min(runs[name]):5.0f} frames/s, {size / 1000:6.0f} kB, SSIM {ssim[name]:.4f}")
    print(f"verification {verification:.3f} s; SSIM of a file with itself {itself}, one frame later {shifted:.2f}")
    summary = _summary(runs, sizes, ssim)
    print("\n".join(f"{name} {figure:.4f}" for name, figure in summary.items()))
    results.write(
        "encode",
        summary,
        seconds=runs,
        bytes=sizes,
        ssim=ssim,
        verification_seconds=verification,
        ssim_with_itself=itself,
        ssim_one_frame_later=shifted,
    )


def _ways(frames: Frames, sound: Sound, files: Mapping[str, Path]) -> dict[str, Callable[[], float]]:
    heard = _wav(sound, files[FFMPEG].with_suffix(".wav"))
    ways: dict[str, Callable[[], object]] = {
        WORKER: lambda: encode(_config("balanced"), frames, sound, files[WORKER]),
        FAST: lambda: encode(_config("fast"), frames, sound, files[FAST]),
        DIFFUSERS: lambda: encode_video(frames, sound, files[DIFFUSERS]),
        IMAGEIO: lambda: imageio_writer(frames, files[IMAGEIO]),
        FFMPEG: lambda: ffmpeg(_config("balanced"), frames, heard, files[FFMPEG]),
    }
    return {name: _timed(way) for name, way in ways.items()}


def _summary(
    runs: Mapping[str, list[float]], sizes: Mapping[str, int], ssim: Mapping[str, float]
) -> Mapping[str, float]:
    """Ratios of frames per second, of bytes, and the difference of SSIM."""
    return {
        "encode_vs_diffusers": ratio_of_least(runs, DIFFUSERS, WORKER),
        "encode_fast_vs_diffusers": ratio_of_least(runs, DIFFUSERS, FAST),
        "encode_vs_imageio": ratio_of_least(runs, IMAGEIO, WORKER),
        "encode_vs_ffmpeg": ratio_of_least(runs, FFMPEG, WORKER),
        "encode_ssim_delta": ssim[WORKER] - ssim[DIFFUSERS],
        "encode_fast_ssim_delta": ssim[FAST] - ssim[DIFFUSERS],
        "encode_bytes_vs_diffusers": sizes[WORKER] / sizes[DIFFUSERS],
        "encode_fast_bytes_vs_diffusers": sizes[FAST] / sizes[DIFFUSERS],
    }


def _config(encoding: Encoding) -> EncoderConfig:
    pair = ENCODINGS[encoding]
    return EncoderConfig(preset=pair.preset, crf=pair.crf)


def _timed(way: Callable[[], object]) -> Callable[[], float]:
    def seconds() -> float:
        begin = time.perf_counter()
        way()
        return time.perf_counter() - begin

    return seconds


def _method_checked(file: Path) -> tuple[float, float]:
    """SSIM of a file with itself, and with itself one frame later. Raises ValueError where they show a mistake."""
    itself = mean_ssim(pictures(file), pictures(file))
    shifted = mean_ssim(islice(pictures(file), 1, None), islice(pictures(file), FRAMES - 1))
    if itself != 1 or shifted > 0.9:  # noqa: PLR2004 - a whole pan lies between the two
        message = f"The SSIM is not measured as it should be: {itself} with itself, {shifted} one frame later"
        raise ValueError(message)
    return itself, shifted


def _verified(file: Path, frames: Frames) -> float:
    begin = time.perf_counter()
    PyAvEncoder(EncoderConfig()).verify(file, shape_of(frames), audio=True)
    return time.perf_counter() - begin


def _wav(sound: Sound, target: Path) -> Path:
    """`sound` as ffmpeg takes it."""
    with wave.open(str(target), "wb") as written:
        written.setnchannels(2)
        written.setsampwidth(2)
        written.setframerate(SAMPLING_RATE)
        written.writeframes((sound.T * 32_767).astype(np.int16).tobytes())
    return target


if __name__ == "__main__":
    main()
