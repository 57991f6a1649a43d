"""Pictures through the child: the same pixels and refusals as in this process, and claims that are not believed."""

import base64
import json
import random
from collections.abc import Iterator

import attrs
import pytest
from PIL import Image

from adapters.http.client import GuardedClient
from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import InProcessDecoder, SandboxedDecoder, picture_sandbox
from adapters.image_fetcher.fetcher import PictureFetcher
from adapters.sandbox.sandbox import Sandbox
from application.job_control import JobControl
from domain.clip import Picture
from domain.errors import InputUnreadable, WorkerError
from domain.requests import InlineImage
from tests.support.icc import display_p3
from tests.support.pictures import encoded, png_of_size, two_halves
from tests.support.processes import children, named_shared_memory, open_descriptors

LIMITS = ImageLimits(max_side=5000)
FIELD = "image_base64"
NOISE = Image.frombytes("RGB", (640, 600), random.Random(3).randbytes(640 * 600 * 3))  # noqa: S311 - a picture


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    sandbox = picture_sandbox(LIMITS)
    yield sandbox
    sandbox.close()


@pytest.fixture
def hostile() -> Iterator[Sandbox]:
    sandbox = Sandbox(module="tests.support.hostile_decoder", limits=picture_sandbox(LIMITS).limits)
    yield sandbox
    sandbox.close()


def outcome(decoder: InProcessDecoder | SandboxedDecoder, data: bytes) -> tuple[object, ...]:
    try:
        picture = decoder.decode(data, FIELD, LIMITS, JobControl())
    except WorkerError as exc:
        return type(exc), exc.message, exc.faults
    return picture.resolution, picture.pixels.tobytes(), picture.pixels.readonly, picture.pixels.format


def turned() -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "a camera"
    return exif


FILES = {
    "jpeg": encoded(NOISE, "JPEG", exif=turned(), icc_profile=display_p3(), comment=b"\xffcomment"),
    "progressive": encoded(NOISE, "JPEG", progressive=True),
    "cmyk": encoded(NOISE.convert("CMYK"), "JPEG"),
    "grey": encoded(NOISE.convert("L"), "JPEG"),
    "several": encoded(NOISE, "MPO", save_all=True, append_images=[NOISE]),
    "png": encoded(NOISE, "PNG", exif=turned(), icc_profile=display_p3(), compress_level=1),
    "16-bit": encoded(Image.new("I;16", (64, 64), 40_000), "PNG"),
    "palette": encoded(NOISE.quantize(16), "PNG", transparency=b"\x00\x80"),
    "black and white": encoded(NOISE.convert("1"), "PNG"),
    "transparent": encoded(Image.merge("RGBA", (*NOISE.split(), NOISE.getchannel(0))), "PNG", compress_level=1),
    "webp": encoded(NOISE, "WEBP", exif=turned(), icc_profile=display_p3(), method=0),
    "lossless": encoded(NOISE, "WEBP", lossless=True, method=0),
    "alpha": encoded(Image.merge("RGBA", (*NOISE.split(), NOISE.getchannel(0))), "WEBP", method=0),
    "animated": encoded(NOISE, "WEBP", save_all=True, append_images=[NOISE], method=0),
    "cut off": encoded(NOISE, "JPEG")[:5000],
    "too large": png_of_size(5001, 1),
    "gif": encoded(two_halves(), "GIF"),
    "text": b"no picture at all",
    "nothing": b"",
}


@pytest.mark.parametrize("name", FILES)
def test_the_child_makes_of_a_file_what_this_process_does(sandbox: Sandbox, name: str) -> None:
    sandbox.check()
    pid = sandbox.pid
    expected = outcome(InProcessDecoder(), FILES[name])
    assert outcome(SandboxedDecoder(sandbox), FILES[name]) == expected
    assert sandbox.pid == pid, "the child was lost"


def test_the_largest_picture_fits(sandbox: Sandbox) -> None:
    """The worst that was measured: a turned WebP with transparency and a profile, here as a PNG, which is quicker."""
    decoder = SandboxedDecoder(picture_sandbox(ImageLimits()))
    image = Image.new("RGBA", (8000, 5000), (200, 100, 100, 128))
    data = encoded(image, "PNG", exif=turned(), icc_profile=display_p3(), compress_level=1)
    picture = decoder.decode(data, FIELD, ImageLimits(), JobControl())
    decoder.sandbox.close()
    assert len(picture.pixels) == 3 * 40_000_000


def test_a_picture_outlives_its_child(sandbox: Sandbox) -> None:
    picture = SandboxedDecoder(sandbox).decode(encoded(two_halves()), FIELD, LIMITS, JobControl())
    sandbox.close()
    assert picture.pixels.tobytes() == two_halves().tobytes()


def test_two_hundred_pictures_leave_no_descriptor_no_process_and_no_file_behind(sandbox: Sandbox) -> None:
    decoder, data = SandboxedDecoder(sandbox), encoded(two_halves())
    sandbox.close()
    before = (children(), open_descriptors(), named_shared_memory())
    for _ in range(201):  # a child serves 200
        assert len(decoder.decode(data, FIELD, LIMITS, JobControl()).pixels) == 24
    assert len(children() - before[0]) == 1
    sandbox.close()
    assert (children(), open_descriptors(), named_shared_memory()) == before


def test_a_picture_that_crashes_the_decoder_is_unreadable_and_the_next_one_is_not(hostile: Sandbox) -> None:
    fetcher = PictureFetcher(client=GuardedClient(), decoder=SandboxedDecoder(hostile), limits=LIMITS)

    def fetch(data: bytes) -> Picture:
        return fetcher.fetch(InlineImage(base64.b64encode(data).decode(), FIELD), JobControl())

    for _ in range(3):
        with pytest.raises(InputUnreadable) as caught:
            fetch(b"{}")
        assert caught.value.message == "image_base64 could not be decoded within the limits"
        assert fetch(encoded(two_halves())).pixels.tobytes() == two_halves().tobytes()


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"width": 4, "height": 2}, 23),
        ({"width": 4, "height": 2}, 25),
        ({"width": -4, "height": -2}, 24),
        ({"width": 0, "height": 0}, 0),
        ({"width": 5001, "height": 1}, 15_003),
        ({"width": True, "height": 1}, 3),
        ({"width": 4.0, "height": 2}, 24),
        ({"width": "4", "height": 2}, 24),
        ({"width": 4, "height": None}, 24),
        ({"width": 10**400, "height": 2}, 24),
        ({"width": 4}, 24),
        ({"width": 4, "height": 2, "path": "/"}, 24),
        ([4, 2], 24),
    ],
)
def test_a_claim_that_cannot_be_true_is_no_picture(hostile_shared: SandboxedDecoder, fields: object, size: int) -> None:
    file = json.dumps({"fields": fields, "size": size}).encode()
    with pytest.raises(InputUnreadable):
        hostile_shared.decode(file, FIELD, LIMITS, JobControl())
    assert hostile_shared.sandbox.pid is None


def test_a_claim_of_too_many_pixels_is_no_picture(hostile_shared: SandboxedDecoder) -> None:
    file = json.dumps({"fields": {"width": 40, "height": 20}, "size": 2400}).encode()
    picture = hostile_shared.decode(file, FIELD, LIMITS, JobControl())
    assert (picture.resolution.width, picture.resolution.height) == (40, 20)
    with pytest.raises(InputUnreadable):
        hostile_shared.decode(file, FIELD, attrs.evolve(LIMITS, max_pixels=799), JobControl())


@pytest.fixture
def hostile_shared(hostile: Sandbox) -> SandboxedDecoder:
    return SandboxedDecoder(hostile)
