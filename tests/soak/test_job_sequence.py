"""Long sequences of jobs leave nothing behind: no memory, no file, no thread, no trace in the next clip."""

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.soak

ROOT = Path(__file__).resolve().parents[2]
AS_IN_THE_IMAGE = {"MALLOC_ARENA_MAX": "1", "MALLOC_TRIM_THRESHOLD_": "100000"}


def run(kind: str, count: int, folder: Path, hub_cache: Path) -> list[dict[str, Any]]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "OMP_NUM_THREADS": "1",
        "MODEL_NAME": "builtin/tiny",
        "DTYPE": "float32",
        "DEVICE": "cpu",
        "HF_HUB_CACHE": str(hub_cache),
        "STORAGE_BACKEND": "local",
        "LOCAL_STORE_DIR": str(folder / "outputs"),
        "TMPDIR": str(folder),
        "LOG_LEVEL": "warning",
        **AS_IN_THE_IMAGE,
    }
    command = [sys.executable, "-m", "tests.soak.job_sequence", kind, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    readings: list[dict[str, Any]] = json.loads(done.stdout)
    return readings


def resident(readings: list[dict[str, Any]]) -> list[int]:
    return [reading["resident"] for reading in readings]


@pytest.mark.timeout(600)
def test_a_hundred_identical_jobs(tmp_path: Path, hub_cache: Path) -> None:
    readings = run("identical", 100, tmp_path, hub_cache)
    memory = resident(readings)
    early, late = statistics.median(memory[10:20]), statistics.median(memory[90:100])
    assert late <= 1.02 * early, f"{early / 2**20:.1f} MiB became {late / 2**20:.1f} MiB"
    assert len({reading["sha256"] for reading in readings}) == 1
    assert_nothing_is_held(readings, tmp_path)


@pytest.mark.timeout(900)
def test_two_hundred_jobs_of_mixed_sizes(tmp_path: Path, hub_cache: Path) -> None:
    readings = run("mixed", 200, tmp_path, hub_cache)
    memory = resident(readings)
    first, second = max(memory[:100]), max(memory[100:])
    assert second <= 1.03 * first, f"{first / 2**20:.1f} MiB became {second / 2**20:.1f} MiB"
    clips = [reading["sha256"] for reading in readings]
    assert clips[:5] * 40 == clips
    assert len(set(clips)) == 5
    assert_nothing_is_held(readings, tmp_path)


def assert_nothing_is_held(readings: list[dict[str, Any]], folder: Path) -> None:
    first, last = readings[0], readings[-1]
    assert last["files"] <= first["files"]
    assert last["threads"] <= first["threads"]
    assert list(folder.glob("ltx2-job-*")) == []
