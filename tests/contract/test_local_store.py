import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.object_store.config import LocalConfig
from adapters.object_store.local import LocalStore
from application.ports.object_store import ObjectStore
from domain.errors import (
    DiskFull,
    ObjectMissing,
    StorageAuth,
    StorageBucket,
    StorageRejected,
    StorageUnavailable,
    WorkerError,
)
from tests.contract.object_store_contract import (
    HEADERS,
    KEY,
    MIB,
    NO_DEADLINE,
    ObjectStoreContract,
    Unusable,
    Watcher,
    written,
)
from tests.contract.object_store_faults_contract import ObjectStoreOutageContract, Outage


def failing_sync(number: int) -> Callable[[int], None]:
    """An fsync of a disk with a fault: where an error of the disk comes to light at the latest."""

    def sync(_: int) -> None:
        raise OSError(number, os.strerror(number), "/a/path/that/nobody/should/see")

    return sync


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "out puts"


class TestLocalStore(ObjectStoreContract):
    @pytest.fixture
    @override
    def store(self, root: Path) -> ObjectStore:
        return LocalStore(LocalConfig(root=root))

    @pytest.fixture(params=["a file has its name", "a file is above it", "not writable", "read-only", "broken disk"])
    @override
    def unusable(self, request: pytest.FixtureRequest, tmp_path: Path) -> Unusable:
        file = tmp_path / "file"
        file.touch()
        root = tmp_path / "store"
        no_sync = os.fsync
        cases: dict[str, tuple[LocalConfig, Callable[[int], None], type[WorkerError]]] = {
            "a file has its name": (LocalConfig(root=file), no_sync, StorageBucket),
            "a file is above it": (LocalConfig(root=file / "store"), no_sync, StorageBucket),
            "not writable": (LocalConfig(root=root), failing_sync(errno.EACCES), StorageAuth),
            "read-only": (LocalConfig(root=root), failing_sync(errno.EROFS), StorageAuth),
            "broken disk": (LocalConfig(root=root), failing_sync(errno.EIO), StorageUnavailable),
        }
        config, sync, error = cases[request.param]
        hidden = (str(tmp_path), tmp_path.name, "/a/path")
        return Unusable(store=LocalStore(config, sync=sync), on_check=error, on_put=error, hidden=hidden)


class TestLocalOutage(ObjectStoreOutageContract):
    @pytest.fixture
    @override
    def outage(self, root: Path) -> Outage:
        """A disk that fails while `broken` holds something."""
        broken: list[int] = []

        def sync(descriptor: int) -> None:
            for number in broken:
                failing_sync(number)(descriptor)

        store = LocalStore(LocalConfig(root=root), sync=sync)
        return Outage(
            store=store, begin=lambda: broken.append(errno.EIO), end=broken.clear, hidden=("/a/path", str(root))
        )


def files_below(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file())


def test_the_bucket_is_the_folders_name_and_the_folder_is_made(root: Path) -> None:
    store = LocalStore(LocalConfig(root=root))
    assert not root.exists()
    store.check()
    assert store.bucket == "out puts"
    assert root.is_dir()
    assert files_below(root) == []


def test_a_relative_root_gives_absolute_urls(tmp_path: Path) -> None:
    root = Path(os.path.relpath(tmp_path / "outputs"))
    store = LocalStore(LocalConfig(root=root))
    store.put(written(tmp_path, 10), "a b.mp4", HEADERS, NO_DEADLINE)
    assert store.url("a b.mp4").url == f"file://{root.absolute()}/a%20b.mp4"


def test_others_may_read_an_object_as_far_as_the_umask_lets_them(root: Path, tmp_path: Path) -> None:
    plain = written(tmp_path, 10)
    LocalStore(LocalConfig(root=root)).put(plain, KEY, HEADERS, NO_DEADLINE)
    assert (root / KEY).stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_leaves_the_old_object_and_no_other_file(root: Path, tmp_path: Path, number: int) -> None:
    good = LocalStore(LocalConfig(root=root))
    good.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
    before = files_below(root)
    with pytest.raises(DiskFull) as caught:
        LocalStore(LocalConfig(root=root), sync=failing_sync(number)).put(
            written(tmp_path, 20), KEY, HEADERS, NO_DEADLINE
        )
    assert "/" not in caught.value.message
    assert files_below(root) == before
    assert good.stat(KEY).size == 10


