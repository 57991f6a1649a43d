"""S3's variables: what people paste as the address of a bucket, and RunPod's names."""

import pytest

from adapters.object_store.config import S3Config
from adapters.settings.environment import read_settings
from domain.secret import Secret
from tests.unit.adapters.settings.environments import faults

KEYS = {
    "STORAGE_BACKEND": "s3",
    "S3_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "S3_SECRET_ACCESS_KEY": "secret/key+example",  # pragma: allowlist secret
    "HOME": "/home/me",
}
R2 = "https://account.r2.cloudflarestorage.com"


def config(**variables: str) -> S3Config:
    settings = read_settings(KEYS | variables)
    assert isinstance(settings.store.config, S3Config)
    assert settings.store.backend == "s3"
    return settings.store.config


def test_the_defaults_are_for_aws() -> None:
    assert config(S3_BUCKET="clips") == S3Config(
        bucket="clips",
        access_key_id=Secret("AKIDEXAMPLE"),
        secret_access_key=Secret("secret/key+example"),
        session_token=None,
        endpoint_url=None,
        region="us-east-1",
        path_style=False,
        checksum="none",
        prefix="ltx2",
        public_base_url=None,
        signed_url_seconds=86_400,
    )


def test_every_variable_arrives_at_its_place() -> None:
    assert config(
        S3_BUCKET="clips",
        S3_PREFIX="/team/ltx2/",
        S3_ENDPOINT_URL="https://S3.example.com:9000/",
        S3_REGION="eu-central-1",
        S3_SESSION_TOKEN="token",
        S3_PATH_STYLE="false",
        S3_CHECKSUM="SHA256",
        S3_PUBLIC_BASE_URL="https://cdn.example.com/clips/",
        S3_SIGNED_URL_TTL_SECONDS="604800",
    ) == S3Config(
        bucket="clips",
        access_key_id=Secret("AKIDEXAMPLE"),
        secret_access_key=Secret("secret/key+example"),
        session_token=Secret("token"),
        endpoint_url="https://s3.example.com:9000",
        region="eu-central-1",
        path_style=False,
        checksum="sha256",
        prefix="team/ltx2",
        public_base_url="https://cdn.example.com/clips",
        signed_url_seconds=604_800,
    )


def test_runpods_names_are_accepted_and_ours_win() -> None:
    runpods = {
        "STORAGE_BACKEND": "s3",
        "BUCKET_ENDPOINT_URL": f"{R2}/clips",
        "BUCKET_ACCESS_KEY_ID": "id",
        "BUCKET_SECRET_ACCESS_KEY": "key",  # pragma: allowlist secret
        "HOME": "/home/me",
    }
    found = read_settings(runpods).store.config
    assert found == S3Config(
        bucket="clips", access_key_id=Secret("id"), secret_access_key=Secret("key"), endpoint_url=R2, region="auto"
    )
    ours = config(**(runpods | KEYS), S3_ENDPOINT_URL="https://minio.example.com", S3_BUCKET="mine")
    assert (ours.endpoint_url, ours.bucket, ours.access_key_id) == (
        "https://minio.example.com",
        "mine",
        Secret("AKIDEXAMPLE"),
    )


@pytest.mark.parametrize(
    ("endpoint", "bucket", "found"),
    [
        ("https://minio.example.com", "clips", ("https://minio.example.com", "clips", "us-east-1", True)),
        ("https://minio.example.com/clips/", "clips", ("https://minio.example.com", "clips", "us-east-1", True)),
        ("https://minio.example.com/clips", "", ("https://minio.example.com", "clips", "us-east-1", True)),
        ("https://minio.example.com/s3", "clips", ("https://minio.example.com/s3", "clips", "us-east-1", True)),
        ("http://127.0.0.1:9000", "clips", ("http://127.0.0.1:9000", "clips", "us-east-1", True)),
        (
            "https://a.supabase.co/storage/v1/s3",
            "clips",
            ("https://a.supabase.co/storage/v1/s3", "clips", "us-east-1", True),
        ),
        (
            "https://clips.s3.eu-west-1.amazonaws.com",
            "",
            ("https://s3.eu-west-1.amazonaws.com", "clips", "eu-west-1", False),
        ),
        (
            "https://clips.s3.eu-west-1.amazonaws.com/",
            "clips",
            ("https://s3.eu-west-1.amazonaws.com", "clips", "eu-west-1", False),
        ),
        ("https://my.clips.s3.amazonaws.com", "", ("https://s3.amazonaws.com", "my.clips", "us-east-1", False)),
        (
            "https://s3.eu-west-1.amazonaws.com/clips",
            "",
            ("https://s3.eu-west-1.amazonaws.com", "clips", "eu-west-1", True),
        ),
        (
            "https://s3.us-east-005.backblazeb2.com",
            "clips",
            ("https://s3.us-east-005.backblazeb2.com", "clips", "us-east-005", True),
        ),
        (
            "https://clips.s3.us-east-005.backblazeb2.com",
            "clips",
            ("https://s3.us-east-005.backblazeb2.com", "clips", "us-east-005", False),
        ),
        ("https://clips.example.com", "clips", ("https://clips.example.com", "clips", "us-east-1", True)),
        (
            "https://clips.nyc3.digitaloceanspaces.com",
            "clips",
            ("https://nyc3.digitaloceanspaces.com", "clips", "nyc3", False),
        ),
        (
            "https://s3.dualstack.eu-west-1.amazonaws.com",
            "clips",
            ("https://s3.dualstack.eu-west-1.amazonaws.com", "clips", "eu-west-1", True),
        ),
        (
            "https://bucket.vpce-1a2b-5e6f.s3.us-west-2.vpce.amazonaws.com",
            "clips",
            ("https://bucket.vpce-1a2b-5e6f.s3.us-west-2.vpce.amazonaws.com", "clips", "us-west-2", True),
        ),
        (R2, "clips", (R2, "clips", "auto", True)),
        (f"{R2}/clips", "", (R2, "clips", "auto", True)),
        (
            "https://s3api-eur-is-1.runpod.io/",
            "volume",
            ("https://s3api-eur-is-1.runpod.io", "volume", "EUR-IS-1", True),
        ),
    ],
)
def test_bucket_and_region_are_taken_out_of_an_endpoint(
    endpoint: str, bucket: str, found: tuple[str, str, str, bool]
) -> None:
    read = config(S3_ENDPOINT_URL=endpoint, S3_BUCKET=bucket)
    assert (read.endpoint_url, read.bucket, read.region, read.path_style) == found


