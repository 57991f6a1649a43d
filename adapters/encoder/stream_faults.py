"""What is wrong with the streams of a finished file, in the words of a message."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from adapters.encoder.frames import YUV
from adapters.encoder.readback import SeenFile, SeenPicture, SeenSound
from domain.geometry import ClipGeometry

_BT709: Final = (1, 1, 1, 1)
_STEREO: Final = 2


def stream_faults(found: SeenFile, *, audio: bool) -> Iterator[str]:
    """One picture, and one sound where there must be one."""
    if len(found.pictures) != 1:
        yield f"{len(found.pictures)} picture streams instead of 1"
    if len(found.sounds) != audio:
        yield f"{len(found.sounds)} sound streams instead of {audio:d}"


def picture_faults(picture: SeenPicture, geometry: ClipGeometry, codec: str) -> Iterator[str]:
    """Codec, size, 4:2:0 in BT.709, frame count."""
    expected = {
        "codec": (picture.codec, codec),
        "size": (picture.resolution, geometry.resolution),
        "pixel format": (picture.pixel_format, YUV),
        "colour tags": (picture.colour_tags, _BT709),
        "frame count": (len(picture.shown_at), geometry.frames),
    }
    for name, (is_, should_be) in expected.items():
        if is_ != should_be:
            yield f"{name} {is_} instead of {should_be}"


def sound_faults(sound: SeenSound, codec: str) -> Iterator[str]:
    """Codec and channels."""
    if sound.codec != codec:
        yield f"sound codec {sound.codec} instead of {codec}"
    if sound.channels != _STEREO:
        yield f"{sound.channels} channels instead of {_STEREO}"


def length_fault(name: str, length: Fraction, geometry: ClipGeometry) -> Iterator[str]:
    """More than a frame beside the clip's length."""
    if abs(length - geometry.duration) > 1 / geometry.frame_rate.rate:
        yield f"{name} of {float(length):.3f} seconds instead of {float(geometry.duration):.3f}"
