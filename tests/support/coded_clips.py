"""Clips whose every pixel and sample is known: lossless pictures, PCM beside them."""

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from av.container import OutputContainer

Picture = npt.NDArray[np.uint8]
Samples = npt.NDArray[np.int16]
NO_OPTIONS: dict[str, str] = {}


def patterns(count: int, width: int = 64, height: int = 48, seed: int = 0) -> list[Picture]:
    """Pictures (height x width x 3) that are all different, each on a ground that changes from side to side."""
    generator = np.random.default_rng(seed)
    return [generator.integers(0, 256, (height, width, 3), np.uint8) for _ in range(count)]


def flat(count: int, width: int = 64, height: int = 48) -> list[Picture]:
    """Pictures of one grey each, darker to lighter: a counter that survives any codec."""
    return [np.full((height, width, 3), 30 + index * 200 // max(1, count), np.uint8) for index in range(count)]


def noise(samples: int, channels: int = 2, seed: int = 0) -> Samples:
    """channels x samples."""
    return np.random.default_rng(seed).integers(-20_000, 20_000, (channels, samples), np.int16)


def coded(
    pictures: Sequence[Picture],
    *,
    container: str = "mov",
    codec: str = "libx264rgb",
    pixel_format: str = "rgb24",
    rate: Fraction | int = 25,
    ticks: int | None = None,
    times: Sequence[int] | None = None,
    options: dict[str, str] = NO_OPTIONS,
    tags: dict[str, Any] | None = None,
    sound: Samples | None = None,
    sound_codec: str = "pcm_s16le",
    sound_rate: int = 48_000,
    sound_layout: str = "stereo",
    sound_at: int = 0,
    sound_gap: int = 0,
    filled: Callable[[int], av.VideoFrame] | None = None,
) -> bytes:
    """A file of `pictures`, lossless where the codec is.

    Frame i is shown at `times[i]` of 1/`ticks` seconds, else at i / `rate`. `tags` are set on the codec's context.
    The sound begins `sound_at` samples after 0; its second half `sound_gap` samples late.
    `filled` makes the frames instead, in the codec's own format.
    """
    buffer = io.BytesIO()
    lossless = {"qp": "0", "g": "12", "sc_threshold": "0"} if codec.startswith("libx264") else {}
    with av.open(buffer, "w", format=container) as file:
        stream = file.add_stream(codec, rate=rate, options={**lossless, **options})
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pixel_format
        stream.codec_context.thread_count = 1
        base = 1 / Fraction(rate) if ticks is None else Fraction(1, ticks)
        stream.codec_context.time_base = stream.time_base = base
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        listener = None if sound is None else file.add_stream(sound_codec, rate=sound_rate, layout=sound_layout)
        if isinstance(listener, av.AudioStream) and sound is not None:
            half = sound.shape[1] // 2
            for part, at in ((sound[:, :half], sound_at), (sound[:, half:], sound_at + half + sound_gap)):
                _write_sound(file, listener, part, at)
            file.mux(listener.encode(None))
        for index, picture in enumerate(pictures):
            if filled is None:
                frame = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format=pixel_format)
            else:
                frame = filled(index)
            frame.pts, frame.time_base = index if times is None else times[index], base
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return buffer.getvalue()


def only_sound(sound: Samples, rate: int = 48_000, layout: str = "stereo", container: str = "wav") -> bytes:
    """PCM alone."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = file.add_stream("pcm_s16le", rate=rate, layout=layout)
        _write_sound(file, stream, sound, 0)
        file.mux(stream.encode(None))
    return buffer.getvalue()


def _write_sound(file: OutputContainer, stream: av.AudioStream, sound: Samples, at: int) -> None:
    packed = np.ascontiguousarray(sound.T.reshape(1, -1))
    frame = av.AudioFrame.from_ndarray(packed, "s16", stream.layout.name)
    frame.sample_rate, frame.pts, frame.time_base = stream.sample_rate, at, Fraction(1, stream.sample_rate)
    file.mux(stream.encode(frame))
