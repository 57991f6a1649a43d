"""What the stores over obstore send, and that nothing of it comes from the environment but by our settings."""

import datetime as dt
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from adapters.object_store.azure import azure_store
from adapters.object_store.config import AzureConfig, GcsConfig, S3Config
from adapters.object_store.gcs import gcs_store
from adapters.object_store.obstore_client import DEFAULT_POLICY, Patience
from adapters.object_store.obstore_store import ObstoreStore
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.s3 import s3_store
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import StorageAuth
from domain.secret import Secret
from tests.support.gcs_account import GcsAccount
from tests.support.http_server import HttpServer, Reply, Seen, serving

QUICK = Patience(policy=RetryPolicy(attempts=1, seconds=2.0))
CONTENT = b"0123456789"
STORED = {"ETag": '"x"', "Last-Modified": "Mon, 23 Nov 2026 17:50:09 GMT"}
S3 = S3Config(bucket="clips", access_key_id=Secret("AKIDEXAMPLE"), secret_access_key=Secret("secret"))
AZURE = AzureConfig(account="clips1", key=Secret("a2V5a2V5"), container="clips")

NOWHERE = "http://127.0.0.1:9"
PROXIES = dict.fromkeys(("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"), NOWHERE)
OTHERS = {
    "AWS_ACCESS_KEY_ID": "others", "AWS_SECRET_ACCESS_KEY": "others", "AWS_SESSION_TOKEN": "others",
    "AWS_SKIP_SIGNATURE": "true", "AWS_ENDPOINT_URL": NOWHERE, "AWS_ENDPOINT_URL_S3": NOWHERE, "AWS_REGION": "others",
    "AWS_DEFAULT_REGION": "others", "AWS_BUCKET": "others", "AWS_S3_EXPRESS": "true", "AWS_REQUEST_PAYER": "true",
    "AWS_UNSIGNED_PAYLOAD": "true", "AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true", "AWS_PROXY_URL": NOWHERE,
    "AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:others", "AWS_METADATA_ENDPOINT": NOWHERE,
    "AZURE_STORAGE_ACCOUNT_NAME": "others", "AZURE_STORAGE_ACCOUNT_KEY": "b3RoZXJz",  # pragma: allowlist secret
    "AZURE_STORAGE_TOKEN": "others",
    "AZURE_STORAGE_SAS_TOKEN": "sig=others", "AZURE_SKIP_SIGNATURE": "true", "AZURE_STORAGE_USE_EMULATOR": "true",
    "AZURE_STORAGE_CLIENT_ID": "others", "AZURE_STORAGE_CLIENT_SECRET": "others", "AZURE_TENANT_ID": "others",
    "AZURE_STORAGE_ENDPOINT": NOWHERE, "AZURE_MSI_ENDPOINT": NOWHERE, "AZURE_USE_AZURE_CLI": "true",
    "AZURE_CONTAINER_NAME": "others",
    "GOOGLE_BASE_URL": NOWHERE, "GOOGLE_SKIP_SIGNATURE": "true", "GOOGLE_APPLICATION_CREDENTIALS": "/nowhere",
    "GOOGLE_BUCKET": "others",
}  # fmt: skip
"""What obstore would read if it were let."""


@contextmanager
def listening() -> Iterator[HttpServer]:
    """Takes an object at its address in any of the stores, and then tells its size."""
    paths = ("/clips/a/b.mp4", "/clips/a%2Fb%2Emp4", "/clips1/clips/a/b.mp4")
    with serving(
        {path: [Reply(headers=STORED), Reply(headers=STORED, length=len(CONTENT))] for path in paths}
    ) as server:
        yield server


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with listening() as server:
        yield server


def store_of(kind: str, url: str) -> ObstoreStore:
    makers: Mapping[str, Callable[[], ObstoreStore]] = {
        "s3": lambda: s3_store(attrs.evolve(S3, endpoint_url=url), patience=QUICK),
        "azure": lambda: azure_store(attrs.evolve(AZURE, endpoint_url=f"{url}/clips1"), patience=QUICK),
        "gcs": lambda: gcs_store(
            GcsConfig(bucket="clips", service_account_key=Secret(GcsAccount().key_file(url)), endpoint_url=url),
            patience=QUICK,
        ),
    }
    return makers[kind]()


def sent(kind: str, server: HttpServer, tmp_path: Path) -> Seen:
    """The request by which an object is put."""
    source = tmp_path / "source"
    source.write_bytes(CONTENT)
    headers = ObjectHeaders(content_type="video/mp4", sha256="ab" * 32, cache_seconds=7, metadata={"job_id": "j"})
    store_of(kind, server.url("")).put(source, "a/b.mp4", headers, JobControl())
    put, head = server.requests
    assert (put.method, put.body, head.method) == ("PUT", CONTENT, "HEAD")
    return put


def lowered(request: Seen) -> dict[str, str]:
    return {name.lower(): value for name, value in request.headers.items()}


@pytest.mark.parametrize(
    ("kind", "prefix", "metadata"),
    [("s3", "", "x-amz-meta-"), ("gcs", "", "x-goog-meta-"), ("azure", "x-ms-blob-", "x-ms-meta-")],
)
def test_an_object_carries_its_headers(
    kind: str, prefix: str, metadata: str, server: HttpServer, tmp_path: Path
) -> None:
    headers = lowered(sent(kind, server, tmp_path))
    assert headers[f"{prefix}content-type"] == "video/mp4"
    assert headers[f"{prefix}cache-control"] == "max-age=7"
    assert headers[f"{prefix}content-disposition"] == 'inline; filename="b.mp4"'
    assert headers[f"{metadata}sha256"] == "ab" * 32
    assert headers[f"{metadata}job_id"] == "j"


