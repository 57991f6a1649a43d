"""GIF: no sound, one palette for the whole clip, and delays in hundredths of a second.

The palette needs all frames before the first can be written: they wait on the disk, beside the file, as raw pixels.
"""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import av.error
import numpy as np
from av.filter import Graph
from av.filter.context import FilterContext
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from adapters.encoder.config import EncoderConfig
from adapters.encoder.formats import Examined, WrittenFormat
from adapters.encoder.frames import RGB, FrameReader
from adapters.encoder.target_file import TargetFile
from domain.clip import Clip
from domain.errors import EncodeFailed
from domain.geometry import MIN_SIDE, ClipGeometry, Resolution
from domain.media import GIF, MAX_GIF_FPS

_HUNDREDTH: Final = Fraction(1, 100)
_PALETTE_SIDE: Final = 16
_DITHER: Final = "bayer:bayer_scale=4"
"""A fixed pattern: error diffusion looks finer in one picture, but crawls from frame to frame."""
_END: Final = b"\x3b"
"""The last byte of every whole GIF."""


def starts(geometry: ClipGeometry) -> list[int]:
    """When each frame is shown, in hundredths of a second, and when the last one ends: each to the nearest.

    Delays therefore differ by one at most and never drift: their sum is the clip's length.
    """
    period = 100 / geometry.frame_rate.rate
    return [int(index * period + Fraction(1, 2)) for index in range(geometry.frames + 1)]


class GifWriter:
    """Collects the colours while frames come, and writes the file at the end."""

    def __init__(self, clip: Clip, file: TargetFile) -> None:
        if clip.geometry.frame_rate.rate > MAX_GIF_FPS:
            message = f"A GIF shows at most {MAX_GIF_FPS} frames a second, and the clip has more"
            raise EncodeFailed(message)
        self._file = file
        self._geometry = clip.geometry
        self._reader = FrameReader(clip.geometry.resolution, clip.pixel_format)
        self._colours = _Colours(clip.geometry.resolution)
        self._spool = tempfile.TemporaryFile(dir=file.folder)  # noqa: SIM115 - closed by finish and abandon
        self._taken = 0

    def add(self, frame: memoryview) -> None:
        picture = self._reader.rgb(frame)
        self._spool.write(picture.to_ndarray().tobytes())
        picture.pts = self._taken
        self._taken += 1
        self._colours.add(picture)

    def finish(self, check: Callable[[], None]) -> None:
        mapping = _Mapping(self._geometry.resolution, self._colours.palette())
        moments = starts(self._geometry)
        final = str(moments[-1] - moments[-2])
        with av.open(self._file, "w", format="gif", container_options={"final_delay": final}) as container:
            stream = container.add_stream("gif", rate=100)
            stream.width, stream.height = self._geometry.resolution.width, self._geometry.resolution.height
            stream.pix_fmt = "pal8"
            stream.codec_context.time_base = _HUNDREDTH
            for moment, frame in zip(moments, self._frames(), strict=False):  # the last moment is the end
                check()
                for mapped in mapping.mapped(frame, moment):
                    container.mux(stream.encode(mapped))
            for mapped in mapping.rest():
                container.mux(stream.encode(mapped))
            container.mux(stream.encode(None))
        self._spool.close()

    def abandon(self) -> None:
        self._spool.close()

    def _frames(self) -> Iterator[VideoFrame]:
        size = self._geometry.resolution
        self._spool.seek(0)
        for _ in range(self._taken):
            pixels = np.frombuffer(self._spool.read(size.pixels * 3), np.uint8)
            yield VideoFrame.from_numpy_buffer(pixels.reshape(size.height, size.width, 3), format=RGB)


class _Colours:
    """Counts the colours of all frames, and picks 255 that stand for them; the last one means "as before"."""

    def __init__(self, resolution: Resolution) -> None:
        graph = self._graph = Graph()  # its parts hold it by a weak reference only
        self._source = _buffer(graph, resolution, RGB, Fraction(1))
        counting = graph.add("palettegen", "stats_mode=full")
        self._sink = graph.add("buffersink")
        graph.link_nodes(self._source, counting, self._sink).configure()

    def add(self, frame: VideoFrame) -> None:
        self._source.push(frame)
        next(_pulled(self._sink), None)  # else the frame only waits in a queue, with a buffer that is not its own

    def palette(self) -> VideoFrame:
        """One picture of 16x16 colours."""
        self._source.push(None)
        (palette,) = _pulled(self._sink)
        return palette


