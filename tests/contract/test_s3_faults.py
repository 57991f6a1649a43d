"""The S3 adapter and a gateway that fails in front of moto."""

import pytest
from typing_extensions import override

from adapters.object_store.config import S3Config
from adapters.object_store.obstore_client import Patience
from adapters.object_store.obstore_store import PART_BYTES
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.s3 import s3_store
from application.ports.object_store import ObjectStore
from domain.secret import Secret
from tests.contract.object_store_faults_contract import Build, ObjectStoreFaultsContract
from tests.support.fault_proxy import Passed
from tests.support.moto_server import MotoServer


class TestS3FaultsOnMoto(ObjectStoreFaultsContract):
    sent_again_at_most = PART_BYTES + 10_000
    """A part, and the list of parts that completes the upload."""

    @pytest.fixture
    @override
    def upstream(self, moto: MotoServer) -> str:
        return moto.endpoint

    @pytest.fixture
    @override
    def build(self, moto: MotoServer, bucket: str) -> Build:
        moto.make_bucket(bucket)

        def build(url: str, policy: RetryPolicy) -> ObjectStore:
            key = Secret("any key will do")
            config = S3Config(bucket=bucket, access_key_id=key, secret_access_key=key, endpoint_url=url)
            return s3_store(config, patience=Patience(policy=policy))

        return build

    @override
    def finishes(self, request: Passed) -> bool:
        return request.method == "POST" and "uploadId=" in request.target
