"""What every ObjectStore keeps. A subclass gives the fixtures `store` and `unusable`; it may override `fetch`."""

import datetime as dt
import hashlib
import random
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import attrs
import httpx
import pytest

from application.job_control import JobControl, StageProgress
from application.ports.object_store import ObjectHeaders, ObjectStat, ObjectStore
from domain.errors import DeadlineExceeded, ObjectMissing, StorageRejected, WorkerError

MIB = 1 << 20
KEY = "ltx2/2026-01-13/job_abc123/video.mp4"
HEADERS = ObjectHeaders(content_type="video/mp4")
NO_DEADLINE = JobControl()

LEGAL_KEYS = [
    "a",
    "video.mp4",
    "a b/c.d",
    "it's (1) & $2 = @3; 4:5 + 6, 7?/!x*-_.mp4",
    "a..b/c...mp4",
    "a/" + "x" * 200,
]
ILLEGAL_KEYS = [
    "",
    "/",
    "/video.mp4",
    "a/",
    "a//b",
    ".",
    "..",
    "../video.mp4",
    "a/../../video.mp4",
    "a/./b",
    ".hidden",
    "a/.hidden",
    "a\\b",
    "..\\video.mp4",
    "a/%2e%2e/b",
    "vidéo.mp4",
    "a\nb",
    "a\0b",
    "a~b",
    "a#b",
    "x" * 201,
    "/".join("x" * 10 for _ in range(100)),
]


@attrs.frozen(kw_only=True)
class Unusable:
    """A store that cannot be used, and the errors by which its `check` and its `put` have to say so."""

    store: ObjectStore
    on_check: type[WorkerError]
    on_put: type[WorkerError]
    hidden: tuple[str, ...]
    """What no message may hold."""


class Watcher:
    """A job's control that remembers the reports, and whose clock shows the bytes that were reported."""

    def __init__(self, deadline: float | None = None) -> None:
        self.reports: list[StageProgress] = []
        self.checks = 0
        self.control = JobControl(deadline=deadline, report=self.reports.append, clock=self._read_clock)

    @property
    def done(self) -> int:
        return self.reports[-1].done if self.reports else 0

    def _read_clock(self) -> float:
        self.checks += 1
        return float(self.done)


def written(folder: Path, size: int, seed: int = 1) -> Path:
    """A file of random bytes."""
    path = folder / f"source-{size}-{seed}"
    path.write_bytes(random.Random(seed).randbytes(size))  # noqa: S311 - test data
    return path


def fetched(url: str) -> bytes:
    """What a client gets by a URL."""
    address = urlsplit(url)
    if address.scheme == "file":
        return Path(unquote(address.path)).read_bytes()
    response = httpx.get(url, trust_env=False, verify=False)  # noqa: S501 - loopback; loading the certificates is slow
    response.raise_for_status()
    return response.content


