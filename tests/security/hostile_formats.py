"""Files of other formats, and of several at once. None of their decoders may be reached."""

import io
import struct
import zipfile
from functools import partial

from PIL import Image

from tests.security.hostile_file import HALVES, REFUSED, HostileFile, Shown, halves, jpeg, webp
from tests.security.hostile_png import png
from tests.support.pictures import RED, encoded

EXTERNAL = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY secret SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="http://169.254.169.254/"/><text>&secret;</text></svg>"""
LAUGHS = b'<!DOCTYPE svg [<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 1000 + b'">]><svg>' + b"&b;" * 1000 + b"</svg>"
SCRIPT = b"<!DOCTYPE html><script>fetch('http://127.0.0.1/')</script>"
POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n{ } loop (/etc/passwd) (r) file showpage\n"
PSD = b"8BPS" + struct.pack(">H6xHIIHH", 1, 3, 30_000, 30_000, 8, 3) + bytes(100)
FLI = struct.pack("<IHHHHHH", 2**31, 0xAF11, 60_000, 9_999, 9_999, 8, 3) + bytes(200)
WMF = b"\xd7\xcd\xc6\x9a" + bytes(18) + struct.pack("<HHHIHIH", 1, 9, 0x300, 2**31, 9, 9, 0) + bytes(40)
PDF = b"%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>endobj\ntrailer<</Root 1 0 R>>\n"


def of_pillow(kind: str) -> bytes:
    modes = {"XBM": "1", "MSP": "1"}
    return encoded(halves().convert(modes.get(kind, "RGB")), kind)


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("../../handler.py", "raise SystemExit")
    return buffer.getvalue()


def movie(brand: bytes) -> bytes:
    return struct.pack(">I", 24) + b"ftyp" + brand + bytes(12) + bytes(500)


def many_gif_frames() -> bytes:
    frame = b"\x21\xf9\x04\x00\x00\x00\x00\x00\x2c" + struct.pack("<HHHHB", 0, 0, 9, 9, 0) + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + struct.pack("<HH3B", 60_000, 60_000, 0x80, 0, 0) + bytes(6) + frame * 100_000 + b";"


FORMATS = (
    HostileFile("SVG with an external entity", "reads /etc/passwd, asks the metadata service", lambda: EXTERNAL),
    HostileFile("SVG of a billion laughs", "entities that grow", lambda: LAUGHS),
    HostileFile("HTML", "named .jpg, runs where it is shown", lambda: SCRIPT),
    HostileFile("PostScript", "a programming language", lambda: POSTSCRIPT),
    HostileFile("EPS with a preview", "PostScript in disguise",
                lambda: b"\xc5\xd0\xd3\xc6" + struct.pack("<6I", 32, 99, 0, 0, 0, 0) + POSTSCRIPT),
    HostileFile("PDF", "a container of everything", lambda: PDF),
    HostileFile("PSD of 30,000 a side", "CVE-2026-42311: write past the buffer", lambda: PSD, REFUSED),
    HostileFile("FLI", "frames that claim 2 GB", lambda: FLI),
    HostileFile("WMF", "records of 2 GB", lambda: WMF),
    HostileFile("GIF of 60,000 a side and 100,000 frames", "canvas and frames", many_gif_frames, REFUSED),
    *(HostileFile(kind, "a decoder that is not asked for", partial(of_pillow, kind), REFUSED)
      for kind in ("GIF", "TIFF", "BMP", "JPEG2000", "AVIF")),
    *(HostileFile(kind, "a decoder that is not asked for", partial(of_pillow, kind))
      for kind in ("TGA", "PCX", "PPM", "ICO", "ICNS", "SGI", "DDS", "XBM", "MSP")),
    HostileFile("XPM", "C source that is parsed",
                lambda: b'/* XPM */\nstatic char *a[] = {"9999999 9999999 1 1", "a c #fff"};'),
    HostileFile("BigTIFF", "offsets of 64 bits", lambda: b"II+\x00\x08\x00\x00\x00" + b"\xff" * 90),
    HostileFile("FITS", "CVE-2026-40192: a bomb in gzip", lambda: b"SIMPLE  =                    T".ljust(2880)),
    HostileFile("HEIC", "a video decoder for one picture", lambda: movie(b"heic"), REFUSED),
    HostileFile("MP4", "a video where a picture is meant", lambda: movie(b"isom")),
    HostileFile("MNG", "PNG's cousin with loops", lambda: b"\x8aMNG\r\n\x1a\n" + png()[8:]),
    HostileFile("WAV", "RIFF too, no picture", lambda: b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(40)),
    HostileFile("gzip", "compressed by its host's leave", lambda: b"\x1f\x8b\x08" + bytes(60)),
    HostileFile("ZIP", "paths out of its folder", archive),
    HostileFile("ELF", "a program", lambda: b"\x7fELF\x02\x01\x01" + bytes(80)),
    HostileFile("pickle", "code in data", lambda: b"\x80\x04cos\nsystem\n(S'true'\ntR."),
    HostileFile("nothing", "empty file", lambda: b""),
    HostileFile("one byte", "shorter than every magic number", lambda: b"\xff"),
    HostileFile("a thousand NULs", "no magic number", lambda: bytes(1000)),
    HostileFile("text", "an answer for people", lambda: b"Not found\n"),
)  # fmt: skip

POLYGLOTS = (
    HostileFile("JPEG and ZIP", "an archive behind the picture", lambda: jpeg() + archive(), HALVES),
    HostileFile("PNG and PDF", "a document behind the picture", lambda: png() + PDF, HALVES),
    HostileFile("PNG and HTML", "a script in a text chunk and behind the end", lambda: png() + SCRIPT, HALVES),
    HostileFile("WebP and ZIP", "an archive behind the picture", lambda: webp() + archive(), HALVES),
    HostileFile("JPEG with a script for a comment", "HTML where it is shown",
                lambda: jpeg(comment=SCRIPT), HALVES),
    HostileFile("ZIP and JPEG", "the picture comes second", lambda: archive() + jpeg()),
    HostileFile("GIF and JavaScript", "a valid script", lambda: b"GIF89a=1;/*" + bytes(80) + b"*/alert(1)", REFUSED),
    HostileFile("PDF and PNG", "the picture comes second", lambda: PDF + png()),
    HostileFile("PNG's magic, then a JPEG", "claims to be another", lambda: png()[:8] + jpeg()),
    HostileFile("JPEG's magic, then a PNG", "claims to be another", lambda: b"\xff\xd8\xff" + png()),
    HostileFile("WebP's magic, then a PNG", "claims to be another", lambda: webp()[:12] + png()),
    HostileFile("JPEG in a JPEG's thumbnail", "which of the two",
                lambda: jpeg(Image.new("RGB", (16, 8), RED), exif=b"Exif\x00\x00" + jpeg()),
                Shown((16, 8), {(12, 4): RED})),
)  # fmt: skip
