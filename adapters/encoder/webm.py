"""WebM: VP9 by libvpx, 4:2:0, BT.709 in all four tags, and Opus at 48 kHz.

VP9 and not AV1: every browser plays it, Safari plays AV1 only with hardware for it. SVT-AV1 is the faster one here
(docs/formats.md), but writes to the process' stderr, which belongs to the log.
"""

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np

from adapters.encoder.codecs import CodecPair
from adapters.encoder.config import EncoderConfig
from adapters.encoder.formats import Examined, WrittenFormat
from adapters.encoder.muxing import MuxedWriter
from adapters.encoder.picture import PictureTrack
from adapters.encoder.readback import SeenPicture, SeenSound, seen
from adapters.encoder.sound import Block, SoundTrack, channels_of, finite, stereo_blocks
from adapters.encoder.stream_faults import picture_faults, sound_faults, stream_faults
from adapters.encoder.target_file import TargetFile
from domain.clip import Audio, Clip
from domain.geometry import ClipGeometry
from domain.media import WEBM

OPUS_RATE: Final = 48_000
"""Opus decoders hand out 48 kHz, whatever went in."""
OPUS_FRAME: Final = 960
"""Samples in a packet of 20 ms."""
VP9_THREADS: Final = 8
"""On one thread `row-mt` gives another file than on several, so it may not follow the number of cores (33 frames of
768x512: 291,529 bytes on one, 291,407 on two and more). libvpx uses as many as a picture's rows and tiles keep busy."""

_MILLISECOND: Final = Fraction(1, 1000)
"""Matroska's clock in WebM: pictures are shown at the nearest millisecond, and the rate stands beside them."""
_RATE_TOLERANCE: Final = Fraction(1, 1_000_000)
"""FFmpeg makes a fraction of terms up to 30,000 out of the nanoseconds that a WebM has for its rate. NTSC rates and
whole numbers come back exactly; of an odd rate such as 12.3457 the eighth digit is another."""


def _open(clip: Clip, file: TargetFile, config: EncoderConfig) -> MuxedWriter:
    container = av.open(file, "w", format="webm", container_options={"fflags": "+bitexact"})  # else a random UID
    stream = container.add_stream("libvpx-vp9", rate=clip.geometry.frame_rate.rate, options=_vp9_options(config))
    stream.codec_context.thread_count = VP9_THREADS
    picture = PictureTrack(container, stream, clip.geometry, clip.pixel_format)
    if clip.audio is None:
        return MuxedWriter(container, picture, None)
    length = clip.geometry.samples(OPUS_RATE)
    blocks = stereo_blocks(_at_48_khz(clip.audio, clip.geometry), length, OPUS_FRAME)
    sound = container.add_stream("libopus", rate=OPUS_RATE, layout="stereo", bit_rate=config.audio_bit_rate)
    return MuxedWriter(container, picture, SoundTrack(container, sound, blocks))


def _at_48_khz(audio: Audio, geometry: ClipGeometry) -> Block:
    """The sound that is heard, resampled by FFmpeg, which makes up for its filter's delay: nothing moves."""
    heard = finite(channels_of(audio)[:, : geometry.samples(audio.sampling_rate)])
    if audio.sampling_rate == OPUS_RATE or not heard.size:
        return heard
    layout = "mono" if audio.channels == 1 else "stereo"
    resampler = av.AudioResampler(format="fltp", layout=layout, rate=OPUS_RATE)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(heard), format="fltp", layout=layout)
    frame.sample_rate = audio.sampling_rate
    parts = [part.to_ndarray() for part in (*resampler.resample(frame), *resampler.resample(None))]
    return np.concatenate(parts, axis=1).astype(np.float32, copy=False)


def _vp9_options(config: EncoderConfig) -> dict[str, str]:
    """Constant quality. `cpu-used` 4 of "good" is where slower steps stop paying; `row-mt` uses all cores."""
    return {"deadline": "good", "cpu-used": "4", "crf": str(config.vp9_crf), "b": "0", "row-mt": "1"}


def _examine(target: Path, geometry: ClipGeometry, audio: bool) -> Examined:  # noqa: FBT001 - WrittenFormat's form
    found = seen(target, "matroska")
    faults = list(stream_faults(found, audio=audio))
    for picture in found.pictures:
        faults += [*picture_faults(picture, geometry, "vp9"), *_time_faults(picture, geometry)]
    for sound in found.sounds:
        faults += [*sound_faults(sound, "opus"), *_length_faults(sound, geometry)]
    return found.examined(faults)


def _time_faults(picture: SeenPicture, geometry: ClipGeometry) -> Iterator[str]:
    rate = geometry.frame_rate.rate
    if picture.average_rate is None or abs(picture.average_rate / rate - 1) > _RATE_TOLERANCE:
        yield f"average rate {picture.average_rate} instead of {geometry.frame_rate}"
    if any(abs(time - index / rate) > _MILLISECOND / 2 for index, time in enumerate(picture.shown_at)):
        yield "pictures at the wrong time"


def _length_faults(sound: SeenSound, geometry: ClipGeometry) -> Iterator[str]:
    """FFmpeg keeps the end of a sound of one packet, which is longer than the clip; browsers do not."""
    wanted = geometry.samples(sound.rate)
    if sound.samples != wanted and not wanted < sound.samples <= OPUS_FRAME:
        yield f"{sound.samples} samples of sound instead of {wanted}"


def _check(config: EncoderConfig) -> None:
    CodecPair(
        picture="libvpx-vp9",
        options=_vp9_options(config),
        sound="libopus",
        sample_format="flt",
        bit_rate=config.audio_bit_rate,
    ).open()


FORMAT: Final = WrittenFormat(output_format=WEBM, open=_open, examine=_examine, check=_check)