class _Mapping:
    """Frames in the palette's colours, in order, each perhaps a few calls after it was given."""

    def __init__(self, resolution: Resolution, palette: VideoFrame) -> None:
        graph = self._graph = Graph()
        self._frames = _buffer(graph, resolution, RGB, _HUNDREDTH)
        colours = _buffer(graph, Resolution(_PALETTE_SIDE, _PALETTE_SIDE), palette.format.name, _HUNDREDTH)
        mapping = graph.add("paletteuse", f"dither={_DITHER}")
        self._sink = graph.add("buffersink")
        self._frames.link_to(mapping, 0, 0)
        colours.link_to(mapping, 0, 1)
        mapping.link_to(self._sink)
        graph.configure()
        palette.pts = 0
        palette.time_base = _HUNDREDTH
        colours.push(palette)
        colours.push(None)

    def mapped(self, frame: VideoFrame, moment: int) -> Iterator[VideoFrame]:
        frame.pts = moment
        frame.time_base = _HUNDREDTH
        self._frames.push(frame)
        return _pulled(self._sink)

    def rest(self) -> Iterator[VideoFrame]:
        self._frames.push(None)
        return _pulled(self._sink)


def _buffer(graph: Graph, resolution: Resolution, pixel_format: str, time_base: Fraction) -> FilterContext:
    return graph.add_buffer(
        width=resolution.width, height=resolution.height, format=VideoFormat(pixel_format), time_base=time_base
    )


def _pulled(sink: FilterContext) -> Iterator[VideoFrame]:
    """What a filter has ready."""
    while True:
        try:
            frame = sink.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return
        if isinstance(frame, VideoFrame):
            yield frame


def _open(clip: Clip, file: TargetFile, _: EncoderConfig) -> GifWriter:
    return GifWriter(clip, file)


def _examine(target: Path, geometry: ClipGeometry, _: bool) -> Examined:  # noqa: FBT001 - WrittenFormat's form
    begins: list[int | None] = []
    delays: list[int] = []
    with av.open(str(target.absolute()), "r", format="gif") as container:
        stream = container.streams.video[0]
        stream.codec_context.options = {"err_detect": "explode"}
        for packet in container.demux(stream):
            if packet.size:
                delays.append(packet.duration or 0)
            begins += [frame.pts for frame in packet.decode()]
        size = Resolution(stream.codec_context.width, stream.codec_context.height)
    faults = [] if size == geometry.resolution else [f"size {size} instead of {geometry.resolution}"]
    faults += _time_faults(begins, delays, geometry)
    if not _ends(target):
        faults.append("no end")
    return Examined(faults=faults)


def _time_faults(begins: Sequence[int | None], delays: Sequence[int], geometry: ClipGeometry) -> Iterator[str]:
    *wanted, end = starts(geometry)
    if len(begins) != geometry.frames:
        yield f"frame count {len(begins)} instead of {geometry.frames}"
    elif list(begins) != wanted:
        yield f"pictures at the wrong time for a rate of {geometry.frame_rate}"
    if sum(delays) != end:
        yield f"picture of {sum(delays) / 100:.2f} seconds instead of {end / 100:.2f}"


def _ends(target: Path) -> bool:
    with target.open("rb") as file:
        file.seek(-len(_END), os.SEEK_END)
        return file.read() == _END


def _check(_: EncoderConfig) -> None:
    """Opens the codec and both filters."""
    size = Resolution(MIN_SIDE, MIN_SIDE)
    codec = av.CodecContext.create("gif", "w")
    codec.width, codec.height = size.width, size.height
    codec.pix_fmt = "pal8"
    codec.time_base = _HUNDREDTH
    codec.open()
    colours = _Colours(size)
    frame = VideoFrame.from_ndarray(np.zeros((size.height, size.width, 3), np.uint8), format=RGB)
    frame.pts = 0
    colours.add(frame)
    _Mapping(size, colours.palette())


FORMAT: Final = WrittenFormat(output_format=GIF, open=_open, examine=_examine, check=_check)
