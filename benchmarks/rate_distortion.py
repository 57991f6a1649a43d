"""Bytes, SSIM and speed of x264's presets and CRFs on three kinds of content: `python -m benchmarks.rate_distortion`.

Prints the table of docs/formats.md: for each preset and CRF, and each scene, kilobytes, SSIM of the luma, and frames
per second (the faster of two runs), and the same of `diffusers.utils.encode_video`, from which the worker's two
settings were chosen. 33 frames of 768x512, no sound.
"""

import tempfile
import time
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path
from typing import Final

import attrs
from av.video.reformatter import Colorspace

from adapters.encoder.config import EncoderConfig, Preset
from benchmarks import results
from benchmarks.encoding import encode
from benchmarks.footage import Frames
from benchmarks.rivals import encode_video
from benchmarks.scenes import SCENES
from benchmarks.similarity import BT601, BT709, file_ssim
from domain.geometry import Resolution

SIZE: Final = Resolution(768, 512)
FRAMES: Final = 33
RUNS: Final = 2
PRESETS: Final[tuple[Preset, ...]] = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium")
CRFS: Final = (18, 19, 20, 21, 22, 23)
RIVAL: Final = "encode_video"


@attrs.frozen
class Point:
    """What became of one scene."""

    size: int
    ssim: float
    fps: float


def main() -> None:
    """Measure all of it, print the table, and leave the figures as JSON."""
    scenes = {name: scene(SIZE, FRAMES) for name, scene in SCENES.items()}
    points: dict[str, Mapping[str, Point]] = {}
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "clip.mp4"
        points[RIVAL] = measured(scenes, lambda frames: encode_video(frames, None, target), target, BT601)
        for preset, crf in product(PRESETS, CRFS):
            config = EncoderConfig(preset=preset, crf=crf)
            points[f"{preset} {crf}"] = measured(scenes, _encoding(config, target), target, BT709)
    print(table(points, list(scenes)))
    figures = {name: {scene: attrs.asdict(point) for scene, point in of.items()} for name, of in points.items()}
    results.write("rate_distortion", {}, points=figures)


def measured(
    scenes: Mapping[str, Frames], encode_to: Callable[[Frames], None], target: Path, matrix: Colorspace
) -> Mapping[str, Point]:
    """A point for each scene. `encode_to` writes frames to `target`, in colours of `matrix`."""
    return {name: _point(frames, encode_to, target, matrix) for name, frames in scenes.items()}


def table(points: Mapping[str, Mapping[str, Point]], scenes: list[str]) -> str:
    """In Markdown, a line for each setting."""
    lines = [
        "| preset, CRF | " + " | ".join(f"{scene}: kB, SSIM, frames/s" for scene in scenes) + " |",
        "|---" * (len(scenes) + 1) + "|",
    ]
    for name, of in points.items():
        cells = [f"{of[scene].size / 1000:.0f}, {of[scene].ssim:.4f}, {of[scene].fps:.0f}" for scene in scenes]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _encoding(config: EncoderConfig, target: Path) -> Callable[[Frames], None]:
    return lambda frames: encode(config, frames, None, target)


def _point(frames: Frames, encode_to: Callable[[Frames], None], target: Path, matrix: Colorspace) -> Point:
    seconds = []
    for _ in range(RUNS):
        begin = time.perf_counter()
        encode_to(frames)
        seconds.append(time.perf_counter() - begin)
    return Point(target.stat().st_size, file_ssim(target, frames, matrix), len(frames) / min(seconds))


if __name__ == "__main__":
    main()
