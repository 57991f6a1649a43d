"""Three kinds of content that a codec treats differently, the same frames each time."""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np

from benchmarks.footage import Floats, Frames, panning, texture
from domain.geometry import Resolution

_MIDDLE: Final = 130
"""Of the texture's 0 … 255: half of the near layer has holes."""


def portrait(size: Resolution, frames: int) -> Frames:
    """A still, smooth background with soft discs that sway before it, as a head and shoulders do; no noise."""
    down, across = np.mgrid[0 : size.height, 0 : size.width] / size.height
    ground = np.stack([60 + 120 * down, 80 + 60 * across, 150 - 70 * down], axis=-1)
    shown = np.empty((frames, size.height, size.width, 3), np.uint8)
    for index in range(frames):
        sway = np.sin(index / 9)
        picture = ground
        for left, top, radius, colour in (
            (0.75 + 0.03 * sway, 1.05, 0.45, (40, 50, 90)),
            (0.75 + 0.06 * sway, 0.42 + 0.01 * np.cos(index / 5), 0.2, (205, 160, 130)),
            (0.70 + 0.07 * sway, 0.38, 0.02, (30, 25, 25)),
            (0.80 + 0.07 * sway, 0.38, 0.02, (30, 25, 25)),
            (0.75 + 0.07 * sway, 0.50, 0.03 + 0.015 * np.sin(index / 2), (120, 40, 45)),
        ):
            picture = _with_disc(picture, np.hypot(across - left, down - top) / radius, radius, colour)
        shown[index] = picture.round()
    return shown


def foliage(size: Resolution, frames: int) -> Frames:
    """Fine detail of high contrast that drifts in two layers, and the noise of a dark recording."""
    side = max(size.width, size.height) + 4 * frames
    near, far, noise = texture(2, side, 0.8), texture(3, side, 1.0), np.random.default_rng(4)
    shown = np.empty((frames, size.height, size.width, 3), np.uint8)
    for index in range(frames):
        front = near[index : index + size.height, 4 * index : 4 * index + size.width]
        back = far[index : index + size.height, index : index + size.width]
        mixed = np.where(front.mean(axis=-1, keepdims=True) > _MIDDLE, front, back)
        shown[index] = np.clip(mixed + 4 * noise.normal(size=(size.height, size.width, 1)), 0, 255)
    return shown


SCENES: Final[Mapping[str, Callable[[Resolution, int], Frames]]] = {
    "pan and grain": panning,
    "portrait": portrait,
    "foliage and noise": foliage,
}


def _with_disc(picture: Floats, distance: Floats, radius: float, colour: tuple[int, int, int]) -> Floats:
    """`picture` with a disc before it; `distance` is counted in its radii. The edge is two hundredths wide."""
    cover = np.clip((1 - distance) * radius / 0.02 + 0.5, 0, 1)[..., None]
    return picture * (1 - cover) + np.array(colour) * cover
