"""Links that lie where the worker looks lead it nowhere: it reads and writes nothing behind them."""

import datetime as dt
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from adapters.object_store.config import LocalConfig
from adapters.object_store.local import LocalStore
from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.lora.library import LoraLibrary
from adapters.video_model.snapshot import RepositoryCache
from application.job import Job
from application.job_control import JobControl
from application.workspace import PREFIX, workspace
from container import open_container
from domain.errors import InputRefused, StorageRejected, WorkerError
from domain.lora import Lora, LoraSource, WeightName
from entrypoints.guard import Guard
from entrypoints.replies import Reply
from tests.contract.object_store_contract import HEADERS, KEY, NO_DEADLINE
from tests.contract.object_store_contract import written as some_file
from tests.support.lora_files import pair, written
from tests.support.opened_files import OpenedFiles
from tests.support.outbox import World

COMMIT: Final = "a" * 40
CANARY: Final = b"canary"


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    """A folder of somebody else, with the files that a link could mean."""
    folder = tmp_path / "outside"
    folder.mkdir()
    for name in ("video.mp4", "job.json", "content", "manifest.json"):
        (folder / name).write_bytes(CANARY)
    return folder


def is_untouched(folder: Path) -> bool:
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    return len(files) == 4 and set(files.values()) == {CANARY}


# --- the job's folder ----------------------------------------------------------------------------------------------


