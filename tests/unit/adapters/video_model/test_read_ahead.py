"""Files are read in the order of their use, not too far ahead, and never after the end."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typing_extensions import override

from adapters.video_model.diffusers.read_ahead import BlockReader, PageCacheReader, ReadAhead

BLOCK = 10


class Recorder(BlockReader):
    """Notes what it is asked to read. Holds every read while `gate` is closed; fails for the file `broken`."""

    def __init__(self) -> None:
        self.reads: list[tuple[str, int, int]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.broken = ""
        self._changed = threading.Condition()

    @override
    def read(self, file: Path, start: int, length: int) -> int:
        if file.name == self.broken:
            raise OSError
        with self._changed:
            self.reads.append((file.name, start, length))
            self._changed.notify_all()
        self.gate.wait(5)
        return length

    def until(self, count: int) -> list[tuple[str, int, int]]:
        """The reads, once there are `count` of them."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.reads) >= count, 5), self.reads
            return list(self.reads)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    recorder = Recorder()
    yield recorder
    recorder.gate.set()


def files(folder: Path, **sizes: int) -> dict[str, list[Path]]:
    for name, size in sizes.items():
        (folder / name).write_bytes(bytes(size))
    return {name: [folder / name] for name in sizes}


def read_ahead(groups: dict[str, list[Path]], recorder: Recorder, *, window: int = 1000, threads: int = 1) -> ReadAhead:
    return ReadAhead(groups, window=window, block=BLOCK, threads=threads, reader=lambda: recorder)


def test_everything_is_read_once_and_in_order(tmp_path: Path, recorder: Recorder) -> None:
    groups = {"a": [*files(tmp_path, one=25)["one"], *files(tmp_path, two=10)["two"]], **files(tmp_path, none=0, b=5)}
    with read_ahead(groups, recorder) as ahead:
        for group in groups:
            ahead.using(group)
            ahead.wait(group)
    assert recorder.reads == [("one", 0, 10), ("one", 10, 10), ("one", 20, 5), ("two", 0, 10), ("b", 0, 5)]


def test_it_stays_within_the_window_behind_what_is_in_use(tmp_path: Path, recorder: Recorder) -> None:
    groups = files(tmp_path, a=20, b=30, c=20)
    with read_ahead(groups, recorder, window=2 * BLOCK) as ahead:
        ahead.using("a")
        ahead.wait("a")
        recorder.until(4)
        assert not ahead_of(recorder, 4)  # two blocks of b: the third would lie beyond the window
        ahead.using("b")
        assert [name for name, _, _ in recorder.until(7)] == ["a"] * 2 + ["b"] * 3 + ["c"] * 2


def ahead_of(recorder: Recorder, count: int) -> bool:
    """Whether more than `count` reads come within a moment."""
    threading.Event().wait(0.05)
    return len(recorder.reads) > count


def test_what_is_no_longer_in_use_is_skipped(tmp_path: Path, recorder: Recorder) -> None:
    recorder.gate.clear()
    with read_ahead(files(tmp_path, a=100, b=10), recorder) as ahead:
        recorder.until(1)
        ahead.using("b")
        recorder.gate.set()
        ahead.wait("b")
    assert recorder.reads == [("a", 0, 10), ("b", 0, 10)]


def test_several_threads_read_at_once(tmp_path: Path, recorder: Recorder) -> None:
    recorder.gate.clear()
    with read_ahead(files(tmp_path, a=100), recorder, threads=3):
        assert len(recorder.until(3)) == 3
        recorder.gate.set()


def test_on_a_failure_of_the_loading_it_stops_after_the_block_in_hand(tmp_path: Path, recorder: Recorder) -> None:
    recorder.gate.clear()

    def fail() -> None:
        with read_ahead(files(tmp_path, a=1000), recorder, threads=2):
            recorder.until(2)
            threading.Timer(0.05, recorder.gate.set).start()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(recorder.reads) == 2
    assert not [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_a_file_that_cannot_be_read_holds_nobody_up(tmp_path: Path, recorder: Recorder) -> None:
    recorder.broken = "b"
    with read_ahead(files(tmp_path, a=10, b=10, c=10), recorder) as ahead:
        for group in "abc":
            ahead.using(group)
            ahead.wait(group)
    assert recorder.reads == [("a", 0, 10)]


def test_nothing_to_read_is_fine(recorder: Recorder) -> None:
    with read_ahead({}, recorder):
        """There is nothing to use."""
    assert recorder.reads == []


@pytest.mark.parametrize(
    ("start", "length", "count"), [(0, 9 << 20, 9 << 20), (8 << 20, 8 << 20, (1 << 20) + 5), (5, 3, 3)]
)
def test_the_page_cache_reader_reads_what_it_is_told(tmp_path: Path, start: int, length: int, count: int) -> None:
    file = tmp_path / "file"
    file.write_bytes(bytes((9 << 20) + 5))
    assert PageCacheReader().read(file, start, length) == count
