"""The small values: prompt, seed, steps, guidance, secret, media, clip, request."""

from collections.abc import Callable
from fractions import Fraction

import pytest

from domain.clip import Audio, Clip, ClipStatistics, PixelFormat
from domain.errors import InvalidValue
from domain.geometry import ClipGeometry, FrameRate, Resolution, Side
from domain.media import MP4, OUTPUT_FORMATS, sniff_picture
from domain.requests import ImageToVideo, ImageUrl, InlineImage, Prompt, TextToVideo
from domain.sampling import GuidanceScale, Seed, Steps
from domain.secret import Secret


@pytest.mark.parametrize(
    ("make", "value", "message"),
    [
        (Seed, -1, "must be from 0 to 9007199254740991 (2^53 - 1), got -1"),
        (Seed, 2**53, "must be from 0 to 9007199254740991 (2^53 - 1), got 9007199254740992"),
        (Steps, 0, "must be from 1 to 200, got 0"),
        (Steps, 201, "must be from 1 to 200, got 201"),
        (GuidanceScale, -0.1, "must be from 0 to 30, got -0.1"),
        (GuidanceScale, 30.5, "must be from 0 to 30, got 30.5"),
        (GuidanceScale, float("nan"), "must be from 0 to 30, got nan"),
        (Prompt, "", "must have 1 to 10000 characters after trimming, got 0"),
        (Prompt, " \n\t ", "must have 1 to 10000 characters after trimming, got 0"),
        (Prompt, "x" * 10_001, "must have 1 to 10000 characters after trimming, got 10001"),
    ],
)
def test_a_value_outside_its_range_says_the_range(
    make: Callable[[object], object], value: object, message: str
) -> None:
    with pytest.raises(InvalidValue) as refused:
        make(value)
    assert refused.value.message == message


def test_the_ends_of_the_ranges_are_taken() -> None:
    assert (Seed(0).number, Seed(2**53 - 1).number) == (0, 9007199254740991)
    assert (Steps(1).count, Steps(200).count) == (1, 200)
    assert (GuidanceScale(0).scale, GuidanceScale(30).scale) == (0, 30)
    assert len(Prompt("x" * 10_000).text) == 10_000


def test_a_prompt_is_stripped() -> None:
    assert Prompt("  a lake \n").text == "a lake"


def test_a_secret_shows_only_through_reveal() -> None:
    secret = Secret("sb_secret_abc")
    shown = (repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{secret!s}", repr([secret]), repr({"k": secret}))
    assert all("abc" not in text and "********" in text for text in shown)
    assert secret.reveal() == "sb_secret_abc"
    assert secret == Secret("sb_secret_abc")


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01", "JPEG"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\r", "PNG"),
        (b"RIFF\x24\x00\x00\x00WEBPVP8 ", "WEBP"),
        (b"RIFF\x24\x00\x00\x00WAVEfmt ", None),
        (b"GIF89a\x01\x00\x01\x00\x00\x00", None),
        (b"\x89PNG\n\x1a\n\x00\x00\x00\r\x00", None),
        (b"<svg xmlns=", None),
        (b"\xff\xd8", None),
        (b"RIFF", None),
        (b"", None),
    ],
)
def test_a_picture_is_known_by_its_first_bytes(head: bytes, kind: str | None) -> None:
    assert sniff_picture(head) == kind


def test_the_one_output_format_is_mp4() -> None:
    assert {name: (known.suffix, known.content_type) for name, known in OUTPUT_FORMATS.items()} == {
        "mp4": (".mp4", "video/mp4"),
        "webm": (".webm", "video/webm"),
        "gif": (".gif", "image/gif"),
        "png_sequence": (".zip", "application/zip"),
        "wav": (".wav", "audio/wav"),
    }
    assert [known.name for known in OUTPUT_FORMATS.values() if not known.has_picture] == ["wav"]
    assert [known.name for known in OUTPUT_FORMATS.values() if not known.has_sound] == ["gif"]


def test_the_length_of_sound_is_in_samples_per_channel() -> None:
    samples = memoryview(bytearray(4 * 600)).cast("f")
    assert Audio(sampling_rate=24_000, channels=2, samples=samples).length == 300


@pytest.mark.parametrize(("pixel_format", "size"), [("rgb24", 64 * 66 * 3), ("yuv420p", 64 * 66 * 3 // 2)])
def test_the_bytes_of_a_frame(pixel_format: PixelFormat, size: int) -> None:
    geometry = ClipGeometry(Resolution(64, 66), 1, FrameRate(Fraction(24)))
    clip = Clip(
        geometry=geometry,
        pixel_format=pixel_format,
        audio=None,
        chunks=iter(()),
        statistics=lambda: ClipStatistics(prepare_seconds=0, inference_seconds=0, decode_seconds=0),
    )
    assert clip.frame_bytes == size


def test_a_request_has_the_contracts_defaults() -> None:
    request = TextToVideo(prompt=Prompt("x"))
    assert request.geometry == ClipGeometry(Resolution(512, 512), 49, FrameRate(Fraction(24)))
    assert (request.seed, request.steps, request.guidance, request.negative_prompt) == (None, None, None, None)
    assert (request.file_name.name, request.output_format) == ("video.mp4", MP4)
    assert (request.return_signed_url, request.low_vram, request.idempotency_key) == (True, False, None)


def test_width_and_height_keep_their_places() -> None:
    request = TextToVideo(prompt=Prompt("x"), width=Side(1280), height=Side(720))
    assert request.geometry.resolution == Resolution(width=1280, height=720)


def test_only_an_image_request_starts_with_a_picture() -> None:
    image = ImageUrl("https://example.com/a.png")
    assert TextToVideo(prompt=Prompt("x")).pictures == ()
    assert ImageToVideo(prompt=Prompt("x"), image=image).pictures == (image,)


def test_pictures_of_a_request_stay_out_of_its_repr() -> None:
    assert "signature" not in repr(ImageUrl("https://example.com/a.png?signature=1"))
    assert "QUJD" not in repr(InlineImage("QUJD"))
