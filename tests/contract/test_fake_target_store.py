"""The fake keeps the port's promise."""

import pytest
from typing_extensions import override

from domain.errors import WorkerError
from domain.targets import Target
from tests.contract.object_store_contract import KEY
from tests.contract.target_store_contract import Arrived, Stage, TargetStoreContract
from tests.fakes.target_store import HOST, FakeTargetStore
from tests.support.targets import ACCESS_ID, ACCESS_SECRET, s3_target, upload_url


class _Stage(Stage):
    def __init__(self) -> None:
        self.store = self.fake = FakeTargetStore()
        self.bucket = s3_target(f"https://{HOST}")
        self.url = upload_url(f"https://{HOST}/put/clip.mp4?sig=canary")
        self.foreign = (s3_target("https://other.invalid"), upload_url("https://other.invalid/?sig=canary"))
        self.secrets = (ACCESS_ID, ACCESS_SECRET, "canary")

    @override
    def arrived(self, target: Target) -> Arrived | None:
        place = f"https://{HOST}/clips/{KEY}" if target == self.bucket else f"https://{HOST}/put/clip.mp4"
        kept = self.fake.objects.get(place)
        if kept is None:
            return None
        sha256 = kept.headers.sha256 if target == self.bucket else None
        return Arrived(kept.content, kept.headers.content_type, sha256)

    @override
    def fetch(self, url: str) -> bytes:
        return self.fake.fetch(url)

    @override
    def failing(self, error: type[WorkerError]) -> tuple[Target, ...]:
        self.fake.fail(error("s3Config is out of order"))
        return (self.bucket,)


class TestFakeTargetStore(TargetStoreContract):
    @pytest.fixture
    @override
    def stage(self) -> Stage:
        return _Stage()
