"""The streams of an opened file: which are looked at, and what their headers claim within the limits."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Final

import attrs
import av
from av.audio.stream import AudioStream
from av.codec import CodecContext
from av.container import InputContainer
from av.stream import Disposition, Stream
from av.video.reformatter import ColorTrc
from av.video.stream import VideoStream

from adapters.media.config import MAX_PIXEL_ASPECT, MediaLimits
from adapters.media.containers import Container
from adapters.media.faults import Damaged, Excessive
from adapters.media.source import Source, refuse_others

VIDEO_CODECS: Final = frozenset({"h264", "hevc", "vp8", "vp9", "av1"})
AUDIO_CODECS: Final = frozenset(
    {"aac", "mp3", "opus", "vorbis", "flac", "pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le"}
)
_DECODERS: Final = (*sorted(VIDEO_CODECS | AUDIO_CODECS), "libdav1d", "libopus", "mp3float")
"""FFmpeg's names for what may look at the first frames, where a header does not say all."""

_HDR: Final = frozenset({ColorTrc.SMPTE2084, ColorTrc.ARIB_STD_B67})
_NO_VIDEO: Final = Disposition.attached_pic | Disposition.timed_thumbnails
"""A cover is a stream of pictures to FFmpeg."""


@attrs.frozen
class Pictures:
    """What the header of a video stream claims."""

    codec: str
    width: int
    height: int
    rate: Fraction
    pixel_aspect: Fraction


@attrs.frozen
class Sound:
    """What the header of an audio stream claims."""

    codec: str
    rate: int
    channels: int


@contextmanager
def demuxed(source: Source, container: Container, limits: MediaLimits) -> Iterator[InputContainer]:
    """`source` in FFmpeg's hands: one demuxer, named decoders, no protocol, and nobody to open another file.

    Raises av's errors, and whatever `source` raises.
    """
    options = {
        "format_whitelist": container.whitelist,
        "codec_whitelist": ",".join(_DECODERS),
        "protocol_whitelist": "none",  # not even "file": all reading goes through `source`
        "enable_drefs": "0",
        "max_streams": str(limits.max_streams + 1),  # FFmpeg leaves out what is more; one too many is seen below
        "probesize": "5000000",
        "analyzeduration": "5000000",
    }
    with av.open(
        source,
        "r",
        format=container.demuxer,
        options=options,
        metadata_errors="replace",
        io_open=refuse_others,
    ) as file:
        if len(file.streams) > limits.max_streams:
            raise Excessive(must=f"have at most {limits.max_streams} streams")
        yield file


def first_video(file: InputContainer) -> VideoStream | None:
    """The first stream of moving pictures. Subtitles, data and attachments are nobody's."""
    return next((stream for stream in file.streams.video if not stream.disposition & _NO_VIDEO), None)


def first_audio(file: InputContainer) -> AudioStream | None:
    """The first stream of sound."""
    return next(iter(file.streams.audio), None)


def pictures_of(stream: VideoStream, limits: MediaLimits) -> Pictures:
    """What the header claims. Raises Damaged or Excessive."""
    codec = _codec(stream, VIDEO_CODECS, "video")
    width, height = stream.codec_context.width, stream.codec_context.height
    if min(width, height) < 1:
        raise Damaged(found="no frame size")
    if max(width, height) > limits.max_side or width * height > limits.max_pixels:
        raise Excessive(must=f"have at most {limits.max_pixels} pixels a frame and no side over {limits.max_side}")
    rate = _rate_of(stream, limits)
    if stream.codec_context.color_trc in _HDR:
        raise Excessive(must="be SDR: PQ and HLG are not converted")
    aspect = stream.sample_aspect_ratio or Fraction(1)  # 0: not told
    if not 1 / MAX_PIXEL_ASPECT <= aspect <= MAX_PIXEL_ASPECT:
        raise Excessive(must=f"have pixels of at most {MAX_PIXEL_ASPECT}:1")
    return Pictures(codec, width, height, rate, aspect)


def _rate_of(stream: VideoStream, limits: MediaLimits) -> Fraction:
    """The mean that the header gives, else FFmpeg's guess: for a stream without frames that is its clock's rate."""
    mean, guess = stream.average_rate, stream.guessed_rate
    if mean and not 1 <= mean <= limits.max_rate:
        raise Excessive(must=f"have 1 to {limits.max_rate} frames per second")
    rate = mean or guess
    if not rate or not 1 <= rate <= limits.max_rate:
        raise Damaged(found="no frame rate, as without frames")
    return rate


def sound_of(stream: AudioStream, limits: MediaLimits) -> Sound:
    """What the header claims. Raises Damaged or Excessive."""
    codec = _codec(stream, AUDIO_CODECS, "audio")
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.channels
    if rate < 1 or channels < 1:
        raise Damaged(found="no sampling rate, or no channels")
    if not limits.min_sampling_rate <= rate <= limits.max_sampling_rate:
        raise Excessive(must=f"have {limits.min_sampling_rate} to {limits.max_sampling_rate} samples per second")
    if channels > limits.max_channels:
        raise Excessive(must=f"have at most {limits.max_channels} channels")
    return Sound(codec, rate, channels)


def _codec(stream: Stream, taken: frozenset[str], kind: str) -> str:
    context: object = stream.codec_context  # None where this FFmpeg has no decoder
    name = context.codec.canonical_name if isinstance(context, CodecContext) else ""
    if name not in taken:
        raise Excessive(must=f"have {kind} in one of the codecs {', '.join(sorted(taken))}")
    return name
