"""What the worker adds to a job beside model, encoder and store: `python -m benchmarks.overhead`.

Jobs of 64x64 and 9 frames into a local folder, as RunPod's queue delivers them: from the delivery to the reply, the
thread that each job runs on included. Counted is the wall time of a job less the time in which model, encoder (with
verification and hash) or store (with look-up and record) were at work, on whatever thread.
"""

import asyncio
import statistics
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.intervals import Intervals
from benchmarks.jobs import SYNTHETIC, TINY, container_in, handler_of, put_into, replied
from benchmarks.results import write
from benchmarks.side_by_side import table
from benchmarks.watching import WatchedEncoder, WatchedModel, WatchedStore

BACKENDS: Final[Mapping[str, tuple[Mapping[str, str], int]]] = {"synthetic": (SYNTHETIC, 200), "tiny": (TINY, 20)}
"""Settings and jobs. The bar is for the synthetic model; a real one only makes the rest of a job longer."""
WARM: Final = 5
_PERCENTILES: Final = 100


def overheads(folder: Path, settings: Mapping[str, str], jobs: int) -> list[float]:
    """Milliseconds of each job that neither model, nor encoder, nor store was at work."""
    return asyncio.run(_overheads(folder, settings, jobs))


def p95(values: list[float]) -> float:
    """The 95th percentile."""
    return statistics.quantiles(values, n=_PERCENTILES, method="inclusive")[94]


async def _overheads(folder: Path, settings: Mapping[str, str], jobs: int) -> list[float]:
    container, intervals = container_in(folder, settings), Intervals()
    put_into(
        container,
        model=WatchedModel(container.model(), intervals),
        encoder=WatchedEncoder(container.encoder(), intervals),
        store=WatchedStore(container.plain_store(), intervals),
    )
    container.model().load()
    handler = handler_of(container)
    milliseconds = []
    for number in range(WARM + jobs):
        fields = {"prompt": "a dog", "seed": number, "steps": 2, "width": 64, "height": 64, "num_frames": 9}
        intervals.forget()
        begin = time.perf_counter()
        await replied(handler, number, fields)
        milliseconds.append(1000 * (time.perf_counter() - begin - intervals.seconds()))
    return milliseconds[WARM:]


def main() -> None:
    """Measure, print a table, write the JSON."""
    with tempfile.TemporaryDirectory() as folder:
        measured = {name: overheads(Path(folder, name), settings, jobs) for name, (settings, jobs) in BACKENDS.items()}
    print(table(measured, head="overhead of a job", unit="ms"))
    found = {name: p95(values) for name, values in measured.items()}
    print(", ".join(f"{name}: p95 {value:.2f} ms of {len(measured[name])} jobs" for name, value in found.items()))
    write("overhead", {"overhead_p95_ms": found["synthetic"]}, p95_ms=found, milliseconds=measured)


if __name__ == "__main__":
    main()
