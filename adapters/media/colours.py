"""Decoded frames to RGB, as their tags say."""

from typing import Final

import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter

from adapters.media.faults import Excessive

_RGB, _BT709, _UNSPECIFIED, _BT601 = 0, 1, 2, 6
"""AVColorSpace (ITU-T H.273, matrix coefficients)."""
_CONVERTED: Final = frozenset({_RGB, _BT709, _UNSPECIFIED, 4, 5, _BT601, 7, 9})
"""FCC, BT.470BG, BT.601, SMPTE 240M, BT.2020 with a constant matrix. Others (YCgCo, BT.2020 constant luminance, ICtCp)
swscale would read as BT.601."""
_HD_WIDTH, _HD_HEIGHT = 1280, 577
"""From here on what is not tagged is BT.709, as players take it."""
_FLAGS: Final = Interpolation.BICUBIC | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND


class ToRgb:
    """Converts frames of one stream; nothing but swscale's tables is kept."""

    def __init__(self) -> None:
        self._reformatter = VideoReformatter()

    def __call__(self, frame: VideoFrame) -> npt.NDArray[np.uint8]:
        """`frame` in its own size: height x width x 3, full range, a view of the conversion's buffer.

        8 to 16 bits, planar or packed, become 8. The matrix and the range are converted, primaries and the transfer
        curve are not.

        Raises:
            Excessive: a colour matrix that is not converted.
        """
        if frame.colorspace not in _CONVERTED:
            raise Excessive(must="have colours of BT.601, BT.709 or BT.2020")
        if frame.colorspace == _UNSPECIFIED:
            frame.colorspace = _BT709 if frame.width >= _HD_WIDTH or frame.height >= _HD_HEIGHT else _BT601
        converted = self._reformatter.reformat(
            frame, format="rgb24", interpolation=_FLAGS, dst_color_range=ColorRange.JPEG, threads=1
        )
        plane = converted.planes[0]
        pixels: npt.NDArray[np.uint8] = np.frombuffer(memoryview(plane), np.uint8)
        padded = pixels.reshape(-1, plane.line_size)[: frame.height, : frame.width * 3]
        return padded.reshape(frame.height, frame.width, 3)
