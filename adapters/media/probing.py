"""What a media file holds, told by its packets. None of its frames are shown to anybody, and no header is believed."""

import struct
from typing import BinaryIO, Final

import av.error

from adapters.http.faults import at_field
from adapters.media.config import MediaLimits
from adapters.media.containers import HEAD_BYTES, MP4, WAV, container_of
from adapters.media.faults import Damaged, Excessive, NotTaken, OtherFile, Overdrawn
from adapters.media.info import AudioStream, MediaInfo, VideoStream
from adapters.media.mp4_boxes import check_boxes
from adapters.media.source import Source
from adapters.media.streams import Pictures, Sound, demuxed, first_audio, first_video, pictures_of, sound_of
from adapters.media.tally import Tally, tally
from domain.errors import InputRefused, InputUnreadable

_TAKEN: Final = "must be an MP4, MOV, WebM, Matroska, WAV, MP3, FLAC or Ogg file"

_BROKEN: Final = (av.error.FFmpegError, ValueError, struct.error)
"""What PyAV and our own readers raise for damaged files. An OSError that is none of av's is about our disk; the sandbox
says what it means when memory runs out."""

REFERS: Final = "must be one plain file that refers to no other"


def probe(file: BinaryIO, path: str, limits: MediaLimits) -> MediaInfo:
    """What is in `file`, a plain file that is open for reading and that was written by a stranger.

    The whole file is read, and none of it decoded but what FFmpeg needs to tell the streams' parameters. Nothing else
    is opened, no state is shared with other calls. Messages name the request's field `path`. In production this runs in
    a child: see `media_probe.py`.

    Raises:
        InputRefused: a format or codec that is not taken, more than `limits`, or a reference to another file.
        InputUnreadable: damaged, cut off, or neither pictures nor sound.
    """
    try:
        return _probed(Source.of(file, seconds=limits.reading_seconds), limits)
    except NotTaken as exc:
        if exc.kind is None:
            raise at_field(InputUnreadable, path, _TAKEN) from exc
        raise at_field(InputRefused, path, f"{_TAKEN}, got {exc.kind}") from exc
    except Excessive as exc:
        raise at_field(InputRefused, path, exc.message) from exc
    except Overdrawn as exc:
        raise at_field(InputRefused, path, "takes too long to read") from exc
    except OtherFile as exc:
        raise at_field(InputRefused, path, REFERS) from exc
    except _BROKEN as exc:
        raise at_field(InputUnreadable, path, "is damaged: it cannot be read as video or sound") from exc


def _probed(source: Source, limits: MediaLimits) -> MediaInfo:
    if source.size > limits.max_bytes:
        raise Excessive(must=f"be at most {limits.max_bytes} bytes")
    container = container_of(source.read(HEAD_BYTES))
    rotation = check_boxes(source, limits) if container is MP4 else 0
    source.seek(0)
    with demuxed(source, container, limits) as file:
        video, audio = first_video(file), first_audio(file)
        pictures = pictures_of(video, limits) if video else None
        sound = sound_of(audio, limits) if audio else None
        if pictures is None and sound is None:
            raise Damaged(found="neither pictures nor sound")
        held = tally(
            file, [stream for stream in (video, audio) if stream], source.size, limits, open_end=container is WAV
        )
        return MediaInfo(
            container=container.name,
            video=_video(pictures, held[video.index], rotation) if video and pictures else None,
            audio=_audio(sound, held[audio.index]) if audio and sound else None,
        )


def _video(claimed: Pictures, held: Tally, rotation: int) -> VideoStream:
    return VideoStream(
        codec=claimed.codec,
        width=claimed.width,
        height=claimed.height,
        frames=held.packets,
        rate=claimed.rate,
        duration=held.duration,
        rotation=rotation,
    )


def _audio(claimed: Sound, held: Tally) -> AudioStream:
    return AudioStream(codec=claimed.codec, rate=claimed.rate, channels=claimed.channels, duration=held.duration)
