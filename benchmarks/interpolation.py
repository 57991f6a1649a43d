"""How fast and how true the frames of `interpolate` are: `python -m benchmarks.interpolation [--size 512x512]`.

A texture pans by 5.2 and 2.4 pixels a frame, and a disc moves against it. What it looks like between two frames is
known, and is what the frames made by the filter are compared with (PSNR of 8-bit RGB), as are the two plain ways: to
repeat a frame, and to mix the two beside it.
"""

import argparse
import time
from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt

from adapters.interpolator.pyav import PyAvInterpolator
from application.job_control import JobControl
from benchmarks.footage import Floats, texture
from domain.clip import Clip, ClipStatistics
from domain.geometry import ClipGeometry, FrameRate, Resolution

FRAMES: Final = 9
RATE: Final = FrameRate(Fraction(24))
_SIDE: Final = 2048
_FALL: Final = 1.4
_TOLD: Final = (
    "{size}, x{factor}: {rate:.1f} frames made a second of CPU; "
    "PSNR {made:.1f} dB (repeated {kept:.1f}, mixed {mixed:.1f})"
)


def _seen(texture: Floats, left: float, top: float, size: Resolution) -> Floats:
    """The part of `texture` from a position between pixels on."""
    x, y = int(np.floor(left)), int(np.floor(top))
    right, below = left - x, top - y
    part = texture[y : y + size.height + 1, x : x + size.width + 1]
    upper, lower = part[:-1], part[1:]
    rows = (1 - below) * upper + below * lower
    return np.asarray((1 - right) * rows[:, :-1] + right * rows[:, 1:])


class Scene:
    """What is seen at any moment, counted in frames."""

    def __init__(self, size: Resolution) -> None:
        self._size = size
        self._ground, self._disc = texture(0, _SIDE, _FALL), 255 - texture(5, _SIDE, _FALL)

    def at(self, moment: float) -> npt.NDArray[np.uint8]:
        width, height = self._size.width, self._size.height
        x, y = width * 0.7 - 4.3 * moment, height * 0.5 + 1.5 * moment
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        radius = min(width, height) * 0.2
        inside = np.clip(radius - np.hypot(columns - x, rows - y) + 0.5, 0, 1)[..., None]
        ground = _seen(self._ground, 100 + 5.2 * moment, 60 + 2.4 * moment, self._size)
        disc = _seen(self._disc, 100 + 4.3 * moment, 100 - 1.5 * moment, self._size)
        return np.ascontiguousarray((ground * (1 - inside) + disc * inside).round().clip(0, 255).astype(np.uint8))


def _psnr(found: npt.ArrayLike, truth: npt.NDArray[np.uint8]) -> float:
    return float(10 * np.log10(255**2 / ((np.asarray(found, float) - truth) ** 2).mean()))


def measured(size: Resolution, factor: int) -> dict[str, float]:
    """Frames made a second of CPU, and the mean PSNR of those, of repeated and of mixed ones, in dB."""
    scene = Scene(size)
    frames = [scene.at(index) for index in range(FRAMES)]
    statistics = ClipStatistics(prepare_seconds=0, inference_seconds=0, decode_seconds=0)
    clip = Clip(
        geometry=ClipGeometry(size, FRAMES, RATE),
        pixel_format="rgb24",
        audio=None,
        chunks=(frame.reshape(-1).data for frame in frames),
        statistics=lambda: statistics,
    )
    begin = time.process_time()
    with PyAvInterpolator().interpolated(clip, factor, JobControl()) as smooth:
        made = [np.frombuffer(bytes(chunk), np.uint8).reshape(frames[0].shape) for chunk in smooth.chunks]
    seconds = time.process_time() - begin
    sums = {"made": 0.0, "kept": 0.0, "mixed": 0.0}
    between = [position for position in range((FRAMES - 1) * factor) if position % factor]
    for position in between:
        index, share = position // factor, position % factor / factor
        truth = scene.at(position / factor)
        sums["made"] += _psnr(made[position], truth)
        sums["kept"] += _psnr(frames[index], truth)
        sums["mixed"] += _psnr((1 - share) * frames[index] + share * frames[index + 1], truth)
    return {"rate": len(between) / seconds, **{name: total / len(between) for name, total in sums.items()}}


def main() -> None:
    """Print a line for each size and factor."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", action="append", help="WIDTHxHEIGHT; default: 512x512 and 1280x720")
    for size in parser.parse_args().size or ("512x512", "1280x720"):
        width, _, height = size.partition("x")
        for factor in (2, 4):
            print(_TOLD.format(size=size, factor=factor, **measured(Resolution(int(width), int(height)), factor)))


if __name__ == "__main__":
    main()
