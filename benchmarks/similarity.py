"""How much of the picture a video file keeps: FFmpeg's own SSIM of the luma, from the filter in PyAV's wheel.

A file is compared with its own frames converted to 4:2:0 by the colour matrix that the file was written with: another
matrix shifts every value, and that would be counted as a loss of the codec.
"""

from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
from av.filter import Graph
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from benchmarks.footage import Frames

BT709: Final = Colorspace.ITU709
"""What the worker writes and tags."""
BT601: Final = Colorspace.ITU601
"""What swscale takes where nobody says: `diffusers.utils.encode_video`, imageio and ffmpeg."""

_YUV: Final = "yuv420p"
_LUMA: Final = "lavfi.ssim.Y"
_UNTAGGED: Final = 2
_TICK: Final = Fraction(1, 24)


def file_ssim(file: Path, frames: Frames, matrix: Colorspace) -> float:
    """Mean SSIM of the luma of the pictures in `file` against `frames`, in order. Raises ValueError unless as many."""
    return mean_ssim(pictures(file), limited_range(frames, matrix))


def mean_ssim(found: Iterable[av.VideoFrame], wanted: Iterable[av.VideoFrame]) -> float:
    """Mean SSIM of the luma of pairs of frames of one size in yuv420p. Raises ValueError where one side has more."""
    values: list[float] = []
    graph: Graph | None = None
    for index, pair in enumerate(zip(found, wanted, strict=True)):
        graph = graph or _comparison(pair[0].width, pair[0].height)
        for number, frame in enumerate(pair):
            frame.pts, frame.time_base = index, _TICK
            frame.colorspace, frame.color_range = _UNTAGGED, ColorRange.UNSPECIFIED  # tags that differ are no loss
            graph.vpush(frame, number)
        values += _compared(graph)
    if graph is not None:
        graph.vpush(None)
        values += _compared(graph)
    return float(np.mean(values))


def pictures(file: Path) -> Iterator[av.VideoFrame]:
    """The decoded pictures of `file`."""
    with av.open(str(file)) as container:
        yield from container.decode(container.streams.video[0])


def limited_range(frames: Frames, matrix: Colorspace) -> Iterator[av.VideoFrame]:
    """`frames`, frames x height x width x 3, as yuv420p."""
    converter = VideoReformatter()
    for frame in frames:
        yield converter.reformat(
            av.VideoFrame.from_ndarray(frame, format="rgb24"),
            format=_YUV,
            dst_colorspace=matrix,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
        )


def _comparison(width: int, height: int) -> Graph:
    graph = Graph()
    pixels = av.VideoFormat(_YUV)
    sources = [graph.add_buffer(width=width, height=height, format=pixels, time_base=_TICK) for _ in range(2)]
    ssim, sink = graph.add("ssim"), graph.add("buffersink")
    for number, source in enumerate(sources):
        source.link_to(ssim, 0, number)
    ssim.link_to(sink)
    graph.configure()
    return graph


def _compared(graph: Graph) -> Iterator[float]:
    while True:
        try:
            yield float(graph.vpull().metadata[_LUMA])
        except (av.error.BlockingIOError, av.error.EOFError):
            return
