"""`upload_url` and `s3Config` as callers send them."""

from collections.abc import Mapping

import pytest

from adapters.wire.requests import decode_request
from tests.support.targets import ACCESS_ID, ACCESS_SECRET, s3_target, upload_url
from tests.unit.adapters.wire.payloads import refused, with_prompt

ENDPOINT = "https://s3.eu-west-1.amazonaws.com"
S3 = {"accessId": ACCESS_ID, "accessSecret": ACCESS_SECRET, "bucketName": "clips", "endpointUrl": ENDPOINT}
URL = "https://s3.example.com/a.mp4?X-Amz-Signature=canary"
KNOWN = "known are accessId, accessSecret, bucketName, endpointUrl, region"


def test_a_target_is_taken() -> None:
    assert decode_request(with_prompt(upload_url=URL)).target == upload_url(URL)
    assert decode_request(with_prompt(s3Config=S3)).target == s3_target(ENDPOINT)
    assert decode_request(with_prompt(s3Config=S3 | {"region": None})).target == s3_target(ENDPOINT)
    with_region = decode_request(with_prompt(s3Config=S3 | {"region": "auto"})).target
    assert with_region == s3_target(ENDPOINT, region="auto")
    assert decode_request(with_prompt(upload_url=None, s3Config=None)).target is None


def test_two_targets_are_refused() -> None:
    message = "must not be given together with upload_url: a clip goes to one place"
    assert refused(with_prompt(upload_url=URL, s3Config=S3)) == [f"s3Config {message}"]
    assert refused(with_prompt(upload_url=URL, s3Config=S3), "batch[1]") == [f"batch[1].s3Config {message}"]
    assert len(refused(with_prompt(upload_url=URL, s3Config=S3, width=511))) == 1  # what is wrong comes first


def _without(name: str) -> Mapping[str, object]:
    return {key: value for key, value in S3.items() if key != name}


@pytest.mark.parametrize(
    ("value", "messages"),
    [
        ("canary", ["s3Config must be an object"]),
        (["canary"], ["s3Config must be an object"]),
        ({}, [f"s3Config.{name} is required" for name in S3]),
        (_without("accessSecret"), ["s3Config.accessSecret is required"]),
        (S3 | {"accessSecret": None}, ["s3Config.accessSecret is required"]),
        (S3 | {"accessSecret": 4711}, ["s3Config.accessSecret must be a string"]),
        (
            S3 | {"accessSecret": "canary canary"},  # pragma: allowlist secret
            ["s3Config.accessSecret must be 1 to 1024 printable ASCII characters without spaces"],
        ),
        (S3 | {"region": 1}, ["s3Config.region must be a string"]),
        (
            S3 | {"bucketName": "a/canary", "endpointUrl": "https://u:canary@a.b"},  # pragma: allowlist secret
            [
                "s3Config.bucketName must be a bucket's name: 2 to 255 letters, digits, '.', '_' or '-'",
                "s3Config.endpointUrl must be an https URL without query, such as https://s3.eu-west-1.amazonaws.com",
            ],
        ),
        (S3 | {"secret": "canary"}, [f"s3Config.secret is not a known field; {KNOWN}"]),  # pragma: allowlist secret
        (
            S3 | {f"k{number}": "canary" for number in range(9)},
            [
                *(f"s3Config.k{number} is not a known field; {KNOWN}" for number in range(5)),
                "s3Config has 4 more fields that are not known",
            ],
        ),
        (
            S3 | {"accessId": "\ud800"},
            ["s3Config.accessId must be 1 to 256 printable ASCII characters without spaces, ',' and '/'"],
        ),
    ],
)
def test_each_fault_is_told_with_its_path_and_no_value(value: object, messages: list[str]) -> None:
    assert refused(with_prompt(s3Config=value)) == messages
    assert [message.removeprefix("a.") for message in refused(with_prompt(s3Config=value), "a")] == messages


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (4711, "must be a string"),
        (["canary"], "must be a string"),
        ("", "must have 1 to 2048 characters, got 0"),
        ("canary" * 1000, "must have 1 to 2048 characters, got 6000"),
        ("https://canary/ canary", "must be a URL of printable ASCII characters"),
        ("\ud800", "must be a URL of printable ASCII characters"),
    ],
)
def test_a_wrong_upload_url_is_not_repeated(value: object, message: str) -> None:
    assert refused(with_prompt(upload_url=value)) == [f"upload_url {message}"]
