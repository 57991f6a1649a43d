"""Fits input pictures and clips onto the canvas that is generated."""

from typing import Self

import attrs
import numpy as np
import numpy.typing as npt
from PIL import Image

from application.ports.video_model import GenerationInputs
from domain.clip import Audio, FrameSequence, Picture
from domain.geometry import Resolution
from domain.plan import GenerationPlan

Frames = npt.NDArray[np.uint8]
"""(F, H, W, 3)."""


@attrs.frozen(kw_only=True, eq=False)
class FittedInputs:
    """What a job brings beside its plan: pictures and clips in the canvas' size, in the order of the plan's."""

    pictures: tuple[Image.Image, ...]
    clips: tuple[Frames, ...]
    sound: Audio | None

    @classmethod
    def of(cls, inputs: GenerationInputs, plan: GenerationPlan) -> Self:
        """Raises ValueError where `inputs` are not what `plan` speaks of."""
        told = (len(plan.conditions), len(plan.clips), plan.sound is not None)
        given = (len(inputs.pictures), len(inputs.clips), inputs.sound is not None)
        if told != given:
            message = f"the plan speaks of {told} pictures, clips and sound, {given} were given"
            raise ValueError(message)
        return cls(
            pictures=tuple(fit_to_canvas(picture, plan) for picture in inputs.pictures),
            clips=tuple(clip_on_canvas(clip, plan) for clip in inputs.clips),
            sound=inputs.sound,
        )


def as_image(picture: Picture) -> Image.Image:
    """`picture` as an RGB image of its own size."""
    rows_of_pixels = (picture.resolution.height, picture.resolution.width, 3)
    return Image.fromarray(np.frombuffer(picture.pixels, np.uint8).reshape(rows_of_pixels))


def fit_to_canvas(picture: Picture, plan: GenerationPlan) -> Image.Image:
    """`picture` as an RGB image of the canvas' size.

    It covers the size that was asked for, centred, never stretched; its edges are replicated out to the grid,
    so that the crop of the finished clip shows exactly the picture.
    """
    covered = _cover(as_image(picture), plan.output.resolution)
    return Image.fromarray(_continued(np.asarray(covered)[None], plan)[0])


def clip_on_canvas(clip: FrameSequence, plan: GenerationPlan) -> Frames:
    """The frames of `clip`, which have the size that was asked for, in the canvas' size: continued as pictures are.

    Raises:
        ValueError: `clip` has another size, or not as many frames as it says.
    """
    size = plan.output.resolution
    chunks = [np.frombuffer(chunk, np.uint8).reshape(-1, size.height, size.width, 3) for chunk in clip.chunks]
    if clip.resolution != size or sum(map(len, chunks)) != clip.frames:
        message = f"must be {clip.frames} frames of {size}, got {sum(map(len, chunks))} of {clip.resolution}"
        raise ValueError(message)
    fitted = np.empty((clip.frames, plan.canvas.resolution.height, plan.canvas.resolution.width, 3), np.uint8)
    begin = 0
    for chunk in chunks:  # in pieces: of a long clip one more copy is gigabytes
        fitted[begin : begin + len(chunk)] = _continued(chunk, plan)
        begin += len(chunk)
    return fitted


def shrunk_frames(frames: Frames, size: Resolution) -> Frames:
    """Each of `frames`, fitted to the finished canvas, as `shrunk` makes it."""
    if frames.shape[1:3] == (size.height, size.width):
        return frames
    return np.stack([np.asarray(shrunk(Image.fromarray(frame), size)) for frame in frames])


def shrunk(picture: Image.Image, size: Resolution) -> Image.Image:
    """`picture`, fitted to the finished canvas, in the `size` of a stage that is a whole fraction of it."""
    if picture.size == (size.width, size.height):
        return picture
    return picture.resize((size.width, size.height), Image.Resampling.LANCZOS)


def _continued(frames: Frames, plan: GenerationPlan) -> Frames:
    """`frames` of the output's size, with their edges replicated out to the canvas."""
    box, canvas = plan.crop, plan.canvas.resolution
    rows = (box.top, canvas.height - box.height - box.top)
    columns = (box.left, canvas.width - box.width - box.left)
    return np.pad(frames, ((0, 0), rows, columns, (0, 0)), mode="edge")


def _cover(image: Image.Image, target: Resolution) -> Image.Image:
    """The largest centred part of `image` with the shape of `target`, resampled to it in one step."""
    scale = max(target.width / image.width, target.height / image.height)
    width, height = target.width / scale, target.height / scale
    left, top = (image.width - width) / 2, (image.height - height) / 2
    part = (max(left, 0.0), max(top, 0.0), min(left + width, image.width), min(top + height, image.height))
    return image.resize((target.width, target.height), Image.Resampling.LANCZOS, box=part)
