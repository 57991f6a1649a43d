"""Small video and audio files made by code, and MP4 files taken apart and put together again."""

import io
import struct
from collections.abc import Callable
from fractions import Fraction
from functools import cache

import av
import numpy as np
from av.container import OutputContainer

WIDTH, HEIGHT, FRAMES, RATE = 64, 48, 10, 25
SAMPLING_RATE = 48_000
SOUND_SECONDS = 0.4

_PARENTS = frozenset({b"moov", b"trak", b"edts", b"mdia", b"minf", b"dinf", b"stbl", b"mvex", b"moof", b"traf"})
Change = Callable[[bytes, bytes], bytes | None]
"""Kind and body of a box to its new body, or None to leave the box out."""


@cache
def media(
    container: str = "mp4",
    video: str | None = "libx264",
    audio: str | None = "aac",
    *,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    frames: int = FRAMES,
    rate: int = RATE,
    channels: str = "stereo",
    sampling_rate: int = SAMPLING_RATE,
    fragmented: bool = False,
) -> bytes:
    """A black clip with a tone. An MP4 has its header behind its data, so that it can grow."""
    buffer = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov"} if fragmented else {}
    with av.open(buffer, "w", format=container, options=options) as file:
        pictures = None if video is None else file.add_stream(video, rate=rate)
        sound = None if audio is None else file.add_stream(audio, rate=sampling_rate, layout=channels)
        if isinstance(pictures, av.VideoStream):
            _write_pictures(file, pictures, size, frames)
        if isinstance(sound, av.AudioStream):
            _write_sound(file, sound)
    return buffer.getvalue()


def _write_pictures(file: OutputContainer, stream: av.VideoStream, size: tuple[int, int], frames: int) -> None:
    stream.width, stream.height = size
    stream.pix_fmt = "yuvj420p" if stream.name == "mjpeg" else "yuv420p"
    stream.codec_context.thread_count = 1
    for index in range(frames):
        picture = av.VideoFrame(*size, stream.pix_fmt)
        for plane in picture.planes:
            plane.update(bytes(plane.buffer_size))
        picture.pts, picture.time_base = index, 1 / Fraction(stream.codec_context.rate)
        file.mux(stream.encode(picture))
    file.mux(stream.encode(None))


def _write_sound(file: OutputContainer, stream: av.AudioStream) -> None:
    rate, layout = stream.sample_rate, stream.layout.name
    samples = np.sin(np.arange(int(rate * SOUND_SECONDS)) / 9).astype(np.float32)
    frame = av.AudioFrame.from_ndarray(np.tile(samples, (len(stream.layout.channels), 1)), "fltp", layout)
    frame.sample_rate, frame.pts, frame.time_base = rate, 0, Fraction(1, rate)
    fifo = av.AudioFifo()
    for part in av.AudioResampler(stream.format.name, layout, rate).resample(frame):
        fifo.write(part)
    for part in fifo.read_many(stream.codec_context.frame_size or 1024, partial=True):
        file.mux(stream.encode(part))
    file.mux(stream.encode(None))


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def table(*values: int, version: int = 0) -> bytes:
    """A full box's body: version and flags, then numbers of 32 bits."""
    return struct.pack(f">I{len(values)}I", version, *values)


def rewritten(data: bytes, change: Change) -> bytes:
    """`data` with each box that holds no others changed."""
    parts = []
    start = 0
    while start < len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        body = data[start + 8 : start + size]
        new = rewritten(body, change) if kind in _PARENTS else change(kind, body)
        if new is not None:
            parts.append(box(kind, new))
        start += size
    return b"".join(parts)


def with_body(kind: bytes, body: bytes, data: bytes | None = None) -> bytes:
    """`data`, or a whole MP4, with `body` in each box of that kind."""
    return rewritten(media() if data is None else data, lambda found, old: body if found == kind else old)


def patched(kind: bytes, at: int, change: bytes, data: bytes | None = None) -> bytes:
    """As `with_body`, with `change` at one place of the old body."""

    def patch(found: bytes, old: bytes) -> bytes:
        return old[:at] + change + old[at + len(change) :] if found == kind else old

    return rewritten(media() if data is None else data, patch)


def inserted(parent: bytes, *children: bytes) -> bytes:
    """A whole MP4 with `children` at the start of the first box of the kind `parent`; sizes above it grow along."""
    return _inserted(media(), parent, b"".join(children))[0]


def _inserted(data: bytes, parent: bytes, new: bytes) -> tuple[bytes, bool]:
    parts = []
    start = 0
    done = False
    while start < len(data):
        size, kind = struct.unpack_from(">I4s", data, start)
        body = data[start + 8 : start + size]
        if not done and kind == parent:
            body, done = new + body, True
        elif not done and kind in _PARENTS:
            body, done = _inserted(body, parent, new)
        parts.append(box(kind, body))
        start += size
    return b"".join(parts), done
