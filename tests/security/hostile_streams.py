"""Matroska, WAV, MP3, FLAC and Ogg files that mean harm, codecs that are not taken, and what is too much."""

import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial

from tests.security.hostile_file import REFUSED, UNREADABLE, Failures
from tests.security.hostile_media import EITHER, SOUND, WHOLE, Held, HostileMedia
from tests.support.media_files import media

ID3_OF_256_MB = b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f"
Cases = dict[str, tuple[str, Callable[[], bytes], Failures | Held | None]]


def element(name: bytes, body: bytes, size: bytes | None = None) -> bytes:
    """An EBML element with a length of eight bytes."""
    return name + (b"\x01" + len(body).to_bytes(7) if size is None else size) + body


EBML = element(b"\x1a\x45\xdf\xa3", element(b"\x42\x82", b"matroska"))
UNKNOWN = b"\x01" + b"\xff" * 7
SEGMENT, TRACKS, ENTRY, CLUSTER = b"\x18\x53\x80\x67", b"\x16\x54\xae\x6b", b"\xae", b"\x1f\x43\xb6\x75"


def track(number: int, *more: bytes, codec: bytes = b"V_VP8", kind: int = 1, side: int = 64) -> bytes:
    sides = element(b"\xe0", element(b"\xb0", side.to_bytes(2)) + element(b"\xba", side.to_bytes(2)))
    parts = (element(b"\xd7", bytes([number % 127 + 1])), element(b"\x83", bytes([kind])), element(b"\x86", codec),
             element(b"\x23\xe3\x83", (40_000_000).to_bytes(4)), sides)  # fmt: skip
    return element(ENTRY, b"".join((*parts, *more)))


def recording(*entries: bytes, count: int = 3, block: bytes = b"\x00") -> bytes:
    """Tracks, and blocks of the one with the number 2, 40 milliseconds each."""
    blocks = (element(b"\xa3", b"\x82" + struct.pack(">h", 40 * index) + b"\x80" + block) for index in range(count))
    cluster = element(CLUSTER, element(b"\xe7", b"\x00") + b"".join(blocks))
    return EBML + element(SEGMENT, element(TRACKS, b"".join(entries)) + cluster)


def packed_track() -> bytes:
    """Blocks of 10 KB that unpack to 10 MB each."""
    encoding = element(b"\x62\x40", element(b"\x50\x34", element(b"\x42\x54", b"\x00")))
    block = zlib.compress(b"\x50\x42\x00\x9d\x01\x2a\x40\x00\x40\x00" + bytes(9 << 20))
    return recording(track(1, element(b"\x6d\x80", encoding)), count=400, block=block)


