"""Whether a finished file is what was asked for."""

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

from adapters.encoder.failures import vendor_failures
from adapters.encoder.readback import SeenFile, SeenPicture, SeenSound, seen
from domain.errors import EncodeFailed
from domain.geometry import ClipGeometry
from domain.media import MP4
from domain.results import EncodedVideo

_BT709: Final = (1, 1, 1, 1)
_STEREO: Final = 2


def verified(target: Path, geometry: ClipGeometry, *, audio: bool) -> EncodedVideo:
    """Read `target` back and describe it.

    Raises:
        EncodeFailed: it cannot be decoded, or differs from `geometry`; the message lists every difference.
    """
    with vendor_failures("The written video cannot be read back"):
        found = seen(target)
        faults = list(_faults(found, geometry, audio=audio))
        if faults:
            message = f"The written video is not what it should be: {'; '.join(faults)}"
            raise EncodeFailed(message)
        with target.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        sound = found.sounds[0] if found.sounds else None
        return EncodedVideo(
            content_type=MP4.content_type,
            size=target.stat().st_size,
            sha256=sha256,
            audio_rate=sound.rate if sound else None,
            audio_channels=sound.channels if sound else None,
        )


def _faults(found: SeenFile, geometry: ClipGeometry, *, audio: bool) -> Iterator[str]:
    before_data = found.boxes[: found.boxes.index("mdat")] if "mdat" in found.boxes else ()
    if "moov" not in before_data:
        yield f"boxes in the order {', '.join(found.boxes)}"
    if len(found.pictures) != 1:
        yield f"{len(found.pictures)} picture streams instead of 1"
    if len(found.sounds) != audio:
        yield f"{len(found.sounds)} sound streams instead of {audio:d}"
    for picture in found.pictures:
        yield from _picture_faults(picture, geometry)
    for sound in found.sounds:
        yield from _sound_faults(sound, geometry)


def _picture_faults(picture: SeenPicture, geometry: ClipGeometry) -> Iterator[str]:
    rate = geometry.frame_rate.rate
    expected = {
        "codec": (picture.codec, "h264"),
        "size": (picture.resolution, geometry.resolution),
        "pixel format": (picture.pixel_format, "yuv420p"),
        "colour tags": (picture.colour_tags, _BT709),
        "frame count": (len(picture.shown_at), geometry.frames),
        "average rate": (picture.average_rate, rate),
        "guessed rate": (picture.guessed_rate, rate),
    }
    for name, (is_, should_be) in expected.items():
        if is_ != should_be:
            yield f"{name} {is_} instead of {should_be}"
    if any(time != index / rate for index, time in enumerate(picture.shown_at)):
        yield "pictures at the wrong time"
    yield from _length_fault("picture", picture.length, geometry)


def _sound_faults(sound: SeenSound, geometry: ClipGeometry) -> Iterator[str]:
    if sound.codec != "aac":
        yield f"sound codec {sound.codec} instead of aac"
    if sound.channels != _STEREO:
        yield f"{sound.channels} channels instead of {_STEREO}"
    yield from _length_fault("sound", sound.length, geometry)
    least = geometry.samples(sound.rate) - sound.rate / geometry.frame_rate.rate
    if sound.samples < least:
        yield f"{sound.samples} samples of sound instead of {geometry.samples(sound.rate)}"


def _length_fault(name: str, length: Fraction, geometry: ClipGeometry) -> Iterator[str]:
    if abs(length - geometry.duration) > 1 / geometry.frame_rate.rate:
        yield f"{name} of {float(length):.3f} seconds instead of {float(geometry.duration):.3f}"
