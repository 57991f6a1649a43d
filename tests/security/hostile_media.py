"""Video and audio files that mean harm, made by code: playlists, containers of others, and what headers claim."""

import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import attrs

from domain.errors import InputRefused, InputUnreadable
from tests.security.hostile_file import REFUSED, UNREADABLE, Failures
from tests.support.media_files import (
    FRAMES,
    box,
    inserted,
    media,
    patched,
    rewritten,
    table,
    with_body,
)

EITHER: Failures = frozenset({InputRefused, InputUnreadable})
"""Where it is FFmpeg's business which of the two it is."""


@attrs.frozen
class Lure:
    """What a file may refer to and nobody may open: a host, a file beside it, and one elsewhere."""

    url: str
    neighbour: Path
    elsewhere: Path


@attrs.frozen
class Held:
    """What an odd but valid file is seen to hold; None for a stream that is not there."""

    frames: int | None
    sound: bool


WHOLE = Held(FRAMES, sound=True)
SOUND = Held(None, sound=True)


@attrs.frozen
class HostileMedia:
    """As `HostileFile`. `ends` is None where a failure is as good as what is left in the file."""

    name: str
    reason: str
    make: Callable[[Lure], bytes]
    ends: Failures | Held | None = UNREADABLE


def playlists() -> Iterator[HostileMedia]:
    """Texts that name other files and hosts. Each is named clip.mp4 by the job."""
    texts: dict[str, tuple[str, Failures]] = {
        "ffconcat of /etc/passwd": ("ffconcat version 1.0\nfile /etc/passwd\n", REFUSED),
        "ffconcat of a file elsewhere": ("ffconcat version 1.0\nfile {far}\n", REFUSED),
        "ffconcat of a neighbour": ("ffconcat version 1.0\nfile {name}\n", REFUSED),
        "ffconcat of a host": ("ffconcat version 1.0\nfile {url}/a.mp4\n", REFUSED),
        "concat script without its magic": ("file {name}\nfile {far}\n", UNREADABLE),
        "HLS of a host": ("#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{url}/a.ts\n", REFUSED),
        "HLS of a file": ("#EXTM3U\n#EXTINF:9,\nfile://{far}\n", REFUSED),
        "HLS of a neighbour": ("#EXTM3U\n#EXTINF:9,\n{name}\n#EXT-X-ENDLIST\n", REFUSED),
        "HLS key from a host": ('#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="{url}/key"\n#EXTINF:9,\n{name}\n', REFUSED),
        "HLS of concat: and subfile:": ("#EXTM3U\n#EXTINF:9,\nconcat:{name}|subfile,,start,0,end,9,,:{far}\n", REFUSED),
        "DASH": ('<?xml version="1.0"?><MPD><Period><BaseURL>{url}/</BaseURL></Period></MPD>', UNREADABLE),
        "Smooth Streaming": ('<SmoothStreamingMedia><StreamIndex Url="{url}"/></SmoothStreamingMedia>', UNREADABLE),
        "SDP": ("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nm=video 9 RTP/AVP 96\n", UNREADABLE),
        "PLS": ("[playlist]\nFile1={url}/a.mp3\n", UNREADABLE),
        "ASX": ('<asx version="3.0"><entry><ref href="{url}"/></entry></asx>', UNREADABLE),
        "RTSP redirect": ("RTSPtextrtsp://127.0.0.1/a\r\n", UNREADABLE),
        "SubRip": ("1\n00:00:00,000 --> 00:00:09,000\n<img src={url}>\n", UNREADABLE),
        "WebVTT": ("WEBVTT\n\n00:00.000 --> 00:09.000\n{url}\n", UNREADABLE),
        "filter graph": ("movie={name}[out]", UNREADABLE),
        "FFmetadata": (";FFMETADATA1\ntitle={url}\n", UNREADABLE),
        "a path": ("{far}", UNREADABLE),
        "a pattern of pictures": ("frame%03d.png", UNREADABLE),
    }  # fmt: skip
    for name, (text, ends) in texts.items():
        yield HostileMedia(name, "FFmpeg would open what it names", _text(text), ends)


def _text(text: str) -> Callable[[Lure], bytes]:
    return lambda lure: text.format(name=lure.neighbour.name, url=lure.url, far=lure.elsewhere).encode()