def test_a_name_with_dots_goes_into_the_path_at_aws() -> None:
    """In the host it would not fit to Amazon's certificate."""
    assert config(S3_BUCKET="my.clips").path_style
    assert not config(S3_BUCKET="my.clips", S3_PATH_STYLE="false").path_style


@pytest.mark.parametrize("endpoint", ["", "https://s3.example.com", "https://a.supabase.co/storage/v1/s3"])
def test_without_a_bucket_it_is_said_what_is_missing(endpoint: str) -> None:
    assert list(faults(KEYS | {"S3_ENDPOINT_URL": endpoint})) == ["S3_BUCKET"]


def test_keys_are_required_by_either_name() -> None:
    told = faults({"STORAGE_BACKEND": "s3", "S3_BUCKET": "clips", "HOME": "/home/me"})
    assert list(told) == ["S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"]
    assert "BUCKET_ACCESS_KEY_ID" in told["S3_ACCESS_KEY_ID"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("S3_ENDPOINT_URL", "s3.example.com"),
        ("S3_ENDPOINT_URL", "ftp://s3.example.com"),
        ("S3_ENDPOINT_URL", "https://s3.example.com/?x=1"),
        ("S3_ENDPOINT_URL", "https://s3.example.com:0"),
        ("S3_ENDPOINT_URL", "https://s3.example.com:port"),
        ("BUCKET_ENDPOINT_URL", "https://x y"),
        ("S3_PUBLIC_BASE_URL", "//cdn.example.com"),
        ("S3_BUCKET", "a/b"),
        ("S3_REGION", "eu central"),
        ("S3_CHECKSUM", "md5"),
        ("S3_PATH_STYLE", "maybe"),
        ("S3_SIGNED_URL_TTL_SECONDS", "0"),
        ("S3_SIGNED_URL_TTL_SECONDS", "604801"),
        ("S3_SIGNED_URL_TTL_SECONDS", "a day"),
        ("S3_ACCESS_KEY_ID", "AKID EXAMPLE"),
        ("S3_SECRET_ACCESS_KEY", "line\nbreak"),
    ],
)
def test_what_cannot_work_is_refused(name: str, text: str) -> None:
    assert list(faults(KEYS | {"S3_BUCKET": "clips"} | {name: text})) == [name]


@pytest.mark.parametrize("name", ["S3_ENDPOINT_URL", "S3_PUBLIC_BASE_URL"])
def test_plain_http_is_for_this_machine_alone(name: str) -> None:
    told = faults(KEYS | {"S3_BUCKET": "clips", name: "http://minio.internal:9000"})
    assert "https" in told[name]
    config(S3_BUCKET="clips", **{name: "http://localhost:9000"})


def test_a_week_is_named_as_the_longest_life_of_a_signature() -> None:
    told = faults(KEYS | {"S3_BUCKET": "clips", "S3_SIGNED_URL_TTL_SECONDS": "2592000"})
    assert "604800 (a week" in told["S3_SIGNED_URL_TTL_SECONDS"]


def test_secrets_are_masked_and_known() -> None:
    settings = read_settings(KEYS | {"S3_BUCKET": "clips"})
    assert set(settings.secrets) == {Secret("AKIDEXAMPLE"), Secret("secret/key+example")}
    assert "example" not in repr(settings.store).lower()