def matroska() -> Cases:
    whole = partial(media, "matroska", "libx264", "aac")
    return {
        "header alone": ("an empty file of the right type", lambda: EBML, UNREADABLE),
        "another document": ("EBML that is no Matroska",
            lambda: whole().replace(b"matroska", b"evil\x00\x00\x00\x00"), WHOLE),
        "segment of unknown size": ("no end", lambda: EBML + element(SEGMENT, b"", UNKNOWN), UNREADABLE),
        "element of 2^56-2": ("size that overflows",
            lambda: EBML + element(SEGMENT, b"", b"\x01" + b"\xff" * 6 + b"\xfe"), UNREADABLE),
        "1,000 tracks": ("memory and a decoder for each", lambda: recording(
            track(1), *(track(number) for number in range(2, 1_000))), REFUSED),
        "17 tracks": ("one more than are taken",
            lambda: recording(*(track(number) for number in range(1, 18))), REFUSED),
        "a track that is none": ("a stream without a codec", lambda: recording(element(ENTRY, b"")), UNREADABLE),
        "tracks in tracks": ("the stack", lambda: recording(_nested(500)), UNREADABLE),
        "subtitles alone": ("neither pictures nor sound", lambda: recording(
            track(1, codec=b"S_TEXT/UTF8", kind=17)), UNREADABLE),
        "a track of 60,000 pixels a side": ("its header's word only", lambda: recording(track(1, side=60_000)), EITHER),
        "a track without packets": ("no end to look for", lambda: recording(track(2), track(1)), UNREADABLE),
        "blocks that unpack to 4 GB": ("a bomb in zlib", packed_track, REFUSED),
        "cut in half": ("packets are missing", lambda: whole()[: len(whole()) // 2], None),
        "an attachment": ("a font, a script, anything",
            lambda: _with_level_1(whole(), element(b"\x19\x41\xa4\x69", element(
            b"\x61\xa7", element(b"\x46\x6e", b"../../x.sh") + element(b"\x46\x60", b"text/x-sh")
                + element(b"\x46\x5c", b"rm"))
        )), WHOLE),
        "a linked segment": ("the next file's name", lambda: _with_level_1(whole(), element(
            b"\x15\x49\xa9\x66", element(b"\x3e\x83\xbb", b"/etc/passwd"))), WHOLE),
    }  # fmt: skip


def _nested(depth: int) -> bytes:
    inner = b""
    for _ in range(depth):
        inner = element(TRACKS, inner)
    return inner


def _with_level_1(whole: bytes, extra: bytes) -> bytes:
    """`extra` behind the last cluster, in a segment without a size."""
    start = whole.index(SEGMENT) + 4
    return whole[:start] + UNKNOWN + whole[start + 8 :] + extra


def wav(fmt: bytes | None = None, data: bytes = bytes(9_600), size: int | None = None) -> bytes:
    head = b"fmt " + struct.pack("<I", 16) + pcm() if fmt is None else fmt
    body = b"WAVE" + head + b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pcm(tag: int = 1, channels: int = 2, rate: int = 48_000, bits: int = 16) -> bytes:
    align = channels * bits // 8 % 65_536
    return struct.pack("<HHIIHH", tag, channels, rate, rate * align % 2**32, align, bits)


def fmt(**fields: int) -> bytes:
    return b"fmt " + struct.pack("<I", 16) + pcm(**fields)


def sounds() -> Cases:
    mp3 = partial(media, "mp3", None, "libmp3lame")
    flac = partial(media, "flac", None, "flac")
    ogg = partial(media, "ogg", None, "libopus")
    return {
        "WAV without channels": ("division by zero", lambda: wav(fmt(channels=0)), EITHER),
        "WAV of 65,535 channels": ("memory by the channel", lambda: wav(fmt(channels=65_535)), EITHER),
        "WAV of 9 channels": ("more than a room has", lambda: wav(fmt(channels=9)), REFUSED),
        "WAV of no rate": ("division by zero", lambda: wav(fmt(rate=0)), EITHER),
        "WAV of 1 hertz": ("a minute in a byte", lambda: wav(fmt(rate=1)), REFUSED),
        "WAV of 2^32-1 hertz": ("rate that is negative", lambda: wav(fmt(rate=2**32 - 1)), EITHER),
        "WAV of 0 bits": ("division by zero", lambda: wav(fmt(bits=0)), EITHER),
        "WAV of ADPCM": ("a decoder that few try", lambda: wav(fmt(tag=2, bits=4)), REFUSED),
        "WAV of MP3": ("one format in another", lambda: wav(fmt(tag=0x55)), None),
        "WAV without format": ("data of nothing", lambda: wav(b""), UNREADABLE),
        "WAV of 2^32-1 bytes": ("a recording that goes on", lambda: wav(size=2**32 - 1), SOUND),
        "WAV without data": ("a stream without packets", lambda: wav(data=b""), UNREADABLE),
        "WAV of 61 seconds": ("over a minute",
            lambda: wav(fmt(rate=8_000, channels=1, bits=8), bytes(61 * 8_000)), REFUSED),
        "WAV of 60 seconds": ("just a minute",
            lambda: wav(fmt(rate=8_000, channels=1, bits=8), bytes(60 * 8_000)), SOUND),
        "MP3 of noise": ("sync words in noise", lambda: b"\xff\xfb\x90\x00" + bytes(range(256)) * 99, EITHER),
        "MP3 with an ID3 of 256 MB": ("memory", lambda: ID3_OF_256_MB + mp3(), UNREADABLE),
        "MP3 with a page for a cover": ("HTML as a picture", lambda: _with_cover(mp3(), b"<script>"), SOUND),
        "MP3 with a JPEG for a cover": ("a picture as a stream",
            lambda: _with_cover(mp3(), b"\xff\xd8\xff\xd9"), SOUND),
        "ID3 alone": ("a stream without packets", lambda: b"ID3\x04\x00\x00\x00\x00\x00\x0a" + bytes(10), EITHER),
        "FLAC header alone": ("no frames", lambda: b"fLaC", UNREADABLE),
        "FLAC of 2^36 samples": ("its header's word only",
            lambda: flac()[:21] + bytes((flac()[21] | 0x0F,)) + b"\xff" * 4 + flac()[26:], SOUND),
        "FLAC of a picture of 2^32-1 bytes": ("size that overflows",
            lambda: flac()[:42] + b"\x86\xff\xff\xff" + b"\xff" * 32 + flac()[42:], EITHER),
        "Ogg page alone": ("no packets", lambda: ogg()[:28], EITHER),
        "Ogg of 1,000 streams": ("memory and a decoder for each",
            lambda: b"".join(_page(number) for number in range(1_000)), EITHER),
        "Ogg cut in half": ("pages are missing", lambda: ogg()[: len(ogg()) // 2], EITHER),
    }  # fmt: skip


def _with_cover(sound: bytes, picture: bytes) -> bytes:
    body = b"\x00image/jpeg\x00\x03\x00" + picture
    frame = b"APIC" + struct.pack(">IH", len(body), 0) + body
    return b"ID3\x03\x00\x00\x00\x00" + bytes((len(frame) >> 7, len(frame) & 127)) + frame + sound


def _page(serial: int) -> bytes:
    """An Ogg page that begins a stream; its checksum is wrong."""
    return b"OggS\x00\x02" + bytes(8) + struct.pack("<III", serial, 0, 0) + b"\x01\x13" + b"OpusHead\x01\x02" + bytes(9)


def others() -> Cases:
    return {
        "AVI": ("another demuxer", partial(media, "avi", "mpeg4", None), REFUSED),
        "FLV": ("another demuxer", partial(media, "flv", "flv", None), REFUSED),
        "MPEG-TS": ("another demuxer", partial(media, "mpegts", "mpeg2video", None), UNREADABLE),
        "ASF": ("another demuxer", partial(media, "asf", "mpeg4", None), REFUSED),
        "NUT": ("another demuxer", partial(media, "nut", "mpeg4", None), UNREADABLE),
        "raw H.264": ("no container", partial(media, "h264", "libx264", None), UNREADABLE),
        "AAC": ("no container", partial(media, "adts", None, "aac"), UNREADABLE),
        "AIFF": ("another demuxer", partial(media, "aiff", None, "pcm_s16be"), REFUSED),
        "a picture": ("a decoder for pictures", lambda: b"\x89PNG\r\n\x1a\n" + bytes(99), UNREADABLE),
        "HEIC": ("a picture in MP4's clothes", lambda: b"\x00\x00\x00\x18ftypheic" + bytes(99), REFUSED),
        "AVIF": ("a picture in MP4's clothes", lambda: b"\x00\x00\x00\x18ftypavif" + bytes(99), REFUSED),
        "nothing": ("empty file", lambda: b"", UNREADABLE),
        "zeros": ("no magic number", lambda: bytes(100_000), UNREADABLE),
        "magic of MP4 alone": ("an empty file of the right type", lambda: b"\x00\x00\x00\x08ftyp", UNREADABLE),
        "Motion JPEG": ("a codec that is not taken", partial(media, "matroska", "mjpeg", None), REFUSED),
        "MPEG-4 part 2": ("a codec that is not taken", partial(media, "mp4", "mpeg4", None), REFUSED),
        "FFV1": ("a codec that is not taken", partial(media, "matroska", "ffv1", None), REFUSED),
        "GIF in Matroska": ("a codec that is not taken",
            lambda: media("matroska", "libvpx", None).replace(b"V_VP8", b"V_GIF"), EITHER),
        "AC-3": ("a codec that is not taken", partial(media, "matroska", "libx264", "ac3"), REFUSED),
        "ALAC": ("a codec that is not taken", partial(media, "mp4", None, "alac"), REFUSED),
        "4,098 pixels wide": ("over the side", partial(media, size=(4_098, 16), frames=1, audio=None), REFUSED),
        "4,096 x 2,306": ("over the pixels", partial(media, size=(4_096, 2_306), frames=1, audio=None), REFUSED),
        "61 seconds": ("over a minute", partial(media, frames=61, rate=1, audio=None), REFUSED),
        "250 frames per second": ("over the rate", partial(media, rate=250, audio=None), REFUSED),
    }  # fmt: skip


def streams() -> Iterator[HostileMedia]:
    """All of them."""
    for kind, cases in (("Matroska: ", matroska()), ("", sounds()), ("", others())):
        for name, (reason, make, ends) in cases.items():
            yield HostileMedia(kind + name, reason, partial(_made, make), ends)


def _made(make: Callable[[], bytes], _lure: object) -> bytes:
    return make()
