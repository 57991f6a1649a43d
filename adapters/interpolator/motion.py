"""FFmpeg's motion-compensated interpolation, as frames in and frames out."""

from fractions import Fraction
from typing import Final

import av
import av.error
import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from domain.clip import PixelFormat
from domain.geometry import Resolution

_OPTIONS: Final = "mi_mode=mci:mc_mode=aobmc:me_mode=bidir:me=epzs:mb_size=8:scd=fdiff"
"""Blocks of 8 instead of 16 pixels come 0.4 to 1.3 dB nearer to the truth for at most a tenth more time, variable ones
(vsbmc) no nearer (docs/performance.md). `scd`: across a cut nothing is mixed, the nearer frame is repeated."""

_YUV: Final = "yuv420p"
_RGB: Final = "rgb24"
_PLANAR: Final = "yuv444p"
"""For rgb24, in full range. The filter knows no RGB, and 4:2:0 would cost the frames between more than motion does."""


class MotionFilter:
    """One clip's frames on their way through FFmpeg's `minterpolate`.

    It is told a rate of `factor` for frames that come one a second, whatever the clip's is: it reads a rate with six
    digits, and would drift with others. Between frames k and k + 1 it looks at k - 1 and k + 2, too: it takes the first
    frame twice by itself, and is given the last one twice.
    """

    def __init__(self, resolution: Resolution, pixel_format: PixelFormat, factor: int) -> None:
        self._resolution = resolution
        self._pixel_format = pixel_format
        self._factor = factor
        self._pushed = 0
        self._last: VideoFrame | None = None
        self._to_yuv, self._to_rgb = VideoReformatter(), VideoReformatter()
        graph = self._graph = Graph()  # its parts hold it by a weak reference only
        self._source = graph.add_buffer(
            width=resolution.width,
            height=resolution.height,
            format=VideoFormat(_YUV if pixel_format == _YUV else _PLANAR),
            time_base=Fraction(1, factor),
        )
        motion = graph.add("minterpolate", f"fps={factor}:{_OPTIONS}")
        self._sink = graph.add("buffersink")
        graph.link_nodes(self._source, motion, self._sink).configure()

    def add(self, buffer: memoryview) -> None:
        """Take the next frame; `buffer` is not needed after the call."""
        self._last = self._planar(buffer)
        self._push(self._last)

    def finish(self) -> None:
        """Tell that the last frame was given: what lies before it gets ready."""
        if self._last is not None:
            self._push(self._last)

    def ready(self) -> tuple[int, VideoFrame] | None:
        """The next frame that is made, and its position, counted from the first one given; None: it needs another.

        Positions go up by one from 0; those that `factor` divides are the given frames, more or less.
        """
        while True:
            try:
                frame = self._sink.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return None
            if isinstance(frame, VideoFrame) and frame.pts is not None:
                return frame.pts, frame

    def pixels(self, frame: VideoFrame) -> memoryview:
        """A frame that is made, in the clip's own pixel format."""
        if self._pixel_format != _YUV:
            frame = self._to_rgb.reformat(
                frame,
                format=_RGB,
                src_colorspace=Colorspace.ITU709,
                src_color_range=ColorRange.JPEG,
                dst_color_range=ColorRange.JPEG,
            )
        return np.ascontiguousarray(frame.to_ndarray()).data.cast("B")

    def _push(self, frame: VideoFrame) -> None:
        frame.pts = self._pushed * self._factor
        frame.time_base = Fraction(1, self._factor)
        self._pushed += 1
        self._source.push(frame)

    def _planar(self, buffer: memoryview) -> VideoFrame:
        """In memory of its own: the filter keeps four of them."""
        width, height = self._resolution.width, self._resolution.height
        pixels = np.frombuffer(buffer, np.uint8)
        if self._pixel_format == _YUV:
            return VideoFrame.from_ndarray(pixels.reshape(height * 3 // 2, width), format=_YUV)
        return self._to_yuv.reformat(
            VideoFrame.from_numpy_buffer(pixels.reshape(height, width, 3), format=_RGB),
            format=_PLANAR,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
        )
