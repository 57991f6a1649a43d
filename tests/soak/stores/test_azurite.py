"""Azure Blob Storage on Azurite, which checks keys, signatures and containers."""

import base64
from pathlib import Path
from typing import Any

import attrs
import pytest
from typing_extensions import override

from adapters.object_store.azure import azure_store
from adapters.object_store.config import AzureConfig
from adapters.object_store.obstore_client import Patience
from adapters.object_store.obstore_store import PART_BYTES
from adapters.object_store.retries import RetryPolicy
from application.ports.object_store import ObjectStore
from domain.errors import StorageAuth, StorageBucket, StorageUnavailable, WorkerError
from domain.secret import Secret
from tests.contract.object_store_contract import HEADERS, KEY, NO_DEADLINE, ObjectStoreContract, Unusable, written
from tests.contract.object_store_faults_contract import HASTY, Build, ObjectStoreFaultsContract
from tests.contract.object_store_urls_contract import LIFETIME, ObjectStoreUrlsContract, Signing, asked
from tests.support.azurite import AzuriteServer
from tests.support.fault_proxy import Passed
from tests.support.server_process import free_port

pytestmark = pytest.mark.soak

QUICK = Patience(policy=HASTY)


@pytest.fixture
def config(azure: AzuriteServer, bucket: str) -> AzureConfig:
    """An empty container of its own for each test."""
    azure.make_container(bucket)
    return AzureConfig(
        account=azure.account,
        key=Secret(azure.key),
        container=bucket,
        endpoint_url=azure.endpoint,
        signed_url_seconds=LIFETIME,
    )


class TestStore(ObjectStoreContract):
    @pytest.fixture
    @override
    def store(self, config: AzureConfig) -> ObjectStore:
        return azure_store(attrs.evolve(config, signed_url_seconds=3600), patience=QUICK)

    @pytest.fixture(params=["wrong key", "no base64", "no container", "nobody there"])
    @override
    def unusable(self, request: pytest.FixtureRequest, config: AzureConfig) -> Unusable:
        wrong_key = Secret(base64.b64encode(b"a key of another account").decode())
        nobody = f"http://127.0.0.1:{free_port()}/{config.account}"
        cases: dict[str, tuple[type[WorkerError], dict[str, Any]]] = {
            "wrong key": (StorageAuth, {"key": wrong_key}),
            "no base64": (StorageAuth, {"key": Secret("this is no base64!")}),
            "no container": (StorageBucket, {"container": "no-such-container"}),
            "nobody there": (StorageUnavailable, {"endpoint_url": nobody}),
        }
        error, change = cases[request.param]
        wrong = attrs.evolve(config, **change)
        hidden = (wrong.key.reveal(), config.account, str(config.endpoint_url), str(wrong.endpoint_url), "127.0.0.1")
        return Unusable(store=azure_store(wrong, patience=QUICK), on_check=error, on_put=error, hidden=hidden)


class TestUrls(ObjectStoreUrlsContract):
    @pytest.fixture
    @override
    def signing(self, config: AzureConfig) -> Signing:
        return Signing(store=azure_store(config, patience=QUICK))


class TestFaults(ObjectStoreFaultsContract):
    sent_again_at_most = PART_BYTES + 10_000
    """A block, and the list of blocks that makes a blob of them."""

    @pytest.fixture
    @override
    def upstream(self, azure: AzuriteServer) -> str:
        return azure.endpoint

    @pytest.fixture
    @override
    def build(self, azure: AzuriteServer, config: AzureConfig) -> Build:
        def build(url: str, policy: RetryPolicy) -> ObjectStore:
            endpoint = f"{url}/{azure.account}"
            lasting = attrs.evolve(config, endpoint_url=endpoint, signed_url_seconds=3600)
            return azure_store(lasting, patience=Patience(policy=policy))

        return build

    @override
    def finishes(self, request: Passed) -> bool:
        return request.method == "PUT" and "comp=blocklist" in request.target


@pytest.mark.parametrize("public", [True, False])
def test_a_public_container_is_read_without_a_key_and_a_private_one_is_not(
    azure: AzuriteServer, config: AzureConfig, tmp_path: Path, public: bool
) -> None:
    container, source = f"{config.container}-{public}".lower(), written(tmp_path, 1000)
    azure.make_container(container, public=public)
    base = f"{azure.endpoint}/{container}"
    store = azure_store(attrs.evolve(config, container=container, public_base_url=base), patience=QUICK)
    store.put(source, KEY, HEADERS, NO_DEADLINE)
    url = store.url(KEY)
    assert url.expires_at is None
    answer = asked("GET", url.url)
    assert answer.is_success == public
    assert (answer.content == source.read_bytes()) == public
