"""How the worker's peak of resident memory grows with a clip: `python -m benchmarks.memory`.

The synthetic model at 512x512, a fresh process for each length, with the allocator's settings of the image. What counts
is the slope from the shortest to the longest clip, in bytes a pixel: frames that piled up would cost 1.5 (YUV 4:2:0) or
3 (RGB) each. The peak is the kernel's (VmHWM). Linux.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from application.job import Job
from application.job_control import JobControl
from benchmarks.jobs import container_in
from benchmarks.results import write
from benchmarks.side_by_side import table
from entrypoints.guard import Guard
from tests.support.resident_peak import peak

SIDE: Final = 512
FRAMES: Final = (49, 121, 241, 481)
FPS: Final = 25
"""At 24, 481 frames are more than the 20 seconds that a job may ask for by default."""
RUNS: Final = 3
ALLOCATOR: Final = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "100000"}
"""As in the Dockerfile."""

_ROOT: Final = Path(__file__).resolve().parents[1]
_MEBIBYTE: Final = 1 << 20


def peak_of(side: int, frames: int) -> int:
    """The peak, in bytes, of a process that makes one clip."""
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", str(side), str(frames)],
        cwd=_ROOT,
        env={**os.environ, **ALLOCATOR},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return int(told.stdout)


def slope(peaks: dict[int, int], side: int) -> float:
    """Bytes a pixel, of the peaks by the number of frames, from the shortest clip to the longest."""
    shortest, longest = min(peaks), max(peaks)
    return (peaks[longest] - peaks[shortest]) / (side * side * (longest - shortest))


def _make(side: int, frames: int) -> None:
    """Make one clip in this process, and print its peak."""
    fields: dict[str, Any] = {
        "prompt": "a dog",
        "seed": 1,
        "steps": 2,
        "width": side,
        "height": side,
        "num_frames": frames,
    }
    fields["fps"] = FPS
    with tempfile.TemporaryDirectory() as folder:
        container = container_in(Path(folder))
        reply = Guard(container.codec(), container.generate_once())(
            fields, Job(id="job", may_return=True), JobControl()
        )
    if not reply["ok"]:
        raise RuntimeError(reply["error"])
    print(peak())


def main() -> None:
    """Measure, print a table, write the JSON."""
    if sys.argv[1:]:
        _make(*map(int, sys.argv[1:]))
        return
    peaks = {frames: [peak_of(SIDE, frames) for _ in range(RUNS)] for frames in FRAMES}
    shown = {f"{frames} frames": [taken / _MEBIBYTE for taken in runs] for frames, runs in peaks.items()}
    print(table(shown, head=f"{SIDE}x{SIDE}", unit="MiB"))
    found = slope({frames: min(runs) for frames, runs in peaks.items()}, SIDE)
    print(f"{found:.3f} bytes a pixel")
    write("memory", {"host_bytes_per_pixel": found}, peak_bytes=peaks)


if __name__ == "__main__":
    main()
