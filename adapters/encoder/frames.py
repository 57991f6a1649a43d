"""Frames of a clip as FFmpeg's, in the colours that a codec wants."""

from typing import Final

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from domain.clip import PixelFormat
from domain.geometry import Resolution

YUV: Final = "yuv420p"
RGB: Final = "rgb24"


class FrameReader:
    """Reads frames of one size and pixel format. Keeps swscale's context: half the time of `frame.reformat()`."""

    def __init__(self, resolution: Resolution, pixel_format: PixelFormat) -> None:
        self._resolution = resolution
        self._pixel_format = pixel_format
        self._converter = VideoReformatter()

    def limited_range(self, buffer: memoryview) -> av.VideoFrame:
        """yuv420p, BT.709, limited range. May share memory with `buffer`."""
        if self._pixel_format == YUV:
            return self._yuv(buffer)
        return self._converter.reformat(
            self._rgb(buffer),
            format=YUV,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )

    def rgb(self, buffer: memoryview) -> av.VideoFrame:
        """rgb24. May share memory with `buffer`."""
        if self._pixel_format == RGB:
            return self._rgb(buffer)
        return self._converter.reformat(
            self._yuv(buffer),
            format=RGB,
            src_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG,
        )

    def _yuv(self, buffer: memoryview) -> av.VideoFrame:
        width, height = self._resolution.width, self._resolution.height
        pixels = np.frombuffer(buffer, np.uint8)
        return av.VideoFrame.from_ndarray(pixels.reshape(height * 3 // 2, width), format=YUV)

    def _rgb(self, buffer: memoryview) -> av.VideoFrame:
        width, height = self._resolution.width, self._resolution.height
        pixels = np.frombuffer(buffer, np.uint8)
        return av.VideoFrame.from_numpy_buffer(pixels.reshape(height, width, 3), format=RGB)
