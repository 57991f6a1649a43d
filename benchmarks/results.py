"""Where a benchmark leaves its figures, and on what they were measured."""

import datetime as dt
import json
import os
import platform
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).resolve().parent / "results"
SUMMARY: Final = "summary"
_LIBRARIES: Final = ("torch", "diffusers", "transformers", "av", "runpod")
_CPU_INFO: Final = Path("/proc/cpuinfo")


def write(name: str, summary: Mapping[str, float], *, folder: Path = FOLDER, **figures: Any) -> None:  # noqa: ANN401 - whatever JSON holds
    """Write `<name>.json`: the machine, all `figures`, and under "summary" what goes into the common one."""
    folder.mkdir(exist_ok=True)
    body = {"machine": machine(), SUMMARY: dict(summary), **figures}
    (folder / f"{name}.json").write_text(json.dumps(body, indent=2, allow_nan=False) + "\n", encoding="utf-8")


def machine(libraries: Iterable[str] = _LIBRARIES) -> dict[str, Any]:
    """What the figures were measured on, and when. Of `libraries`, the versions of those that are installed."""
    return {
        "measured_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "omp_num_threads": os.environ.get("OMP_NUM_THREADS"),
        **dict(_versions(libraries)),
    }


def _versions(libraries: Iterable[str]) -> Iterator[tuple[str, str]]:
    for library in libraries:
        with suppress(PackageNotFoundError):
            yield library, version(library)


def _processor() -> str:
    names = [line.partition(":")[2].strip() for line in _lines(_CPU_INFO) if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.exists() else []
