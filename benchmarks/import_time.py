"""How long importing the two doors takes: `make bench`. Goal: best of five at most one second, without a GPU library.

Each run is a fresh process; what the interpreter itself needs is measured beside it, alternating.
Writes benchmarks/results/import_time.json.
"""

import json
import platform
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks" / "results" / "import_time.json"
RUNS = 5
CASES = {
    "bare interpreter": "pass",
    "container": "import container",
    "container and cli": "import container, entrypoints.cli",
    "runpod_worker": "import entrypoints.runpod_worker",
}


def seconds(code: str) -> float:
    """Wall time of one process that runs `code`."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure, print a table, write the JSON."""
    for code in CASES.values():
        seconds(code)  # fills the page cache and writes the .pyc files
    runs: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(RUNS):
        for name, code in CASES.items():
            runs[name].append(seconds(code))
    print(f"{'process that imports':24}{'best s':>8}{'median s':>10}")
    for name, measured in runs.items():
        print(f"{name:24}{min(measured):8.3f}{statistics.median(measured):10.3f}")
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(
        json.dumps({"python": platform.python_version(), "runs": RUNS, "seconds": runs}, indent=2) + "\n",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
