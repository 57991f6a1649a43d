"""WEBHOOK_URL, WEBHOOK_ALLOWED_HOSTS and WEBHOOK_SECRET."""

import base64
import json

import pytest

from adapters.http.allowed_hosts import AllowedHosts
from adapters.notifier.config import WebhookConfig
from adapters.settings.description import describe
from adapters.settings.environment import read_settings
from domain.secret import Secret
from tests.unit.adapters.settings.environments import LOCAL, faults

ONE = "whsec_" + base64.b64encode(b"1" * 24).decode()
TWO = "whsec_" + base64.b64encode(b"2" * 64).decode()
SIGNED = LOCAL | {"WEBHOOK_SECRET": ONE}
HOOK = "https://hooks.example.com/a?token=topsecret"


def test_without_them_nobody_is_told() -> None:
    assert read_settings(LOCAL).webhook == WebhookConfig()


def test_each_arrives_at_its_place() -> None:
    settings = read_settings(
        LOCAL | {"WEBHOOK_URL": HOOK, "WEBHOOK_ALLOWED_HOSTS": "a.example, .B.example.", "WEBHOOK_SECRET": ONE}
    )
    assert settings.webhook == WebhookConfig(
        url=Secret(HOOK),
        hosts=AllowedHosts(frozenset({"a.example", ".b.example"}), "WEBHOOK_ALLOWED_HOSTS"),
        secrets=(Secret(ONE),),
    )
    assert set(settings.secrets) == {Secret(HOOK), Secret(ONE)}


@pytest.mark.parametrize("between", [" ", ",", ", ", "\n", " , "])
def test_several_secrets_are_taken_during_a_rotation(between: str) -> None:
    settings = read_settings(LOCAL | {"WEBHOOK_SECRET": ONE + between + TWO})
    assert settings.webhook.secrets == (Secret(ONE), Secret(TWO))


@pytest.mark.parametrize("name", ["WEBHOOK_URL", "WEBHOOK_ALLOWED_HOSTS"])
def test_whoever_is_told_needs_a_secret(name: str) -> None:
    value = HOOK if name == "WEBHOOK_URL" else "a.example"
    assert faults(LOCAL | {name: value}) == {
        "WEBHOOK_SECRET": f"is required for {name}: whsec_ and base64 of 24 to 64 bytes"
    }


@pytest.mark.parametrize("secret", ["topsecret", f"{ONE},topsecret", "whsec_topsecret", ONE[:-2]])
def test_a_wrong_secret_is_masked(secret: str) -> None:
    told = faults(LOCAL | {"WEBHOOK_SECRET": secret})["WEBHOOK_SECRET"]
    assert told.startswith("must be whsec_ and base64 of 24 to 64 bytes")
    assert told.endswith("got ********")
    assert "topsecret" not in told


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("nonsense", "must be an https URL"),
        ("ftp://a.example/", "must be an https URL"),
        ("https://", "must name a host"),
        ("https://user:pw@a.example/", "must not carry a user name or a password"),  # pragma: allowlist secret
        ("https://a.example/ä", "must be a URL of printable ASCII characters"),
        ("http://a.example/", "must be an https URL; http is for loopback"),
        ("http://10.0.0.7/", "must be an https URL; http is for loopback"),
        ("https://127.1/", "must write its address in the canonical form"),
    ],
)
def test_a_wrong_url_is_masked(url: str, rule: str) -> None:
    told = faults(SIGNED | {"WEBHOOK_URL": url})["WEBHOOK_URL"]
    assert told.startswith(rule)
    assert "a.example" not in told


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8000/h", "http://localhost/h", "http://[::1]:9/", "https://a.example/"]
)
def test_http_is_taken_for_loopback(url: str) -> None:
    assert read_settings(SIGNED | {"WEBHOOK_URL": url}).webhook.url == Secret(url)


@pytest.mark.parametrize("url", ["http://hooks.inside:8080/h", "http://10.20.0.7/h"])
def test_http_is_taken_for_the_operators_networks(url: str) -> None:
    allowed = SIGNED | {"INPUT_ALLOW_PRIVATE_HOSTS": "hooks.inside,10.20.0.0/16"}
    assert read_settings(allowed | {"WEBHOOK_URL": url}).webhook.url == Secret(url)


def test_the_start_up_line_masks_both() -> None:
    shown = json.dumps(describe(read_settings(SIGNED | {"WEBHOOK_URL": HOOK})))
    assert "topsecret" not in shown
    assert "hooks.example.com" not in shown
    assert ONE not in shown
