"""Frames upright and in the size that is asked for."""

from fractions import Fraction
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

_TURNS: Final = {90: Image.Transpose.ROTATE_270, 180: Image.Transpose.ROTATE_180, 270: Image.Transpose.ROTATE_90}
"""Pillow turns counter-clockwise."""
_SIDEWAYS: Final = frozenset({90, 270})


def fitted(pixels: npt.NDArray[np.uint8], width: int, height: int, rotation: int, aspect: Fraction) -> memoryview:
    """`pixels` (height x width x 3) turned by `rotation` degrees clockwise, covering `width` x `height`.

    Cropped at the centre, never stretched; `aspect` is a pixel's width over its height before the turn. Scaled as
    input pictures are, in one step with Lanczos; not at all where the size is the frame's own.
    """
    across, down = (height, width) if rotation in _SIDEWAYS else (width, height)
    if pixels.shape[:2] == (down, across) and aspect == 1:
        turned = np.rot90(pixels, -rotation // 90)
        return np.ascontiguousarray(turned).data.cast("B")
    image = _covering(Image.fromarray(np.ascontiguousarray(pixels)), across, down, float(aspect))
    if rotation:
        image = image.transpose(_TURNS[rotation])
    return memoryview(image.tobytes())


def _covering(image: Image.Image, width: int, height: int, aspect: float) -> Image.Image:
    """The largest centred part of `image` with the shape of the target, resampled to it."""
    shown = image.width * aspect
    scale = max(width / shown, height / image.height)
    part_width, part_height = width / scale / aspect, height / scale
    left, top = (image.width - part_width) / 2, (image.height - part_height) / 2
    box = (
        max(left, 0.0),
        max(top, 0.0),
        min(left + part_width, image.width),
        min(top + part_height, image.height),
    )
    return image.resize((width, height), Image.Resampling.LANCZOS, box=box)