def test_a_job_gets_a_folder_of_its_own_where_links_wait_for_it(
    tmp_path: Path, outside: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ["link", "dangling", "free"]
    monkeypatch.setattr(tempfile, "_get_candidate_names", lambda: iter(names))
    (tmp_path / f"{PREFIX}link").symlink_to(outside)
    (tmp_path / f"{PREFIX}dangling").symlink_to(tmp_path / "not there")
    with workspace(tmp_path) as folder:
        assert folder == tmp_path / f"{PREFIX}free"
        assert not folder.is_symlink()
        (folder / "inside").symlink_to(outside)
    assert not folder.exists()
    assert is_untouched(outside)
    assert not (tmp_path / "not there").exists()


# --- the local store -----------------------------------------------------------------------------------------------


def reply_with_a_link_at(root: Path, place: str, target: Path) -> Reply:
    """The reply to a job, where what it would write at `place` (below the store) is a link to `target`."""
    container = open_container(
        {"MODEL_BACKEND": "synthetic", "STORAGE_BACKEND": "local", "LOCAL_STORE_DIR": str(root), "HOME": str(root)}
    )
    link = root / place
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    fields = {"prompt": "a dog", "width": 64, "height": 64, "num_frames": 1, "steps": 2}
    return Guard(container.codec(), container.generate_once())(fields, Job(id="job", may_return=True), JobControl())


@pytest.mark.parametrize("place", ["ltx2", "ltx2/{day}", "ltx2/{day}/job", "ltx2/{day}/job/video.mp4"])
def test_a_job_does_not_store_through_a_link(tmp_path: Path, outside: Path, place: str) -> None:
    day = dt.datetime.now(dt.UTC).date().isoformat()  # just after midnight the job has the next: see the assertion
    root = tmp_path / "outputs"
    reply = reply_with_a_link_at(
        root, place.format(day=day), outside / "video.mp4" if place.endswith(".mp4") else outside
    )
    if day == dt.datetime.now(dt.UTC).date().isoformat():
        assert reply["code"] == "storage_rejected"
    assert is_untouched(outside)


@pytest.mark.parametrize("place", ["ltx2/_jobs", "ltx2/_jobs/job.json"])
def test_a_record_is_neither_read_nor_kept_through_a_link(tmp_path: Path, outside: Path, place: str) -> None:
    with OpenedFiles(outside) as opened:
        reply = reply_with_a_link_at(
            tmp_path / "outputs", place, outside / "job.json" if place.endswith(".json") else outside
        )
    assert reply["ok"] is True
    assert any("its record is not" in warning for warning in reply["meta"]["warnings"])
    assert opened.seen == set()
    assert is_untouched(outside)


def test_a_link_in_the_place_of_a_side_file_is_not_written_through(tmp_path: Path, outside: Path) -> None:
    """It is named after the new file's inode and time: whoever sees the new file can put a link there first."""
    folder = (tmp_path / "store" / KEY).parent

    def plant(_: int) -> None:
        for part in folder.glob(".*.part"):
            state = part.stat()
            link = folder / f".{Path(KEY).name}.{state.st_ino:x}-{state.st_mtime_ns:x}.json"
            if not link.is_symlink():
                link.symlink_to(outside / "job.json")

    store = LocalStore(LocalConfig(root=tmp_path / "store"), sync=plant)
    with pytest.raises(StorageRejected):
        store.put(some_file(tmp_path, 10), KEY, HEADERS, NO_DEADLINE)
    assert is_untouched(outside)


# --- the outbox ----------------------------------------------------------------------------------------------------


def link_to(outside: Path, place: Path) -> None:
    """Put a link to a file of `outside`, or to the folder, in the place of what is there."""
    if place.is_dir():
        place.rename(place.parent / "moved")
        place.symlink_to(outside)
    else:
        content = place.read_bytes()
        place.unlink()
        (outside / place.name).write_bytes(content)
        place.symlink_to(outside / place.name)


@pytest.mark.parametrize("part", ["content", "manifest.json", ""])
def test_an_entry_of_the_outbox_that_is_a_link_is_not_delivered(tmp_path: Path, outside: Path, part: str) -> None:
    """A link to the right bytes: only that it is a link makes it wrong."""
    world = World(tmp_path)
    world.kept()
    (ready,) = world.root.glob("ready-*")
    if not part:
        for file in ready.iterdir():
            (outside / file.name).write_bytes(file.read_bytes())
    link_to(outside, ready / part if part else ready)
    with OpenedFiles(outside) as opened:
        world.store.drain(60)
    assert world.delivered == []
    assert opened.seen == set()
    assert len(world.entries("refused-")) == 1


@pytest.mark.parametrize("state", ["writing-1-{}", "claimed-1-{}", "ready-{}"])
def test_links_that_are_named_like_entries_are_not_cleaned_up_through(
    tmp_path: Path, outside: Path, state: str
) -> None:
    world = World(tmp_path)
    world.kept()
    (ready,) = world.root.glob("ready-*")
    mark = ready.name.split("-")[2]
    (world.root / state.format(f"0-{mark}-0")).symlink_to(outside)
    world.put()  # discards what waits for the same key, takes back what a dead worker left, and drains
    world.now += 3600
    world.put()
    assert is_untouched(outside)


def test_a_file_that_is_named_like_an_entry_stops_no_drain(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.kept()
    (world.root / "ready-0-0-0").write_text("a file")
    world.store.drain(60)
    assert world.delivered == [KEY]


# --- adapters ------------------------------------------------------------------------------------------------------


@pytest.fixture
def library(tmp_path: Path) -> LoraLibrary:
    (tmp_path / "loras").mkdir()
    return LoraLibrary(config=ModelConfig(lora_dir=tmp_path / "loras", hub_cache=tmp_path / "hub"))


def a_lora(path: Path) -> Path:
    return written(path, pair("transformer.transformer_blocks.0.attn1.to_q", 32, 32))


Plant = Callable[[Path, Path], None]


@pytest.mark.parametrize(
    ("name", "plant"),
    [
        ("link.safetensors", lambda folder, secret: (folder / "link.safetensors").symlink_to(secret)),
        ("link/secret.safetensors", lambda folder, secret: (folder / "link").symlink_to(secret.parent)),
        (
            "two.safetensors",
            lambda folder, secret: [
                (folder / "one").symlink_to(secret),
                (folder / "two.safetensors").symlink_to(folder / "one"),
            ],
        ),
        (
            "relative.safetensors",
            lambda folder, _: (folder / "relative.safetensors").symlink_to("../secrets/secret.safetensors"),
        ),
        ("environ.safetensors", lambda folder, _: (folder / "environ.safetensors").symlink_to("/proc/self/environ")),
    ],
)
def test_a_link_in_the_lora_folder_leads_not_out_of_it(
    library: LoraLibrary, tmp_path: Path, name: str, plant: Plant
) -> None:
    secret = a_lora(tmp_path / "secrets" / "secret.safetensors")
    plant(tmp_path / "loras", secret)
    with OpenedFiles(secret.parent) as opened, pytest.raises(InputRefused, match="leads out of LORA_DIR"):
        library.locate(Lora(LoraSource(name)), "loras[0]")
    assert opened.seen == set()


@pytest.mark.parametrize("weight_name", [None, "a.safetensors", "b/a.safetensors"])
def test_a_link_in_a_repositorys_cache_leads_not_out_of_it(
    library: LoraLibrary, tmp_path: Path, weight_name: str | None
) -> None:
    secret = a_lora(tmp_path / "secrets" / "a.safetensors")
    cache = RepositoryCache.of(tmp_path / "hub", "org/style")
    cache.snapshot(COMMIT).mkdir(parents=True)
    cache.set_ref("main", COMMIT)
    (cache.snapshot(COMMIT) / "a.safetensors").symlink_to(secret)
    (cache.snapshot(COMMIT) / "b").symlink_to(secret.parent)
    with OpenedFiles(secret.parent) as opened, pytest.raises(WorkerError):
        library.locate(
            Lora(LoraSource("org/style"), None if weight_name is None else WeightName(weight_name)), "loras[0]"
        )
    assert opened.seen == set()


def test_the_watch_sees_what_is_opened(tmp_path: Path, outside: Path) -> None:
    (tmp_path / "link").symlink_to(outside)
    with OpenedFiles(outside) as opened:
        os.close(os.open(tmp_path / "link" / "content", os.O_RDONLY))
    assert opened.seen == {"content"}
