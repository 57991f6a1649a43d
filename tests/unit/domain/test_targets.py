"""Targets check themselves, and show no secret."""

from collections.abc import Callable

import pytest

from domain.errors import InvalidValue
from domain.requests import Prompt, TextToVideo
from domain.secret import Secret
from domain.targets import AccessId, AccessSecret, BucketName, EndpointUrl, Region, UploadUrl
from tests.support.targets import ACCESS_ID, ACCESS_SECRET, s3_target, upload_url

URL = "https://s3.example.com/clips/a.mp4?X-Amz-Signature=canary"


def of(build: Callable[[Secret], object]) -> Callable[[str], object]:
    return lambda text: build(Secret(text))


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (of(UploadUrl), URL),
        (of(UploadUrl), "h" * 2048),
        (of(EndpointUrl), "https://s3.eu-west-1.amazonaws.com"),
        (of(EndpointUrl), "http://127.0.0.1:9000/"),
        (of(EndpointUrl), "https://[2001:470::1]:8443/storage/v1/s3"),
        (of(AccessId), "AKIA0123456789"),
        (of(AccessId), "user_2f1c@host+x=.-~"),
        (of(AccessSecret), "wJalr/XUt+nF,EMI=="),
        (BucketName, "my.clips-2_x"),
        (BucketName, "a" * 255),
        (Region, "eu-west-1"),
        (Region, "EU-RO-1"),
    ],
)
def test_what_callers_have_is_taken(build: Callable[[str], object], text: str) -> None:
    build(text)


@pytest.mark.parametrize(
    ("build", "text"),
    [
        (of(UploadUrl), ""),
        (of(UploadUrl), "h" * 2049),
        (of(UploadUrl), "https://a.b/ c"),
        (of(UploadUrl), "https://a.b/\u00fc"),
        (of(EndpointUrl), ""),
        (of(EndpointUrl), "s3.amazonaws.com"),
        (of(EndpointUrl), "https://"),
        (of(EndpointUrl), "ftp://s3.amazonaws.com"),
        (of(EndpointUrl), "https://user:canary@s3.amazonaws.com"),  # pragma: allowlist secret
        (of(EndpointUrl), "https://s3.amazonaws.com?x=1"),
        (of(EndpointUrl), "https://s3.amazonaws.com#x"),
        (of(EndpointUrl), "https://s3.amazonaws.com/../x"),
        (of(EndpointUrl), "https://s3.amazonaws.com//x"),
        (of(EndpointUrl), "https://s3.amazonaws.com/%2e%2e"),
        (of(EndpointUrl), "https://s3.amazonaws.com/" + "a" * 512),
        (of(EndpointUrl), "https://[::1"),
        (of(EndpointUrl), "https://[zz]/a"),
        (of(EndpointUrl), "https://]"),
        (of(EndpointUrl), "https://:443"),
        (of(EndpointUrl), "https://host:99999"),
        (of(EndpointUrl), "https://host:0"),
        (of(EndpointUrl), "https://a:b:c"),
        (of(AccessId), ""),
        (of(AccessId), "a/b"),
        (of(AccessId), "a,b"),
        (of(AccessId), "a b"),
        (of(AccessId), "a\nb"),
        (of(AccessId), "a" * 257),
        (of(AccessSecret), ""),
        (of(AccessSecret), "a b"),
        (of(AccessSecret), "a\r\n"),
        (of(AccessSecret), "a" * 1025),
        (BucketName, "a"),
        (BucketName, "../up"),
        (BucketName, "a/b"),
        (BucketName, "a" * 256),
        (BucketName, "clips\n"),
        (Region, ""),
        (Region, "eu/west"),
        (Region, "-x"),
        (Region, "a" * 41),
    ],
)
def test_anything_else_is_refused_without_being_repeated(build: Callable[[str], object], text: str) -> None:
    with pytest.raises(InvalidValue, match=r"^must ") as caught:
        build(text)
    assert "canary" not in caught.value.message


def test_no_repr_holds_a_secret() -> None:
    request = TextToVideo(prompt=Prompt("a"), upload_url=upload_url(URL), s3Config=s3_target("https://s3.example.com"))
    for secret in ("canary", ACCESS_ID, ACCESS_SECRET, "s3.example.com"):
        assert secret not in repr(request)


def test_a_request_has_at_most_one_target() -> None:
    plain, by_url = TextToVideo(prompt=Prompt("a")), upload_url(URL)
    bucket = s3_target("https://s3.example.com")
    assert plain.target is None
    assert TextToVideo(prompt=Prompt("a"), upload_url=by_url).target == by_url
    assert TextToVideo(prompt=Prompt("a"), s3Config=bucket).target == bucket


def test_what_is_hidden_is_the_url_its_query_and_the_key() -> None:
    assert set(upload_url(URL).hidden) == {URL, "X-Amz-Signature=canary"}
    assert set(s3_target("https://s3.example.com").hidden) == {ACCESS_ID, ACCESS_SECRET, "https://s3.example.com"}
