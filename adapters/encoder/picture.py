"""Frames of a clip as packets of a video codec."""

from fractions import Fraction

from av.container import OutputContainer
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc
from av.video.stream import VideoStream

from adapters.encoder.frames import YUV, FrameReader
from domain.clip import PixelFormat
from domain.geometry import ClipGeometry


class PictureTrack:
    """A new stream of a container that is being written: yuv420p, BT.709 in all four tags."""

    def __init__(
        self, container: OutputContainer, stream: VideoStream, geometry: ClipGeometry, pixel_format: PixelFormat
    ) -> None:
        self._container = container
        self._stream = stream
        self._rate = geometry.frame_rate.rate
        self._reader = FrameReader(geometry.resolution, pixel_format)
        self._frames = 0
        stream.width = geometry.resolution.width
        stream.height = geometry.resolution.height
        stream.pix_fmt = YUV
        codec = stream.codec_context
        codec.time_base = 1 / self._rate
        codec.color_range = ColorRange.MPEG
        codec.colorspace = Colorspace.ITU709
        codec.color_primaries = ColorPrimaries.BT709
        codec.color_trc = ColorTrc.BT709

    @property
    def seconds(self) -> Fraction:
        """Length of what was added so far."""
        return self._frames / self._rate

    def add(self, buffer: memoryview) -> None:
        """Encode the next frame; `buffer` is not needed after the call."""
        frame = self._reader.limited_range(buffer)
        frame.pts = self._frames
        frame.time_base = 1 / self._rate
        self._frames += 1
        self._container.mux(self._stream.encode(frame))

    def finish(self) -> None:
        """Write what the codec holds back."""
        self._container.mux(self._stream.encode(None))