@pytest.mark.parametrize("call", [1, 2])
def test_a_failure_at_each_step_before_the_rename_leaves_nothing(root: Path, tmp_path: Path, call: int) -> None:
    calls: list[int] = []

    def sync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(DiskFull):
        LocalStore(LocalConfig(root=root), sync=sync).put(written(tmp_path, 20), KEY, HEADERS, NO_DEADLINE)
    assert len(calls) == call
    assert files_below(root) == []


def test_content_headers_and_folder_are_synced_before_put_returns(root: Path, tmp_path: Path) -> None:
    synced: list[Path] = []

    def sync(descriptor: int) -> None:
        synced.append(Path(f"/proc/self/fd/{descriptor}").readlink())

    LocalStore(LocalConfig(root=root), sync=sync).put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
    assert [path.suffix for path in synced] == [".part", ".json", ""]
    assert synced[-1] == (root / KEY).parent


def test_no_deadline_replacement_or_removal_leaves_files_behind(root: Path, tmp_path: Path) -> None:
    store = LocalStore(LocalConfig(root=root))
    with pytest.raises(Exception, match="time budget"):
        store.put(written(tmp_path, 4 * MIB), KEY, HEADERS, Watcher(deadline=1.0).control)
    assert files_below(root) == []
    for seed in (1, 2):
        store.put(written(tmp_path, 10, seed), KEY, HEADERS, NO_DEADLINE)
    assert len(files_below(root)) == 2  # the object and its headers
    store.delete(KEY)
    assert files_below(root) == []


def test_an_object_is_whole_and_has_its_headers_whenever_it_can_be_seen(root: Path, tmp_path: Path) -> None:
    """Looks at the object from inside each fsync: a crash would leave what is seen there."""
    store = LocalStore(LocalConfig(root=root))
    store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
    seen = []

    def sync(_: int) -> None:
        seen.append((store.stat(KEY).size, store.stat(KEY).content_type, len(store.read(KEY, 100))))

    new = type(HEADERS)(content_type="image/png")
    LocalStore(LocalConfig(root=root), sync=sync).put(written(tmp_path, 20), KEY, new, NO_DEADLINE)
    assert seen == [(10, "video/mp4", 10), (10, "video/mp4", 10), (20, "image/png", 20)]


def test_a_file_from_elsewhere_has_a_size_and_no_headers(root: Path) -> None:
    root.mkdir()
    (root / "copied.mp4").write_bytes(b"12345")
    stat = LocalStore(LocalConfig(root=root)).stat("copied.mp4")
    assert (stat.size, stat.content_type, stat.sha256) == (5, None, None)


@pytest.mark.parametrize("key", ["link/secret", "link", "inside/secret", "dangling", "loop", "loop/secret"])
def test_links_are_not_followed(root: Path, tmp_path: Path, key: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(b"secret")
    root.mkdir()
    (root / "link").symlink_to(outside)
    (root / "inside").mkdir()
    (root / "inside" / "secret").symlink_to(outside / "secret")
    (root / "dangling").symlink_to(outside / "new")
    (root / "loop").symlink_to(root / "loop")
    store = LocalStore(LocalConfig(root=root))
    with pytest.raises(StorageRejected):
        store.put(written(tmp_path, 10), key, HEADERS, NO_DEADLINE)
    with pytest.raises(StorageRejected) as caught:
        store.read(key, 100)
    assert not isinstance(caught.value, ObjectMissing)
    with pytest.raises(StorageRejected):
        store.delete(key)
    assert (outside / "secret").read_bytes() == b"secret"
    assert not (outside / "new").exists()


def test_the_root_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    root.symlink_to(tmp_path / "volume")
    store = LocalStore(LocalConfig(root=root))
    store.put(written(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
    assert store.stat(KEY).size == 10


def test_one_object_cannot_lie_below_another(root: Path, tmp_path: Path) -> None:
    store, source = LocalStore(LocalConfig(root=root)), written(tmp_path, 10)
    store.put(source, "a", HEADERS, NO_DEADLINE)
    with pytest.raises(StorageRejected, match="collides"):
        store.put(source, "a/b", HEADERS, NO_DEADLINE)
    store.put(source, "c/d", HEADERS, NO_DEADLINE)
    with pytest.raises(StorageRejected, match="collides"):
        store.put(source, "c", HEADERS, NO_DEADLINE)
    assert [name for name in files_below(root) if not name.startswith(".")] == ["a", "d"]