def references() -> Iterator[HostileMedia]:
    """MP4 and MOV whose data lies elsewhere."""
    yield HostileMedia(
        "data at a host",
        "an external data reference",
        lambda lure: with_body(
            b"dref",
            table(0, 1)[:4] + struct.pack(">I", 1) + box(b"url ", table(version=0), lure.url.encode() + b"\x00"),
        ),
        REFUSED,
    )
    yield HostileMedia(
        "data in a file",
        "an external data reference",
        lambda lure: with_body(
            b"dref", table(1) + box(b"url ", table(version=0), b"file://" + bytes(lure.elsewhere) + b"\x00")
        ),
        REFUSED,
    )
    yield HostileMedia(
        "data in a neighbour",
        "a Macintosh alias",
        lambda lure: with_body(
            b"dref", table(1) + box(b"alis", table(version=0), bytes(lure.neighbour.name, "ascii").rjust(150, b"\x00"))
        ),
        REFUSED,
    )
    yield HostileMedia(
        "data by name",
        "a named data reference",
        lambda lure: with_body(
            b"dref", table(1) + box(b"urn ", table(version=0), b"x\x00" + lure.url.encode() + b"\x00")
        ),
        REFUSED,
    )
    yield HostileMedia(
        "second reference",
        "the first is the file itself",
        lambda lure: with_body(
            b"dref", table(2) + box(b"url ", table(version=1)) + box(b"url ", table(version=0), lure.url.encode())
        ),
        REFUSED,
    )
    yield HostileMedia(
        "reference movie",
        "QuickTime's redirect",
        lambda lure: inserted(
            b"moov",
            box(b"rmra", box(b"rmda", box(b"rdrf", bytes(4), b"url ", struct.pack(">I", 99), lure.url.encode()))),
        ),
        REFUSED,
    )
    yield HostileMedia("no references", "an index into nothing", lambda _: with_body(b"dref", table(0)))
    yield HostileMedia("reference cut off", "read past the box", lambda _: with_body(b"dref", table(3)))


def headers() -> Iterator[HostileMedia]:
    """What MP4 headers claim."""
    huge, run = 178_000_000, 2**31 - 1
    cases: dict[str, tuple[str, Callable[[], bytes], Failures | Held]] = {
        "178 million samples of one size": ("4 GB of index in 12 bytes",
            lambda: with_body(b"stsz", table(1, huge)), REFUSED),
        "20 million samples, all tables agree": ("1.4 GB of index in 1.8 KB", lambda: samples(20_000_000), REFUSED),
        "20 million samples in a fragment": ("0.7 GB of index in 1.8 KB", _long_fragment, REFUSED),
        "7,200 samples of the same bytes": ("7 GB read from 1 MB", _shared_bytes, REFUSED),
        "2^32-1 samples of one size": ("count that overflows",
            lambda: with_body(b"stsz", table(1, 2**32 - 1)), REFUSED),
        "durations for 2^31 samples": ("a run in 8 bytes", lambda: with_body(b"stts", table(1, run, 1)), REFUSED),
        "offsets for 2^31 samples": ("a run in 8 bytes",
            lambda: inserted(b"stbl", box(b"ctts", table(1, run, 1))), REFUSED),
        "2^31 samples in a chunk": ("a run in 12 bytes", lambda: with_body(b"stsc", table(1, 1, run, 1)), REFUSED),
        "2^32-1 table entries": ("count that overflows", lambda: with_body(b"stts", table(2**32 - 1, 1, 1)), EITHER),
        "2^32-1 chunks": ("count that overflows", lambda: with_body(b"stco", table(2**32 - 1, 48)), EITHER),
        "chunks past the end": ("read past the file", lambda: with_body(b"stco", table(1, 2**31)), UNREADABLE),
        "a frame past the end": ("what is missing is old memory", lambda: rewritten(
            media(audio=None), lambda kind, body: table(1 << 20, 1) if kind == b"stsz" else body), UNREADABLE),
        "chunks counted backwards": ("negative runs", lambda: with_body(b"stsc", table(2, 5, 9, 1, 1, 9, 1)), WHOLE),
        "1,000 tracks": ("memory and a decoder for each", lambda: inserted(b"moov", box(b"trak") * 1_000), REFUSED),
        "1,000 edits": ("the index is walked for each", lambda: inserted(
            b"trak", box(b"edts", box(b"elst", table(1_000, *(1, 0, 1 << 16) * 1_000)))), REFUSED),
        "100,000 empty boxes": ("time by the box", lambda: inserted(b"moov", box(b"free") * 100_000), REFUSED),
        "100,000 boxes on top": ("time by the box", lambda: media() + box(b"free") * 100_000, REFUSED),
        "1,000 boxes in each other": ("the stack", lambda: inserted(b"moov", _nested(1_000)), UNREADABLE),
        "header of 17 MB": ("memory", lambda: inserted(b"moov", box(b"free", bytes(17 << 20))), REFUSED),
        "compressed header": ("a bomb in zlib", lambda: inserted(b"moov", box(
            b"cmov", box(b"dcom", b"zlib"), box(b"cmvd", b"\xff\xff\xff\xff"))), REFUSED),
        "two headers": ("which one is checked", lambda: media() + media(), UNREADABLE),
        "no header": ("data alone", lambda: media()[: media().index(b"moov") - 4], UNREADABLE),
        "empty header": ("no streams", lambda: media()[: media().index(b"moov") - 4] + box(b"moov"), UNREADABLE),
        "box of length 0 in the header": ("does not get on", lambda: inserted(b"moov", bytes(4) + b"free"), EITHER),
        "box of length 7": ("goes back", lambda: media() + b"\x00\x00\x00\x07free", UNREADABLE),
        "box of 2^64-1": ("size that overflows", lambda: media() + b"\x00\x00\x00\x01free" + b"\xff" * 8, UNREADABLE),
        "cut in its data": ("frames are missing", lambda: _header_first()[:-600], UNREADABLE),
        "cut in its header": ("tables are missing", lambda: media()[:-300], UNREADABLE),
        "shorter than a box": ("read past the file", lambda: media()[:20], UNREADABLE),
        "a year long": ("its header's word only", lambda: patched(b"mvhd", 16, b"\x7f\xff\xff\xff"), WHOLE),
        "frames that take an hour each": ("a clip without end", lambda: with_body(
            b"stts", table(1, FRAMES, 12_800 * 3_600)), REFUSED),
        "no time scale": ("division by zero", lambda: patched(b"mdhd", 12, bytes(4)), EITHER),
        "time scale of 2^31": ("frames without duration", lambda: patched(b"mdhd", 12, b"\x7f\xff\xff\xff"), REFUSED),
        "no durations": ("division by zero", lambda: with_body(b"stts", table(1, FRAMES, 0)), WHOLE),
        "empty sample description": ("a codec of nothing", lambda: with_body(b"stsd", table(0)), EITHER),
        "description of 2^31 codecs": ("count that overflows",
            lambda: patched(b"stsd", 4, b"\x7f\xff\xff\xff"), EITHER),
        "encrypted": ("a codec that needs a key", lambda: media().replace(b"avc1", b"encv"), REFUSED),
        "unknown codec": ("a codec that is none",
            lambda: media().replace(b"avc1", b"zzzz").replace(b"avcC", b"zzzz"), REFUSED),
        "a cover": ("a picture as a stream", _with_cover, WHOLE),
    }  # fmt: skip
    for name, (reason, make, ends) in cases.items():
        yield HostileMedia(name, reason, _alone(make), ends)


