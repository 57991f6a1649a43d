"""Signatures, against the example of the specification and an independent library."""

import base64
import datetime as dt

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from adapters.notifier.config import WebhookConfig, signing_key
from adapters.notifier.signing import signed_headers
from domain.errors import InvalidValue
from domain.secret import Secret

SPEC_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # pragma: allowlist secret
SPEC_BODY = b'{"test": 2432232314}'
SPEC_AT = dt.datetime.fromtimestamp(1614265330, dt.UTC)
OTHER = "whsec_" + base64.b64encode(b"o" * 64).decode()


def key(text: str) -> bytes:
    return signing_key(Secret(text))


def test_the_specifications_example() -> None:
    headers = signed_headers("msg_p5jXN8AQM9LWM0D4loKWxJek", SPEC_AT, SPEC_BODY, [key(SPEC_SECRET)])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@pytest.mark.parametrize("zone", [0, -5, 9])
def test_the_moment_counts_not_its_zone(zone: int) -> None:
    at = dt.datetime.now(dt.timezone(dt.timedelta(hours=zone)))
    headers = signed_headers("a", at, b"{}", [key(OTHER)])
    assert Webhook(OTHER).verify(b"{}", headers) == {}


def test_each_secret_signs_during_a_rotation() -> None:
    headers = signed_headers("a", dt.datetime.now(dt.UTC), b"{}", [key(SPEC_SECRET), key(OTHER)])
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (SPEC_SECRET, OTHER):
        assert Webhook(secret).verify(b"{}", headers) == {}
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"x" * 32).decode()).verify(b"{}", headers)


@pytest.mark.parametrize("size", [24, 64])
def test_keys_of_24_to_64_bytes_are_taken(size: int) -> None:
    assert signing_key(Secret("whsec_" + base64.b64encode(b"k" * size).decode())) == b"k" * size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "whsec_",
        "topsecret",
        base64.b64encode(b"k" * 32).decode(),
        "whsec_" + base64.b64encode(b"k" * 23).decode(),
        "whsec_" + base64.b64encode(b"k" * 65).decode(),
        "whsec_not!base64topsecret",
        "whsec_" + base64.b64encode(b"k" * 32).decode().rstrip("="),
        "whsec_" + "ü" * 40,
    ],
)
def test_other_secrets_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        signing_key(Secret(text))
    assert "whsec_ and base64 of 24 to 64 bytes" in caught.value.message
    assert "topsecret" not in caught.value.message


def test_there_is_no_config_that_could_not_sign() -> None:
    with pytest.raises(ValueError, match="without a secret"):
        WebhookConfig(url=Secret("https://a.example/"))
    assert "whsec" not in repr(WebhookConfig(url=Secret("https://a.example/"), secrets=(Secret(OTHER),)))
