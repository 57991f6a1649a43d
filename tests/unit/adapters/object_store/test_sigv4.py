"""Our signatures are botocore's, for headers and for URLs."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth  # type: ignore[import-untyped]  # botocore has no types
from botocore.awsrequest import AWSRequest  # type: ignore[import-untyped]  # botocore has no types
from botocore.credentials import Credentials  # type: ignore[import-untyped]  # botocore has no types

from adapters.object_store.s3_address import BucketAddress
from adapters.object_store.sigv4 import UNSIGNED, Signer
from domain.secret import Secret

ID: Final = "AKIAIOSFODNN7EXAMPLE"  # pragma: allowlist secret
SECRET: Final = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"  # pragma: allowlist secret
SIGNER: Final = Signer(access_id=Secret(ID), access_secret=Secret(SECRET), region="eu-west-1")
BASES: Final = (
    "https://s3.eu-west-1.amazonaws.com/clips",
    "https://clips.s3.eu-west-1.amazonaws.com",
    "http://127.0.0.1:9000/clips",
    "https://[2001:470::1]/storage/v1/s3/clips",
)
KEYS: Final = ("ltx2/2026-01-13/job-1/video.mp4", "a b/it's (1) & $2 = @3; 4:5 + 6, 7?/!x*-_.mp4")


def moment(stamp: str) -> dt.datetime:
    return dt.datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)


def url_of(base: str, key: str) -> str:
    return BucketAddress(base=base, region="eu-west-1").url(key)


def botocores(method: str, url: str, headers: Mapping[str, str], body_sha256: str) -> Mapping[str, str]:
    request: Any = AWSRequest(method=method, url=url, headers={**headers, "X-Amz-Content-SHA256": body_sha256})
    request.context["payload_signing_enabled"] = True
    request.context["client_config"] = None
    signer = S3SigV4Auth(Credentials(ID, SECRET), "s3", "eu-west-1")
    signer.payload = lambda _: body_sha256
    signer.add_auth(request)
    return dict(request.headers)


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("body_sha256", [hashlib.sha256(b"clip").hexdigest(), UNSIGNED])
def test_headers_are_signed_as_botocore_does(base: str, key: str, body_sha256: str) -> None:
    url = url_of(base, key)
    headers = {"Content-Type": "video/mp4", "Cache-Control": "max-age=3600", "X-Amz-Meta-Note": " of  two words "}
    theirs = botocores("PUT", url, headers, body_sha256)
    ours = SIGNER.headers("PUT", url, headers, body_sha256, moment(theirs["X-Amz-Date"]))
    assert ours["Authorization"] == theirs["Authorization"]
    assert {name.lower(): value for name, value in ours.items()} == {
        name.lower(): value for name, value in theirs.items()
    }


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("key", KEYS)
def test_urls_are_signed_as_botocore_does(base: str, key: str) -> None:
    url = url_of(base, key)
    request: Any = AWSRequest(method="GET", url=url)
    S3SigV4QueryAuth(Credentials(ID, SECRET), "s3", "eu-west-1", expires=86_400).add_auth(request)
    theirs = dict(parse_qsl(urlsplit(request.url).query))
    signed = SIGNER.url("GET", url, 86_400, moment(theirs["X-Amz-Date"]))
    assert signed.partition("?")[0] == url
    assert dict(parse_qsl(urlsplit(signed).query)) == theirs


def test_the_signature_of_amazons_own_example() -> None:
    """ "GET Object" in Amazon's S3 API reference, with the key and the date that stand there."""
    signer = Signer(access_id=Secret(ID), access_secret=Secret(SECRET), region="us-east-1")
    signed = signer.url(
        "GET", "https://examplebucket.s3.amazonaws.com/test.txt", 86_400, dt.datetime(2013, 5, 24, tzinfo=dt.UTC)
    )
    expected = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"  # pragma: allowlist secret
    assert signed.endswith(f"&X-Amz-Signature={expected}")


def test_a_signer_shows_no_secret() -> None:
    assert SECRET not in repr(SIGNER)
    assert ID not in repr(SIGNER)
