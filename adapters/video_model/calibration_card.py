"""A moving picture for people: colour bars, a moving bar, a frame counter; and a beep at each full second."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from adapters.video_model.lettering import lettering
from application.ports.video_model import GenerationInputs
from domain.clip import Audio, FrameSequence, Picture
from domain.conditions import ClipRole
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

    Colour bars, and from the frame of each condition on its picture, mixed with the bars by its strength; in their
    place the frames of a reference, mixed likewise; in the lowest eighth a row of patches whose colours follow from
    seed, prompt and a given sound; a white bar that crosses the picture once a clip; in the middle "07/49" in a black
    box. A held clip's frames cover all of this at their place; below full strength it shines through. `inputs` belong
    to the plan.
    """

    def __init__(self, plan: GenerationPlan, inputs: GenerationInputs) -> None:
        self._plan = plan
        self._grounds = {-1: _bars(plan)}
        for picture, condition in zip(inputs.pictures, plan.conditions, strict=True):
            self._grounds[condition.frame] = _mixed(_covering(picture, plan), self._grounds[-1], condition.strength)
        self._clips = [(_frames_of(clip), condition) for clip, condition in zip(inputs.clips, plan.clips, strict=True)]
        self._patches = _side_by_side(_patch_colours(plan, inputs.sound), plan.canvas.resolution.width)

    def chunks(self, size: int) -> Iterator[memoryview]:
        """All frames as rgb24, cropped and trimmed, up to `size` in a chunk; one buffer for all chunks."""
        box, frames = self._plan.crop, self._plan.output.frames
        buffer = np.empty((size, box.height, box.width, 3), np.uint8)
        for start in range(0, frames, size):
            count = min(size, frames - start)
            for index in range(count):
                canvas = self._drawn(start + index)
                shown = canvas[box.top : box.top + box.height, box.left : box.left + box.width]
                buffer[index] = self._with_clips(shown, start + index, "held")
            yield buffer[:count].data.cast("B")

    def _drawn(self, index: int) -> Pixels:
        """Frame `index` (from 0) on the whole canvas."""
        canvas = self._grounds[max(frame for frame in self._grounds if frame <= index)].copy()
        box, frames = self._plan.crop, self._plan.output.frames
        inside = (slice(box.top, box.top + box.height), slice(box.left, box.left + box.width))
        canvas[inside] = self._with_clips(canvas[inside], index, "reference")
        canvas[box.top + box.height * 7 // 8 :] = self._patches
        bar = max(2, box.width // 32)
        left = box.left + index * (box.width - bar) // max(1, frames - 1)
        canvas[:, left : left + bar] = 255
        digits = len(str(frames))
        self._write(canvas, f"{index + 1:0{digits}}/{frames}")
        return canvas

    def _with_clips(self, picture: Pixels, index: int, role: ClipRole) -> Pixels:
        """Frame `index`, of the size that is shown, with what clips of `role` show there."""
        for frames, condition in self._clips:
            if condition.role == role and 0 <= index - condition.frame < len(frames):
                picture = _mixed(frames[index - condition.frame], picture, condition.strength)
        return picture

    def _write(self, canvas: Pixels, text: str) -> None:
        """Put `text` in the middle, as large as half the width or a quarter of the height allows."""
        box = self._plan.crop
        dots = lettering(text)
        scale = max(1, min(box.width // 2 // dots.shape[1], box.height // 4 // dots.shape[0]))
        letters = dots.repeat(scale, axis=0).repeat(scale, axis=1)[:, : box.width]
        height, width = letters.shape
        top, left = box.top + (box.height - height) // 2, box.left + (box.width - width) // 2
        canvas[top : top + height, left : left + width] = letters[:, :, None] * np.uint8(255)


def beeps(shape: ClipGeometry, sampling_rate: int = SAMPLING_RATE) -> Audio:
    """Stereo silence as long as the picture, with a tenth of a second of 1 kHz at -12 dB at each full second."""
    times = np.arange(shape.samples(sampling_rate)) / sampling_rate
    wave = np.where(times % 1 < _BEEP_SECONDS, _BEEP_AMPLITUDE * np.sin(2 * np.pi * _BEEP_HERTZ * times), 0)
    both = np.tile(wave.astype(np.float32), 2)
    return Audio(sampling_rate, 2, both.data.cast("B").cast("f"))


def heard(sound: Audio, sampling_rate: int | None) -> Audio:
    """A copy of `sound`; at another rate with straight lines between its samples."""
    given = np.array(sound.samples, np.float32).reshape(sound.channels, -1)
    rate = sampling_rate or sound.sampling_rate
    if rate != sound.sampling_rate:
        moments = np.arange(-(-sound.length * rate // sound.sampling_rate)) * (sound.sampling_rate / rate)
        given = np.stack([np.interp(moments, np.arange(sound.length), channel) for channel in given])
    return Audio(rate, sound.channels, given.astype(np.float32).data.cast("B").cast("f"))


def _bars(plan: GenerationPlan) -> Pixels:
    width, height = plan.canvas.resolution.width, plan.canvas.resolution.height
    row = _side_by_side(np.array(_BARS, np.uint8), width)
    return np.broadcast_to(row, (height, width, 3)).copy()


def _frames_of(clip: FrameSequence) -> Pixels:
    """(F, H, W, 3)."""
    size = clip.resolution
    chunks = [np.frombuffer(chunk, np.uint8).reshape(-1, size.height, size.width, 3) for chunk in clip.chunks]
    return np.concatenate(chunks)


def _mixed(picture: Pixels, bars: Pixels, strength: float) -> Pixels:
    return np.rint(picture * strength + bars * (1 - strength)).astype(np.uint8)


def _patch_colours(plan: GenerationPlan, sound: Audio | None) -> Pixels:
    digest = hashlib.sha256(f"{plan.seed.number} {plan.prompt}".encode("utf-8", "surrogatepass"))
    if sound is not None:
        digest.update(sound.samples.cast("B"))
    return np.frombuffer(digest.digest(), np.uint8)[: _PATCHES * 3].reshape(_PATCHES, 3)


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
