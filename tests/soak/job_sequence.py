"""Runs jobs on production's wiring and prints what the process holds after each, as one JSON list. Started by tests."""

import gc
import json
import os
import sys
import threading
from pathlib import Path
from typing import Any

from application.job import Job
from application.job_control import JobControl
from container import open_container
from entrypoints.guard import Guard

SIZES = ((64, 64, 9), (192, 128, 25), (128, 128, 17), (256, 128, 9), (96, 160, 33))


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE")


def held() -> dict[str, int]:
    gc.collect()
    return {
        "resident": resident_bytes(),
        "files": len(list(Path("/proc/self/fd").iterdir())),
        "threads": threading.active_count(),
    }


def main(kind: str, count: int) -> None:
    container = open_container(os.environ)
    container.prepare()()
    guard = Guard(container.codec(), container.generate_video())
    readings: list[dict[str, Any]] = []
    for number in range(count):
        width, height, frames = SIZES[number % len(SIZES)] if kind == "mixed" else (128, 128, 17)
        fields = {"prompt": "a dog", "seed": 1, "steps": 2, "width": width, "height": height, "num_frames": frames}
        reply = guard(fields, Job(id="soak"), JobControl())
        assert reply["ok"], reply
        readings.append({**held(), "sha256": reply["storage"]["sha256"]})
    sys.stdout.write(json.dumps(readings))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
