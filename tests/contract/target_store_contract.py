"""What every TargetStore keeps. A subclass brings a stage: the store, and targets that show each case."""

import datetime as dt
import hashlib
from abc import ABC, abstractmethod
from pathlib import Path

import attrs
import pytest

from application.job_control import JobControl, StageProgress
from application.ports.object_store import ObjectHeaders
from application.ports.target_store import TargetStore
from domain.errors import (
    DeadlineExceeded,
    InputRefused,
    StorageAuth,
    StorageBucket,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from domain.targets import S3Target, Target, UploadUrl
from tests.contract.object_store_contract import KEY, MIB, Watcher, written

FAULTS = (StorageAuth, StorageBucket, StorageRejected, StorageUnavailable)


@attrs.frozen
class Arrived:
    """What lies at a target."""

    content: bytes
    content_type: str
    sha256: str | None = None
    """Of its metadata, where the target keeps some."""


class Stage(ABC):
    """A store, and the world that it puts clips into. `secrets` are texts that no message may hold."""

    store: TargetStore
    bucket: S3Target
    url: UploadUrl
    foreign: tuple[Target, ...]
    """Targets at hosts that are not taken."""
    secrets: tuple[str, ...]

    @abstractmethod
    def arrived(self, target: Target) -> Arrived | None:
        """What lies at `bucket` under KEY, or at `url`."""

    @abstractmethod
    def fetch(self, url: str) -> bytes:
        """What a client gets by a signed URL."""

    @abstractmethod
    def failing(self, error: type[WorkerError]) -> tuple[Target, ...]:
        """Targets to which the next `put` ends in `error`."""


class TargetStoreContract:
    @pytest.fixture
    def stage(self) -> Stage:
        raise NotImplementedError

    def test_a_bucket_gets_the_file_its_type_and_its_hash(self, stage: Stage, tmp_path: Path) -> None:
        source = written(tmp_path, 3 * MIB + 17)
        sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
        headers = ObjectHeaders(content_type="video/mp4", sha256=sha256)
        stored = stage.store.put(source, KEY, headers, stage.bucket, JobControl(), signed=False)
        assert stage.arrived(stage.bucket) == Arrived(source.read_bytes(), "video/mp4", sha256)
        assert (stored.backend, stored.bucket, stored.path) == ("s3", stage.bucket.bucket.name, KEY)
        assert (stored.signed_url, stored.public_url, stored.expires_at) == (None, None, None)

    def test_a_signed_url_leads_to_the_object_and_ends(self, stage: Stage, tmp_path: Path) -> None:
        source = written(tmp_path, 1000)
        stored = stage.store.put(source, KEY, headers_of(source), stage.bucket, JobControl(), signed=True)
        assert stored.signed_url is not None
        assert stage.fetch(stored.signed_url) == source.read_bytes()
        assert stored.expires_at is not None
        assert stored.expires_at.utcoffset() == dt.timedelta(0)
        assert stored.public_url is None
        assert stored.signed_url not in repr(stored)

    @pytest.mark.parametrize("signed", [False, True])
    def test_an_upload_url_gets_the_file_and_is_not_told_again(
        self, stage: Stage, tmp_path: Path, signed: bool
    ) -> None:
        source = written(tmp_path, 70_000)
        stored = stage.store.put(source, KEY, headers_of(source), stage.url, JobControl(), signed=signed)
        arrived = stage.arrived(stage.url)
        assert arrived is not None
        assert (arrived.content, arrived.content_type) == (source.read_bytes(), "video/mp4")
        assert (stored.backend, stored.bucket, stored.path) == ("upload_url", "", "")
        assert (stored.signed_url, stored.public_url, stored.expires_at) == (None, None, None)

    def test_a_second_put_replaces_the_first(self, stage: Stage, tmp_path: Path) -> None:
        for target in (stage.bucket, stage.url):
            for size in (3000, 200):
                source = written(tmp_path, size)
                stage.store.put(source, KEY, headers_of(source), target, JobControl(), signed=False)
            arrived = stage.arrived(target)
            assert arrived is not None
            assert len(arrived.content) == 200

    def test_good_targets_are_admitted_and_nothing_is_put_by_that(self, stage: Stage) -> None:
        for target in (stage.bucket, stage.url):
            stage.store.admit(target)
            assert stage.arrived(target) is None

    def test_other_hosts_are_refused_before_anything_is_put(self, stage: Stage, tmp_path: Path) -> None:
        source = written(tmp_path, 10)
        assert stage.foreign
        for target in stage.foreign:
            with pytest.raises(InputRefused) as on_admit:
                stage.store.admit(target)
            with pytest.raises(InputRefused) as on_put:
                stage.store.put(source, KEY, headers_of(source), target, JobControl(), signed=True)
            for error in (on_admit.value, on_put.value):
                assert [fault.path for fault in error.faults] == [target.field]
                self._is_presentable(stage, target, error)

    @pytest.mark.parametrize("error", FAULTS)
    def test_a_failure_is_told_by_its_kind_and_without_what_is_secret(
        self, stage: Stage, tmp_path: Path, error: type[WorkerError]
    ) -> None:
        source = written(tmp_path, 10)
        targets = stage.failing(error)
        assert targets
        for target in targets:
            with pytest.raises(error) as caught:
                stage.store.put(source, KEY, headers_of(source), target, JobControl(), signed=True)
            assert type(caught.value) is error
            self._is_presentable(stage, target, caught.value)

    def test_an_empty_file_is_rejected(self, stage: Stage, tmp_path: Path) -> None:
        source = tmp_path / "empty"
        source.touch()
        for target in (stage.bucket, stage.url):
            with pytest.raises(StorageRejected, match="empty"):
                stage.store.put(source, KEY, headers_of(source), target, JobControl(), signed=False)
            assert stage.arrived(target) is None

    def test_a_spent_deadline_stops_before_it_begins(self, stage: Stage, tmp_path: Path) -> None:
        watcher = Watcher(deadline=0.0)
        source = written(tmp_path, 10)
        for target in (stage.bucket, stage.url):
            with pytest.raises(DeadlineExceeded):
                stage.store.put(source, KEY, headers_of(source), target, watcher.control, signed=False)
            assert stage.arrived(target) is None
        assert watcher.reports == []

    def test_a_deadline_on_the_way_leaves_nothing(self, stage: Stage, tmp_path: Path) -> None:
        source = written(tmp_path, 6 * MIB)
        for target in (stage.bucket, stage.url):
            watcher = Watcher(deadline=2.0 * MIB)
            with pytest.raises(DeadlineExceeded):
                stage.store.put(source, KEY, headers_of(source), target, watcher.control, signed=False)
            assert 2 * MIB <= watcher.done < 4 * MIB
            assert stage.arrived(target) is None

    def test_progress_rises_to_the_total_a_mebibyte_at_a_time(self, stage: Stage, tmp_path: Path) -> None:
        size = 3 * MIB + 123
        reports: list[StageProgress] = []
        source = written(tmp_path, size)
        control = JobControl(report=reports.append)
        stage.store.put(source, KEY, headers_of(source), stage.bucket, control, signed=False)
        done = [report.done for report in reports]
        assert {(report.stage, report.total) for report in reports} == {("upload", size)}
        assert done == sorted(set(done))
        assert done[-1] == size
        assert max(after - before for before, after in zip([0, *done], done, strict=False)) <= MIB + 65_536

    def _is_presentable(self, stage: Stage, target: Target, error: WorkerError) -> None:
        assert target.field in error.message
        assert len(error.message) < 400
        for text in (*stage.secrets, "invalid", "127.0.0.1"):
            assert text not in error.message


def headers_of(source: Path) -> ObjectHeaders:
    return ObjectHeaders(content_type="video/mp4", sha256=hashlib.sha256(source.read_bytes()).hexdigest())