@pytest.mark.parametrize("kind", ["s3", "gcs", "azure"])
@pytest.mark.parametrize("foreign", [PROXIES, OTHERS], ids=["proxies", "credentials"])
def test_the_environment_changes_nothing(
    kind: str, foreign: dict[str, str], server: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in {*PROXIES, *OTHERS, "NO_PROXY", "no_proxy"} & os.environ.keys():
        monkeypatch.delenv(name)
    plain = lowered(sent(kind, server, tmp_path))
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    with listening() as other:
        found = lowered(sent(kind, other, tmp_path))
    changing = {"host", "date", "x-amz-date", "authorization"}
    assert found.keys() == plain.keys()
    assert {name: found[name] for name in found.keys() - changing} == {
        name: plain[name] for name in plain.keys() - changing
    }
    assert named(found) == named(plain)
    assert "others" not in str(found)


def named(headers: Mapping[str, str]) -> str:
    """Who signed: the key, the account, or a token's header. What comes behind changes with the second of sending."""
    return re.split(r"[:/.]", headers["authorization"])[0]


def signed(store: ObstoreStore, key: str, seconds: int = 60) -> str:
    return store._service.sign(store._looking, key, dt.timedelta(seconds=seconds))


@pytest.mark.parametrize(
    ("changes", "root"),
    [
        ({}, "https://s3.us-east-1.amazonaws.com/clips/"),
        ({"path_style": False}, "https://clips.s3.us-east-1.amazonaws.com/"),
        ({"region": "eu-west-1"}, "https://s3.eu-west-1.amazonaws.com/clips/"),
        ({"region": "cn-north-1"}, "https://s3.cn-north-1.amazonaws.com.cn/clips/"),
        ({"endpoint_url": "https://minio.test:9000"}, "https://minio.test:9000/clips/"),
        ({"endpoint_url": "https://minio.test:9000", "path_style": False}, "https://clips.minio.test:9000/"),
        ({"endpoint_url": "https://a.supabase.test/storage/v1/s3"}, "https://a.supabase.test/storage/v1/s3/clips/"),
    ],
)
def test_s3_addresses(changes: dict[str, str], root: str) -> None:
    config = attrs.evolve(S3, **changes)  # type: ignore[arg-type]  # of several types
    assert signed(s3_store(config), "a b/c.mp4").startswith(f"{root}a%20b/c.mp4?")


def test_a_session_token_is_part_of_an_s3_signature() -> None:
    url = signed(s3_store(attrs.evolve(S3, session_token=Secret("token"))), "k")
    assert parse_qs(urlsplit(url).query)["X-Amz-Security-Token"] == ["token"]


def test_a_signature_lasts_as_long_as_asked() -> None:
    s3 = parse_qs(urlsplit(signed(s3_store(S3), "k", seconds=604_800)).query)
    assert s3["X-Amz-Expires"] == ["604800"]
    azure = parse_qs(urlsplit(signed(azure_store(AZURE), "k", seconds=3600)).query)
    expires = dt.datetime.fromisoformat(azure["se"][0])
    assert dt.timedelta(minutes=59) < expires - dt.datetime.now(dt.UTC) <= dt.timedelta(hours=1)
    assert (azure["sp"], azure["sr"], azure["spr"]) == (["r"], ["b"], ["https"])


def test_a_key_file_of_google_works_as_its_text_does(tmp_path: Path) -> None:
    account = GcsAccount()
    file = tmp_path / "key.json"
    file.write_text(account.key_file("https://storage.googleapis.com"))
    url = signed(gcs_store(GcsConfig(bucket="clips", service_account_file=file)), "a/b.mp4")
    assert url.startswith("https://storage.googleapis.com/clips/a/b.mp4?")
    assert json.loads(file.read_text())["client_email"] in parse_qs(urlsplit(url).query)["X-Goog-Credential"][0]


def test_a_key_that_cannot_tell_what_is_missing_is_found_before_anything_is_written() -> None:
    """AWS answers "forbidden" for a missing object to a key that may not list the bucket."""
    body = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    with serving({"/clips/ltx2/probe/nothing": Reply(status=403, body=body)}) as server:
        with pytest.raises(StorageAuth, match="list the bucket"):
            store_of("s3", server.url("")).check()
        assert [request.method for request in server.requests] == ["GET"]


@pytest.mark.parametrize("name", ["GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH"])
def test_another_service_account_in_the_environment_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "/nowhere/key.json")
    with pytest.raises(StorageAuth, match=name):
        store_of("gcs", NOWHERE).check()


def test_a_busy_store_is_left_alone_for_a_second() -> None:
    """obstore does not tell what a `Retry-After` says."""
    backoff = Patience().retry_config()["backoff"]
    assert backoff["init_backoff"] >= dt.timedelta(seconds=1)
    assert (backoff["base"], DEFAULT_POLICY.attempts) == (2, 6)


def test_a_client_is_not_more_patient_than_the_job() -> None:
    patience = Patience().until(JobControl(deadline=5.0, clock=lambda: 3.0))
    assert patience.request == 3.0
    assert patience.retry_config()["retry_timeout"] == dt.timedelta(seconds=2)
    assert Patience().until(JobControl()) == Patience()
