"""Pictures out of the worker's own store: below the prefix, and nothing else."""

from pathlib import Path
from typing import Final

import pytest

from adapters.http.client import GuardedClient
from adapters.http.stored import StoredInputs
from adapters.image_fetcher.config import ImageLimits
from adapters.image_fetcher.decoders import InProcessDecoder
from adapters.image_fetcher.fetcher import PictureFetcher
from adapters.object_store.config import LocalConfig
from adapters.object_store.local import LocalStore
from application.job_control import JobControl
from application.ports.object_store import ObjectHeaders
from domain.errors import (
    InputRefused,
    InputUnavailable,
    StorageAuth,
    StorageBucket,
    StorageUnavailable,
    WorkerError,
)
from domain.naming import ObjectPath
from domain.requests import StoredImage
from tests.fakes.object_store import InMemoryStore
from tests.support.pictures import encoded, two_halves

PICTURE: Final = encoded(two_halves())
KEY: Final = "team/inputs/a.png"


@pytest.fixture
def store(tmp_path: Path) -> InMemoryStore:
    store = InMemoryStore()
    (tmp_path / "a.png").write_bytes(PICTURE)
    for key in (KEY, "team/inputs2/a.png", "team/a.png", "inputs/a.png", "ltx2/_jobs/a.json"):
        store.put(tmp_path / "a.png", key, ObjectHeaders(content_type="image/png"), JobControl())
    store.calls.clear()
    return store


def fetcher(stored: StoredInputs | None, max_bytes: int = 1000) -> PictureFetcher:
    limits = ImageLimits(max_bytes=max_bytes)
    return PictureFetcher(client=GuardedClient(), decoder=InProcessDecoder(), limits=limits, stored=stored)


def failure(error: type[WorkerError], fetcher: PictureFetcher, key: str = KEY) -> str:
    with pytest.raises(error) as caught:
        fetcher.fetch(StoredImage(ObjectPath(key), "batch[1].image_path"), JobControl())
    assert type(caught.value) is error
    (fault,) = caught.value.faults
    assert fault.path == "batch[1].image_path"
    return fault.message


def test_a_picture_below_the_prefix_is_taken(store: InMemoryStore) -> None:
    picture = fetcher(StoredInputs(store, "team/inputs")).fetch(StoredImage(ObjectPath(KEY)), JobControl())
    assert picture.pixels.tobytes() == two_halves().tobytes()


@pytest.mark.parametrize(
    "key", ["team/inputs2/a.png", "team/a.png", "inputs/a.png", "ltx2/_jobs/a.json", "team/inputs", "x"]
)
def test_what_lies_elsewhere_is_refused_whether_it_is_there_or_not(store: InMemoryStore, key: str) -> None:
    message = failure(InputRefused, fetcher(StoredInputs(store, "team/inputs")), key)
    assert message == "must begin with team/inputs/"
    assert store.calls == []


def test_a_record_is_no_picture_even_where_the_prefixes_are_one(store: InMemoryStore) -> None:
    stored = StoredInputs(store, "ltx2", "ltx2")
    message = failure(InputRefused, fetcher(stored), "ltx2/_jobs/job-1.json")
    assert message == "must be the path of a picture, not that of a job's record"
    assert store.calls == []


def test_without_a_prefix_no_path_is_taken() -> None:
    assert failure(InputRefused, fetcher(None)) == "is not accepted by this worker: INPUT_PREFIX is not set"


def test_what_is_not_there_may_come_yet(store: InMemoryStore) -> None:
    message = failure(InputUnavailable, fetcher(StoredInputs(store, "team/inputs")), "team/inputs/b.png")
    assert message == "leads to no object in the store"


def test_a_file_over_the_limit_is_refused(store: InMemoryStore) -> None:
    stored = StoredInputs(store, "team/inputs")
    assert fetcher(stored, len(PICTURE)).fetch(StoredImage(ObjectPath(KEY)), JobControl()).resolution.width
    message = failure(InputRefused, fetcher(stored, len(PICTURE) - 1))
    assert message == f"is not given out by the store: The object is larger than {len(PICTURE) - 1} bytes"


@pytest.mark.parametrize("error", [StorageAuth, StorageBucket, StorageUnavailable])
def test_the_stores_trouble_is_told_as_its_own(store: InMemoryStore, error: type[WorkerError]) -> None:
    store.fail("read", error("out of order"))
    with pytest.raises(error, match=r"^out of order$"):
        fetcher(StoredInputs(store, "team/inputs")).fetch(StoredImage(ObjectPath(KEY)), JobControl())


def test_a_link_in_the_local_store_leads_nowhere(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(PICTURE)
    (tmp_path / "root" / "inputs").mkdir(parents=True)
    (tmp_path / "root" / "inputs" / "a.png").symlink_to(tmp_path / "secret.png")
    local = LocalStore(LocalConfig(root=tmp_path / "root"))
    message = failure(InputRefused, fetcher(StoredInputs(local, "inputs")), "inputs/a.png")
    assert "link" in message
    assert str(tmp_path) not in message
