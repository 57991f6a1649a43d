"""All hostile picture files, made by code."""

from collections.abc import Iterator
from functools import partial

import attrs
from PIL import Image

from tests.security import hostile_formats, hostile_jpeg, hostile_metadata, hostile_png, hostile_webp
from tests.security.hostile_file import HostileFile, jpeg, webp
from tests.security.hostile_png import png
from tests.support.icc import display_p3


def _named(kind: str, files: tuple[HostileFile, ...]) -> Iterator[HostileFile]:
    return (attrs.evolve(file, name=f"{kind}: {file.name}") for file in files)


def _turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


WHOLE = {
    "PNG": png(hostile_png.texts(2)),
    "JPEG": jpeg(exif=_turned(), icc_profile=display_p3()),
    "progressive JPEG": jpeg(progressive=True),
    "lossless WebP": webp(exif=_turned(), icc_profile=display_p3()),
    "lossy WebP": webp(lossless=False),
}


def _first(whole: bytes, size: int) -> bytes:
    return whole[:size]


def truncated() -> Iterator[HostileFile]:
    """Each whole file cut at every place from its magic number on; the decoders' buffers end everywhere too."""
    for kind, whole in WHOLE.items():
        for size in range(12, len(whole)):
            yield HostileFile(f"{kind} cut at {size}", "what is missing is old memory", partial(_first, whole, size))


CORPUS = (
    *_named("PNG", hostile_png.FILES),
    *_named("JPEG", hostile_jpeg.FILES),
    *_named("WebP", hostile_webp.FILES),
    *_named("metadata", hostile_metadata.FILES),
    *_named("format", hostile_formats.FORMATS),
    *_named("polyglot", hostile_formats.POLYGLOTS),
)
"""Truncated files are apart: there are thousands, and all end alike."""
SMALL = tuple(file for file in CORPUS if not file.large)
LARGE = tuple(file for file in CORPUS if file.large)
