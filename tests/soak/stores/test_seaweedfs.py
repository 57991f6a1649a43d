"""S3 on SeaweedFS, which checks keys, signatures and buckets."""

import uuid
from pathlib import Path
from typing import Any

import attrs
import pytest
from typing_extensions import override

from adapters.object_store.config import S3Config
from adapters.object_store.obstore_client import Patience
from adapters.object_store.obstore_store import PART_BYTES
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.s3 import s3_store
from application.ports.object_store import ObjectStore
from domain.errors import StorageAuth, StorageBucket, StorageUnavailable, WorkerError
from domain.secret import Secret
from tests.contract.object_store_contract import HEADERS, KEY, NO_DEADLINE, ObjectStoreContract, Unusable, written
from tests.contract.object_store_faults_contract import HASTY, Build, ObjectStoreFaultsContract
from tests.contract.object_store_urls_contract import LIFETIME, ObjectStoreUrlsContract, Signing, asked
from tests.support.fault_proxy import Passed
from tests.support.seaweedfs import SeaweedServer
from tests.support.server_process import free_port

pytestmark = pytest.mark.soak

QUICK = Patience(policy=HASTY)


@pytest.fixture
def config(seaweed: SeaweedServer, bucket: str) -> S3Config:
    """An empty bucket of its own for each test."""
    seaweed.make_bucket(bucket)
    return S3Config(
        bucket=bucket,
        access_key_id=Secret(seaweed.access_key_id),
        secret_access_key=Secret(seaweed.secret_access_key),
        endpoint_url=seaweed.endpoint,
        signed_url_seconds=LIFETIME,
    )


class TestStore(ObjectStoreContract):
    @pytest.fixture(params=["none", "sha256", "crc64nvme"])
    @override
    def store(self, request: pytest.FixtureRequest, config: S3Config) -> ObjectStore:
        config = attrs.evolve(config, checksum=request.param, signed_url_seconds=3600)
        return s3_store(config, patience=QUICK)

    @pytest.fixture(params=["wrong secret", "unknown key", "may only read", "no bucket", "nobody there"])
    @override
    def unusable(self, request: pytest.FixtureRequest, seaweed: SeaweedServer, config: S3Config) -> Unusable:
        cases: dict[str, tuple[type[WorkerError], dict[str, Any]]] = {
            "wrong secret": (StorageAuth, {"secret_access_key": Secret("another-secret")}),
            "unknown key": (StorageAuth, {"access_key_id": Secret("KeyOfNobody")}),
            "may only read": (StorageAuth, {"access_key_id": Secret(seaweed.reader_key_id)}),
            "no bucket": (StorageBucket, {"bucket": "no-such-bucket"}),
            "nobody there": (StorageUnavailable, {"endpoint_url": f"http://127.0.0.1:{free_port()}"}),
        }
        error, change = cases[request.param]
        wrong = attrs.evolve(config, **change)
        keys = (wrong.access_key_id.reveal(), wrong.secret_access_key.reveal())
        hidden = (*keys, str(config.endpoint_url), str(wrong.endpoint_url), "127.0.0.1", "AWS4-HMAC")
        return Unusable(store=s3_store(wrong, patience=QUICK), on_check=error, on_put=error, hidden=hidden)


class TestUrls(ObjectStoreUrlsContract):
    @pytest.fixture
    @override
    def signing(self, config: S3Config) -> Signing:
        return Signing(store=s3_store(config, patience=QUICK))


class TestFaults(ObjectStoreFaultsContract):
    sent_again_at_most = PART_BYTES + 10_000
    """A part, and the list of parts that completes the upload."""

    @pytest.fixture
    @override
    def upstream(self, seaweed: SeaweedServer) -> str:
        return seaweed.endpoint

    @pytest.fixture
    @override
    def build(self, config: S3Config) -> Build:
        def build(url: str, policy: RetryPolicy) -> ObjectStore:
            lasting = attrs.evolve(config, endpoint_url=url, signed_url_seconds=3600)
            return s3_store(lasting, patience=Patience(policy=policy))

        return build

    @override
    def finishes(self, request: Passed) -> bool:
        return request.method == "POST" and "uploadId=" in request.target


def test_a_public_bucket_is_read_without_a_key_and_a_private_one_is_not(
    seaweed: SeaweedServer, config: S3Config, tmp_path: Path
) -> None:
    key, source = f"{uuid.uuid4().hex}/{KEY}", written(tmp_path, 1000)
    for bucket in (seaweed.public_bucket, config.bucket):
        base = f"{seaweed.endpoint}/{bucket}"
        store = s3_store(attrs.evolve(config, bucket=bucket, public_base_url=base), patience=QUICK)
        store.put(source, key, HEADERS, NO_DEADLINE)
        url = store.url(key)
        assert url.expires_at is None
        answer = asked("GET", url.url)
        assert answer.is_success == (bucket == seaweed.public_bucket)
        assert (answer.content == source.read_bytes()) == answer.is_success