def _alone(make: Callable[[], bytes]) -> Callable[[Lure], bytes]:
    return lambda _: make()


def samples(count: int) -> bytes:
    """One chunk of `count` samples of a byte."""
    tables = {b"stsz": table(1, count), b"stsc": table(1, 1, count, 1), b"stts": table(1, count, 1), b"ctts": None}
    return rewritten(media(audio=None), tables.get)


def _long_fragment() -> bytes:
    """Samples whose sizes and durations are the default ones take no room at all."""
    bodies = {b"trun": table(20_000_000, 0, version=1), b"tfhd": table(1, 1, 1, version=0x20018)}
    return rewritten(media(audio=None, fragmented=True), bodies.get)


def _shared_bytes() -> bytes:
    size = 1 << 20
    tables = {
        b"mdat": bytes(size),
        b"stsz": table(size, 7_200),
        b"stsc": table(1, 1, 1, 1),
        b"stts": table(1, 7_200, 512),
        b"stco": table(7_200, *[48] * 7_200),
        b"ctts": None,
    }
    return rewritten(media(audio=None), tables.get)


def _nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = box(b"trak", inner)
    return inner


def _header_first() -> bytes:
    """The header before the data, as a stream has it; offsets are moved along."""
    whole = media()
    start = whole.index(b"moov") - 4
    header, shift = whole[start:], len(whole) - start

    def moved(kind: bytes, body: bytes) -> bytes:
        if kind != b"stco":
            return body
        (count,) = struct.unpack_from(">I", body, 4)
        offsets = struct.unpack_from(f">{count}I", body, 8)
        return table(count, *(offset + shift for offset in offsets))

    ftyp = struct.unpack_from(">I", whole)[0]
    return whole[:ftyp] + rewritten(header, moved) + whole[ftyp:start]


def _with_cover() -> bytes:
    picture = box(b"data", struct.pack(">II", 13, 0), b"\xff\xd8\xff\xd9")
    handler = box(b"hdlr", bytes(8), b"mdirappl", bytes(9))
    meta = box(b"meta", bytes(4), handler, box(b"ilst", box(b"covr", picture)))
    return inserted(b"moov", box(b"udta", meta))
