"""How many clips an hour a busy worker makes with the next job in hand and without: `python -m benchmarks.queue`.

First table: 20 jobs in this process, through the very handler that the SDK calls, at most PIPELINE_DEPTH of them at a
time. The model takes a set time on the device; encoder (the worker's own) and store take a third of that together: the
store is set to what encoding, measured alone, leaves of it. What the SDK adds between jobs is left out.

Second table: 20 small jobs that take next to no time, through the real SDK against a stand-in of RunPod's queue: it
looks for a job only once a second while all its slots are full.
"""

import asyncio
import tempfile
import time
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.footage import panning
from benchmarks.intervals import Intervals
from benchmarks.jobs import SYNTHETIC, container_in, handler_of, put_into, replied
from benchmarks.paced import Pace, PacedModel, SlowStore
from benchmarks.results import write
from benchmarks.side_by_side import in_turns, ratio_of_least, table
from benchmarks.watching import ENCODER, VERIFIER, WatchedEncoder
from container import Container
from domain.geometry import ClipGeometry, FrameRate, Resolution
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

SHAPE: Final = ClipGeometry(Resolution(256, 256), 25, FrameRate(Fraction(24)))
MODEL_SECONDS: Final = 0.45
SHARE: Final = 1 / 3
"""Of the model's time that encoder and store take together."""
JOBS: Final = 20
RUNS: Final = 2
DEPTHS: Final = (1, 2)

_HOUR: Final = 3600


class Bench:
    """Workers of any depth, all at the same pace."""

    def __init__(self, folder: Path, shape: ClipGeometry = SHAPE, model_seconds: float = MODEL_SECONDS) -> None:
        self._folder = folder
        self._shape = shape
        self._workers = 0
        self._frames = panning(shape.resolution, shape.frames)
        self._pace = Pace(denoise=model_seconds, decode=0.0)
        self.encode = min(self._encode_alone() for _ in range(3))
        self.upload = SHARE * model_seconds - self.encode
        if self.upload < 0:
            message = f"encoding takes {self.encode:.3f} s, more than {SHARE:.0%} of {model_seconds} s"
            raise RuntimeError(message)

    def seconds(self, depth: int, jobs: int) -> float:
        """Of so many jobs, `depth` of them in the worker at any time."""
        return asyncio.run(self._all(depth, jobs))

    async def _all(self, depth: int, jobs: int) -> float:
        container = self._worker({"PIPELINE_DEPTH": str(depth)})
        put_into(
            container,
            model=PacedModel(self._frames, self._pace),
            store=SlowStore(container.plain_store(), Intervals(), self.upload),
        )
        handler, slots = handler_of(container), asyncio.Semaphore(depth)

        async def one(number: int) -> None:
            async with slots:
                await replied(handler, number, _fields(number, self._shape))

        begin = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(jobs)))
        return time.perf_counter() - begin

    def _worker(self, settings: Mapping[str, str]) -> Container:
        """One that finds no records of jobs done before."""
        self._workers += 1
        return container_in(self._folder / f"worker-{self._workers}", {**SYNTHETIC, **settings})

    def _encode_alone(self) -> float:
        container, intervals = self._worker({}), Intervals()
        put_into(
            container,
            model=PacedModel(self._frames, Pace(denoise=0.0, decode=0.0, whole=True)),
            encoder=WatchedEncoder(container.encoder(), intervals),
        )
        asyncio.run(replied(handler_of(container), 0, _fields(0, self._shape)))
        return intervals.seconds(ENCODER, VERIFIER)


def through_the_sdk(folder: Path, depth: int, jobs: int) -> float:
    """Seconds from the first delivery to the last reply, in a worker process of its own."""
    settings = {
        **SYNTHETIC,
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(folder / "outputs"),
        "PIPELINE_DEPTH": str(depth),
    }
    folder.mkdir()
    with RunPodCloud() as cloud, WorkerProcess(folder, settings, cloud=cloud) as worker:
        worker.wait_ready()
        begin = time.perf_counter()
        waiting = [cloud.submit(_fields(number, SHAPE)) for number in range(jobs)]
        states = {cloud.wait(job_id, timeout=60.0).state for job_id in waiting}
        seconds = time.perf_counter() - begin
    if states != {"COMPLETED"}:
        message = f"jobs ended as {', '.join(sorted(states))}"
        raise RuntimeError(message)
    return seconds


def _fields(number: int, shape: ClipGeometry) -> dict[str, Any]:
    size = shape.resolution
    fields = {"prompt": "a dog", "seed": number, "width": size.width, "height": size.height}
    return {**fields, "num_frames": shape.frames, "steps": 4}


def _name(depth: int) -> str:
    return f"depth {depth}"


def _told(seconds: Iterable[float]) -> str:
    return ", ".join(f"depth {depth}: {JOBS * _HOUR / taken:.0f}" for depth, taken in zip(DEPTHS, seconds, strict=True))


def main() -> None:
    """Measure, print both tables, write the JSON."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(folder)
        runs = in_turns({_name(depth): partial(bench.seconds, depth, JOBS) for depth in DEPTHS}, runs=RUNS)
        sdk = {_name(depth): [through_the_sdk(folder / f"sdk-{depth}", depth, JOBS)] for depth in DEPTHS}
    pace = f"model {MODEL_SECONDS} s, encoder {bench.encode:.3f} s, store {bench.upload:.3f} s"
    print(table(runs, head=f"{JOBS} jobs; {pace}"))
    print("jobs an hour: " + _told(min(runs[_name(depth)]) for depth in DEPTHS))
    print(table(sdk, head=f"{JOBS} small jobs through the SDK"))
    saving = 1 - ratio_of_least(runs, _name(DEPTHS[1]), _name(DEPTHS[0]))
    print(f"a depth of 2 saves {saving:.1%} of the time")
    write("queue", {"queue_saving": saving}, seconds=runs, sdk_seconds=sdk, pace=pace)


if __name__ == "__main__":
    main()