class ObjectStoreContract:
    @pytest.fixture
    def store(self) -> ObjectStore:
        raise NotImplementedError

    @pytest.fixture
    def unusable(self) -> Unusable:
        raise NotImplementedError

    def fetch(self, store: ObjectStore, url: str) -> bytes:
        return fetched(url)

    def test_it_has_a_name_and_a_bucket(self, store: ObjectStore) -> None:
        assert re.fullmatch(r"[a-z0-9]+", store.backend)
        assert store.bucket
        assert "/" not in store.bucket

    def test_a_good_store_passes_its_check(self, store: ObjectStore) -> None:
        store.check()

    @pytest.mark.parametrize("size", [1, 5, 65_536, MIB, 3 * MIB + 17])
    def test_what_is_put_can_be_read(self, store: ObjectStore, tmp_path: Path, size: int) -> None:
        source = written(tmp_path, size)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert store.read(KEY, size) == source.read_bytes()

    def test_stat_gives_back_what_put_was_told(self, store: ObjectStore, tmp_path: Path) -> None:
        source = written(tmp_path, 1000)
        sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
        headers = ObjectHeaders(content_type="video/mp4", sha256=sha256, metadata={"job_id": "job_abc123"})
        store.put(source, KEY, headers, NO_DEADLINE)
        assert store.stat(KEY) == ObjectStat(size=1000, content_type="video/mp4", sha256=sha256)

    def test_no_digest_is_made_up(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
        assert store.stat(KEY).sha256 is None

    def test_a_second_put_replaces_the_object_and_its_headers(self, store: ObjectStore, tmp_path: Path) -> None:
        first = ObjectHeaders(content_type="video/mp4", sha256="0" * 64, metadata={"job_id": "1"})
        store.put(written(tmp_path, 2 * MIB, seed=1), KEY, first, NO_DEADLINE)
        source = written(tmp_path, 300, seed=2)
        store.put(source, KEY, ObjectHeaders(content_type="image/png"), NO_DEADLINE)
        assert store.read(KEY, MIB) == source.read_bytes()
        assert store.stat(KEY) == ObjectStat(size=300, content_type="image/png", sha256=None)

    def test_objects_do_not_disturb_each_other(self, store: ObjectStore, tmp_path: Path) -> None:
        one, two = written(tmp_path, 10, seed=1), written(tmp_path, 10, seed=2)
        store.put(one, "a/video.mp4", HEADERS, NO_DEADLINE)
        store.put(two, "b/video.mp4", HEADERS, NO_DEADLINE)
        store.delete("b/video.mp4")
        assert store.read("a/video.mp4", 10) == one.read_bytes()

    def test_the_url_leads_to_the_object(self, store: ObjectStore, tmp_path: Path) -> None:
        source = written(tmp_path, 70_000)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert self.fetch(store, store.url(KEY).url) == source.read_bytes()

    def test_a_public_url_does_not_expire_and_a_signed_one_does(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
        expires_at = store.url(KEY).expires_at
        assert (expires_at is None) == store.is_public
        if expires_at is not None:
            assert expires_at.utcoffset() == dt.timedelta(0)
            assert expires_at > dt.datetime.now(dt.UTC)

    @pytest.mark.parametrize("key", LEGAL_KEYS)
    def test_odd_but_legal_keys(self, store: ObjectStore, tmp_path: Path, key: str) -> None:
        source = written(tmp_path, 10)
        store.put(source, key, HEADERS, NO_DEADLINE)
        assert store.read(key, 10) == source.read_bytes()
        assert store.stat(key).size == 10
        assert self.fetch(store, store.url(key).url) == source.read_bytes()
        store.delete(key)
        with pytest.raises(ObjectMissing):
            store.stat(key)

    def test_illegal_keys_are_rejected(self, store: ObjectStore, tmp_path: Path) -> None:
        source = written(tmp_path, 10)
        for key in ILLEGAL_KEYS:
            with pytest.raises(StorageRejected, match="key"):
                store.put(source, key, HEADERS, NO_DEADLINE)
            with pytest.raises(StorageRejected, match="key"):
                store.read(key, 10)
            for use in (store.stat, store.url, store.delete):
                with pytest.raises(StorageRejected, match="key") as caught:
                    use(key)
                assert not isinstance(caught.value, ObjectMissing)

    def test_what_was_never_put_is_missing(self, store: ObjectStore) -> None:
        with pytest.raises(ObjectMissing):
            store.read(KEY, 10)
        with pytest.raises(ObjectMissing):
            store.stat(KEY)

    def test_a_private_store_gives_no_url_for_what_is_missing(self, store: ObjectStore) -> None:
        try:
            url = store.url(KEY)
        except ObjectMissing:
            return
        assert store.is_public
        assert url.expires_at is None

    def test_a_folder_is_no_object(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put(written(tmp_path, 10), "a/b/video.mp4", HEADERS, NO_DEADLINE)
        with pytest.raises(ObjectMissing):
            store.stat("a/b")
        store.delete("a")
        assert store.stat("a/b/video.mp4").size == 10

    def test_deleting_twice_is_fine(self, store: ObjectStore, tmp_path: Path) -> None:
        store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
        store.delete(KEY)
        store.delete(KEY)
        with pytest.raises(ObjectMissing):
            store.read(KEY, 10)

    def test_an_empty_file_is_rejected(self, store: ObjectStore, tmp_path: Path) -> None:
        with pytest.raises(StorageRejected, match="empty"):
            store.put(written(tmp_path, 0), KEY, HEADERS, NO_DEADLINE)
        with pytest.raises(ObjectMissing):
            store.stat(KEY)

    def test_read_keeps_its_limit(self, store: ObjectStore, tmp_path: Path) -> None:
        source = written(tmp_path, 200_000)
        store.put(source, KEY, HEADERS, NO_DEADLINE)
        assert store.read(KEY, 200_000) == source.read_bytes()
        with pytest.raises(StorageRejected, match="199999 bytes") as caught:
            store.read(KEY, 199_999)
        assert not isinstance(caught.value, ObjectMissing)

    def test_a_spent_deadline_stops_put_before_it_begins(self, store: ObjectStore, tmp_path: Path) -> None:
        watcher = Watcher(deadline=0.0)
        with pytest.raises(DeadlineExceeded):
            store.put(written(tmp_path, 10), KEY, HEADERS, watcher.control)
        assert watcher.reports == []
        with pytest.raises(ObjectMissing):
            store.stat(KEY)

    def test_a_deadline_during_put_leaves_what_was_there(self, store: ObjectStore, tmp_path: Path) -> None:
        old = written(tmp_path, 1000)
        store.put(old, KEY, ObjectHeaders(content_type="video/mp4", sha256="0" * 64), NO_DEADLINE)
        watcher = Watcher(deadline=2.0 * MIB)
        with pytest.raises(DeadlineExceeded):
            store.put(written(tmp_path, 6 * MIB), KEY, ObjectHeaders(content_type="image/png"), watcher.control)
        assert 2 * MIB <= watcher.done < 4 * MIB
        assert store.read(KEY, MIB) == old.read_bytes()
        assert store.stat(KEY) == ObjectStat(size=1000, content_type="video/mp4", sha256="0" * 64)

    def test_a_deadline_during_the_first_put_leaves_nothing(self, store: ObjectStore, tmp_path: Path) -> None:
        with pytest.raises(DeadlineExceeded):
            store.put(written(tmp_path, 6 * MIB), KEY, HEADERS, Watcher(deadline=2.0 * MIB).control)
        with pytest.raises(ObjectMissing):
            store.stat(KEY)

    def test_progress_rises_to_the_total_a_mebibyte_at_a_time(self, store: ObjectStore, tmp_path: Path) -> None:
        size = 5 * MIB + 123
        watcher = Watcher(deadline=1e12)
        store.put(written(tmp_path, size), KEY, HEADERS, watcher.control)
        done = [report.done for report in watcher.reports]
        assert {(report.stage, report.total) for report in watcher.reports} == {("upload", size)}
        assert done == sorted(set(done))
        assert done[-1] == size
        assert max(after - before for before, after in zip([0, *done], done, strict=False)) <= MIB + 65_536
        assert watcher.checks >= 6

    def test_an_unusable_store_says_what_is_wrong(self, unusable: Unusable, tmp_path: Path) -> None:
        source = written(tmp_path, 10)
        with pytest.raises(unusable.on_check) as on_check:
            unusable.store.check()
        with pytest.raises(unusable.on_put) as on_put:
            unusable.store.put(source, KEY, HEADERS, NO_DEADLINE)
        for error in (on_check.value, on_put.value):
            assert error.message
            assert "\n" not in error.message
            assert len(error.message) < 400
            assert [text for text in unusable.hidden if text in error.message] == []
