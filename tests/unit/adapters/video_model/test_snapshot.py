"""The Hub's cache layout: refs decide, and what is missing is named."""

import json
from pathlib import Path

import pytest

from adapters.video_model.snapshot import RepositoryCache, missing_files

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


def snapshot(tmp_path: Path) -> Path:
    root = tmp_path / "snapshot"
    for name in ("scheduler", "tokenizer", "transformer"):
        (root / name).mkdir(parents=True)
    declared = {"transformer": ["d", "T"], "scheduler": ["d", "S"], "tokenizer": ["t", "T"]}
    (root / "model_index.json").write_text(json.dumps(declared), encoding="utf-8")
    for file in ("scheduler/scheduler_config.json", "tokenizer/tokenizer_config.json", "tokenizer/tokenizer.json"):
        (root / file).touch()
    for file in ("config.json", "part-1.safetensors", "part-2.safetensors"):
        (root / "transformer" / file).touch()
    index = {"weight_map": {"a": "part-1.safetensors", "b": "part-2.safetensors", "c": "part-1.safetensors"}}
    (root / "transformer" / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    return root


PARTS = ("scheduler", "tokenizer", "transformer")


def test_a_whole_snapshot_lacks_nothing(tmp_path: Path) -> None:
    assert missing_files(snapshot(tmp_path), PARTS) == ()


@pytest.mark.parametrize(
    "file",
    [
        "scheduler/scheduler_config.json",
        "tokenizer/tokenizer_config.json",
        "tokenizer/tokenizer.json",
        "transformer/config.json",
        "transformer/part-2.safetensors",
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, file: str) -> None:
    root = snapshot(tmp_path)
    (root / file).unlink()
    assert missing_files(root, PARTS) == (file,)


def test_a_link_to_a_blob_that_was_never_downloaded_is_missing(tmp_path: Path) -> None:
    root = snapshot(tmp_path)
    shard = root / "transformer" / "part-1.safetensors"
    shard.unlink()
    shard.symlink_to(tmp_path / "no-such-blob")
    assert missing_files(root, PARTS) == ("transformer/part-1.safetensors",)


def test_weights_without_an_index_must_be_there_too(tmp_path: Path) -> None:
    root = snapshot(tmp_path)
    for path in (root / "transformer").glob("*.*s*"):
        path.unlink() if path.name != "config.json" else None
    assert missing_files(root, PARTS) == ("transformer/*.safetensors",)


def test_a_broken_index_is_named(tmp_path: Path) -> None:
    root = snapshot(tmp_path)
    (root / "transformer" / "model.safetensors.index.json").write_text("[]", encoding="utf-8")
    assert missing_files(root, PARTS) == ("transformer/model.safetensors.index.json",)


def test_a_component_that_is_not_declared_is_named(tmp_path: Path) -> None:
    assert missing_files(snapshot(tmp_path), ("vae",)) == ("vae in model_index.json",)


def test_a_folder_without_an_index_is_no_snapshot(tmp_path: Path) -> None:
    assert missing_files(tmp_path, PARTS) == ("model_index.json",)
