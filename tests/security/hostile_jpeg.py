"""JPEG files that mean harm."""

import random
import struct

from PIL import Image

from tests.security.hostile_file import HALVES, REFUSED, HostileFile, Shown, jpeg
from tests.support.pictures import RED

GREY = (128, 128, 128)
SOI, EOI = b"\xff\xd8", b"\xff\xd9"
NOISE = random.Random(5).randbytes(4_096)  # noqa: S311 - the same each time


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


def of_size(width: int, height: int) -> bytes:
    """The frame header claims this size."""
    data = bytearray(jpeg())
    start = data.index(b"\xff\xc0") + 5
    data[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(data)


def with_segments(*segments: bytes) -> bytes:
    return SOI + b"".join(segments) + jpeg()[2:]


def with_frame(change: bytes, at: int) -> bytes:
    """`change` in the frame header's body; 0 is its precision, 5 its number of components."""
    data = bytearray(jpeg())
    start = data.index(b"\xff\xc0") + 4 + at
    data[start : start + len(change)] = change
    return bytes(data)


def as_process(marker: int) -> bytes:
    return jpeg().replace(b"\xff\xc0", bytes((0xFF, marker)), 1)


def scans(count: int) -> bytes:
    """A progressive picture of 1.8 megapixels whose last scan, 16 bytes, comes `count` times more."""
    whole = jpeg(Image.new("L", (1344, 1344), 90), progressive=True)
    return whole[:-2] + whole[whole.rindex(b"\xff\xda") : -2] * count + EOI


def scrambled() -> bytes:
    """Noise where the pixels should be."""
    whole = jpeg()
    start = whole.index(b"\xff\xda")
    return whole[: start + 14] + NOISE.replace(b"\xff", b"\xff\x00") + EOI


def cut() -> bytes:
    whole = jpeg(Image.frombytes("L", (64, 64), NOISE[:4096]))
    return whole[: len(whole) // 2] + EOI


def bad_codes() -> bytes:
    """A Huffman table whose code lengths promise more values than there are codes."""
    whole = bytearray(jpeg())
    start = whole.index(b"\xff\xc4") + 5
    whole[start : start + 16] = b"\xff" * 16
    return bytes(whole)


def four_colours() -> bytes:
    return jpeg(Image.new("CMYK", (16, 8), (0, 255, 255, 0)))


RED_CMYK = Shown((16, 8), {(3, 3): (255, 0, 0)})
ODD = Shown((16, 8))
"""The size is right; the pixels are anything, for libjpeg guesses and tells nobody."""

FILES = (
    HostileFile("start alone", "an empty file of the right type", lambda: SOI + b"\xff"),
    HostileFile("start and end", "no picture between them", lambda: SOI + EOI),
    HostileFile("19 MB of 0xFF", "fill bytes, which Pillow 13 reads one by one: 10 seconds",
                lambda: SOI + b"\xff" * (19 << 20), large=True),
    HostileFile("19 MB of zeros", "junk between segments",
                lambda: with_segments()[:2] + b"\xff\xe0\x00\x02" + bytes(19 << 20), large=True),
    HostileFile("5 million comments", "4 seconds and 330 MB in Pillow 13",
                lambda: with_segments(segment(0xFE, b"") * 5_000_000), REFUSED, large=True),
    HostileFile("65,535 x 65,535", "4 gigapixels of canvas", lambda: of_size(65_535, 65_535), REFUSED),
    HostileFile("65,535 x 1", "extreme side", lambda: of_size(65_535, 1), REFUSED),
    HostileFile("7,000 x 7,000", "over the pixels, not over the sides", lambda: of_size(7_000, 7_000), REFUSED),
    HostileFile("no height", "left to a DNL segment", lambda: of_size(16, 0)),
    HostileFile("no width", "division by zero", lambda: of_size(0, 8)),
    HostileFile("larger than its pixels", "old memory below the picture", lambda: of_size(16, 4_000),
                Shown((16, 4_000), {(1, 1): RED, (1, 3_999): GREY})),
    HostileFile("two frame headers", "one size is checked, another decoded", lambda: with_segments(
        segment(0xC0, struct.pack(">BHHB9x", 8, 8, 16, 3)))),
    HostileFile("frame header behind the pixels", "changes the size half-way", lambda: jpeg()[:-2] + segment(
        0xC0, struct.pack(">BHHB9x", 8, 60_000, 60_000, 3)) + EOI),
    HostileFile("pixels before the frame header", "a scan of unknown size",
                lambda: with_segments(segment(0xDA, bytes(10)))),
    HostileFile("5,000 scans", "16 bytes make the decoder go over all pixels again", lambda: scans(5_000), REFUSED),
    HostileFile("50 scans", "as many as a decoder bears",
                lambda: scans(50), Shown((1344, 1344), {(700, 700): (90, 90, 90)})),
    HostileFile("12 bits", "samples of two bytes", lambda: with_frame(b"\x0c", 0)),
    HostileFile("no components", "division by zero", lambda: with_frame(b"\x00", 5)),
    HostileFile("two components", "mode that does not exist", lambda: with_frame(b"\x02", 5)),
    HostileFile("255 components", "read past the frame header", lambda: with_frame(b"\xff", 5)),
    HostileFile("sampling of 0", "division by zero", lambda: with_frame(b"\x00", 7)),
    HostileFile("sampling of 15", "blocks of 240 pixels", lambda: with_frame(b"\xff", 7)),
    HostileFile("quantisation table 200", "read past four tables", lambda: with_frame(b"\xc8", 8)),
    HostileFile("lossless process", "a decoder that nobody tries", lambda: as_process(0xC3)),
    HostileFile("hierarchical process", "a decoder that nobody tries", lambda: as_process(0xC5)),
    HostileFile("arithmetic coding that is none", "a decoder that few try", lambda: as_process(0xC9), ODD),
    HostileFile("progressive that is baseline", "coefficients of the wrong process", lambda: as_process(0xC2)),
    HostileFile("noise for pixels", "bad Huffman codes: libjpeg goes on and shows something", scrambled, ODD),
    HostileFile("impossible Huffman table", "write past the table", bad_codes),
    HostileFile("no Huffman tables", "decode with nothing", lambda: jpeg().replace(b"\xff\xc4", b"\xff\xfe"), HALVES),
    HostileFile("no quantisation tables", "multiply with nothing", lambda: jpeg().replace(b"\xff\xdb", b"\xff\xfe")),
    HostileFile("cut quantisation table", "read past the segment", lambda: with_segments(segment(0xDB, b"\x00" * 30))),
    HostileFile("segment of length 0", "goes backwards", lambda: with_segments(b"\xff\xe5\x00\x00")),
    HostileFile("segment past the end", "read past the end", lambda: SOI + b"\xff\xe5\xff\xff" + jpeg()[2:]),
    HostileFile("picture in the picture", "thumbnail without its segment", lambda: with_segments(jpeg())),
    HostileFile("cut, with an end marker", "pixels are missing: libjpeg makes them up", cut, Shown((64, 64))),
    HostileFile("restart interval of 1 without restarts", "waits for what does not come",
                lambda: with_segments(segment(0xDD, b"\x00\x01")), ODD),
    HostileFile("cut JFIF header", "read past the segment", lambda: with_segments(segment(0xE0, b"JFIF\x00")), HALVES),
    HostileFile("cut Photoshop block", "Pillow 13 gives up on a good picture",
                lambda: with_segments(segment(0xED, b"Photoshop 3.0\x008BIM\x00\x00")), HALVES),
    HostileFile("a thousand pictures behind", "a multi-picture file opens them all",
                lambda: with_segments(segment(0xE2, b"MPF\x00" + bytes(60))) + jpeg() * 1_000, HALVES),
    HostileFile("four colours", "inverted by convention", four_colours, RED_CMYK),
    HostileFile("YCCK without pixels of it", "colour transform that does not fit",
                lambda: four_colours().replace(b"Adobe\x00\x64\x00\x00\x00\x00\x00",
                b"Adobe\x00\x64\x00\x00\x00\x00\x02"),
                Shown((16, 8))),
    HostileFile("four colours claimed by a picture of three", "read past the pixels",
                lambda: with_segments(segment(0xEE, b"Adobe\x00\x64\x00\x00\x00\x00\x02")), ODD),
    HostileFile("one component called grey, three in the scan", "components that are not there",
                lambda: with_frame(b"\x01", 5)),
)  # fmt: skip
