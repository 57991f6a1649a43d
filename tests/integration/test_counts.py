"""What a job and a load do, counted: a guard of their speed that no busy machine can break.

Forwards of the transformer are counted in test_recipes_counted.
"""

import re
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from typing_extensions import override

from application.chunk_ring import CHUNKS
from application.job import Job
from application.job_control import JobControl, StageProgress
from benchmarks.gpu.architecture import ARCHITECTURES
from benchmarks.jobs import container_in, put_into
from benchmarks.load import COMPONENTS, snapshot_of
from benchmarks.snapshots import load_as_worker
from container import Container
from domain.clip import Clip
from domain.media import MP4, OutputFormat
from entrypoints.guard import Guard
from tests.fakes.encoder import FakeEncoder
from tests.fakes.object_store import InMemoryStore

FRAMES, STEPS = 121, 3
FIELDS = {"prompt": "a dog", "seed": 1, "steps": STEPS, "width": 64, "height": 64, "num_frames": FRAMES}


class BufferWatcher(FakeEncoder):
    """Notes which buffers the chunks lie in, and the thread that takes them."""

    def __init__(self) -> None:
        super().__init__()
        self.chunks = 0
        self.buffers: list[object] = []
        self.threads: set[str] = set()

    @override
    def encode(self, clip: Clip, target: Path, control: JobControl, *, output_format: OutputFormat = MP4) -> None:
        watched = attrs.evolve(clip, chunks=self._watched(clip.chunks))
        super().encode(watched, target, control, output_format=output_format)

    def _watched(self, chunks: Iterator[memoryview]) -> Iterator[memoryview]:
        for chunk in chunks:
            self.chunks += 1
            self.threads.add(threading.current_thread().name)
            if not any(chunk.obj is buffer for buffer in self.buffers):
                self.buffers.append(chunk.obj)
            yield chunk


@attrs.define
class Worker:
    container: Container
    store: InMemoryStore
    encoder: BufferWatcher
    told: list[StageProgress] = attrs.field(factory=list)

    def reply(self) -> dict[str, Any]:
        guard = Guard(self.container.codec(), self.container.generate_once())
        reply = guard(FIELDS, Job(id="job-1", may_return=True), JobControl(report=self.told.append))
        assert reply["ok"], reply
        return reply


@pytest.fixture
def worker(tmp_path: Path) -> Worker:
    container, store, encoder = container_in(tmp_path), InMemoryStore(), BufferWatcher()
    put_into(container, encoder=encoder, store=store)
    return Worker(container, store, encoder)


def test_a_job_asks_the_store_four_times(worker: Worker) -> None:
    worker.reply()
    record, clip = worker.store.calls[0][1], worker.store.calls[1][1]
    assert worker.store.calls == [("read", record), ("put", clip), ("url", clip), ("put", record)]
    assert clip.endswith("/video.mp4")


def test_a_job_that_comes_again_puts_nothing(worker: Worker) -> None:
    first = worker.reply()
    worker.store.calls.clear()
    assert worker.reply()["storage"]["sha256"] == first["storage"]["sha256"]
    assert [method for method, _ in worker.store.calls] == ["read", "stat", "url"]


def test_a_clip_is_written_once_and_read_back_once(worker: Worker) -> None:
    worker.reply()
    assert [method for method, _ in worker.encoder.calls] == ["encode", "verify"]


def test_frames_wait_in_a_few_buffers_however_long_the_clip_is(worker: Worker) -> None:
    worker.reply()
    assert worker.encoder.chunks > 4 * CHUNKS
    assert len(worker.encoder.buffers) <= CHUNKS


def test_frames_are_taken_on_one_thread_that_is_not_the_models(worker: Worker) -> None:
    worker.reply()
    assert len(worker.encoder.threads) == 1
    assert threading.current_thread().name not in worker.encoder.threads


def test_progress_is_reported_a_step_and_a_frame_at_a_time_at_most(worker: Worker) -> None:
    worker.reply()
    told = Counter(event.stage for event in worker.told)
    assert told["generate"] == STEPS + 1
    assert told["encode"] <= FRAMES


def test_every_byte_of_the_weights_is_read_once(tmp_path: Path) -> None:
    files = snapshot_of(ARCHITECTURES["tiny"]["ltx-2.5"], tmp_path)
    size = sum(file.stat().st_size for file in files)
    load_as_worker(tmp_path, COMPONENTS, "bfloat16")  # imports read files, too
    before = bytes_read()
    load_as_worker(tmp_path, COMPONENTS, "bfloat16")
    assert size <= bytes_read() - before < size * 1.01


def bytes_read() -> int:
    """By this process's read calls, until now; what is mapped does not count."""
    found = re.search(r"^rchar: (\d+)$", Path("/proc/self/io").read_text(encoding="ascii"), re.MULTILINE)
    assert found is not None
    return int(found[1])
