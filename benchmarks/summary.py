"""One flat object of what the bars are about: `python -m benchmarks.summary`, at the end of `make bench`.

`python -m benchmarks.summary begin` starts a run: figures that are older do not count any more. Without it, or with a
figure missing or from before, nothing is written and the command that makes the figure is named.
"""

import datetime as dt
import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import attrs

from benchmarks.results import FOLDER, SUMMARY

STAMP: Final = "begun"
RESULT: Final = "summary.json"


@attrs.frozen
class Bar:
    """What a figure should be, and the benchmark that measures it."""

    benchmark: str
    side: Literal["at most", "at least"]
    limit: float

    def is_met(self, value: float) -> bool:
        """Whether `value` is on the right side."""
        return value <= self.limit if self.side == "at most" else value >= self.limit


BARS: Final[Mapping[str, Bar]] = {
    "overhead_p95_ms": Bar("overhead", "at most", 10.0),
    "ready_over_floor": Bar("cold_start", "at most", 1.10),
    "first_clip_over_floor": Bar("cold_start", "at most", 1.15),
    "encode_vs_diffusers": Bar("encode", "at least", 1.15),
    "encode_fast_vs_diffusers": Bar("encode", "at least", 2.0),
    "encode_vs_imageio": Bar("encode", "at least", 1.0),
    "encode_vs_ffmpeg": Bar("encode", "at least", 0.95),
    "encode_ssim_delta": Bar("encode", "at least", 0.0),
    "load_warm_vs_read": Bar("load", "at least", 0.9),
    "load_cold_vs_read": Bar("load", "at least", 0.9),
    "tail_over_limit": Bar("tail", "at most", 1.10),
    "queue_saving": Bar("queue", "at least", 0.20),
    "host_bytes_per_pixel": Bar("memory", "at most", 0.2),
}
"""By key; what else a benchmark puts into the summary has no bar."""


class FigureMissing(Exception):
    """The summary cannot be made; the message says what to run."""


def begin(folder: Path = FOLDER) -> None:
    """Remove the summary of an earlier run, and note the time."""
    folder.mkdir(exist_ok=True)
    (folder / RESULT).unlink(missing_ok=True)
    (folder / STAMP).write_text(dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), encoding="utf-8")


def merged(folder: Path = FOLDER) -> dict[str, float]:
    """The figures of all results that were measured since `begin`, those with a bar first.

    Raises:
        FigureMissing: no run was begun, a figure is missing, older, no finite number, or stands in two results.
    """
    found: dict[str, float] = {}
    for name, figures in _fresh(folder):
        for key, value in figures.items():
            if key in found:
                message = f"{key} stands in two results, {name}.json is one of them: remove the wrong one"
                raise FigureMissing(message)
            found[key] = _number(key, value, name)
    missing = [f"{key}: python -m benchmarks.{bar.benchmark}" for key, bar in BARS.items() if key not in found]
    if missing:
        message = "figures are missing, or older than this run; to measure them:\n" + "\n".join(missing)
        raise FigureMissing(message)
    return {key: found[key] for key in (*BARS, *(key for key in found if key not in BARS))}


def table(figures: Mapping[str, float]) -> str:
    """A line for each figure, with its bar."""
    width = max(map(len, figures))
    return "\n".join(f"{key:{width}}{value:12.4g}  {_verdict(key, value)}".rstrip() for key, value in figures.items())


def _verdict(key: str, value: float) -> str:
    bar = BARS.get(key)
    if bar is None:
        return ""
    return f"{bar.side} {bar.limit:g}: {'met' if bar.is_met(value) else 'NOT MET'}"


def _fresh(folder: Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and summary of each result since the run was begun."""
    stamp = folder / STAMP
    if not stamp.exists():
        message = "no run was begun: make bench, or python -m benchmarks.summary begin and then each benchmark"
        raise FigureMissing(message)
    begun = dt.datetime.fromisoformat(stamp.read_text(encoding="utf-8"))
    for file in sorted(folder.glob("*.json")):
        result = json.loads(file.read_text(encoding="utf-8"))
        if SUMMARY in result and dt.datetime.fromisoformat(result["machine"]["measured_at"]) >= begun:
            yield file.stem, result[SUMMARY]


def _number(key: str, value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = f"{key} in {name}.json is {value!r}, and no finite number"
        raise FigureMissing(message)
    return float(value)


def main() -> None:
    """Begin a run, or print its table and write its summary; ends with 1 if there is no summary."""
    if sys.argv[1:] == ["begin"]:
        begin()
        return
    try:
        figures = merged()
    except FigureMissing as exc:
        sys.exit(str(exc))
    (FOLDER / RESULT).write_text(json.dumps(figures, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    print(table(figures))


if __name__ == "__main__":
    main()
