"""Google Cloud Storage on a stand-in that checks what the service account signs."""

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from typing_extensions import override

from adapters.object_store.config import GcsConfig
from adapters.object_store.gcs import gcs_store
from adapters.object_store.obstore_client import Patience
from adapters.object_store.obstore_store import PART_BYTES
from adapters.object_store.retries import RetryPolicy
from application.ports.object_store import ObjectStore
from domain.errors import StorageAuth, StorageBucket, StorageUnavailable, WorkerError
from domain.secret import Secret
from tests.contract.object_store_contract import HEADERS, KEY, NO_DEADLINE, ObjectStoreContract, Unusable, written
from tests.contract.object_store_faults_contract import HASTY, Build, ObjectStoreFaultsContract
from tests.contract.object_store_urls_contract import LIFETIME, ObjectStoreUrlsContract, Signing, asked
from tests.support.fault_proxy import Passed
from tests.support.gcs_account import GcsAccount
from tests.support.gcs_server import GcsServer, gcs_server
from tests.support.server_process import free_port

BUCKET = "videos"
QUICK = Patience(policy=HASTY)


class Clock:
    """The server's time, that can be put forward; the client signs by the real one."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def wait(self, seconds: float) -> None:
        self.ahead += seconds

    def read(self) -> float:
        return time.time() + self.ahead

    def now(self) -> dt.datetime:
        return dt.datetime.fromtimestamp(self.read(), dt.UTC)


@pytest.fixture(scope="module")
def key_pair() -> GcsAccount:
    return GcsAccount()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(tmp_path: Path, key_pair: GcsAccount, clock: Clock) -> Iterator[GcsServer]:
    with gcs_server(tmp_path / "gcs", attrs.evolve(key_pair, clock=clock.read)) as server:
        server.make_bucket(BUCKET)
        yield server


@pytest.fixture
def config(server: GcsServer) -> GcsConfig:
    key = Secret(server.account.key_file(server.url))
    return GcsConfig(bucket=BUCKET, service_account_key=key, endpoint_url=server.url, signed_url_seconds=LIFETIME)


class TestGcsStore(ObjectStoreContract):
    @pytest.fixture(params=["signed", "public"])
    @override
    def store(self, request: pytest.FixtureRequest, server: GcsServer, config: GcsConfig) -> ObjectStore:
        public = request.param == "public"
        server.buckets[BUCKET].public = public
        base = f"{server.url}/{BUCKET}" if public else None
        return gcs_store(attrs.evolve(config, public_base_url=base, signed_url_seconds=3600), patience=QUICK)

    @pytest.fixture(params=["another account", "no key file", "no private key", "no bucket", "nobody there"])
    @override
    def unusable(self, request: pytest.FixtureRequest, server: GcsServer, config: GcsConfig) -> Unusable:
        stranger = GcsAccount().key_file(server.url)
        nobody = f"http://127.0.0.1:{free_port()}"
        cases: dict[str, tuple[type[WorkerError], dict[str, Any]]] = {
            "another account": (StorageAuth, {"service_account_key": Secret(stranger)}),
            "no key file": (StorageAuth, {"service_account_key": Secret("a-key-of-another-kind")}),
            "no private key": (StorageAuth, {"service_account_key": Secret('{"private_key": "none"}')}),
            "no bucket": (StorageBucket, {"bucket": "missing"}),
            "nobody there": (StorageUnavailable, {"endpoint_url": nobody}),
        }
        error, change = cases[request.param]
        wrong = attrs.evolve(config, **change)
        hidden = (server.url, nobody, "127.0.0.1", "PRIVATE KEY", "a-key-of-another-kind", "Bearer")
        return Unusable(store=gcs_store(wrong, patience=QUICK), on_check=error, on_put=error, hidden=hidden)


class TestGcsUrls(ObjectStoreUrlsContract):
    @pytest.fixture
    @override
    def signing(self, config: GcsConfig, clock: Clock) -> Signing:
        return Signing(store=gcs_store(config, patience=QUICK), wait=clock.wait, now=clock.now)


class TestGcsFaults(ObjectStoreFaultsContract):
    sent_again_at_most = PART_BYTES + 10_000
    """A part, and the list of parts that completes the upload."""

    @pytest.fixture
    @override
    def upstream(self, server: GcsServer) -> str:
        return server.url

    @pytest.fixture
    @override
    def build(self, server: GcsServer, config: GcsConfig) -> Build:
        def build(url: str, policy: RetryPolicy) -> ObjectStore:
            key = Secret(server.account.key_file(url))
            behind = attrs.evolve(config, service_account_key=key, endpoint_url=url, signed_url_seconds=3600)
            return gcs_store(behind, patience=Patience(policy=policy))

        return build

    @override
    def finishes(self, request: Passed) -> bool:
        return request.method == "POST" and "uploadId=" in request.target


def test_the_key_may_lie_in_a_file(server: GcsServer, config: GcsConfig, tmp_path: Path) -> None:
    file, source = tmp_path / "account.json", written(tmp_path, 100)
    file.write_text(server.account.key_file(server.url))
    store = gcs_store(attrs.evolve(config, service_account_key=None, service_account_file=file), patience=QUICK)
    store.put(source, KEY, HEADERS, NO_DEADLINE)
    assert asked("GET", store.url(KEY).url).content == source.read_bytes()


def test_a_url_that_another_account_signed_is_refused(server: GcsServer, config: GcsConfig, tmp_path: Path) -> None:
    """So the stand-in does look at the signature, with the account's public key."""
    store = gcs_store(config, patience=QUICK)
    store.put(written(tmp_path, 100), KEY, HEADERS, NO_DEADLINE)
    assert asked("GET", store.url(KEY).url).is_success
    url = store.url(KEY).url
    server.account = GcsAccount()
    assert asked("GET", url).status_code == 403
