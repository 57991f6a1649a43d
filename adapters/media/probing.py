"""What a media file holds, told by its packets. None of its frames are shown to anybody, and no header is believed."""

from fractions import Fraction
from typing import BinaryIO

from adapters.media.config import MediaLimits
from adapters.media.containers import WAV
from adapters.media.faults import Damaged
from adapters.media.info import AudioStream, MediaInfo, VideoStream
from adapters.media.opening import opened
from adapters.media.rates import steady_rate
from adapters.media.refusals import refusals
from adapters.media.source import Source
from adapters.media.streams import Pictures, Sound, first_audio, first_video, pictures_of, sound_of
from adapters.media.tally import Tally, tally


def probe(file: BinaryIO, path: str, limits: MediaLimits) -> MediaInfo:
    """What is in `file`, a plain file that is open for reading and that was written by a stranger.

    The whole file is read, and none of it decoded but what FFmpeg needs to tell the streams' parameters. Nothing else
    is opened, no state is shared with other calls. Messages name the request's field `path`. In production this runs in
    a child: see `reader.py`.

    Raises:
        InputRefused, InputUnreadable: see `refusals`.
    """
    with refusals(path):
        return _probed(Source.of(file, seconds=limits.reading_seconds), limits)


def _probed(source: Source, limits: MediaLimits) -> MediaInfo:
    with opened(source, limits) as media:
        video, audio = first_video(media.file), first_audio(media.file)
        pictures = pictures_of(video, limits) if video else None
        sound = sound_of(audio, limits) if audio else None
        if pictures is None and sound is None:
            raise Damaged(found="neither pictures nor sound")
        held = tally(
            media.file,
            [stream for stream in (video, audio) if stream],
            source.size,
            limits,
            open_end=media.container is WAV,
        )
        return MediaInfo(
            container=media.container.name,
            video=_video(pictures, held[video.index], media.rotation, limits) if video and pictures else None,
            audio=_audio(sound, held[audio.index]) if audio and sound else None,
        )


def _video(claimed: Pictures, held: Tally, rotation: int, limits: MediaLimits) -> VideoStream:
    rate = steady_rate(held.times, held.time_base, claimed.rate)
    duration = held.duration
    if held.is_open:  # nobody says how long the last frame lasts
        duration = min(duration + 1 / (rate or claimed.rate), Fraction(limits.seconds))
    return VideoStream(
        codec=claimed.codec,
        width=claimed.width,
        height=claimed.height,
        frames=held.packets,
        rate=rate or claimed.rate,
        duration=duration,
        rotation=rotation,
        pixel_aspect=claimed.pixel_aspect,
        start=held.start,
        is_constant=rate is not None,
    )


def _audio(claimed: Sound, held: Tally) -> AudioStream:
    return AudioStream(codec=claimed.codec, rate=claimed.rate, channels=claimed.channels, duration=held.duration)
