"""What the worker adds to a job beside model, encoder and store: `make bench`. Goal: 10 ms at the 95th percentile.

200 jobs in this process on the synthetic model, 64x64, 9 frames, into a local folder, as RunPod's queue delivers them.
Counted is the wall time of a job from the decoded JSON to the sealed reply, less the time inside model, encoder (with
verification and hash) and store (with look-up and record). Writes benchmarks/results/overhead.json.
"""

import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import attrs

from application.generate_once import GenerateOnce
from application.generate_video import GenerateVideo
from application.job import Job
from application.job_control import JobControl
from container import open_container
from entrypoints.guard import Guard

RESULT = Path(__file__).resolve().parent / "results" / "overhead.json"
JOBS = 200
WARM = 5
GOAL_MS = 10.0


class Inside:
    """Adds up the seconds that are spent in the objects that it wraps."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Count the time inside."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begin

    def around(self, wrapped: Any) -> Any:  # noqa: ANN401 - stands in for any port
        """Something that behaves like `wrapped`, with its methods' time counted."""
        return _Timed(wrapped, self)


class _Timed:
    def __init__(self, wrapped: Any, inside: Inside) -> None:  # noqa: ANN401 - any port
        self._wrapped, self._inside = wrapped, inside

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - any port's attributes
        value = getattr(self._wrapped, name)
        if name == "generate":
            return self._generate
        return self._timed(value) if callable(value) else value

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any port's method
            with self._inside.counted():
                return method(*arguments, **named)

        return call

    @contextmanager
    def _generate(self, *arguments: Any) -> Iterator[Any]:  # noqa: ANN401 - VideoModel.generate
        with self._inside.counted():
            context = self._wrapped.generate(*arguments)
            clip = context.__enter__()
        yield clip  # its chunks are taken inside the encoder, whose time is counted
        with self._inside.counted():
            context.__exit__(None, None, None)


def measure(generate_once: GenerateOnce, codec: Any) -> list[float]:  # noqa: ANN401 - the container's codec
    """Milliseconds of each job, but the first few, that are neither model, encoder nor store."""
    inside = Inside()
    video = generate_once.generate
    if not isinstance(video, GenerateVideo):
        raise TypeError
    store = inside.around(generate_once.store)
    timed_video = attrs.evolve(
        video, model=inside.around(video.model), encoder=inside.around(video.encoder), store=store
    )
    guard = Guard(codec, attrs.evolve(generate_once, generate=timed_video, store=store))
    milliseconds = []
    for number in range(JOBS + WARM):
        fields = {"prompt": "a dog", "seed": number, "steps": 2, "width": 64, "height": 64, "num_frames": 9}
        inside.seconds, begin = 0.0, time.perf_counter()
        reply = guard(fields, Job(id=f"job-{number}", may_return=True), JobControl())
        milliseconds.append(1000 * (time.perf_counter() - begin - inside.seconds))
        if not reply["ok"]:
            raise RuntimeError(reply["error"])
    return milliseconds[WARM:]


def main() -> None:
    """Measure, print, write the JSON."""
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "MODEL_BACKEND": "synthetic",
            "STORAGE_BACKEND": "local",
            "LOCAL_STORE_DIR": folder,
            "LOG_LEVEL": "warning",
            "HOME": folder,
        }
        container = open_container(settings)
        measured = sorted(measure(container.generate_once(), container.codec()))
    p95 = measured[int(0.95 * len(measured))]
    median = statistics.median(measured)
    print(f"overhead of {JOBS} jobs: median {median:.2f} ms, p95 {p95:.2f} ms (goal {GOAL_MS:.0f})")
    RESULT.parent.mkdir(exist_ok=True)
    figures = {"python": platform.python_version(), "jobs": JOBS, "overhead_p95_ms": p95, "milliseconds": measured}
    RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
