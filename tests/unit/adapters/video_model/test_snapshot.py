"""The Hub's cache layout: refs decide."""

from pathlib import Path

import pytest

from adapters.video_model.snapshot import RepositoryCache

OLD, NEW = "f" * 40, "0" * 40


@pytest.fixture
def cache(tmp_path: Path) -> RepositoryCache:
    cache = RepositoryCache.of(tmp_path, "Lightricks/LTX-2")
    for commit in (OLD, NEW):
        cache.snapshot(commit).mkdir(parents=True)
    return cache


def test_the_layout_is_that_of_the_hub(cache: RepositoryCache, tmp_path: Path) -> None:
    assert cache.snapshot(OLD) == tmp_path / "models--Lightricks--LTX-2" / "snapshots" / OLD


def test_a_branch_is_resolved_through_its_ref_and_not_by_the_order_of_folder_names(cache: RepositoryCache) -> None:
    cache.set_ref("main", NEW)  # the folder that sorts first; the usual handler takes the last
    found = cache.resolve("main")
    assert found is not None
    assert (found.revision, found.path) == (NEW, cache.snapshot(NEW))


def test_a_ref_can_be_moved(cache: RepositoryCache) -> None:
    cache.set_ref("main", NEW)
    cache.set_ref("main", OLD)
    found = cache.resolve("main")
    assert found is not None
    assert found.revision == OLD
    assert [path.name for path in (cache.root / "refs").iterdir()] == ["main"]


def test_a_ref_with_a_line_end_is_read(cache: RepositoryCache) -> None:
    (cache.root / "refs").mkdir()
    (cache.root / "refs" / "v1").write_text(OLD + "\n", encoding="utf-8")
    found = cache.resolve("v1")
    assert found is not None
    assert found.revision == OLD


def test_a_commit_needs_no_ref(cache: RepositoryCache) -> None:
    found = cache.resolve(OLD)
    assert found is not None
    assert found.revision == OLD


@pytest.mark.parametrize("revision", ["main", "a" * 40])
def test_what_is_not_there_is_not_resolved(cache: RepositoryCache, revision: str) -> None:
    assert cache.resolve(revision) is None


def test_a_ref_to_a_snapshot_that_was_never_finished_is_not_resolved(cache: RepositoryCache) -> None:
    cache.set_ref("main", "b" * 40)
    assert cache.resolve("main") is None
