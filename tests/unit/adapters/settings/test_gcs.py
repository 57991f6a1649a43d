"""Google Cloud Storage's variables."""

import json
from pathlib import Path

import pytest

from adapters.object_store.config import GcsConfig
from adapters.settings.environment import read_settings
from domain.secret import Secret
from tests.unit.adapters.settings.environments import faults

PEM = "-----BEGIN PRIVATE KEY-----\nbase64\n-----END PRIVATE KEY-----\n"  # pragma: allowlist secret
KEY = json.dumps({"client_email": "worker@project.iam.gserviceaccount.com", "private_key": PEM})
GCS = {"STORAGE_BACKEND": "gcs", "GCS_BUCKET": "clips", "GCS_SERVICE_ACCOUNT_KEY": KEY, "HOME": "/home/me"}


def test_a_bucket_and_a_key_are_enough() -> None:
    assert read_settings(GCS).store.config == GcsConfig(
        bucket="clips",
        service_account_key=Secret(KEY),
        service_account_file=None,
        endpoint_url=None,
        prefix="ltx2",
        public_base_url=None,
        signed_url_seconds=86_400,
    )


def test_every_variable_arrives_at_its_place() -> None:
    environ = {
        "STORAGE_BACKEND": "gcs",
        "GCS_BUCKET": "clips",
        "GCS_PREFIX": "team/ltx2",
        "GCS_SERVICE_ACCOUNT_FILE": "~/key.json",
        "GCS_ENDPOINT_URL": "https://storage.example.com/",
        "GCS_PUBLIC_BASE_URL": "https://storage.googleapis.com/clips",
        "GCS_SIGNED_URL_TTL_SECONDS": "60",
        "HOME": "/home/me",
    }
    assert read_settings(environ).store.config == GcsConfig(
        bucket="clips",
        service_account_file=Path("/home/me/key.json"),
        endpoint_url="https://storage.example.com",
        prefix="team/ltx2",
        public_base_url="https://storage.googleapis.com/clips",
        signed_url_seconds=60,
    )


def test_bucket_and_key_are_required() -> None:
    told = faults({"STORAGE_BACKEND": "gcs", "HOME": "/home/me"})
    assert list(told) == ["GCS_BUCKET", "GCS_SERVICE_ACCOUNT_KEY"]
    assert "GCS_SERVICE_ACCOUNT_FILE" in told["GCS_SERVICE_ACCOUNT_KEY"]


@pytest.mark.parametrize(
    "text",
    [
        "/secrets/key.json",
        "{",
        "[]",
        "null",
        '"text"',
        "{}",
        json.dumps({"client_email": "worker@x", "private_key": "x"}),
        json.dumps({"client_email": 1, "private_key": PEM}),
        json.dumps({"private_key": PEM}),
        "[" * 100_000,
    ],
)
def test_what_is_no_key_is_refused_and_not_shown(text: str) -> None:
    told = faults(GCS | {"GCS_SERVICE_ACCOUNT_KEY": text})
    assert list(told) == ["GCS_SERVICE_ACCOUNT_KEY"]
    assert told["GCS_SERVICE_ACCOUNT_KEY"].endswith("got ********")


def test_a_signature_lasts_a_week_at_most() -> None:
    assert list(faults(GCS | {"GCS_SIGNED_URL_TTL_SECONDS": "604801"})) == ["GCS_SIGNED_URL_TTL_SECONDS"]
