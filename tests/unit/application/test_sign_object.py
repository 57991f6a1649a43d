"""Fresh URLs, for the worker's own clips only."""

import datetime as dt
from pathlib import Path
from typing import Final

import pytest

from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from application.sign_object import SignObject
from domain.errors import InputRefused, InputUnavailable, StorageAuth, StorageUnavailable, WorkerError
from domain.naming import ObjectPath, record_key
from tests.fakes.object_store import InMemoryStore

KEY: Final = "ltx2/2026-01-13/job-1/video.mp4"
OTHERS: Final = (record_key("ltx2", "job-1"), "inputs/a.png", "ltx22/a.mp4", "other.mp4")


@pytest.fixture
def store(tmp_path: Path) -> InMemoryStore:
    return filled(InMemoryStore(), tmp_path)


def filled(store: InMemoryStore, folder: Path) -> InMemoryStore:
    (folder / "clip").write_bytes(b"clip")
    headers = ObjectHeaders(content_type="video/mp4", sha256="ab")
    for key in (KEY, *OTHERS):
        store.put(folder / "clip", key, headers, JobControl())
    store.calls.clear()
    return store


def refusal(store: InMemoryStore, key: str, error: type[WorkerError] = InputRefused) -> str:
    with pytest.raises(error) as caught:
        SignObject(store, "ltx2")(ObjectPath(key))
    assert caught.value.message == f"path {caught.value.faults[0].message}"
    return caught.value.faults[0].message


def test_a_private_store_signs_a_url(store: InMemoryStore) -> None:
    found = SignObject(store, "ltx2")(ObjectPath(KEY))
    assert (found.size, found.content_type, found.sha256) == (4, "video/mp4", "ab")
    assert (found.stored.backend, found.stored.bucket, found.stored.path) == ("memory", "bucket", KEY)
    assert found.stored.signed_url is not None
    assert store.fetch(found.stored.signed_url) == b"clip"
    assert found.stored.expires_at is not None
    assert found.stored.expires_at > dt.datetime.now(dt.UTC)
    assert found.stored.public_url is None


def test_a_public_store_gives_its_public_url(tmp_path: Path) -> None:
    stored = SignObject(filled(InMemoryStore(public=True), tmp_path), "ltx2")(ObjectPath(KEY)).stored
    assert stored.public_url is not None
    assert (stored.signed_url, stored.expires_at) == (None, None)


@pytest.mark.parametrize("key", ["inputs/a.png", "ltx22/a.mp4", "other.mp4", "ltx2"])
def test_what_lies_elsewhere_is_refused_whether_it_is_there_or_not(store: InMemoryStore, key: str) -> None:
    assert refusal(store, key) == "must begin with ltx2/, as the paths of this worker's clips do"
    assert store.calls == []


@pytest.mark.parametrize("key", [record_key("ltx2", "job-1"), "ltx2/_jobs/none.json", "ltx2/_JOBS/job-1.json"])
def test_records_are_refused_whether_they_are_there_or_not(store: InMemoryStore, key: str) -> None:
    assert refusal(store, key) == "must be the path of a clip, not that of a job's record"
    assert store.calls == []


@pytest.mark.parametrize("public", [False, True])
def test_what_is_not_there_may_come_yet(public: bool) -> None:
    message = refusal(InMemoryStore(public=public), KEY, InputUnavailable)
    assert message == "leads to no object in the store"
    assert InputUnavailable.retryable


@pytest.mark.parametrize("method", ["stat", "url"])
@pytest.mark.parametrize("error", [StorageAuth, StorageUnavailable])
def test_the_stores_trouble_is_told_as_its_own(
    store: InMemoryStore, method: str, error: type[StorageAuth | StorageUnavailable]
) -> None:
    store.fail("stat" if method == "stat" else "url", error("out of order"))
    with pytest.raises(error, match="out of order"):
        SignObject(store, "ltx2")(ObjectPath(KEY))


def test_without_a_prefix_all_but_the_records_is_the_workers_own(store: InMemoryStore) -> None:
    sign = SignObject(store, "")
    assert sign(ObjectPath("other.mp4")).size == 4
    with pytest.raises(InputRefused, match="record"):
        sign(ObjectPath("_jobs/job-1.json"))
