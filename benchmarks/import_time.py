"""How long importing the doors takes: `python -m benchmarks.import_time`. Goal: at most a second for each.

Each run is a fresh process; what the interpreter itself needs is measured beside it, in turns. No GPU library is
imported by any of them.
"""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.results import write
from benchmarks.side_by_side import in_turns, table

RUNS: Final = 5
CASES: Final[Mapping[str, str]] = {
    "bare interpreter": "pass",
    "container": "import container",
    "container and cli": "import container, entrypoints.cli",
    "runpod_worker": "import entrypoints.runpod_worker",
}

_ROOT: Final = Path(__file__).resolve().parents[1]


def seconds(code: str) -> float:
    """Wall time of one process that runs `code`."""
    begin = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], cwd=_ROOT, check=True)
    return time.perf_counter() - begin


def main() -> None:
    """Measure, print a table, write the JSON."""
    ways = {name: lambda code=code: seconds(code) for name, code in CASES.items()}
    taken = in_turns(ways, runs=RUNS, warm=1)  # the first round fills the page cache and writes the .pyc files
    print(table(taken, head="process that imports"))
    write("import_time", {}, seconds=taken)


if __name__ == "__main__":
    main()
