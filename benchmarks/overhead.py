"""What the worker adds to a job beside model, encoder and store: `make bench`. Goal: 10 ms at the 95th percentile.

200 jobs in this process on the synthetic model, 64x64, 9 frames, into a local folder. Counted is the wall time of a
job from the decoded JSON to the sealed reply, less what the reply's own timings give to generation, encoding (with
verification and hash) and storing (with look-up and record). Writes benchmarks/results/overhead.json.
"""

import json
import platform
import statistics
import tempfile
import time
from pathlib import Path

from application.job import Job
from application.job_control import JobControl
from container import Container, open_container
from entrypoints.guard import Guard

RESULT = Path(__file__).resolve().parent / "results" / "overhead.json"
JOBS = 200
WARM = 5
GOAL_MS = 10.0


def overhead_ms(guard: Guard, number: int) -> float:
    """Milliseconds of one job that are neither model, encoder nor store."""
    fields = {"prompt": "a dog", "seed": number, "steps": 2, "width": 64, "height": 64, "num_frames": 9}
    begin = time.perf_counter()
    reply = guard(fields, Job(id=f"job-{number}", may_return=True), JobControl())
    wall = time.perf_counter() - begin
    spent = reply["meta"]["timings"]
    generated = spent["prepare"] + spent["inference"] - spent["decode"]  # the decode runs under the encoder
    return 1000 * (wall - float(generated + spent["encode"] + spent["upload"]))


def measure(container: Container) -> list[float]:
    """The overhead of each job but the first few."""
    guard = Guard(container.codec(), container.generate_once())
    return [overhead_ms(guard, number) for number in range(JOBS + WARM)][WARM:]


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
        measured = sorted(measure(open_container(settings)))
    p95 = measured[int(0.95 * len(measured))]
    median = statistics.median(measured)
    print(f"overhead of {JOBS} jobs: median {median:.2f} ms, p95 {p95:.2f} ms (goal {GOAL_MS:.0f})")
    RESULT.parent.mkdir(exist_ok=True)
    figures = {"python": platform.python_version(), "jobs": JOBS, "overhead_p95_ms": p95, "milliseconds": measured}
    RESULT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
