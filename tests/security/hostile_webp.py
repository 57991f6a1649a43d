"""WebP files that mean harm."""

import struct

from PIL import Image

from tests.security.hostile_file import HALVES, REFUSED, UNREADABLE, HostileFile, Shown, halves, webp
from tests.support.pictures import BLUE, RED


def riff(*chunks: bytes, size: int | None = None) -> bytes:
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body) if size is None else size) + body


def chunk(kind: bytes, body: bytes, size: int | None = None) -> bytes:
    return kind + struct.pack("<I", len(body) if size is None else size) + body + bytes(len(body) % 2)


def extended(width: int, height: int, flags: int = 0) -> bytes:
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return chunk(b"VP8X", bytes((flags, 0, 0, 0)) + sides)


def still() -> bytes:
    """The chunk of `halves()`."""
    return webp()[12:]


def frame(left: int = 0, width: int = 16, height: int = 8) -> bytes:
    place = b"".join(struct.pack("<I", value)[:3] for value in (left // 2, 0, width - 1, height - 1, 100))
    return chunk(b"ANMF", place + b"\x02" + still())


def animation(*frames: bytes) -> bytes:
    return riff(extended(16, 8, flags=0x12), chunk(b"ANIM", bytes(6)), *frames)


def lossless_of(width: int, height: int) -> bytes:
    return riff(chunk(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + bytes(20)))


def lossy_of(width: int, height: int) -> bytes:
    data = bytearray(webp(lossless=False))
    start = data.index(b"\x9d\x01\x2a") + 3
    data[start : start + 4] = struct.pack("<HH", width, height)
    return bytes(data)


def two_frames() -> bytes:
    return webp(Image.new("RGB", (16, 8), RED), save_all=True, append_images=[Image.new("RGB", (16, 8), BLUE)])


FILES = (
    HostileFile("RIFF alone", "an empty file of the right type", riff),
    HostileFile("RIFF larger than the file", "truncated", lambda: riff(still(), size=10_000)),
    HostileFile("RIFF of 2^32-1", "size that overflows", lambda: riff(still(), size=2**32 - 1)),
    HostileFile("RIFF of 0", "chunks outside of their container", lambda: riff(still(), size=0)),
    HostileFile("chunk larger than the file", "read past the end",
                lambda: riff(chunk(b"VP8L", still()[8:], size=9_999))),
    HostileFile("chunk of 2^32-1", "size that overflows",
                lambda: riff(chunk(b"VP8L", b"\x2f" + bytes(9), size=2**32 - 1))),
    HostileFile("an unknown first chunk", "which decoder is it", lambda: riff(chunk(b"JUNK", b""), still())),
    HostileFile("empty extended header", "read past the chunk", lambda: riff(chunk(b"VP8X", b""), still())),
    HostileFile("extended header alone", "canvas without pixels", lambda: riff(extended(16, 8))),
    HostileFile("canvas of 16,777,216 a side", "memory before the first pixel",
                lambda: riff(extended(1 << 24, 1 << 24), still()), REFUSED),
    HostileFile("canvas of 16,383 a side", "within WebP, 268 megapixels",
                lambda: riff(extended(16_383, 16_383), still()), REFUSED),
    HostileFile("lossless of 16,384 a side", "memory before the first pixel",
                lambda: lossless_of(16_384, 16_384), REFUSED),
    HostileFile("lossless, larger than its pixels", "old memory", lambda: lossless_of(4_000, 4_000)),
    HostileFile("lossy of 16,383 a side", "memory before the first pixel", lambda: lossy_of(16_383, 16_383), REFUSED),
    HostileFile("lossy of no width", "division by zero", lambda: lossy_of(0, 8)),
    HostileFile("canvas unlike the picture", "one size is checked, another decoded",
                lambda: riff(extended(100, 100), still())),
    HostileFile("frame outside of the canvas", "writes past it", lambda: animation(frame(left=1_000))),
    HostileFile("frame larger than its pixels", "old memory", lambda: animation(frame(width=16, height=7)), HALVES),
    HostileFile("frame larger than the canvas", "writes past it",
                lambda: animation(frame(width=4_000, height=4_000)), HALVES),
    HostileFile("two frames", "the first is the picture", two_frames, Shown((16, 8), {(3, 3): RED})),
    HostileFile("60,000 frames", "an animation where a picture is meant", lambda: animation(frame() * 60_000), HALVES),
    HostileFile("half a million empty frames", "time and memory by the chunk",
                lambda: animation(frame(), chunk(b"ANMF", b"") * 500_000), REFUSED),
    HostileFile("animation without frames", "nothing to show", animation),
    HostileFile("two pictures", "which one is decoded",
                lambda: riff(extended(16, 8), still(), lossy_of(16, 8)[12:]), HALVES),
    HostileFile("metadata promised, not there", "looks for what is not there",
                lambda: riff(extended(16, 8, flags=0x0C), still()),
                HALVES),
    HostileFile("profile promised, not there", "looks for what is not there",
                lambda: riff(extended(16, 8, flags=0x20), still()),
                HALVES),
    HostileFile("10 MB of EXIF", "a block as large as the file",
                lambda: riff(extended(16, 8, flags=0x08), still(), chunk(b"EXIF", b"MM\x00*" + b"\xff" * 10_000_000)),
                HALVES, large=True),
    HostileFile("broken Huffman codes", "write past the table",
                lambda: riff(chunk(b"VP8L", still()[8:13] + b"\xff" * 60))),
    HostileFile("lossless pixels called lossy", "the wrong decoder", lambda: riff(chunk(b"VP8 ", still()[8:]))),
    HostileFile("transparency of the wrong size", "read past the plane",
                lambda: riff(extended(16, 8, flags=0x10), chunk(b"ALPH", b"\x00" * 5),
                webp(halves(), lossless=False)[12:]),
                UNREADABLE),
)  # fmt: skip
