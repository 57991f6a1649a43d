"""Runs every harness, side by side: `make fuzz`. Exits with 1 on a finding.

FUZZ_SECONDS (default 60) is how long each one runs. Everything is kept below .fuzz/: the corpus, which later runs go on
with, the findings, which they try first, and the logs.
"""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from fuzz.seeds import SEEDS, write_seeds

WORK: Final = Path(__file__).resolve().parents[1] / ".fuzz"
LIMITS: Final = ("-timeout=10", "-rss_limit_mb=2048", "-max_len=16384", "-print_final_stats=1")
"""An input that takes ten seconds, or a process of 2 GiB, is a finding too."""
_INTERRUPTED: Final = 72
"""libFuzzer's exit status after a signal."""
_COVERAGE: Final = re.compile(r"^#\d+\s+DONE\s+(.*?) lim:", re.MULTILINE)
_RUNS: Final = re.compile(r"^Done (\d+ runs in \d+ second)", re.MULTILINE)


def main() -> int:
    """Fuzz; return the exit status."""
    seconds = int(os.environ.get("FUZZ_SECONDS", "60"))
    write_seeds(WORK / "seeds")
    running = {harness: _start(harness, seconds) for harness in SEEDS}
    codes = {harness: process.wait() for harness, process in running.items()}
    for harness, code in codes.items():
        print(f"{harness}: {_summary(harness, code)}")
    return 1 if any(codes.values()) else 0


def _start(harness: str, seconds: int) -> "subprocess.Popen[bytes]":
    corpus, findings = WORK / "corpus" / harness, WORK / "findings" / harness
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"fuzz.{harness}", f"-max_total_time={seconds}", *LIMITS]
    command += [f"-artifact_prefix={findings}/", *map(str, (corpus, findings, WORK / "seeds" / harness))]
    with _log(harness).open("wb") as log:
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def _log(harness: str) -> Path:
    return WORK / f"{harness}.log"


def _summary(harness: str, code: int) -> str:
    """What its log says, for a person."""
    log = _log(harness).read_text(encoding="utf-8", errors="replace")
    if code == _INTERRUPTED or code < 0:  # below 0: killed
        return "interrupted, and nothing found until then"
    if code != 0:
        return f"FINDING, see {_log(harness).relative_to(WORK.parent)} and .fuzz/findings/{harness}"
    runs, coverage = _RUNS.search(log), _COVERAGE.search(log)
    return f"{runs[1] if runs else '?'}s, {coverage[1] if coverage else '?'}, no finding"


if __name__ == "__main__":
    sys.exit(main())
