"""MP4: H.264 by x264, 4:2:0, BT.709 in all four tags, AAC, `moov` first."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av

from adapters.encoder.codecs import CodecPair
from adapters.encoder.config import EncoderConfig
from adapters.encoder.formats import Examined, WrittenFormat
from adapters.encoder.muxing import MuxedWriter
from adapters.encoder.picture import PictureTrack
from adapters.encoder.readback import SeenSound, seen
from adapters.encoder.sound import Block, SoundTrack, channels_of, stereo_blocks
from adapters.encoder.stream_faults import length_fault, picture_faults, sound_faults, stream_faults
from adapters.encoder.target_file import TargetFile
from domain.clip import Audio, Clip
from domain.geometry import ClipGeometry
from domain.media import MP4

AAC_FRAME: Final = 1024
"""Samples in a packet of AAC-LC."""
X264_THREADS: Final = 8
"""x264's output depends on it, so it may not follow the number of cores, as PyAV's default does.

Whole frames, and not slices of one, which is PyAV's default as well: 61 frames of 768x512 with grain on two cores,
veryfast CRF 22: 2 slices 348 frames/s and 197.7 kB, 4 slices 323 and 202.7; 2, 4, 8 and 16 frames 384, 364, 380 and
353, and 195.9 to 196.2 kB.
"""

_AAC_OPTIONS: Final = {"aac_coder": "fast"}
"""Not FFmpeg's default, "twoloop". Five seconds of stereo at 192 kbit/s, default against this (PyAV 18.1): a chord
0.25 s and 48 dB of SNR against 0.14 s and 61 dB, a tone in noise 0.18 s and 21.6 dB against 0.04 s and 23.4 dB, a pure
tone 0.09 s and 58 dB against 0.13 s and 78 dB. FFmpeg's manual, too, calls it the better one at high bit rates."""

_SILENT_TIMESCALE: Final = 48_000
_LARGEST_TIMESCALE: Final = 10_000_000
"""Keeps the durations of clips up to seven minutes in 32 bits, which the oldest parsers want."""
_BOX_HEADER: Final = 8
_WIDE_BOX_HEADER: Final = 16


def _open(clip: Clip, file: TargetFile, config: EncoderConfig) -> MuxedWriter:
    options = {"movflags": "+faststart", "movie_timescale": str(_movie_timescale(clip))}
    container = av.open(file, "w", format="mp4", container_options=options)
    rate = clip.geometry.frame_rate.rate
    stream = container.add_stream("libx264", rate=rate, options=_x264_options(config))
    stream.codec_context.thread_type = "FRAME"
    stream.codec_context.thread_count = X264_THREADS
    picture = PictureTrack(container, stream, clip.geometry, clip.pixel_format)
    if clip.audio is None:
        return MuxedWriter(container, picture, None)
    sampling_rate = clip.audio.sampling_rate
    blocks = _aac_blocks(clip.audio, clip.geometry.samples(sampling_rate))
    sound = container.add_stream(
        "aac", rate=sampling_rate, layout="stereo", bit_rate=config.audio_bit_rate, options=_AAC_OPTIONS
    )
    return MuxedWriter(container, picture, SoundTrack(container, sound, blocks))


def _movie_timescale(clip: Clip) -> int:
    """Ticks per second of the edit lists and of the movie's length.

    FFmpeg's 1,000 rounds both streams to the millisecond. The common multiple of both rates makes them exact.
    """
    sampling_rate = _SILENT_TIMESCALE if clip.audio is None else clip.audio.sampling_rate
    common = math.lcm(sampling_rate, clip.geometry.frame_rate.rate.numerator)
    return common if common <= _LARGEST_TIMESCALE else sampling_rate


def _aac_blocks(audio: Audio, length: int) -> Iterator[tuple[int, Block]]:
    """`audio` as stereo blocks of up to 1024 samples that end exactly at `length`, each with its first position.

    AAC comes in packets of 1024 samples, and FFmpeg's decoders hand out a last packet whole, whatever the edit
    list says: at 24 kHz up to 43 ms too much, more than a frame. So the odd rest goes in front: silence at
    negative positions, which the edit list hides together with the encoder's priming. A clip shorter than one
    packet starts at 0, for without a packet that starts inside the edit FFmpeg plays nothing; there the
    container's durations are exact, and a decoder's output is one packet long.
    """
    lead = -length % AAC_FRAME if length >= AAC_FRAME else 0
    return stereo_blocks(channels_of(audio), length, AAC_FRAME, lead)


def _x264_options(config: EncoderConfig) -> dict[str, str]:
    """What x264 is told beyond the picture's format.

    `cpu-independent`: without it the vectorised macroblock tree (x264 core 165, in PyAV 18.1) gives different files
    for the same frames: up to 8 in 300 encodes at 64x96, 9 in 14 at 704x480. The plain code gives one, and costs no
    measurable time: 49 frames of 768x512 in 0.40 s against 0.41 s.
    """
    return {"preset": config.preset, "crf": str(config.crf), "x264-params": "cpu-independent=1"}


def _examine(target: Path, geometry: ClipGeometry, audio: bool) -> Examined:  # noqa: FBT001 - WrittenFormat's form
    boxes = _top_level_boxes(target)
    found = seen(target, "mp4")
    faults = [*_order_faults(boxes), *stream_faults(found, audio=audio)]
    for picture in found.pictures:
        faults += picture_faults(picture, geometry, "h264")
        if picture.average_rate != geometry.frame_rate.rate or picture.guessed_rate != geometry.frame_rate.rate:
            rates = f"average rate {picture.average_rate}, guessed rate {picture.guessed_rate}"
            faults.append(f"{rates} instead of {geometry.frame_rate}")
        if any(time != index / geometry.frame_rate.rate for index, time in enumerate(picture.shown_at)):
            faults.append("pictures at the wrong time")
        faults += length_fault("picture", picture.length, geometry)
    for sound in found.sounds:
        faults += [*sound_faults(sound, "aac"), *_sound_length_faults(sound, geometry)]
    return found.examined(faults)


def _order_faults(boxes: tuple[str, ...]) -> Iterator[str]:
    before_data = boxes[: boxes.index("mdat")] if "mdat" in boxes else ()
    if "moov" not in before_data:
        yield f"boxes in the order {', '.join(boxes)}"


def _sound_length_faults(sound: SeenSound, geometry: ClipGeometry) -> Iterator[str]:
    yield from length_fault("sound", sound.length, geometry)
    least = geometry.samples(sound.rate) - sound.rate / geometry.frame_rate.rate
    if sound.samples < least:
        yield f"{sound.samples} samples of sound instead of {geometry.samples(sound.rate)}"


def _top_level_boxes(target: Path) -> tuple[str, ...]:
    boxes = []
    with target.open("rb") as file:
        end = target.stat().st_size
        start = 0
        while start < end:
            file.seek(start)
            header = file.read(_WIDE_BOX_HEADER)
            size = int.from_bytes(header[:4])
            if size == 1:
                size = int.from_bytes(header[8:])
            boxes.append(header[4:8].decode("ascii", "replace"))
            start += max(size, _BOX_HEADER) if size else end
    return tuple(boxes)


def _check(config: EncoderConfig) -> None:
    CodecPair(
        picture="libx264",
        options=_x264_options(config),
        sound="aac",
        sample_format="fltp",
        bit_rate=config.audio_bit_rate,
        sound_options=_AAC_OPTIONS,
    ).open()


FORMAT: Final = WrittenFormat(output_format=MP4, open=_open, examine=_examine, check=_check)
