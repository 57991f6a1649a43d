"""The ways of hostile files that `make test` leaves out, and the largest pictures that are taken."""

import base64
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from adapters.image_fetcher.fetcher import PictureFetcher
from domain.requests import ImageUrl, InlineImage
from tests.security.hostile_file import HostileFile
from tests.security.hostile_files import CORPUS, LARGE, truncated
from tests.security.outcomes import FIELD, assert_ends, ending, fetching
from tests.support.http_server import Reply, serving
from tests.support.icc import display_p3
from tests.support.pictures import encoded

pytestmark = pytest.mark.soak

MIB = 1 << 20
WIDTH, HEIGHT = 8_000, 5_000
"""Forty megapixels."""
LARGEST_SECONDS = 20.0


@pytest.fixture(scope="module")
def sandboxed() -> Iterator[PictureFetcher]:
    with fetching(sandboxed=True) as fetcher:
        yield fetcher


@pytest.fixture(scope="module")
def plain() -> Iterator[PictureFetcher]:
    with fetching(sandboxed=False) as fetcher:
        yield fetcher


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.name)
def test_a_file_in_the_request_to_the_sandbox(file: HostileFile, sandboxed: PictureFetcher) -> None:
    text = base64.b64encode(file.make()).decode()
    assert_ends(ending(sandboxed, InlineImage(text, FIELD)), file.ends)


@pytest.mark.parametrize("file", LARGE, ids=lambda file: file.name)
def test_a_large_file_from_a_host(file: HostileFile, sandboxed: PictureFetcher) -> None:
    with serving({"/a.jpg": Reply(body=file.make())}) as server:
        assert_ends(ending(sandboxed, ImageUrl(server.url("/a.jpg"), FIELD)), file.ends)


def test_files_cut_anywhere_end_alike_in_the_sandbox(sandboxed: PictureFetcher) -> None:
    for file in truncated():
        assert_ends(ending(sandboxed, InlineImage(base64.b64encode(file.make()).decode(), FIELD)), file.ends)


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif


LARGEST: dict[str, tuple[str, str, dict[str, Any]]] = {
    "PNG": ("RGB", "PNG", {"compress_level": 1}),
    "transparent PNG": ("RGBA", "PNG", {"compress_level": 1, "icc_profile": display_p3()}),
    "JPEG": ("RGB", "JPEG", {"icc_profile": display_p3()}),
    "JPEG of four colours": ("CMYK", "JPEG", {}),
    "WebP": ("RGB", "WEBP", {"method": 0, "icc_profile": display_p3()}),
    "transparent WebP": ("RGBA", "WEBP", {"method": 0, "lossless": True, "quality": 0, "icc_profile": display_p3()}),
}


@pytest.mark.parametrize("name", LARGEST)
def test_the_largest_turned_picture_stays_within_its_memory(name: str, plain: PictureFetcher) -> None:
    """1,200 MiB are the base64, the file, and what `SandboxLimits.memory_bytes` is set for."""
    mode, kind, options = LARGEST[name]
    exif = {} if mode == "CMYK" else {"exif": _exif()}
    data = encoded(Image.new(mode, (WIDTH, HEIGHT), 99), kind, **options, **exif)
    outcome = ending(plain, InlineImage(base64.b64encode(data).decode(), FIELD))
    assert outcome.picture is not None, outcome.failure
    size = (outcome.picture.resolution.width, outcome.picture.resolution.height)
    assert size == ((HEIGHT, WIDTH) if exif else (WIDTH, HEIGHT))
    assert outcome.seconds < LARGEST_SECONDS
    assert outcome.risen < 1_200 * MIB
