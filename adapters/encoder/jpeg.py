"""Posters: one frame as a JPEG, in the colours that JPEG readers expect (BT.601, full range), 4:4:4."""

from fractions import Fraction
from pathlib import Path
from typing import Final

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from adapters.encoder.failures import vendor_failures
from adapters.encoder.frames import FrameReader
from adapters.encoder.verification import described
from domain.clip import Still
from domain.errors import EncodeFailed
from domain.geometry import MIN_SIDE, Resolution
from domain.media import POSTER_CONTENT_TYPE
from domain.results import EncodedPicture

_FULL_RANGE: Final = "yuvj444p"
_QUALITY: Final = 2
"""FFmpeg's scale from 1 to 31: 2 is about 95 of the usual hundred."""
_LAMBDA: Final = 118
"""FF_QP2LAMBDA: the unit of `global_quality`."""


def write_jpeg(still: Still, target: Path) -> EncodedPicture:
    """Write `still` to `target` and read it back. Nothing is left of one that failed.

    Raises:
        EncodeFailed: the frame or the file is not what it should be.
        DiskFull: there is no room.
    """
    size = still.resolution
    wanted = size.pixels * 3 if still.pixel_format == "rgb24" else size.pixels * 3 // 2
    if len(still.pixels) != wanted:
        message = f"The poster's frame has {len(still.pixels)} bytes instead of {wanted}"
        raise EncodeFailed(message)
    with vendor_failures("The poster could not be written"):
        content = _encoded(still)
        try:
            target.write_bytes(content)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    with vendor_failures("The written poster cannot be read back"):
        found = _seen(target.read_bytes())
        if found != [(size, _FULL_RANGE)]:
            message = "The written poster is not what it should be"
            raise EncodeFailed(message)
        length, sha256 = described(target)
    return EncodedPicture(content_type=POSTER_CONTENT_TYPE, size=length, sha256=sha256)


def check_jpeg() -> None:
    """Open the codec as `write_jpeg` would. Raises av's errors."""
    _codec(Resolution(MIN_SIDE, MIN_SIDE)).open()


def _codec(size: Resolution) -> VideoCodecContext:
    codec = av.CodecContext.create("mjpeg", "w")
    codec.width, codec.height = size.width, size.height
    codec.pix_fmt = _FULL_RANGE
    codec.color_range = ColorRange.JPEG
    codec.time_base = Fraction(1, 24)  # a picture has none, but FFmpeg wants one
    codec.options = {"flags": "+qscale", "global_quality": str(_QUALITY * _LAMBDA)}
    codec.thread_count = 1
    return codec


def _encoded(still: Still) -> bytes:
    rgb = FrameReader(still.resolution, still.pixel_format).rgb(memoryview(still.pixels))
    frame = VideoReformatter().reformat(
        rgb,
        format=_FULL_RANGE,
        dst_colorspace=Colorspace.ITU601,
        src_color_range=ColorRange.JPEG,
        dst_color_range=ColorRange.JPEG,
    )
    frame.pts = 0
    codec = _codec(still.resolution)
    return b"".join(bytes(packet) for packet in (*codec.encode(frame), *codec.encode(None)))


def _seen(content: bytes) -> list[tuple[Resolution, str]]:
    codec = av.CodecContext.create("mjpeg", "r")
    codec.options = {"err_detect": "explode"}
    codec.thread_count = 1
    frames = [*codec.decode(Packet(content)), *codec.decode(None)]
    return [(Resolution(frame.width, frame.height), frame.format.name) for frame in frames]
