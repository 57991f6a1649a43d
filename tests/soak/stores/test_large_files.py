"""400 MB to each store that takes a file in parts; local and Supabase: tests/soak/test_large_upload.py."""

from pathlib import Path

import pytest

from adapters.object_store.azure import azure_store
from adapters.object_store.config import AzureConfig, GcsConfig, S3Config
from adapters.object_store.gcs import gcs_store
from adapters.object_store.s3 import s3_store
from domain.secret import Secret
from tests.soak.large_files import ALLOWED, LARGE_KEY, added_peak, digest, digest_by, write_large_file
from tests.support.azurite import AzuriteServer
from tests.support.gcs_account import GcsAccount
from tests.support.gcs_server import gcs_server
from tests.support.seaweedfs import SeaweedServer

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def large_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_large_file(tmp_path_factory.mktemp("large"))


def test_s3_takes_a_large_file_part_by_part(seaweed: SeaweedServer, bucket: str, large_file: Path) -> None:
    seaweed.make_bucket(bucket)
    key_id, secret = seaweed.access_key_id, seaweed.secret_access_key
    peak = added_peak(large_file, "s3", bucket=bucket, key_id=key_id, secret=secret, endpoint=seaweed.endpoint)
    assert peak < ALLOWED
    store = s3_store(
        S3Config(
            bucket=bucket,
            access_key_id=Secret(key_id),
            secret_access_key=Secret(secret),
            endpoint_url=seaweed.endpoint,
        )
    )
    assert digest_by(store.url(LARGE_KEY).url) == digest(large_file)


def test_azure_takes_a_large_file_block_by_block(azure: AzuriteServer, bucket: str, large_file: Path) -> None:
    azure.make_container(bucket)
    peak = added_peak(
        large_file, "azure", account=azure.account, key=azure.key, container=bucket, endpoint=azure.endpoint
    )
    assert peak < ALLOWED
    store = azure_store(
        AzureConfig(account=azure.account, key=Secret(azure.key), container=bucket, endpoint_url=azure.endpoint)
    )
    assert digest_by(store.url(LARGE_KEY).url) == digest(large_file)


def test_gcs_takes_a_large_file_part_by_part(bucket: str, large_file: Path, tmp_path: Path) -> None:
    with gcs_server(tmp_path, GcsAccount()) as server:
        server.make_bucket(bucket)
        key = server.account.key_file(server.url)
        peak = added_peak(large_file, "gcs", bucket=bucket, key=key, endpoint=server.url)
        assert peak < ALLOWED
        store = gcs_store(GcsConfig(bucket=bucket, service_account_key=Secret(key), endpoint_url=server.url))
        assert digest_by(store.url(LARGE_KEY).url) == digest(large_file)
