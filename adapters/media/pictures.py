"""A stretch of a video's frames, decoded by our own loop: one stream, one thread, nothing kept."""

from collections.abc import Iterator
from fractions import Fraction
from typing import BinaryIO

import attrs
import av
import av.error
from av.container import InputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from adapters.media.colours import ToRgb
from adapters.media.config import MediaLimits
from adapters.media.faults import Damaged, Excessive, Overdrawn
from adapters.media.fitting import fitted
from adapters.media.opening import opened
from adapters.media.orders import FrameOrder
from adapters.media.refusals import refusals
from adapters.media.source import Source
from adapters.media.streams import first_video, pictures_of


class _SeekMissed(Exception):
    """After a seek the wanted frame was not there, or not whole: the file is to be decoded from its beginning."""


@attrs.frozen(eq=False)
class _Shown:
    """A decoded frame and when it is shown, on the file's clock."""

    time: Fraction
    frame: VideoFrame


def decode_frames(file: BinaryIO, path: str, order: FrameOrder, limits: MediaLimits) -> memoryview:
    """The frames of `order`, uint8 RGB one after the other, upright, covering its size.

    Raises:
        InputRefused, InputUnreadable: see `refusals`; also for a frame that is damaged, or of another size.
    """
    with refusals(path):
        source = Source.of(file, seconds=limits.decoding_seconds)
        if order.start > 0:
            try:
                return _decoded(source, order, limits, from_start=False)
            except _SeekMissed:
                pass
        return _decoded(source, order, limits, from_start=True)


def _decoded(source: Source, order: FrameOrder, limits: MediaLimits, *, from_start: bool) -> memoryview:
    with opened(source, limits) as media:
        stream = first_video(media.file)
        if stream is None:
            raise Damaged(found="no pictures")
        claimed = pictures_of(stream, limits)
        _prepare(stream, limits)
        if not from_start:
            _seek(media.file, stream, order.time(0))
        to_rgb = ToRgb()
        result = memoryview(bytearray(order.frames * order.frame_bytes))
        done = 0
        tick = stream.time_base or Fraction(0)
        for shown, times in _chosen(_shown(media.file, stream, source, limits), order, tick, from_start=from_start):
            frame = shown.frame
            if (frame.width, frame.height) != (claimed.width, claimed.height):
                raise Excessive(must="keep its frame size to the end")
            _check_whole(frame, from_start=from_start)
            pixels = fitted(to_rgb(frame), order.width, order.height, media.rotation, claimed.pixel_aspect)
            for _ in range(times):
                result[done : done + order.frame_bytes] = pixels
                done += order.frame_bytes
        return result


def _prepare(stream: VideoStream, limits: MediaLimits) -> None:
    context = stream.codec_context
    context.thread_count = 1
    context.options = {"max_pixels": str(limits.max_side * limits.max_side)}  # coded sizes are padded


def _seek(file: InputContainer, stream: VideoStream, time: Fraction) -> None:
    """To the last key frame before `time`, or earlier."""
    tick = stream.time_base or Fraction(1)
    try:
        file.seek(int(time / tick), stream=stream, backward=True, any_frame=False)
    except av.error.FFmpegError as exc:
        raise _SeekMissed from exc


def _shown(file: InputContainer, stream: VideoStream, source: Source, limits: MediaLimits) -> Iterator[_Shown]:
    """Decoded frames in the order of display."""
    count = 0
    for packet in file.demux(stream):
        if packet.is_corrupt:
            raise Damaged(found="a packet that is cut off")
        for frame in packet.decode():
            count += 1
            if count > limits.max_frames:
                raise Excessive(must=f"have at most {limits.max_frames} frames")
            if source.clock() > source.deadline:
                raise Overdrawn
            if frame.pts is None or frame.time_base is None:
                raise Damaged(found="a frame without a time")
            yield _Shown(frame.pts * frame.time_base, frame)


def _chosen(
    frames: Iterator[_Shown], order: FrameOrder, tick: Fraction, *, from_start: bool
) -> Iterator[tuple[_Shown, int]]:
    """Each frame that is seen at one of the order's times, and at how many of them.

    The latest that has begun by then. A clock of milliseconds cannot tell 1/24 s: what begins within a tick after a
    time counts as begun.
    """
    current: _Shown | None = None
    done = 0
    for shown in frames:
        times = 0
        while done + times < order.frames and order.time(done + times) + tick < shown.time:
            times += 1
        if current is None:
            if times and not from_start:
                raise _SeekMissed
            times, current = 0, shown  # the first frame is also what is seen before it
            continue
        if times:
            yield current, times
            done += times
        if done == order.frames:
            return
        current = shown
    if current is None:
        if not from_start:
            raise _SeekMissed
        raise Damaged(found="no frame can be decoded")
    yield current, order.frames - done


def _check_whole(frame: VideoFrame, *, from_start: bool) -> None:
    if frame.is_corrupt:
        if not from_start:
            raise _SeekMissed
        raise Damaged(found="a frame that is not whole")
