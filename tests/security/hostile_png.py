"""PNG files that mean harm."""

import struct
import zlib
from functools import partial

from tests.security.hostile_file import HALVES, REFUSED, HostileFile, Shown
from tests.support.bombs import zeros
from tests.support.pictures import png_chunk

MAGIC = b"\x89PNG\r\n\x1a\n"
BLACK = (0, 0, 0)
WHITE = (255, 255, 255)
ROW = b"\x00" + b"\xff\x00\x00" * 8 + b"\x00\x00\xff" * 8
PIXELS = zlib.compress(ROW * 8)
BAD_TEXTS = ("transparency", "bbox", "interlace", "exif", "icc_profile", "xmp", "Raw profile type exif")
"""Names under which Pillow keeps what it knows of the picture itself."""


def header(
    width: int = 16, height: int = 8, *, depth: int = 8, colour: int = 2, interlace: int = 0, method: int = 0
) -> bytes:
    return png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, method, 0, interlace))


IDAT = png_chunk(b"IDAT", PIXELS)
IEND = png_chunk(b"IEND", b"")
PLTE = partial(png_chunk, b"PLTE")


def png(*middle: bytes, head: bytes | None = None, pixels: bytes = IDAT, end: bytes = IEND) -> bytes:
    """Chunks between the header and the pixels."""
    return b"".join((MAGIC, header() if head is None else head, *middle, pixels, end))


def indexed(*middle: bytes) -> bytes:
    """Eight pixels of palette entries 0 to 7."""
    pixels = png_chunk(b"IDAT", zlib.compress(b"\x00" + bytes(range(8))))
    return png(*middle, head=header(8, 1, colour=3), pixels=pixels)


def texts(count: int) -> bytes:
    return b"".join(png_chunk(b"tEXt", b"%07d\x00" % number) for number in range(count))


def frames(count: int) -> bytes:
    """An animation of `count` frames beside the picture itself, which is red and blue."""
    control = struct.pack(">IIIIHHBB", 16, 8, 0, 0, 1, 10, 0, 0)
    parts = [png_chunk(b"fcTL", struct.pack(">I", 0) + control), IDAT]
    for number in range(1, count):
        parts.append(png_chunk(b"fcTL", struct.pack(">I", 2 * number - 1) + control))
        parts.append(png_chunk(b"fdAT", struct.pack(">I", 2 * number) + PIXELS))
    return png(png_chunk(b"acTL", struct.pack(">II", count, 0)), pixels=b"".join(parts))


def with_length(length: int) -> bytes:
    """The pixels' chunk claims `length`."""
    return png(pixels=struct.pack(">I", length) + IDAT[4:])


