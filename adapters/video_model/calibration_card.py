"""A moving picture for people: colour bars, a moving bar, a frame counter; and a beep at each full second."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.video_model.lettering import lettering
from domain.clip import Audio, Picture
from domain.geometry import ClipGeometry
from domain.plan import GenerationPlan

Pixels = npt.NDArray[np.uint8]

SAMPLING_RATE: Final = 48_000

_BARS: Final = ((191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191))
"""75 % colour bars, brightest first (SMPTE ECR 1-1978)."""
_PATCHES: Final = 8

_BEEP_HERTZ: Final = 1000
_BEEP_SECONDS: Final = 0.1
_BEEP_AMPLITUDE: Final = 10 ** (-12 / 20)


class CalibrationCard:
    """Draws the frames of one plan.

    Colour bars, and from the frame of each condition on its picture, mixed with the bars by its strength; in the
    lowest eighth a row of patches whose colours follow from seed and prompt; a white bar that crosses the picture once
    a clip; in the middle "07/49" in a black box. `pictures` belong to the plan's conditions, in their order.
    """

    def __init__(self, plan: GenerationPlan, pictures: tuple[Picture, ...] = ()) -> None:
        self._plan = plan
        self._grounds = {-1: _bars(plan)}
        for picture, condition in zip(pictures, plan.conditions, strict=True):
            self._grounds[condition.frame] = _mixed(_covering(picture, plan), self._grounds[-1], condition.strength)
        patches = _side_by_side(_patch_colours(plan), plan.canvas.resolution.width)
        for ground in self._grounds.values():
            ground[plan.crop.top + plan.crop.height * 7 // 8 :] = patches

    def chunks(self, size: int) -> Iterator[memoryview]:
        """All frames as rgb24, cropped and trimmed, up to `size` in a chunk; one buffer for all chunks."""
        box, frames = self._plan.crop, self._plan.output.frames
        buffer = np.empty((size, box.height, box.width, 3), np.uint8)
        for start in range(0, frames, size):
            count = min(size, frames - start)
            for index in range(count):
                canvas = self._drawn(start + index)
                buffer[index] = canvas[box.top : box.top + box.height, box.left : box.left + box.width]
            yield buffer[:count].data.cast("B")

    def _drawn(self, index: int) -> Pixels:
        """Frame `index` (from 0) on the whole canvas."""
        canvas = self._grounds[max(frame for frame in self._grounds if frame <= index)].copy()
        box, frames = self._plan.crop, self._plan.output.frames
        bar = max(2, box.width // 32)
        left = box.left + index * (box.width - bar) // max(1, frames - 1)
        canvas[:, left : left + bar] = 255
        digits = len(str(frames))
        self._write(canvas, f"{index + 1:0{digits}}/{frames}")
        return canvas

    def _write(self, canvas: Pixels, text: str) -> None:
        """Put `text` in the middle, as large as half the width or a quarter of the height allows."""
        box = self._plan.crop
        dots = lettering(text)
        scale = max(1, min(box.width // 2 // dots.shape[1], box.height // 4 // dots.shape[0]))
        letters = dots.repeat(scale, axis=0).repeat(scale, axis=1)[:, : box.width]
        height, width = letters.shape
        top, left = box.top + (box.height - height) // 2, box.left + (box.width - width) // 2
        canvas[top : top + height, left : left + width] = letters[:, :, None] * np.uint8(255)


def beeps(shape: ClipGeometry) -> Audio:
    """Stereo silence as long as the picture, with a tenth of a second of 1 kHz at -12 dB at each full second."""
    times = np.arange(shape.samples(SAMPLING_RATE)) / SAMPLING_RATE
    wave = np.where(times % 1 < _BEEP_SECONDS, _BEEP_AMPLITUDE * np.sin(2 * np.pi * _BEEP_HERTZ * times), 0)
    both = np.tile(wave.astype(np.float32), 2)
    return Audio(SAMPLING_RATE, 2, both.data.cast("B").cast("f"))


def _bars(plan: GenerationPlan) -> Pixels:
    width, height = plan.canvas.resolution.width, plan.canvas.resolution.height
    row = _side_by_side(np.array(_BARS, np.uint8), width)
    return np.broadcast_to(row, (height, width, 3)).copy()


def _mixed(picture: Pixels, bars: Pixels, strength: float) -> Pixels:
    return np.rint(picture * strength + bars * (1 - strength)).astype(np.uint8)


def _patch_colours(plan: GenerationPlan) -> Pixels:
    digest = hashlib.sha256(f"{plan.seed.number} {plan.prompt}".encode("utf-8", "surrogatepass")).digest()
    return np.frombuffer(digest, np.uint8)[: _PATCHES * 3].reshape(_PATCHES, 3)


def _side_by_side(colours: Pixels, width: int) -> Pixels:
    """One row of `width` pixels that shows all `colours`, each as wide as the others."""
    row: Pixels = colours[np.arange(width) * len(colours) // width]
    return row


def _covering(picture: Picture, plan: GenerationPlan) -> Pixels:
    """`picture` on the canvas: it covers the crop, centred, never stretched; its edges go on to the canvas's rim."""
    size, canvas, box = picture.resolution, plan.canvas.resolution, plan.crop
    scale = max(box.width / size.width, box.height / size.height)
    columns = (np.arange(canvas.width) + 0.5 - box.left - box.width / 2) / scale + size.width / 2
    rows = (np.arange(canvas.height) + 0.5 - box.top - box.height / 2) / scale + size.height / 2
    pixels = np.frombuffer(picture.pixels, np.uint8).reshape(size.height, size.width, 3)
    return pixels[np.ix_(_nearest(rows, size.height), _nearest(columns, size.width))]


def _nearest(positions: npt.NDArray[np.floating[Any]], count: int) -> npt.NDArray[np.intp]:
    """The pixel that each position lies in (pixel n is from n to n + 1), or the last one before it leaves."""
    inside: npt.NDArray[np.intp] = np.clip(np.floor(positions), 0, count - 1).astype(np.intp)
    return inside
