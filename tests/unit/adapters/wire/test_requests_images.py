"""Pictures in requests: which mode takes them, and how many."""

from collections.abc import Mapping

import pytest

from adapters.wire.requests import decode_request
from domain.naming import KEY_RULE, ObjectPath
from domain.requests import ImageToVideo, ImageUrl, InlineImage, Prompt, StoredImage
from tests.unit.adapters.wire.payloads import refused, with_prompt


@pytest.mark.parametrize("name", ["image_url", "image_base64", "image_path"])
@pytest.mark.parametrize("value", ["https://example.com/a.png", "", 5, {}])
def test_a_field_of_another_mode_is_refused_with_the_mode_that_takes_it(name: str, value: object) -> None:
    assert refused(with_prompt(**{name: value})) == [f"{name} belongs to modes i2v, a2v"]


def test_an_image_request_takes_a_url_base64_or_a_path() -> None:
    by_url = decode_request(with_prompt(mode="i2v", image_url="https://example.com/a.png", image_base64=None))
    assert by_url == ImageToVideo(prompt=Prompt("a lake"), image=ImageUrl("https://example.com/a.png"))
    inline = decode_request(with_prompt(mode="i2v", image_base64="QUJD"))
    assert inline == ImageToVideo(prompt=Prompt("a lake"), image=InlineImage("QUJD"))
    stored = decode_request(with_prompt(mode="i2v", image_path="inputs/a.png", image_url=None), "batch[2]")
    image = StoredImage(ObjectPath("inputs/a.png"), "batch[2].image_path")
    assert stored == ImageToVideo(prompt=Prompt("a lake"), image=image)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({}, "image_url or image_base64 or image_path is required: mode i2v starts with a picture"),
        (
            {"image_url": None, "image_base64": None, "image_path": None},
            "image_url or image_base64 or image_path is required: mode i2v starts with a picture",
        ),
        (
            {"image_base64": "QUJD", "image_path": "inputs/a.png"},
            "image_path must not be given together with image_base64: exactly one is taken",
        ),
        ({"image_path": 5}, "image_path must be a string, got 5"),
        ({"image_path": "inputs/../a.png"}, f"image_path must be the path of an object: {KEY_RULE}"),
        (
            {"image_url": "https://example.com", "image_base64": "QUJD"},
            "image_base64 must not be given together with image_url: exactly one is taken",
        ),
        ({"image_url": ""}, "image_url must have 1 to 2048 characters, got 0"),
        ({"image_url": "h" * 2049}, "image_url must have 1 to 2048 characters, got 2049"),
        ({"image_url": 5}, "image_url must be a string, got 5"),
        ({"image_base64": ""}, "image_base64 must be a non-empty string of base64"),
        ({"image_base64": ["QUJD"]}, "image_base64 must be a non-empty string of base64"),
        (
            {"image_base64": "\udfff"},
            "image_base64 must be valid Unicode text: it holds half of a surrogate pair",
        ),
    ],
)
def test_an_image_request_has_exactly_one_picture(fields: Mapping[str, object], message: str) -> None:
    assert refused(with_prompt(mode="i2v", **fields)) == [message]


def test_each_picture_too_many_is_told() -> None:
    every = {"image_url": "https://example.com", "image_base64": "QUJD", "image_path": "inputs/a.png"}
    assert [message.split()[0] for message in refused(with_prompt(mode="i2v", **every))] == [
        "image_base64",
        "image_path",
    ]


def test_a_url_of_2048_characters_is_taken() -> None:
    request = decode_request(with_prompt(mode="i2v", image_url="h" * 2048))
    assert request.pictures == (ImageUrl("h" * 2048),)
