"""Which containers are taken, told by their first bytes and never by a name."""

from typing import Final

import attrs

from adapters.media.faults import NotTaken

HEAD_BYTES: Final = 16


@attrs.frozen(kw_only=True)
class Container:
    """One container: our name, and FFmpeg's for its demuxer: one of them, and all as a list has them."""

    name: str
    demuxer: str
    whitelist: str


MP4: Final = Container(name="mp4", demuxer="mp4", whitelist="mov,mp4,m4a,3gp,3g2,mj2")
MATROSKA: Final = Container(name="matroska", demuxer="matroska", whitelist="matroska,webm")
WAV: Final = Container(name="wav", demuxer="wav", whitelist="wav")
MP3: Final = Container(name="mp3", demuxer="mp3", whitelist="mp3")
FLAC: Final = Container(name="flac", demuxer="flac", whitelist="flac")
OGG: Final = Container(name="ogg", demuxer="ogg", whitelist="ogg")
"""Cameras and editors write MP4 and MOV, browsers record WebM and Ogg, speech and music services answer with WAV, MP3,
FLAC and Ogg. FFmpeg has 300 more: playlists that name other files and hosts, image sequences, formats of old games."""

_MAGIC: Final = (
    (0, b"\x1a\x45\xdf\xa3", MATROSKA),
    (0, b"fLaC", FLAC),
    (0, b"OggS", OGG),
    (0, b"ID3", MP3),
)
_MPEG_LAYER_3: Final = frozenset({0xFA, 0xFB, 0xF2, 0xF3, 0xE2, 0xE3})
"""Second byte of an MP3 frame: sync, version, layer, checksum."""

_PICTURES: Final = frozenset({b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"crx "})
"""Brands of pictures in MP4's clothes."""

_OTHERS: Final = (
    (0, b"RIFX", "a big-endian RIFF"),
    (0, b"RF64", "an RF64"),
    (0, b"FLV", "an FLV"),
    (0, b"\x30\x26\xb2\x75", "an ASF"),
    (0, b"FORM", "an AIFF"),
    (0, b".snd", "an AU"),
    (0, b"#EXTM3U", "a playlist"),
    (0, b"ffconcat", "a playlist"),
    (0, b"\x00\x00\x01\xba", "an MPEG program stream"),
    (0, b"GIF8", "a GIF"),
)


def container_of(head: bytes) -> Container:
    """The container that begins with `head`, its first `HEAD_BYTES`.

    Raises:
        NotTaken: any other.
    """
    for offset, magic, container in _MAGIC:
        if head.startswith(magic, offset):
            return container
    if head[4:8] == b"ftyp":
        if head[8:12] in _PICTURES:
            raise NotTaken(kind="a picture")
        return MP4
    if head[:4] == b"RIFF":
        if head[8:12] == b"WAVE":
            return WAV
        raise NotTaken(kind="an AVI" if head[8:12] == b"AVI " else "a RIFF that is no WAV")
    if head[:1] == b"\xff" and head[1:2] and head[1] in _MPEG_LAYER_3:
        return MP3
    for offset, magic, kind in _OTHERS:
        if head.startswith(magic, offset):
            raise NotTaken(kind=kind)
    raise NotTaken
