"""A zip of lossless pictures, frame-00001.png and so on, and the sound as sound.wav.

The pictures are compressed by themselves, so the zip stores them as they are. One picture is in memory at a time.
"""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from adapters.encoder.config import EncoderConfig
from adapters.encoder.formats import Examined, WrittenFormat
from adapters.encoder.frames import RGB, FrameReader
from adapters.encoder.sound import channels_of, finite
from adapters.encoder.target_file import TargetFile
from adapters.encoder.wav import examine_wav, wav_size, write_wav
from domain.clip import Audio, Clip
from domain.geometry import MIN_SIDE, ClipGeometry, Resolution
from domain.media import PNG_SEQUENCE

if TYPE_CHECKING:
    from av.video.stream import VideoStream

SOUND: Final = "sound.wav"
_UNIX: Final = 3
_READABLE: Final = 0o644 << 16
_BEGIN: Final = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can tell: the same clip gives the same bytes."""


def frame_name(number: int) -> str:
    """Of the frame with that number, from 1; five digits, so that names sort like frames."""
    return f"frame-{number:05d}.png"


class ZipWriter:
    """Writes pictures as they come, then the sound."""

    def __init__(self, clip: Clip, file: TargetFile) -> None:
        self._geometry = clip.geometry
        self._audio = clip.audio
        if self._audio is not None:
            finite(channels_of(self._audio))
        self._reader = FrameReader(clip.geometry.resolution, clip.pixel_format)
        self._codec = _png_codec(clip.geometry.resolution)
        self._taken = 0
        self._written = 0
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, frame: memoryview) -> None:
        picture = self._reader.rgb(frame)
        picture.pts = self._taken
        self._taken += 1
        self._store(self._codec.encode(picture))

    def finish(self, check: Callable[[], None]) -> None:
        self._store(self._codec.encode(None))
        check()
        if self._audio is not None:
            self._store_sound(self._audio)
        self._zip.close()

    def abandon(self) -> None:
        with suppress(OSError, ValueError):
            self._zip.close()

    def _store(self, packets: "Sequence[Packet[VideoStream]]") -> None:
        for packet in packets:
            self._written += 1
            self._zip.writestr(_entry(frame_name(self._written)), bytes(packet))

    def _store_sound(self, audio: Audio) -> None:
        length = self._geometry.samples(audio.sampling_rate)
        entry = _entry(SOUND)
        entry.file_size = wav_size(length)
        with self._zip.open(entry, "w") as file:
            write_wav(audio, length, file)


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _BEGIN)
    entry.create_system = _UNIX
    entry.external_attr = _READABLE
    return entry


def _png_codec(resolution: Resolution) -> VideoCodecContext:
    codec = av.CodecContext.create("png", "w")
    codec.width, codec.height = resolution.width, resolution.height
    codec.pix_fmt = RGB
    codec.time_base = Fraction(1, 24)  # a picture has none, but FFmpeg wants one
    codec.thread_count = 1  # more threads hold more pictures
    return codec


def _open(clip: Clip, file: TargetFile, _: EncoderConfig) -> ZipWriter:
    return ZipWriter(clip, file)


def _examine(target: Path, geometry: ClipGeometry, audio: bool) -> Examined:  # noqa: FBT001 - WrittenFormat's form
    with zipfile.ZipFile(target) as found:
        faults = list(_listing_faults(found, geometry, audio=audio))
        if faults:
            return Examined(faults=faults)
        faults += _picture_faults(found, geometry)
        if not audio:
            return Examined(faults=faults)
        with found.open(SOUND) as file:
            sound = examine_wav(file, found.getinfo(SOUND).file_size, geometry)
        return Examined(
            faults=(*faults, *sound.faults), audio_rate=sound.audio_rate, audio_channels=sound.audio_channels
        )


def _listing_faults(found: zipfile.ZipFile, geometry: ClipGeometry, *, audio: bool) -> Iterator[str]:
    entries = found.infolist()
    names = [entry.filename for entry in entries]
    pictures = [name for name in names if name != SOUND]
    if len(pictures) != geometry.frames:
        yield f"frame count {len(pictures)} instead of {geometry.frames}"
    elif pictures != [frame_name(number) for number in range(1, geometry.frames + 1)]:
        yield "pictures with other names"
    if names.count(SOUND) != audio:
        yield "no sound" if audio else "a sound that the clip does not have"
    if any(entry.compress_type != zipfile.ZIP_STORED or entry.flag_bits & 1 for entry in entries):
        yield "files that are packed or encrypted"


def _picture_faults(found: zipfile.ZipFile, geometry: ClipGeometry) -> Iterator[str]:
    """Every picture is decoded, by itself. Raises av's errors, and BadZipFile where a checksum is wrong."""
    for number in range(1, geometry.frames + 1):
        codec = av.CodecContext.create("png", "r")
        codec.options = {"err_detect": "explode"}
        codec.thread_count = 1
        seen = [*codec.decode(Packet(found.read(frame_name(number)))), *codec.decode(None)]
        sizes = [(Resolution(frame.width, frame.height), frame.format.name) for frame in seen]
        if sizes != [(geometry.resolution, RGB)]:
            shown = ", ".join(f"{size} {pixels}" for size, pixels in sizes)
            yield f"picture {number} of size {shown} instead of {geometry.resolution} {RGB}"


def _check(_: EncoderConfig) -> None:
    _png_codec(Resolution(MIN_SIDE, MIN_SIDE)).open()


FORMAT: Final = WrittenFormat(output_format=PNG_SEQUENCE, open=_open, examine=_examine, check=_check)
