"""A job's folder: its own, private, gone afterwards."""

import errno
import stat
import tempfile
from pathlib import Path

import pytest

from application.workspace import workspace
from domain.errors import DiskFull


def test_it_is_empty_private_and_below_the_root(tmp_path: Path) -> None:
    with workspace(tmp_path) as folder:
        assert folder.parent == tmp_path
        assert list(folder.iterdir()) == []
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_it_is_gone_afterwards_with_all_it_holds_also_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError), workspace(tmp_path) as folder:
        (folder / "clip.mp4").write_bytes(b"x")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_two_jobs_never_share_one(tmp_path: Path) -> None:
    with workspace(tmp_path) as one, workspace(tmp_path) as other:
        assert one != other


def test_without_a_root_it_lies_in_the_systems_temporary_folder() -> None:
    with workspace(None) as folder:
        assert folder.parent == Path(tempfile.gettempdir())


def test_no_room_is_disk_full_and_anything_else_stays_what_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object, **__: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tempfile, "mkdtemp", no_room)
    with pytest.raises(DiskFull), workspace(tmp_path):
        pytest.fail("there was no room")
    monkeypatch.undo()
    with pytest.raises(FileNotFoundError), workspace(tmp_path / "missing"):
        pytest.fail("there was no root")
