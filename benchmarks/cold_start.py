"""From the start of a process to the first poll for a job, and to the first clip: `python -m benchmarks.cold_start`.

Fresh processes in turns, page cache warm, `.pyc` files there:

- floor: `import runpod, torch` and diffusers' `LTX2Pipeline`, until that is done; nothing else happens.
- plain: the floor, then the checkpoint and the clip with diffusers alone: no MP4, no store, no queue.
- worker: `python -m entrypoints.runpod_worker` on builtin/tiny and a local store, with a job waiting in a stand-in of
  RunPod's queue; until its first poll ("ready"), and until it has posted the job's result ("first clip").

Goals: ready at most 1.10 of the floor, first clip at most 1.15 of the floor, by the least of each. The ratio of the
first clip to `plain` is printed beside. Where the worker's time goes is taken from its log. Writes
benchmarks/results/cold_start.json.
"""

import datetime as dt
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from adapters.video_model.config import ModelConfig
from adapters.video_model.diffusers.location import locate
from benchmarks.results import write
from benchmarks.side_by_side import in_turns, ratio_of_least, table
from tests.support.runpod_cloud import RunPodCloud
from tests.support.worker_process import WorkerProcess

ROUNDS: Final = 9
LIMIT_SECONDS: Final = 120.0
CHECKPOINT: Final = "builtin/tiny"
JOB: Final = {"prompt": "a dog", "seed": 1, "steps": 2, "width": 64, "height": 96, "num_frames": 9}
EVENTS: Final = {
    "settings read": "worker.starting",
    "SDK and torch imported": "worker.checking",
    "diffusers imported, checked": "model.libraries_imported",
    "components loaded": "model.components_loaded",
    "model placed": "model.loaded",
    "warmed up": "worker.ready",
}
"""Lines of the worker's log, by what has been done when they are written."""

FLOOR: Final = """
import runpod, torch
from diffusers import LTX2Pipeline
"""
PLAIN: Final = f"""{FLOOR}
import sys
pipeline = LTX2Pipeline.from_pretrained(sys.argv[1], dtype=torch.bfloat16)
pipeline(
    prompt={JOB["prompt"]!r}, width={JOB["width"]}, height={JOB["height"]}, num_frames={JOB["num_frames"]},
    num_inference_steps={JOB["steps"]}, generator=torch.Generator().manual_seed({JOB["seed"]}),
)
"""
DONE: Final = "\nprint('done', flush=True)\n"


class Bench:
    """Starts the processes, each in a new folder below `root`, and keeps the worker's phases of each run."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._cache = root / "hub"
        self._runs = 0
        self._snapshot = locate(ModelConfig(name=CHECKPOINT, hub_cache=self._cache, device="cpu")).path
        self.first_clips: list[float] = []
        self.phases: list[dict[str, float]] = []

    def floor(self) -> float:
        """Seconds until the libraries are imported."""
        return self._seconds(FLOOR)

    def plain(self) -> float:
        """Seconds until diffusers alone has made the clip."""
        return self._seconds(PLAIN)

    def worker(self) -> float:
        """Seconds until the first poll; those until the job's result are kept."""
        folder = self._folder()
        settings = {
            "MODEL_NAME": CHECKPOINT,
            "HF_HUB_CACHE": str(self._cache),
            "DEVICE": "cpu",
            "STORAGE_BACKEND": "local",
            "LOCAL_STORE_DIR": str(folder / "store"),
        }
        with RunPodCloud() as cloud:
            job_id = cloud.submit(JOB)
            begin, begin_utc = time.monotonic(), dt.datetime.now(dt.UTC)
            with WorkerProcess(folder, settings, cloud=cloud) as worker:
                worker.wait_ready(LIMIT_SECONDS)
                ready = time.monotonic() - begin
                job = cloud.wait(job_id, LIMIT_SECONDS)
                if job.state != "COMPLETED":
                    raise RuntimeError(job.error)
                clip = cloud.finals(job_id)[0].seconds - begin
                lines = worker.log_lines()
        self.first_clips.append(clip)
        self.phases.append({**_phases(lines, begin_utc), "first poll": ready, "first clip": clip})
        return ready

    def _seconds(self, code: str) -> float:
        begin = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-c", code + DONE, str(self._snapshot)],
            env={"PATH": os.environ["PATH"], "HOME": str(self._folder()), "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            if process.stdout is None or not process.stdout.readline():
                raise RuntimeError(code)
            seconds = time.monotonic() - begin  # before it tidies up
            process.kill()
        return seconds

    def _folder(self) -> Path:
        self._runs += 1
        folder = self._root / str(self._runs)
        folder.mkdir()
        return folder


def _phases(lines: list[dict[str, Any]], begin: dt.datetime) -> dict[str, float]:
    at = {line["event"]: dt.datetime.fromisoformat(line["timestamp"]) for line in reversed(lines)}
    return {name: (at[event] - begin).total_seconds() for name, event in EVENTS.items() if event in at}


def main() -> None:
    """Measure, print the tables, write the JSON."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        ways = {"floor": bench.floor, "worker: ready": bench.worker, "plain clip": bench.plain}
        runs = in_turns(ways, runs=ROUNDS, warm=1)
    runs["worker: first clip"] = bench.first_clips[-ROUNDS:]
    phases = bench.phases[-ROUNDS:]
    until = {name: [run[name] for run in phases] for name in phases[0]}
    ready = ratio_of_least(runs, "worker: ready", "floor")
    first = ratio_of_least(runs, "worker: first clip", "floor")
    to_plain = ratio_of_least(runs, "worker: first clip", "plain clip")
    print(table(runs, head="process start to"))
    print(table(until, head="worker's start to"))
    print(
        f"ready {ready:.3f} of the floor (goal 1.10), first clip {first:.3f} (goal 1.15); of plain clip {to_plain:.3f}"
    )
    write(
        "cold_start",
        {"ready_over_floor": ready, "first_clip_over_floor": first},
        first_clip_over_plain=to_plain,
        seconds=runs,
        worker_seconds_until=until,
    )


if __name__ == "__main__":
    main()