FILES = (
    HostileFile("magic alone", "an empty file of the right type", lambda: MAGIC),
    HostileFile("20 MB of zeros behind the magic", "chunks of length zero without end", lambda: MAGIC + bytes(20 << 20),
                REFUSED, large=True),
    HostileFile("19 MB of zeros behind the magic", "the same within the size limit", lambda: MAGIC + bytes(19 << 20),
                REFUSED, large=True),
    HostileFile("no pixels", "decoder without input", lambda: png(pixels=b"")),
    HostileFile("no end", "truncated before its last chunk", lambda: png(end=b"")),
    HostileFile("no header", "pixels before the size is known", lambda: png(head=b"")),
    HostileFile("short header", "read past the header", lambda: png(head=png_chunk(b"IHDR", bytes(12)))),
    HostileFile("header twice", "one size is checked, another decoded", lambda: png(header(8, 4))),
    HostileFile("header twice, the same", "state that is set up twice", lambda: png(header())),
    HostileFile("palette twice", "write past the first", lambda: indexed(PLTE(bytes(24)), PLTE(bytes(24)))),
    HostileFile("header again behind the pixels", "changes the size of a picture that is decoded",
                lambda: png(end=header(30_000, 30_000) + IEND)),
    HostileFile("no width", "division by zero, empty buffers", lambda: png(head=header(0, 8))),
    HostileFile("no height", "division by zero, empty buffers", lambda: png(head=header(16, 0))),
    HostileFile("sides of 2^31-1", "multiplication overflows", lambda: png(head=header(2**31 - 1, 2**31 - 1)), REFUSED),
    HostileFile("sides of 2^32-1", "becomes -1 when signed", lambda: png(head=header(2**32 - 1, 2**32 - 1)), REFUSED),
    HostileFile("sides of 50,000", "2.5 gigapixels of canvas in 100 bytes", lambda: png(head=header(50_000, 50_000)),
                REFUSED),
    HostileFile("one row of 16,385", "extreme side", lambda: png(head=header(16_385, 1)), REFUSED),
    HostileFile("a column of 16,384", "extreme side, just allowed",
                lambda: png(head=header(1, 16_384, depth=1, colour=0),
                            pixels=png_chunk(b"IDAT", zlib.compress(bytes(2 * 16_384)))),
                Shown((1, 16_384), {(0, 0): BLACK, (0, 16_383): BLACK})),
    HostileFile("3 bits of depth", "mode that does not exist", lambda: png(head=header(depth=3))),
    HostileFile("colour type 5", "mode that does not exist", lambda: png(head=header(colour=5))),
    HostileFile("compression method 9", "unknown method",
                lambda: png(head=header(method=9)), HALVES),
    HostileFile("wrong checksum of the pixels", "flipped bits", lambda: png(pixels=IDAT[:-1] + b"\x00")),
    HostileFile("wrong checksum of the header", "flipped bits", lambda: png(head=header()[:-1] + b"\x00")),
    HostileFile("unknown critical chunk", "parts that this decoder would ignore", lambda: png(png_chunk(b"ABCD", b""))),
    HostileFile("Apple's CgBI", "raw deflate and swapped colours",
                lambda: MAGIC + png_chunk(b"CgBI", bytes(4)) + png()[8:]),
    HostileFile("length of 2^31", "read past the end", lambda: with_length(2**31)),
    HostileFile("length of 2^32-1", "negative length", lambda: with_length(2**32 - 1)),
    HostileFile("length one too long", "swallows the end", lambda: with_length(len(PIXELS) + 1)),
    HostileFile("pixels in two places", "decoder stops at what stands between", lambda: png(IDAT, texts(1)), HALVES),
    HostileFile("a chunk's name of NULs", "names as attributes", lambda: png(png_chunk(bytes(4), b"")), HALVES),
    HostileFile("filter 9", "row filter that does not exist",
                lambda: png(pixels=png_chunk(b"IDAT", zlib.compress(b"\x09" + ROW[1:] * 8)))),
    HostileFile("too few rows", "the rest of the buffer is old memory",
                lambda: png(pixels=png_chunk(b"IDAT", zlib.compress(ROW * 3))),
                Shown((16, 8), {(1, 2): (255, 0, 0), (1, 3): BLACK, (14, 7): BLACK})),
    HostileFile("pixels that are no deflate", "zlib's errors", lambda: png(pixels=png_chunk(b"IDAT", b"\xff" * 64))),
    HostileFile("interlaced, truncated", "passes of different sizes",
                lambda: png(head=header(interlace=1), pixels=png_chunk(b"IDAT", zlib.compress(ROW)))),
    HostileFile("interlaced of one pixel", "passes of size zero",
                lambda: png(head=header(1, 1, interlace=1),
                pixels=png_chunk(b"IDAT", zlib.compress(b"\x00\xff\x00\x00"))),
                Shown((1, 1), {(0, 0): (255, 0, 0)})),
    HostileFile("16 bits, truncated", "half a sample",
                lambda: png(head=header(depth=16), pixels=png_chunk(b"IDAT", zlib.compress(bytes(97 * 7 + 50))))),
    HostileFile("no palette", "index into nothing", indexed),
    HostileFile("palette behind the pixels", "index into nothing", lambda: png(
        head=header(8, 1, colour=3), pixels=png_chunk(b"IDAT", zlib.compress(bytes(9))) + PLTE(b"abc"))),
    HostileFile("palette of 257 entries", "write past 256", lambda: indexed(PLTE(bytes(771)))),
    HostileFile("palette of 4 bytes", "an entry and a third", lambda: indexed(PLTE(bytes(4)))),
    HostileFile("empty palette", "index into nothing", lambda: indexed(PLTE(b""))),
    HostileFile("indices past the palette", "read past two entries", lambda: indexed(PLTE(b"\xff\x00\x00\x00\x00\xff")),
                Shown((8, 1), {(0, 0): (255, 0, 0), (1, 0): (0, 0, 255), (7, 0): BLACK})),
    HostileFile("300 transparent entries", "write past the palette",
                lambda: indexed(PLTE(bytes(24)), png_chunk(b"tRNS", bytes(300)))),
    HostileFile("short transparent colour", "read past the chunk", lambda: png(png_chunk(b"tRNS", b"\x00"))),
    HostileFile("pixels that inflate to a gigabyte", "decompression bomb",
                lambda: png(pixels=png_chunk(b"IDAT", zeros(1000))), Shown((16, 8), {(3, 3): BLACK})),
    HostileFile("profile that inflates to a gigabyte", "decompression bomb",
                lambda: png(png_chunk(b"iCCP", b"x\x00\x00" + zeros(1000))), HALVES),
    HostileFile("text that inflates to a gigabyte", "decompression bomb",
                lambda: png(png_chunk(b"zTXt", b"x\x00\x00" + zeros(1000))), HALVES),
    HostileFile("international text that inflates to a gigabyte", "decompression bomb",
                lambda: png(png_chunk(b"iTXt", b"x\x00\x01\x00\x00\x00" + zeros(1000))), HALVES),
    HostileFile("empty profile behind the pixels", "Pillow 13: IndexError",
                lambda: png(end=png_chunk(b"iCCP", b"") + IEND),
                HALVES),
    HostileFile("60,000 texts", "6 microseconds and 180 bytes each", lambda: png(texts(60_000)), HALVES),
    HostileFile("a million texts", "time and memory by the chunk",
                lambda: png(texts(100_000) * 10), REFUSED, large=True),
    HostileFile("a million private chunks", "time and memory by the chunk",
                lambda: png(png_chunk(b"prVt", b"") * 1_000_000),
                REFUSED, large=True),
    HostileFile("a million empty chunks of pixels", "time by the chunk",
                lambda: png(png_chunk(b"IDAT", b"") * 1_000_000),
                REFUSED, large=True),
    HostileFile("2^31 frames", "an animation that only claims",
                lambda: png(png_chunk(b"acTL", b"\x80\x00\x00\x00" * 2)), HALVES),
    HostileFile("no frames", "Pillow 13: a warning", lambda: png(png_chunk(b"acTL", bytes(8))), HALVES),
    HostileFile("5,000 frames", "an animation where a picture is meant", lambda: frames(5_000), HALVES),
    HostileFile("frame outside of the canvas", "writes past the picture",
                lambda: png(png_chunk(b"fcTL", struct.pack(">IIIII6x", 0, 900, 900, 9, 9))), HALVES),
    *(HostileFile(f"text named {name}", "Pillow 13 keeps it in place of the real thing: TypeError",
                  partial(png, png_chunk(b"zTXt", name.encode() + b"\x00\x00" + zlib.compress(b"abcd"))), HALVES)
      for name in BAD_TEXTS),
)  # fmt: skip
