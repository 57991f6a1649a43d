"""The adapter keeps the port's promise: buckets and presigned URLs of moto, failures of a server that plays them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import httpx
import pytest
from typing_extensions import override

from adapters.http.allowed_hosts import AllowedHosts
from adapters.http.config import HttpConfig
from adapters.http.sending import GuardedSender
from adapters.object_store.retries import RetryPolicy
from adapters.object_store.target_store import SendingTargetStore
from domain.errors import StorageAuth, StorageBucket, StorageRejected, StorageUnavailable, WorkerError
from domain.targets import Target
from tests.contract.object_store_contract import KEY
from tests.contract.target_store_contract import Arrived, Stage, TargetStoreContract
from tests.support.http_server import HttpServer, Reply, serving
from tests.support.moto_server import MotoServer, moto_server
from tests.support.targets import ACCESS_ID, ACCESS_SECRET, s3_target, upload_url

_STATUSES: Final[dict[type[WorkerError], tuple[int, ...]]] = {
    StorageAuth: (401, 403),
    StorageBucket: (404,),
    StorageRejected: (400, 405, 411, 412, 413, 301, 307),
    StorageUnavailable: (408, 429, 500, 503),
}
_BY_URL: Final = "by-url.mp4"
_HTTP_OK: Final = 200


class _Stage(Stage):
    def __init__(self, moto: MotoServer, bucket: str, failing: HttpServer) -> None:
        moto.make_bucket(bucket)
        self._root = f"{moto.endpoint}/{bucket}"
        self._failing = failing
        sender = GuardedSender(
            config=HttpConfig(private_hosts=frozenset({"127.0.0.1"})), hosts=AllowedHosts(frozenset({"127.0.0.1"}))
        )
        self.store = SendingTargetStore(sender=sender, policy=RetryPolicy(attempts=2, wait_initial=0.01))
        self.bucket = s3_target(moto.endpoint, bucket)
        self.url = upload_url(f"{self._root}/{_BY_URL}?X-Amz-Signature=canary")  # moto does not check it
        self.foreign = (
            s3_target("https://s3.invalid"),
            s3_target("https://127.0.0.1.invalid"),
            upload_url("https://other.invalid/?X-Amz-Signature=canary"),
            upload_url("https://x:canary@127.0.0.1/"),  # pragma: allowlist secret
            upload_url("ftp://127.0.0.1/canary"),
        )
        self.secrets = (ACCESS_ID, ACCESS_SECRET, bucket, "canary")

    @override
    def arrived(self, target: Target) -> Arrived | None:
        key = KEY if target == self.bucket else _BY_URL
        found = httpx.get(f"{self._root}/{key}?X-Amz-Signature=any", trust_env=False)
        if found.status_code != _HTTP_OK:
            return None
        return Arrived(found.content, found.headers["content-type"], found.headers.get("x-amz-meta-sha256"))

    @override
    def fetch(self, url: str) -> bytes:
        return httpx.get(url, trust_env=False).raise_for_status().content

    @override
    def failing(self, error: type[WorkerError]) -> tuple[Target, ...]:
        targets: list[Target] = []
        for status in _STATUSES[error]:
            reply = Reply(status=status, body=b"canary", headers={"Location": self._failing.url("/elsewhere")})
            self._failing.add(f"/{status}/clips/{KEY}", reply)
            self._failing.add(f"/put/{status}", reply)
            targets.append(s3_target(self._failing.url(f"/{status}")))
            targets.append(upload_url(self._failing.url(f"/put/{status}?X-Amz-Signature=canary")))
        return tuple(targets)


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MotoServer]:
    with moto_server(tmp_path_factory.mktemp("moto")) as server:
        yield server


class TestSendingTargetStore(TargetStoreContract):
    @pytest.fixture
    @override
    def stage(self, moto: MotoServer, tmp_path: Path) -> Iterator[Stage]:
        with serving({"/elsewhere": Reply(status=500)}) as failing:
            yield _Stage(moto, tmp_path.name.lower().replace("_", "-")[-40:], failing)
            assert not [seen for seen in failing.requests if seen.path == "/elsewhere"]  # no redirect is followed
