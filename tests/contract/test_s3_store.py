"""S3 on moto, a server of its own semantics that takes any key; a wrong one is told by SeaweedFS in the soak."""

import socket
from collections.abc import Iterator

import attrs
import httpx
import pytest
from typing_extensions import override

from adapters.object_store.config import S3Config
from adapters.object_store.obstore_client import Patience
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.s3 import s3_store
from application.ports.object_store import ObjectStore
from domain.errors import StorageAuth, StorageBucket, StorageUnavailable, WorkerError
from domain.secret import Secret
from tests.contract.object_store_contract import ObjectStoreContract, Unusable
from tests.support.http_server import HttpServer, serving
from tests.support.moto_server import MotoServer

QUICK = Patience(policy=RetryPolicy(attempts=3, seconds=2.0, wait_initial=0.01, wait_max=0.05))
KEY_ID, KEY = "AKIDEXAMPLE", "secret-key-example"  # pragma: allowlist secret


@pytest.fixture
def config(moto: MotoServer, bucket: str) -> S3Config:
    """An empty bucket of its own for each test."""
    moto.make_bucket(bucket)
    return S3Config(
        bucket=bucket, access_key_id=Secret(KEY_ID), secret_access_key=Secret(KEY), endpoint_url=moto.endpoint
    )


@pytest.fixture
def another() -> Iterator[HttpServer]:
    """A service that is no store: it knows no path."""
    with serving({}) as server:
        yield server


def let_anyone_read(config: S3Config) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{config.bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    httpx.put(f"{config.endpoint_url}/{config.bucket}?policy", json=policy, trust_env=False).raise_for_status()


class TestS3Store(ObjectStoreContract):
    @pytest.fixture(params=["signed", "public", "checksum"])
    @override
    def store(self, request: pytest.FixtureRequest, config: S3Config) -> ObjectStore:
        if request.param == "public":
            let_anyone_read(config)
        wanted = {
            "signed": config,
            "public": attrs.evolve(config, public_base_url=f"{config.endpoint_url}/{config.bucket}"),
            "checksum": attrs.evolve(config, checksum="sha256"),
        }[request.param]
        return s3_store(wanted, patience=QUICK)

    @pytest.fixture(params=["no bucket", "nobody there", "no host", "another service", "newline in the key"])
    @override
    def unusable(self, request: pytest.FixtureRequest, config: S3Config, another: HttpServer) -> Unusable:
        wanted: dict[str, tuple[type[WorkerError], S3Config]] = {
            "no bucket": (StorageBucket, attrs.evolve(config, bucket="missing")),
            "nobody there": (
                StorageUnavailable,
                attrs.evolve(config, endpoint_url=f"http://127.0.0.1:{free_port()}"),
            ),
            "no host": (StorageUnavailable, attrs.evolve(config, endpoint_url="http://nowhere.invalid")),
            "another service": (StorageUnavailable, attrs.evolve(config, endpoint_url=another.url(""))),
            "newline in the key": (StorageAuth, attrs.evolve(config, access_key_id=Secret("AKID\nEXAMPLE"))),
        }
        error, wrong = wanted[request.param]
        hidden = (KEY_ID, KEY, str(config.endpoint_url), str(wrong.endpoint_url), "127.0.0.1", "nowhere", "AWS4-HMAC")
        return Unusable(store=s3_store(wrong, patience=QUICK), on_check=error, on_put=error, hidden=hidden)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
