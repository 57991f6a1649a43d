"""Pictures whose EXIF blocks and colour profiles mean harm."""

import struct
import zlib
from functools import partial

from PIL import Image

from tests.security.hostile_file import HALVES, HostileFile, Shown, jpeg, webp
from tests.security.hostile_jpeg import segment, with_segments
from tests.security.hostile_png import png
from tests.support.bombs import zeros
from tests.support.icc import display_p3, endless_profile, grey_profile, lab_profile
from tests.support.pictures import RED, png_chunk

EXIF = b"Exif\x00\x00"
ORIENTATION = 0x0112


def block(*entries: tuple[int, int, int, int], directory: int = 8, count: int | None = None, then: int = 0) -> bytes:
    """A TIFF header and one directory of (tag, type, count, value)."""
    body = b"".join(struct.pack(">HHIHxx", *entry) for entry in entries)
    total = len(entries) if count is None else count
    return b"MM\x00*" + struct.pack(">IH", directory, total) + body + struct.pack(">I", then)


def pieces(count: int) -> bytes:
    """An EXIF block in so many segments of 64 KB."""
    return with_segments(*[segment(0xE1, EXIF + bytes(65_520))] * count)


def profile_in(count: int, total: int, first: int = 1) -> bytes:
    """A profile in `count` segments that claim to be `total`, counted from `first`."""
    part = -(-len(display_p3()) // max(count, 1))
    return with_segments(*(
        segment(0xE2, b"ICC_PROFILE\x00" + bytes(((first + index) % 256, total)) + display_p3()[index * part :][:part])
        for index in range(count)
    ))  # fmt: skip


def in_jpeg(profile: bytes) -> bytes:
    parts = [profile[start : start + 65_000] for start in range(0, len(profile), 65_000)]
    heads = (b"ICC_PROFILE\x00" + bytes((number, len(parts))) for number in range(1, len(parts) + 1))
    return with_segments(*(segment(0xE2, head + part) for head, part in zip(heads, parts, strict=True)))


def changed(profile: bytes, at: int, change: bytes) -> bytes:
    return profile[:at] + change + profile[at + len(change) :]


TAG_COUNT, FIRST_TAG = 128, 132
BLOCKS = {
    "orientation 0": ("a turn that does not exist", block((ORIENTATION, 3, 1, 0))),
    "orientation 9": ("a turn that does not exist", block((ORIENTATION, 3, 1, 9))),
    "orientation 65,535": ("a turn that does not exist", block((ORIENTATION, 3, 1, 65_535))),
    "orientation as text": ("a turn of the wrong type", block((ORIENTATION, 2, 1, 6))),
    "two orientations in one": ("a turn that is a list", block((ORIENTATION, 3, 2, 6))),
    "orientation as a fraction by zero": ("division by zero", block((ORIENTATION, 5, 1, 8))),
    "65,535 tags in ten bytes": ("read past the block", block(count=65_535)),
    "65,535 tags": ("time by the tag", block(*[(0x010E, 2, 2**32 - 1, 0)] * 5_000, count=65_535)),
    "a directory that is its own next": ("endless loop", block((0x8769, 4, 1, 0), then=8)),
    "a directory past the end": ("read past the block", block(directory=2**31)),
    "a directory in its own header": ("reads its header as tags", block(directory=0)),
    "values past the end": ("read past the block", block((0x010F, 2, 4_000_000_000, 65_535))),
    "thumbnail of 4 GB": ("read past the block", block((0x0201, 4, 1, 0), (0x0202, 4, 2**32 - 1, 65_535))),
    "BigTIFF": ("offsets of 64 bits", b"MM\x00+" + b"\xff" * 60),
    "unknown byte order": ("no TIFF at all", b"XX\x00*" + bytes(20)),
    "one byte": ("read past the block", b"M"),
    "empty": ("read past the block", b""),
}
PROFILES = {
    "cut in its tag table": ("read past the profile", display_p3()[:150]),
    "cut in its curves": ("read past the profile", display_p3()[:-100]),
    "of 100 zeros": ("read past the profile", bytes(100)),
    "of 2^32-1 tags": ("table that overflows", changed(display_p3(), TAG_COUNT, b"\xff" * 4)),
    "with a tag past its end": ("read past the profile", changed(display_p3(), FIRST_TAG + 4, b"\x7f\xff\xff\xff")),
    "with a tag of 2^32-1 bytes": ("size that overflows", changed(display_p3(), FIRST_TAG + 8, b"\xff" * 4)),
    "for grey": ("channels that do not fit the pixels", grey_profile()),
    "for Lab": ("channels that do not fit the pixels", lab_profile()),
    "for 15 channels": ("channels that do not fit the pixels", changed(display_p3(), 16, b"FCLR")),
    "that links devices": ("two colour spaces where one is meant", changed(display_p3(), 12, b"link")),
    "of named colours": ("pixels as names", changed(display_p3(), 12, b"nmcl")),
    "with endless elements": ("80 KB keep littleCMS 2.19 busy for 17 seconds", endless_profile(5_000)),
    "of 3.9 MB": ("what is behind its end", display_p3() + bytes(3_900_000)),
}
BIG = {"of 16 MB": ("memory and time by the byte", display_p3() + bytes(16_000_000))}
DROPPED = {"cut in its tag table", "of 100 zeros", "of 2^32-1 tags", "for grey", "for Lab", "for 15 channels",
           "with endless elements", "of 16 MB", "of named colours", "that links devices"}  # fmt: skip
"""Those that cannot be used for certain. What littleCMS makes of the others is its business."""

TURNED = Shown((8, 16), {(1, 1): RED, (6, 5): RED})


def _blocks() -> list[HostileFile]:
    files = []
    for name, (reason, exif) in BLOCKS.items():
        files.append(
            HostileFile(f"EXIF in JPEG: {name}", reason, partial(with_segments, segment(0xE1, EXIF + exif)), HALVES)
        )
        files.append(HostileFile(f"EXIF in PNG: {name}", reason, partial(png, png_chunk(b"eXIf", exif)), HALVES))
        files.append(HostileFile(f"EXIF in WebP: {name}", reason, partial(webp, exif=EXIF + exif), HALVES))
    return files


def _profiles() -> list[HostileFile]:
    files = []
    for name, (reason, profile) in (PROFILES | BIG).items():
        shown = HALVES if name in DROPPED else Shown((16, 8))
        files.append(
            HostileFile(f"profile in JPEG: {name}", reason, partial(in_jpeg, profile), shown, large=name in BIG)
        )
        packed = png_chunk(b"iCCP", b"x\x00\x00" + zlib.compress(profile))
        files.append(HostileFile(f"profile in PNG: {name}", reason, partial(png, packed), shown))
        files.append(
            HostileFile(
                f"profile in WebP: {name}", reason, partial(webp, icc_profile=profile), shown, large=name in BIG
            )
        )
    return files


FILES = (
    *_blocks(),
    *_profiles(),
    HostileFile("EXIF in 280 pieces", "18 MB put together again and again", lambda: pieces(280), HALVES, large=True),
    HostileFile("two EXIF blocks", "the first one counts", lambda: with_segments(
        segment(0xE1, EXIF + block((ORIENTATION, 3, 1, 6))), segment(0xE1, EXIF + block((ORIENTATION, 3, 1, 1)))),
        TURNED),
    HostileFile("profile in JPEG: 255 pieces", "put together", lambda: profile_in(255, 255), Shown((16, 8))),
    HostileFile("profile in JPEG: pieces that are missing", "put together from what is not there",
                lambda: profile_in(2, 9), HALVES),
    HostileFile("profile in JPEG: pieces counted from 0", "index before the first",
                lambda: profile_in(3, 3, first=0), Shown((16, 8))),
    HostileFile("profile in JPEG: no piece of 0", "index into nothing",
                lambda: with_segments(segment(0xE2, b"ICC_PROFILE\x00")), HALVES),
    HostileFile("profile in PNG: no name", "read past the chunk", lambda: png(png_chunk(b"iCCP", b"\x00\x00")), HALVES),
    HostileFile("profile in PNG: unknown compression", "unknown method",
                lambda: png(png_chunk(b"iCCP", b"x\x00\x07abc")), HALVES),
    HostileFile("profile in PNG: no deflate", "zlib's errors",
                lambda: png(png_chunk(b"iCCP", b"x\x00\x00" + b"\xff" * 50)), HALVES),
    HostileFile("text in WebP: XMP of 10 MB", "parsed for an orientation",
                lambda: webp(xmp=b"<" * 10_000_000), HALVES, large=True),
    HostileFile("text in PNG: XMP bomb", "inflates to a gigabyte",
                lambda: png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\x00\x01\x00\x00\x00" + zeros(1000))), HALVES),
    HostileFile("profile on four colours", "of three", lambda: jpeg(
        Image.new("CMYK", (16, 8), (0, 255, 255, 0)), icc_profile=display_p3()), Shown((16, 8), {(3, 3): RED})),
)  # fmt: skip
